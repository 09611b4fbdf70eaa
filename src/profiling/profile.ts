// A profile: where the time of a recorded step goes, launch by launch and kernel by kernel, and how near each kernel
// comes to what the adapter can do.

import {
  aFunction,
  aRecord,
  described,
  expectOptions,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { Knobs, UniformValues } from "../kernels/source.ts";
import type { LaunchTimer, RunTimes } from "../runtime/launch-timer.ts";
import { median } from "../runtime/median.ts";
import { pipelineKey } from "../runtime/webgpu/pipelines.ts";
import { Program } from "../runtime/program.ts";
import type { Ceilings } from "./ceilings.ts";
import { classesOf, layerClasses, type LayerClass } from "./layer-classes.ts";

export interface ProfileOptions {
  /** Replays that are measured; default 5. */
  readonly replays?: number;
  /** Replays before them, in which drivers finish compiling and clocks speed up; default 2. */
  readonly warmup?: number;
  /** What kernels are measured against (see `measureCeilings`). */
  readonly ceilings?: Ceilings;
  /** Told after each replay. */
  readonly onReplay?: () => void;
}

const profileOptions: OptionChecks<ProfileOptions> = {
  replays: wholeFrom(0),
  warmup: wholeFrom(0),
  ceilings: aRecord,
  onReplay: aFunction,
};

/** How fast something was, and what is known of it. */
export interface Rates {
  readonly seconds: number;
  /**
   * All that is bound, whole, whether it is read, written or both: more than is moved where a kernel works on a slice, less
   * where it writes what it also reads or reads something twice from memory.
   */
  readonly bytes: number;
  /** Floating-point operations, a multiply-add counting two. */
  readonly operations: number;
  readonly bytesPerSecond: number;
  readonly flops: number;
  /** Share of the adapter's ceiling, of arithmetic or of memory, whichever share is larger; undefined without ceilings. */
  readonly fraction: number | undefined;
  /** Which ceiling that is. */
  readonly near: "arithmetic" | "memory";
}

/** A launch of the step; times are medians over the replays. */
export interface LaunchProfile extends Rates {
  /** From the beginning of the step, in the replay that is shown. */
  readonly start: number;
  /** In that replay alone. */
  readonly took: number;
  /** Its name. */
  readonly kernel: string;
  readonly knobs: Knobs;
  readonly sizes: UniformValues;
  readonly workgroups: number;
  readonly operator: string;
  readonly phase: string;
  readonly layerClass: LayerClass;
}

/** All launches of a kernel with the same knobs. */
export interface KernelProfile extends Rates {
  /** Its name. */
  readonly kernel: string;
  readonly knobs: Knobs;
  readonly launches: number;
  /** Of the time of all launches. */
  readonly share: number;
  /** The operators that launch it. */
  readonly operators: readonly string[];
}

export interface PhaseProfile {
  readonly phase: string;
  readonly launches: number;
  readonly seconds: number;
  readonly share: number;
}

/** All launches of one kind of layer, and of them those of each phase that has any. */
export interface ClassProfile {
  readonly layerClass: LayerClass;
  readonly launches: number;
  readonly seconds: number;
  /** Of the time of all launches. */
  readonly share: number;
  readonly phases: readonly PhaseProfile[];
}

export interface Profile {
  /** In the order they run. */
  readonly launches: readonly LaunchProfile[];
  /** The slowest first. */
  readonly kernels: readonly KernelProfile[];
  /** In the order they begin. */
  readonly phases: readonly PhaseProfile[];
  /** In the order of `layerClasses`; those that occur. */
  readonly classes: readonly ClassProfile[];
  /** Seconds of all launches, one behind another. */
  readonly seconds: number;
  readonly replays: number;
  /** Whose times they are: see `LaunchTimer.clock`. */
  readonly clock: "device" | "wall";
  /**
   * Seconds from one timestamp of the device to the next that it can give: launches that are shorter are not told apart. Undefined for
   * wall time, and where the step has too few launches to say.
   */
  readonly resolution: number | undefined;
  readonly ceilings: Ceilings | undefined;
}

const total = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
};

/**
 * Times the launches of a recorded step. The replays are real ones: they ask the feeds for values, update what the step
 * updates and count as runs; only their speed differs, since no two launches overlap.
 *
 * @throws UsageError on the reference backend, which launches nothing
 */
