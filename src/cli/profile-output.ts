// `tessera train --profile`: prints where the time of a training step goes, and writes a Chrome trace of it.

import Table from "cli-table3";
import { profileTraining, type StepProfile } from "../assemble/planning/profiled-step.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import { UsageError } from "../errors/errors.ts";
import type { AdapterTraits } from "../device/traits.ts";
import { chromeTrace } from "../profiling/trace.ts";
import { measureCeilings } from "../profiling/ceilings.ts";
import type { KernelProfile, Profile } from "../profiling/profile.ts";
import { plainTable } from "../report/tables.ts";
import type { Engine } from "../runtime/engine.ts";
import { Counter } from "./terminal/counter.ts";
import { writeOutput } from "./terminal/output-files.ts";

const replays = 5;
const warmup = 2;

/**
 * Profiles a run's step and prints the table.
 * @throws UsageError on the reference backend, or when the trace cannot be written
 */
export async function profileRun(
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
  file: string,
  quiet: boolean,
): Promise<void> {
  checkProfiled(engine.backend.kind);
  const measured = await (async () => {
    using counter = new Counter("profile", warmup + replays, quiet);
    const ceilings = await measureCeilings(engine);
    let done = 0;
    return await profileTraining(engine, assembly, settings, {
      ...{ ceilings, replays, warmup },
      onReplay: () => counter.update(++done, warmup + replays),
    });
  })();
  const { traits } = engine;
  const trace = chromeTrace(measured.profile, {
    adapter: traits.name,
    driver: traits.description,
    batch: measured.batch,
    views: measured.views,
  });
  writeOutput("--profile", file, `${JSON.stringify(trace)}\n`);
  process.stdout.write(`${profileReport(measured, traits)}\n`);
  if (!quiet) process.stderr.write(`timeline for chrome://tracing or ui.perfetto.dev: ${file}\n`);
}

/** @throws UsageError on the reference backend */
export function checkProfiled(device: string): void {
  if (device !== "reference") return;
  throw new UsageError(
    "--profile times kernels, and the reference backend runs none: there is nothing to profile; take a WebGPU device",
  );
}

const milliseconds = (seconds: number): string => (1000 * seconds).toFixed(2);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const rate = (perSecond: number): string =>
  perSecond === 0 ? "-" : (perSecond / 1e9).toFixed(perSecond < 1e10 ? 2 : 0);

/** A kernel with its knobs; a switch that is on is shown by its name alone. */
function nameOf({ kernel, knobs }: Pick<KernelProfile, "kernel" | "knobs">): string {
  const shown = Object.entries(knobs).flatMap(([knob, value]) => {
    if (value === false) return [];
    return value === true ? [knob] : typeof value === "string" ? [value] : [`${knob}=${value}`];
  });
  return [kernel, ...shown].join(" ");
}

/** Classes of layers, the time of each phase beside that of the others. */
function classTable({ classes, phases, launches, seconds }: Profile): string {
  const table = new Table({
    ...plainTable,
    head: ["layers", "launches", ...phases.map(({ phase }) => `${phase} ms`), "ms", "share"],
    colAligns: ["left", ...phases.map((): "right" => "right"), "right", "right", "right"],
  });
  for (const row of classes) {
    const inPhases = phases.map(({ phase }) => {
      const part = row.phases.find((each) => each.phase === phase);
      return part === undefined ? "" : milliseconds(part.seconds);
    });
    table.push([row.layerClass, row.launches, ...inPhases, milliseconds(row.seconds), percent(row.share)]);
  }
  const inAll = phases.map((phase) => milliseconds(phase.seconds));
  table.push(["in all", launches.length, ...inAll, milliseconds(seconds), percent(1)]);
  return table.toString();
}

/** Kernels below this share of the step are counted instead of listed; the trace has all of them. */
const listedShare = 0.005;

/** From where the step of timestamps is worth a word, in seconds: a launch takes some microseconds at the least. */
const coarse = 10e-6;

const coarseStep = (resolution: number | undefined): string =>
  resolution === undefined || resolution < coarse
    ? ""
    : ` in steps of ${Math.round(resolution * 1e6)} microseconds: shorter launches are not told apart`;

export function profileReport(
  { profile, views, batch }: StepProfile,
  { name, description }: Pick<AdapterTraits, "name" | "description">,
): string {
  const { kernels, phases, seconds, launches, ceilings, clock, resolution, replays: runs } = profile;
  const sums = new Table({
    ...plainTable,
    head: ["phase", "launches", "ms", "share"],
    colAligns: ["left", "right", "right", "right"],
  });
  for (const { phase, launches: count, seconds: taken, share } of phases) {
    sums.push([phase, count, milliseconds(taken), percent(share)]);
  }
  sums.push(["in all", launches.length, milliseconds(seconds), percent(1)]);

  const table = new Table({
    ...plainTable,
    head: ["kernel", "launches", "ms", "share", "MB bound", "GB/s", "GFLOP/s", "of ceiling", ""],
    colAligns: ["left", "right", "right", "right", "right", "right", "right", "right", "left"],
  });
  const listed = kernels.filter(({ share }) => share >= listedShare);
  for (const row of listed) {
    table.push([
      nameOf(row),
      row.launches,
      milliseconds(row.seconds),
      percent(row.share),
      (row.bytes / 1e6).toFixed(1),
      rate(row.bytesPerSecond),
      rate(row.flops),
      row.fraction === undefined ? "" : percent(row.fraction),
      row.fraction === undefined ? "" : row.near,
    ]);
  }
  const unlisted = kernels.slice(listed.length);
  if (unlisted.length > 0) {
    const sum = (field: "launches" | "seconds" | "share"): number =>
      unlisted.reduce((total, row) => total + row[field], 0);
    table.push([
      `${unlisted.length} more, each below ${percent(listedShare)}`,
      sum("launches"),
      milliseconds(sum("seconds")),
      percent(sum("share")),
      ...["", "", "", "", ""],
    ]);
  }
  const total = (field: "bytes" | "operations"): number => kernels.reduce((sum, row) => sum + row[field], 0);
  table.push([
    "in all",
    launches.length,
    milliseconds(seconds),
    percent(1),
    (total("bytes") / 1e6).toFixed(1),
    rate(seconds > 0 ? total("bytes") / seconds : 0),
    rate(seconds > 0 ? total("operations") / seconds : 0),
    "",
    "",
  ]);
  const timed =
    clock === "device"
      ? `timestamps of the device${coarseStep(resolution)}`
      : "wall time, one submit a launch: the adapter has no timestamps, and each launch carries its submit's time";
  return [
    `one training step, ${views === 2 ? "both views" : "the weak view"}, ${batch} images, on ${name} (${description})`,
    `medians of ${runs} replays; ${timed}`,
    ...(ceilings === undefined
      ? []
      : [
          `ceilings measured here: ${rate(ceilings.flops)} GFLOP/s of multiply-adds, ` +
            `${rate(ceilings.bytes)} GB/s of a copy kernel, read and written`,
        ]),
    "",
    sums.toString(),
    "",
    classTable(profile),
    "",
    table.toString(),
    "",
    "layers: stem, convolutions of images; transition, 1x1 convolutions between dense blocks; row loop, moments and the sums of",
    "gradients; join, what puts partial sums together.",
    "MB bound: the buffers that a kernel is given, whole, not what it touches of them; GB/s is of that. A share of the",
    "ceiling is the larger one of arithmetic and memory; over 100 % caches hold what is read, or only a part is touched.",
  ].join("\n");
}
