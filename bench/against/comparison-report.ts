// What a comparison of two versions prints, and what it writes for programs.

import { writeFileSync } from "node:fs";
import { z } from "zod";
import type { AdapterRecord } from "../harness/machine.ts";
import { digits, plainTable } from "../harness/report.ts";
import type { Compared, Ratio } from "./paired.ts";

export interface ComparedWork extends Compared {
  readonly work: string;
}

/** A work that the other version cannot do. */
export interface LeftOut {
  readonly work: string;
  readonly because: string;
}

export interface Comparison {
  readonly adapter: AdapterRecord;
  readonly date: Date;
  /** The present version and the other, in words. */
  readonly now: string;
  readonly against: string;
  readonly results: readonly ComparedWork[];
  readonly leftOut: readonly LeftOut[];
}

const positive = z.number().positive();

/** Of the present version's time to the other's, over the pairs; below 1 the present one is faster. */
const ratio = z.object({
  median: positive,
  lowerQuartile: positive,
  upperQuartile: positive,
  verdict: z.enum(["faster", "slower", "unclear"]),
});

/** What `--json FILE` writes with `--against`. */
export const comparisonSchema = z.object({
  adapter: z.object({ name: z.string(), description: z.string(), isSoftware: z.boolean() }),
  /** When the run began, ISO 8601. */
  date: z.string(),
  now: z.string(),
  against: z.string(),
  results: z.array(
    z.object({
      work: z.string(),
      wall: ratio,
      cpu: ratio,
      nowMs: positive,
      otherMs: positive,
      pairs: z.number().int().min(1),
    }),
  ),
  leftOut: z.array(z.object({ work: z.string(), because: z.string() })),
});

export function writeComparison(file: string, { adapter, date, ...rest }: Comparison): void {
  const { name, description, isSoftware } = adapter;
  const report = { adapter: { name, description, isSoftware }, date: date.toISOString(), ...rest };
  writeFileSync(file, `${JSON.stringify(comparisonSchema.parse(report), null, 2)}\n`);
}

const shown = ({ median, lowerQuartile, upperQuartile, verdict }: Ratio): string[] => [
  median.toFixed(3),
  `${lowerQuartile.toFixed(3)} .. ${upperQuartile.toFixed(3)}`,
  verdict,
];

function comparisonTable(results: readonly ComparedWork[]): string {
  return plainTable(
    ["work", "wall", "quartiles", "", "cpu", "quartiles", "", "now ms", "against ms", "pairs"],
    results.map((row) => [
      row.work,
      ...shown(row.wall),
      ...shown(row.cpu),
      digits(row.nowMs),
      digits(row.otherMs),
      String(row.pairs),
    ]),
    1,
  );
}

export function comparisonText({ results, leftOut }: Comparison): string {
  return [
    comparisonTable(results),
    "",
    ...leftOut.map(({ work, because }) => `${work} is left out; the other version ends it with: ${because}`),
    "Every result was held against the float64 reference before it was timed. Ratios are of this version's time to the other's,",
    "within pairs of samples that took turns: below 1 this version is faster. wall: by the clock. cpu: of processor time, all",
    "cores together, which other programs disturb less. Faster or slower: the median is over 2 % from 1, and so many pairs say",
    "so that chance does it once in a hundred times (a sign test, which takes eight pairs).",
  ].join("\n");
}