export async function profile<Result>(
  program: Program<Result>,
  options: ProfileOptions = {},
): Promise<Profile> {
  if (!(program instanceof Program)) {
    throw new UsageError(`profile: takes a program, got ${described(program)}`);
  }
  expectOptions("profile", options, profileOptions);
  const { replays = 5, warmup = 2, ceilings, onReplay } = options;
  const timer = program.timer();
  try {
    for (let i = 0; i < Math.max(1, warmup); i++) {
      await timer.run();
      onReplay?.();
    }
    const runs: RunTimes[] = [];
    while (runs.length < Math.max(1, replays)) {
      runs.push(await timer.run());
      onReplay?.();
    }
    return summarise(timer, runs, ceilings);
  } finally {
    timer.destroy();
  }
}

function ratesOf(
  { seconds, bytes, operations }: Pick<Rates, "seconds" | "bytes" | "operations">,
  ceilings: Ceilings | undefined,
): Rates {
  const per = (amount: number): number => (seconds > 0 ? amount / seconds : 0);
  const [bytesPerSecond, flops] = [per(bytes), per(operations)];
  const memory = bytesPerSecond / (ceilings?.bytes ?? Infinity);
  const arithmetic = flops / (ceilings?.flops ?? Infinity);
  return {
    ...{ seconds, bytes, operations, bytesPerSecond, flops },
    fraction: ceilings === undefined ? undefined : Math.max(memory, arithmetic),
    near: arithmetic > memory ? "arithmetic" : "memory",
  };
}

function summarise(timer: LaunchTimer, runs: readonly RunTimes[], ceilings: Ceilings | undefined): Profile {
  // The replay of the median length is shown as it was; sums are over the medians of each launch.
  const byLength = [...runs].sort((a, b) => total(a.seconds) - total(b.seconds));
  const shown = byLength[byLength.length >> 1];
  const classes = classesOf(timer.launches);
  const launches = timer.launches.map((launch, i): LaunchProfile => {
    const { kernel, knobs, sizes, workgroups, bytes, operator, phase } = launch;
    const seconds = median(runs.map((run) => run.seconds[i]));
    const operations = kernel.operations(sizes, knobs);
    return {
      ...{ kernel: kernel.name, knobs, sizes, workgroups, operator, phase, layerClass: classes[i] },
      ...{ start: shown.starts[i], took: shown.seconds[i] },
      ...ratesOf({ seconds, bytes, operations }, ceilings),
    };
  });
  // Two kernels of users may have one name, but not one pipeline.
  const pipelines = new Map(
    launches.map((launch, i) => [launch, pipelineKey(timer.launches[i].kernel, launch.knobs)]),
  );
  const seconds = total(launches.map((launch) => launch.seconds));
  return {
    launches,
    kernels: grouped(launches, (launch) => pipelines.get(launch) ?? launch.kernel)
      .map(([, group]): KernelProfile => {
        const [{ kernel, knobs }] = group;
        const sum = (field: "seconds" | "bytes" | "operations"): number =>
          total(group.map((launch) => launch[field]));
        const sums = { seconds: sum("seconds"), bytes: sum("bytes"), operations: sum("operations") };
        const operators = [...new Set(group.map(({ operator }) => operator))];
        const share = seconds > 0 ? sums.seconds / seconds : 0;
        return { kernel, knobs, operators, launches: group.length, share, ...ratesOf(sums, ceilings) };
      })
      .sort((a, b) => b.seconds - a.seconds),
    phases: phasesOf(launches, seconds),
    classes: layerClasses.flatMap((layerClass): ClassProfile[] => {
      const group = launches.filter((launch) => launch.layerClass === layerClass);
      if (group.length === 0) return [];
      return [{ layerClass, ...sharesOf(group, seconds), phases: phasesOf(group, seconds) }];
    }),
    seconds,
    replays: runs.length,
    clock: timer.clock(),
    resolution: timer.resolution(),
    ceilings,
  };
}

/** Of some launches, `seconds` being those of the whole step. */
function sharesOf(group: readonly LaunchProfile[], seconds: number): Omit<PhaseProfile, "phase"> {
  const taken = total(group.map((launch) => launch.seconds));
  return { launches: group.length, seconds: taken, share: seconds > 0 ? taken / seconds : 0 };
}

function phasesOf(launches: readonly LaunchProfile[], seconds: number): PhaseProfile[] {
  return grouped(launches, ({ phase }) => phase).map(([phase, group]) => ({
    phase,
    ...sharesOf(group, seconds),
  }));
}

/** Items by key, in the order the keys first appear. */
function grouped<Item>(items: readonly Item[], key: (item: Item) => string): [string, [Item, ...Item[]]][] {
  const groups = new Map<string, [Item, ...Item[]]>();
  for (const item of items) {
    const known = groups.get(key(item));
    if (known === undefined) groups.set(key(item), [item]);
    else known.push(item);
  }
  return [...groups];
}
