// Times implementations of one work against each other with Benchmark.js, deferred and in turns.

import Benchmark from "benchmark";
import { TimeLimitError } from "./child.ts";
import { checkEqual, type Numbers } from "./equality.ts";
import { launchesOf } from "./launches.ts";
import { isWebGpuPeer } from "./peers.ts";
import { spreadOf } from "./statistics.ts";
import {
  onAdapter,
  type ImplementationName,
  type Result,
  type Subject,
  type Unfinished,
  type Work,
} from "./work.ts";

export interface Budget {
  /** Seconds of timing for each implementation of the work, about. */
  readonly seconds: number;
  /** Samples at the least; slow implementations get fewer (see `samplesOfSlow`). */
  readonly minimum: number;
}

/** What Tessera is compared with to show where it comes from: that it is slow is seen without many samples. */
const baselines: ReadonlySet<ImplementationName> = new Set([
  "tessera-naive",
  "reference",
  "gpu.js-cpu",
  "gpu.js-wasm",
]);

/**
 * Samples of an implementation that takes so many seconds a run, all in one turn; undefined where it is not slow, and
 * "checked" where the run that was checked is the only one, so that nobody waits twice.
 */
function samplesOfSlow(
  name: ImplementationName,
  seconds: number,
  { limit }: Work,
): number | "checked" | undefined {
  if (limit !== undefined && isWebGpuPeer(name)) return "checked";
  if (baselines.has(name)) return seconds > 1 ? "checked" : seconds > 0.5 ? 2 : undefined;
  return seconds > 12 ? 2 : seconds > 3 ? 3 : undefined;
}

/** Implementations take turns, so that what disturbs the machine for a while disturbs all of them. */
const turns = 3;

/** Times of one suite's runs in milliseconds, by name. */
function runSuite(
  subjects: ReadonlyMap<ImplementationName, Subject>,
  optionsOf: (name: ImplementationName) => { readonly seconds: number; readonly minimum: number },
): Promise<Map<ImplementationName, number[]>> {
  return new Promise((resolve, reject) => {
    const times = new Map<ImplementationName, number[]>();
    const suite = new Benchmark.Suite();
    let failed = false;
    for (const [name, subject] of subjects) {
      const { seconds, minimum } = optionsOf(name);
      suite.add(name, {
        defer: true,
        minSamples: minimum,
        maxTime: seconds,
        minTime: Math.min(0.05, Math.max(seconds / 4, 0.001)),
        initCount: 1,
        delay: 0.001,
        fn(deferred: { resolve(): void }) {
          subject.run().then(
            () => deferred.resolve(),
            (error: unknown) => {
              failed = true;
              suite.abort();
              reject(error instanceof Error ? error : new Error(String(error)));
            },
          );
        },
      });
    }
    suite.on("cycle", (event: Benchmark.Event) => {
      const { name, stats } = event.target as { name: ImplementationName; stats: Benchmark.Stats };
      times.set(
        name,
        stats.sample.map((seconds) => 1000 * seconds),
      );
    });
    suite.on("complete", () => {
      if (!failed) resolve(times);
    });
    suite.run({ async: true });
  });
}

/** Told of what happens, so that a person can wait in peace. */
export interface MeasureListener {
  /** Something begins that may take a while. */
  doing(what: string): void;
}

/** What a work's measurement gives. */
export interface Measured {
  /** In the order of the names; without those that cannot do the work. */
  readonly results: readonly Result[];
  /** Those that took longer than the work's limit. */
  readonly unfinished: readonly Unfinished[];
  /** What the float64 reference computed. */
  readonly expected: readonly Numbers[];
}

/** An implementation that computed the reference's results. */
interface Checked {
  readonly subject: Subject;
  /** In units of the bound. */
  readonly error: number;
  /** Of the run that was checked; of the one after it where kernels are compiled in the first. */
  readonly seconds: number;
  /** Of the work once in that run. */
  readonly milliseconds: number;
  /** Of the work once; 0 where there are none. */
  readonly launches: number;
}

