// Times implementations of one work against each other with Benchmark.js, deferred and in turns.

import Benchmark from "benchmark";
import { checkEqual, type Numbers } from "./equality.ts";
import { spreadOf } from "./statistics.ts";
import type { ImplementationName, Result, Subject, Work } from "./work.ts";

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

/** Samples of an implementation that takes so many seconds a run, all in one turn; undefined where it is not slow. */
function samplesOfSlow(name: ImplementationName, seconds: number): number | undefined {
  if (baselines.has(name)) return seconds > 3 ? 1 : seconds > 0.5 ? 2 : undefined;
  return seconds > 12 ? 2 : seconds > 3 ? 3 : undefined;
}

/** Implementations take turns, so that what disturbs the machine for a while disturbs all of them. */
const turns = 3;

/** The first run of these is not like the others. */
const compiles: ReadonlySet<ImplementationName> = new Set(["tessera", "tessera-naive", "tfjs-webgpu"]);

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

/**
 * Checks every implementation against the reference, then times them.
 *
 * @param expected the reference's results
 * @throws UnequalError before anything is timed when one computes something else
 */
export async function measure(
  work: Work,
  names: readonly ImplementationName[],
  expected: readonly Numbers[],
  budget: Budget,
  listener: MeasureListener,
): Promise<Result[]> {
  const subjects = new Map<ImplementationName, Subject>();
  const errors = new Map<ImplementationName, number>();
  const once = new Map<ImplementationName, number>();
  try {
    for (const name of names) {
      const open = work.implementations.get(name);
      if (open === undefined) continue;
      listener.doing(`${work.name}: checking ${name}`);
      const subject = await open();
      subjects.set(name, subject);
      let started = performance.now();
      const results = await subject.results();
      if (compiles.has(name)) {
        started = performance.now();
        await subject.run(); // warm, now that its kernels are compiled
      }
      once.set(name, (performance.now() - started) / 1000);
      errors.set(name, checkEqual(`${work.name} by ${name}`, results, expected, work.bound));
    }
    const samplesOf = (name: ImplementationName): number | undefined =>
      samplesOfSlow(name, once.get(name) ?? 0);
    const times = new Map<ImplementationName, number[]>();
    for (let turn = 0; turn < turns; turn++) {
      const group = [...subjects].filter(([name]) => turn === 0 || samplesOf(name) === undefined);
      if (group.length === 0) break;
      listener.doing(`${work.name}: timing, turn ${turn + 1} of ${turns}`);
      const measured = await runSuite(new Map(group), (name) => {
        const samples = samplesOf(name);
        return samples === undefined
          ? { seconds: budget.seconds / turns, minimum: Math.max(1, Math.ceil(budget.minimum / turns)) }
          : { seconds: 0.001, minimum: samples };
      });
      for (const [name, list] of measured) {
        const repeats = subjects.get(name)?.repeats ?? 1;
        times.set(name, [...(times.get(name) ?? []), ...list.map((time) => time / repeats)]);
      }
    }
    return [...times].map(([implementation, list]) => resultOf(work, implementation, list, errors));
  } finally {
    for (const subject of subjects.values()) await subject.dispose();
  }
}

function resultOf(
  work: Work,
  implementation: ImplementationName,
  times: readonly number[],
  errors: ReadonlyMap<ImplementationName, number>,
): Result {
  const spread = spreadOf(times);
  const rate = work.flops === undefined ? {} : { gflops: work.flops / spread.medianMs / 1e6 };
  return { work: work.name, implementation, ...spread, ...rate, error: errors.get(implementation) ?? 0 };
}
