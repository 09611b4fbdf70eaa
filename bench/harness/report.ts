// Results as a table for people and as JSON for programs.

import { writeFileSync } from "node:fs";
import Table from "cli-table3";
import { z } from "zod";
import type { Ceilings } from "./ceilings.ts";
import { implementationNames, onAdapter, type Result, type Unfinished, type Work } from "./work.ts";

const positive = z.number().positive();

/** What `--json FILE` writes. */
export const reportSchema = z.object({
  /** The adapter that the GPU implementations ran on. */
  adapter: z.object({
    name: z.string(),
    vendor: z.string(),
    architecture: z.string(),
    description: z.string(),
    isSoftware: z.boolean(),
    features: z.array(z.string()),
  }),
  machine: z.object({
    cpu: z.string(),
    cores: z.number().int(),
    system: z.string(),
    versions: z.record(z.string(), z.string()),
  }),
  /** What this adapter can do at the most, measured in the same run. */
  ceilings: z.object({ gflops: positive, kernelBytes: positive, copyBytes: positive }),
  /** When the run began, ISO 8601. */
  date: z.string(),
  results: z.array(
    z
      .object({
        work: z.string(),
        implementation: z.enum(implementationNames),
        medianMs: positive,
        minMs: positive,
        maxMs: positive,
        /** Number of times behind the median. */
        samples: z.number().int().min(1),
        /** Dispatches of the work once, where it is computed on the adapter. */
        launches: z.number().positive().optional(),
        /** Of the median. */
        gflops: positive.optional(),
        /** Against the float64 reference, 1 being the bound. */
        error: z.number().min(0).max(1),
      })
      .refine(({ minMs, medianMs, maxMs }) => minMs <= medianMs && medianMs <= maxMs, "min, median, max"),
  ),
  /** Who did not end within the limit of a work, in seconds. */
  unfinished: z.array(
    z.object({ work: z.string(), implementation: z.enum(implementationNames), seconds: positive }),
  ),
});
export type Report = z.infer<typeof reportSchema>;

export function reportOf(
  { adapter, machine, ceilings }: Pick<Report, "adapter" | "machine" | "ceilings">,
  date: Date,
  outcomes: readonly Outcome[],
): Report {
  const results = outcomes.filter(isResult);
  const unfinished = outcomes.filter((each) => !isResult(each));
  return reportSchema.parse({ adapter, machine, ceilings, date: date.toISOString(), results, unfinished });
}

export function writeReport(file: string, report: Report): void {
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** The head of every output: what was measured on. */
export function describeMachine({ adapter, machine }: Pick<Report, "adapter" | "machine">): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return (
    `adapter  ${adapter.name}${adapter.isSoftware ? " (software)" : ""}; ${adapter.description}\n` +
    `machine  ${machine.cores} x ${machine.cpu}, ${machine.system}\n` +
    `versions ${versions.join(", ")}`
  );
}

/** Space between columns, a rule under the head. */
const look = {
  chars: Object.fromEntries(
    [
      ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
      ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid"],
    ].map((part) => [part, ""]),
  ),
  style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
};

/** A table whose columns after the first `texts` are numbers. */
export function plainTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  texts: number,
): string {
  const table = new Table({
    ...look,
    chars: { ...look.chars, middle: "  " },
    head: [...head],
    colAligns: head.map((_, i) => (i < texts ? "left" : "right")),
  });
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Three digits that count. */
export function digits(value: number): string {
  if (value === 0) return "0";
  if (value >= 1000) return value.toFixed(0);
  return value.toPrecision(3);
}

/** How many times the time of `tessera` each implementation needs, by work. */
function slowerThanTessera(results: readonly Result[], result: Result): string {
  const ours = results.find(
    ({ work, implementation }) => work === result.work && implementation === "tessera",
  );
  if (ours === undefined || result.implementation === "tessera") return "";
  return `${digits(result.medianMs / ours.medianMs)} x`;
}

export function describeCeilings({ gflops, kernelBytes, copyBytes }: Ceilings): string {
  return (
    `ceilings of the adapter, in this run: ${digits(gflops)} GFLOP/s of multiply-adds; ${digits(kernelBytes)} GB/s read ` +
    `and written by the best copy kernel; ${digits(copyBytes)} GB/s by copyBufferToBuffer`
  );
}

/** A time, or that there is none. */
export type Outcome = Result | Unfinished;

const isResult = (outcome: Outcome): outcome is Result => "medianMs" in outcome;

/** One row for each outcome, a work's name in its first row only. */
export function resultTable(
  outcomes: readonly Outcome[],
  works: readonly Pick<Work, "name" | "bytes">[],
  ceilings: Ceilings,
): string {
  let last = "";
  const results = outcomes.filter(isResult);
  const rows = outcomes.map((result) => {
    const { work, implementation } = result;
    const name = work === last ? "" : work;
    last = work;
    if (!isResult(result)) return [name, implementation, `over ${1000 * result.seconds}`];
    const { medianMs, minMs, maxMs, samples, launches, gflops } = result;
    const bytes = works.find((each) => each.name === work)?.bytes;
    const gigabytes = bytes === undefined ? undefined : bytes / medianMs / 1e6;
    let rate = "";
    let share: number | undefined;
    if (gflops !== undefined) {
      rate = `${digits(gflops)} GFLOP/s`;
      share = gflops / ceilings.gflops;
    } else if (gigabytes !== undefined) {
      rate = `${digits(gigabytes)} GB/s`;
      share = gigabytes / ceilings.kernelBytes;
    }
    const ofCeiling = share !== undefined && onAdapter.has(implementation) ? `${digits(100 * share)} %` : "";
    const spread = `${digits(minMs)} .. ${digits(maxMs)}`;
    return [
      name,
      implementation,
      digits(medianMs),
      spread,
      String(samples),
      launches === undefined ? "" : String(launches),
      rate,
      ofCeiling,
      slowerThanTessera(results, result),
    ];
  });
  return plainTable(
    [
      "work",
      "implementation",
      "median ms",
      "min .. max",
      "samples",
      "launches",
      "rate",
      "of ceiling",
      "to tessera",
    ],
    rows,
    2,
  );
}
