// The columns of a coded table as JSON, which every kind of model keeps, and back, checked.

import { z } from "zod";
import type { CodedColumn } from "./coded-table.ts";

const codeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("value"), value: z.union([z.string(), z.number()]) }),
  z
    .strictObject({
      kind: z.literal("bin"),
      low: z.number(),
      high: z.number(),
      step: z.number().min(0),
    })
    .refine(({ low, high }) => low <= high, "has a lower end above its upper end"),
  z.strictObject({ kind: z.literal("rare"), name: z.string() }),
  z.strictObject({ kind: z.literal("missing") }),
]);

/** The schema of what `codedColumnsJson` makes. */
export const codedColumnsSchema = z
  .array(
    z
      .strictObject({
        name: z.string(),
        isOrdered: z.boolean(),
        codes: z.array(codeSchema).min(1),
        shares: z.array(z.number().gt(0).max(1)),
      })
      .refine(({ codes, shares }) => codes.length === shares.length, {
        error: ({ input }) => {
          const { codes, shares } = input as { codes: unknown[]; shares: unknown[] };
          return `has ${codes.length} codes but ${shares.length} shares`;
        },
      })
      .refine(
        ({ shares }) => Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-6,
        "has shares that do not make 1 together",
      ),
  )
  .min(1)
  .transform((columns): CodedColumn[] =>
    columns.map(({ shares, ...column }) => ({ ...column, shares: Float64Array.from(shares) })),
  );

/** What `codedColumnsSchema` takes. */
export const codedColumnsJson = (columns: readonly CodedColumn[]): unknown =>
  columns.map(({ name, isOrdered, codes, shares }) => ({ name, isOrdered, codes, shares: [...shares] }));

/** The first thing that a schema found wrong, in one line: `columns[2].codes: ...`. */
export function firstFault({ issues }: z.ZodError): string {
  const [{ path, message }] = issues;
  const place = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return place === "" ? message : `${place.replace(/^\./u, "")}: ${message}`;
}
