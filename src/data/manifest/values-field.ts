// The field `values` of an entry, which says what a source's own cells or numbers mean: words in columns of labels, or numbers in masks.
import { z } from "zod";
import { complaint, explain } from "./complaints.ts";
import { record } from "./fields.ts";
import { maskValues } from "./mask-fields.ts";
import { isMaskValues, type MaskValues } from "./mask-values.ts";

/** Words in cells; YAML makes numbers and truth values of some of them. */
const cellWords = z
  .array(z.union([z.string(), z.number(), z.boolean()], { error: () => "must be a word or a number" }))
  .transform((words) => words.map(String));

const columnWords = record({
  positive: cellWords.optional(),
  negative: cellWords.optional(),
  uncertain: cellWords.optional(),
  blank: cellWords.optional(),
});
export type ColumnWords = z.output<typeof columnWords>;

export const values = z.unknown().transform((input, context): ColumnWords | MaskValues => {
  const read = (isMaskValues(input) ? maskValues : columnWords).safeParse(input, { error: explain });
  if (read.success) return read.data;
  for (const issue of read.error.issues) {
    const { path, reason } = complaint(issue);
    context.issues.push({ code: "custom", message: reason, input, path: [...path] });
  }
  return z.NEVER;
});
