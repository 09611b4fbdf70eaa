// Labels of a table that have a column each.
import { suggestion } from "../../errors/nearest.ts";
import { ManifestError } from "../../errors/data-errors.ts";
import { brief, rowError } from "../../files/csv.ts";
import type { Table } from "../../files/csv.ts";
import { rawLabel, rawProbability } from "../../labels/raw-labels.ts";
import { canonicalWord, isMissing } from "../../labels/wording.ts";
import type { ListContext, Listing } from "../catalogue/listing.ts";
import { isMaskValues } from "../manifest/mask-values.ts";
import { listRows } from "./row-records.ts";
import { factsOf } from "./table-facts.ts";
import type { ColumnWords } from "../manifest/values-field.ts";
import type { TableEntry } from "./table-fields.ts";
import type { FindImage } from "./table-rows.ts";

export function listColumns(
  entry: TableEntry,
  columns: readonly string[],
  rows: Table,
  findImage: FindImage,
  context: ListContext,
): Listing {
  const readMark = markReader(entry, context.entry);
  const reader = {
    ...factsOf(entry, rows),
    labels: (cells: Readonly<Record<string, string>>, at: number, labels: Uint8Array): void => {
      const { without } = rows.rows[at];
      for (const [k, column] of columns.entries()) {
        if (without?.has(column) === true) {
          labels[k] = rawLabel.unknown;
          continue;
        }
        const mark = readMark(cells[column]);
        if (typeof mark === "string")
          throw rowError(rows, at, `${column} is ${brief(cells[column])}; ${mark}`, column);
        labels[k] = mark;
      }
    },
  };
  return listRows(rows, columns, findImage, reader, entry, context);
}

/** From a cell to its raw label, or to what is wrong with it. */
function markReader(entry: TableEntry, entryName: string): (cell: string) => number | string {
  const { probabilities = false } = entry;
  const marks = readMarks(entry, entryName);
  const known = new Map<string, number | string>();
  const read = (cell: string): number | string => {
    const mark = marks.get(canonical(cell));
    if (mark !== undefined) return mark;
    if (isMissing(cell)) return rawLabel.blank;
    const number = numberIn(cell);
    const isProbability = number !== undefined && number >= 0 && number <= 1;
    if (probabilities && isProbability) return rawProbability(number);
    const words = [...marks.keys()];
    const also = probabilities ? ", or a probability from 0 to 1" : "";
    const offer =
      isProbability && !Number.isInteger(number)
        ? "; with probabilities: true, numbers from 0 to 1 are probabilities"
        : suggestion(cell, words);
    return `it must be blank or one of ${words.join(", ")}${also}${offer}`;
  };
  return (cell) => {
    let mark = known.get(cell);
    if (mark === undefined) {
      mark = read(cell);
      if (known.size < mostCells) known.set(cell, mark);
    }
    return mark;
  };
}

/** Different cells that are remembered: most columns have a handful of them, and columns of probabilities any number. */
const mostCells = 10_000;

/** The meaning of each word in a cell. @throws ManifestError for a word with two meanings */
function readMarks(
  { values = {}, probabilities }: TableEntry,
  entryName: string,
): ReadonlyMap<string, number> {
  const { positive, negative, uncertain, blank } = isMaskValues(values) ? ({} as ColumnWords) : values;
  const words = {
    positive: positive ?? ["1", "true", "yes", "positive"],
    negative: negative ?? ["0", "false", "no", "negative"],
    uncertain: uncertain ?? ["-1", "uncertain", "u"],
    blank: blank ?? [],
  };
  const marks = new Map<string, number>();
  for (const kind of ["positive", "negative", "uncertain", "blank"] as const) {
    for (const word of words[kind].map(canonical)) {
      const known = marks.get(word);
      const refuse = (reason: string): never => {
        throw new ManifestError(`"${entryName}"`, `values.${kind}`, `has ${brief(word)}, ${reason}`);
      };
      if (known !== undefined && known !== rawLabel[kind]) {
        refuse("which means something else already; values left out keep their defaults");
      }
      const number = numberIn(word);
      if (probabilities === true && number !== undefined && number >= 0 && number <= 1) {
        if (rawProbability(number) !== rawLabel[kind])
          refuse("which is a probability under probabilities: true");
      }
      marks.set(word, rawLabel[kind]);
    }
  }
  return marks;
}

/** "1", "1.0" and "1.00" are one number; capitals mean nothing. */
function canonical(cell: string): string {
  return canonicalWord(cell).toLowerCase();
}

/** The number that a cell is, as programs write them: 0.38, .5, 5E-05. */
function numberIn(cell: string): number | undefined {
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(cell) ? Number(cell) : undefined;
}