async function computed(
  name: ImplementationName,
  subject: Subject,
): Promise<Omit<Checked, "subject" | "error"> & { readonly results: readonly Numbers[] }> {
  let started = performance.now();
  const results = await subject.results();
  let works = 1;
  let launches = 0;
  if (onAdapter.has(name)) {
    started = performance.now();
    works = subject.repeats ?? 1;
    const counted = await launchesOf(() => subject.run()); // warm, now that its kernels are compiled
    launches = (subject.launches?.() ?? counted) / works;
  }
  const milliseconds = performance.now() - started;
  return { results, seconds: milliseconds / 1000, milliseconds: milliseconds / works, launches };
}

/** Lets a time limit pass, and nothing else. */
function withinLimit(error: unknown): undefined {
  if (!(error instanceof TimeLimitError)) throw error;
}

/**
 * Checks every implementation against the reference, then times them.
 *
 * @throws UnequalError before anything is timed when one computes something else
 */
export async function measure(
  work: Work,
  names: readonly ImplementationName[],
  budget: Budget,
  listener: MeasureListener,
): Promise<Measured> {
  const checked = new Map<ImplementationName, Checked>();
  const open: Subject[] = [];
  const unfinished: Unfinished[] = [];
  try {
    let expected: readonly Numbers[] | undefined;
    // The reference first, whether it is compared or not: what it computes is what the others are held against.
    for (const name of ["reference", ...names.filter((each) => each !== "reference")] as const) {
      const make = work.implementations.get(name);
      if (make === undefined) continue;
      listener.doing(`${work.name}: checking ${name}`);
      const subject = await make();
      open.push(subject);
      const found = await computed(name, subject).catch(withinLimit);
      if (found === undefined) {
        unfinished.push({ work: work.name, implementation: name, seconds: work.limit ?? 0 });
        continue;
      }
      const { results, ...times } = found;
      expected ??= results;
      const error = checkEqual(`${work.name} by ${name}`, results, expected, work.bound);
      if (names.includes(name)) checked.set(name, { subject, error, ...times });
    }
    if (!work.implementations.has("reference") || expected === undefined) {
      throw new Error(`${work.name} has no reference`);
    }
    const times = await timesOf(work, checked, budget, listener);
    const results = names.flatMap((name) => {
      const list = times.get(name);
      const found = checked.get(name);
      return list === undefined || found === undefined ? [] : [resultOf(work, name, list, found)];
    });
    return { results, unfinished, expected };
  } finally {
    for (const subject of open) await subject.dispose();
  }
}

/** Times of everyone in milliseconds, of the work once. */
async function timesOf(
  work: Work,
  checked: ReadonlyMap<ImplementationName, Checked>,
  budget: Budget,
  listener: MeasureListener,
): Promise<Map<ImplementationName, number[]>> {
  const times = new Map<ImplementationName, number[]>();
  const samples = new Map(
    [...checked].map(([name, { seconds }]) => [name, samplesOfSlow(name, seconds, work)]),
  );
  for (const [name, { milliseconds }] of checked) {
    if (samples.get(name) === "checked") times.set(name, [milliseconds]);
  }
  for (let turn = 0; turn < turns; turn++) {
    const group = [...checked].filter(([name]) => {
      const count = samples.get(name);
      return count === undefined || (turn === 0 && count !== "checked");
    });
    if (group.length === 0) break;
    listener.doing(`${work.name}: timing, turn ${turn + 1} of ${turns}`);
    const subjects = new Map(group.map(([name, { subject }]) => [name, subject]));
    const measured = await runSuite(subjects, (name) => {
      const count = samples.get(name);
      return typeof count === "number"
        ? { seconds: 0.001, minimum: count }
        : { seconds: budget.seconds / turns, minimum: Math.max(1, Math.ceil(budget.minimum / turns)) };
    });
    for (const [name, list] of measured) {
      const repeats = subjects.get(name)?.repeats ?? 1;
      times.set(name, [...(times.get(name) ?? []), ...list.map((time) => time / repeats)]);
    }
  }
  return times;
}

function resultOf(
  work: Work,
  implementation: ImplementationName,
  times: readonly number[],
  { error, launches }: Pick<Checked, "error" | "launches">,
): Result {
  const spread = spreadOf(times);
  const counted = launches === 0 ? {} : { launches };
  const rate = work.flops === undefined ? {} : { gflops: work.flops / spread.medianMs / 1e6 };
  return { work: work.name, implementation, ...spread, ...counted, ...rate, error };
}
