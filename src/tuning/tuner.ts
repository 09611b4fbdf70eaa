// The tuner: times the candidates of works against the one the rule takes, and finds out which are clearly faster.

import {
  aFunction,
  aList,
  aNumber,
  anything,
  expectArgument,
  expectOptions,
  type OptionChecks,
} from "../errors/arguments.ts";
import { KernelError, OutOfMemoryError, UsageError } from "../errors/errors.ts";
import { WebGpuBackend } from "../runtime/webgpu/webgpu-backend.ts";
import { median } from "../runtime/median.ts";
import type { CandidateChoice } from "../runtime/webgpu/choice.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { Program } from "../runtime/program.ts";
import type { HostArray } from "../tensor/host.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { agree, recordWith, resultsOf, timeOf, WorkInputs } from "./trial.ts";
import { hasChoice, type Work } from "./works.ts";

/**
 * The noise rule: a candidate takes the rule's place when the median of its times is at least `clearly` smaller and it was
 * faster in every round but one. In a round every candidate runs once, forwards and backwards in turn, so that what
 * slows the machine down for a while slows them all.
 */
const clearly = 0.05;
const rounds = 7;
/** Fewer when a round takes longer than this, in seconds. */
const longRound = 0.5;
const fewRounds = 5;
/** A sample repeats short works until it takes about this long, in seconds: a submit alone takes some 10^-4. */
const sampleSeconds = 0.01;
const mostCalls = 64;
/** So many times slower than the rule's in its very first run, and longer than a hiccup: not looked at again. */
const hopeless = 5;
const hiccup = 0.05;
/** So many times slower than the rule's in the first round: out. */
const slower = 1.5;

/** A candidate and its time for one call. */
export interface CandidateTime {
  readonly name: string;
  /** Median seconds; of fewer runs when it was clear early. Undefined when it cannot be taken. */
  readonly seconds: number | undefined;
  /** Why it was not measured to the end. */
  readonly out?: "slower" | "other results" | "does not run here";
}

export interface TunedWork {
  readonly work: Work;
  readonly rule: string;
  readonly chosen: string;
  readonly ruleSeconds: number;
  readonly chosenSeconds: number;
  /** In the operator's order. */
  readonly times: readonly CandidateTime[];
}

export interface TuneProgress {
  /** Looking takes one time of each work, so that the longest can be tuned first. */
  readonly stage: "looking" | "tuning";
  readonly done: number;
  readonly total: number;
  /** The work that was just done. */
  readonly work: Work;
}

export interface TuneOptions {
  /** No work is begun after so many seconds; default: all are tuned. */
  readonly seconds?: number;
  /** Ends the tuning after the work under way. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TuneProgress) => void;
}

const tuneOptions: OptionChecks<TuneOptions> = { seconds: aNumber, signal: anything, onProgress: aFunction };

export interface Tuning {
  /** The longest work of a step first. */
  readonly tuned: readonly TunedWork[];
  /** Works that nobody got to; the rule decides there. */
  readonly left: readonly Work[];
}

/**
 * Times the candidates of works, those first that take a step of the first recording the most time.
 *
 * Each is measured on its own with made-up values, so its inputs are in the caches more often than within a step.
 *
 * @throws UsageError on the reference backend, which has no candidates
 */
export async function tune(
  engine: Engine,
  works: readonly Work[],
  options: TuneOptions = {},
): Promise<Tuning> {
  expectEngine("tune", engine);
  expectArgument("tune", "the works", works, aList);
  expectOptions("tune", options, tuneOptions);
  const { seconds = Infinity, signal, onProgress } = options;
  const { backend } = engine;
  if (!(backend instanceof WebGpuBackend)) {
    throw new UsageError("there is nothing to tune: this backend has no kernels; take a WebGPU device");
  }
  const end = performance.now() + 1000 * seconds;
  const over = (): boolean => signal?.aborted === true || performance.now() > end;
  const open = works.filter(hasChoice);
  const weights = new Map<Work, number>();
  for (const work of open) {
    if (over()) break;
    weights.set(work, (await look(engine, backend.choice, work)) * Math.max(...work.calls));
    onProgress?.({ stage: "looking", done: weights.size, total: open.length, work });
  }
  const order = [...open].sort((a, b) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0));
  const tuned: TunedWork[] = [];
  for (const work of order) {
    if (over()) break;
    tuned.push(await tuneWork(engine, backend.choice, work));
    onProgress?.({ stage: "tuning", done: tuned.length, total: open.length, work });
  }
  return { tuned, left: order.slice(tuned.length) };
}

const ruleOf = ({ candidates }: Work): string => candidates[candidates.length - 1];

/** Seconds of the rule's candidate, roughly. */
async function look(engine: Engine, choice: CandidateChoice, work: Work): Promise<number> {
  using inputs = new WorkInputs(engine, work);
  using program = await recordWith(engine, choice, work, ruleOf(work), inputs, 1);
  await timeOf(engine, program);
  return await timeOf(engine, program);
}

/** A candidate that is still in. */
interface Runner {
  readonly name: string;
  readonly program: Program<Tensor[]>;
  /** Of one call, round by round. */
  readonly samples: number[];
}

async function tuneWork(engine: Engine, choice: CandidateChoice, work: Work): Promise<TunedWork> {
  using inputs = new WorkInputs(engine, work);
  const rule = ruleOf(work);
  const others = work.candidates.filter((name) => name !== rule);
  const out = new Map<string, CandidateTime>();
  const held: Program<Tensor[]>[] = [];
  const record = async (name: string, calls: number): Promise<Program<Tensor[]>> => {
    const program = await recordWith(engine, choice, work, name, inputs, calls);
    held.push(program);
    return program;
  };
  try {
    const once = await record(rule, 1);
    const first = await timeOf(engine, once);
    const expected = await resultsOf(once, inputs);
    inputs.restore();
    const singles = new Map([[rule, once]]);
    for (const name of others) {
      const entered = await enter(engine, () => record(name, 1), first, inputs, expected);
      if ("program" in entered) singles.set(name, entered.program);
      else out.set(name, { name, ...entered });
      inputs.restore();
    }
    const again = await timeOf(engine, once);
    const calls = Math.min(mostCalls, Math.max(1, Math.round(sampleSeconds / again)));
    const runners: Runner[] = [];
    for (const [name, single] of singles) {
      const program = calls === 1 ? single : await record(name, calls);
      if (calls > 1) await timeOf(engine, program);
      runners.push({ name, program, samples: [] });
    }
    await race(engine, runners, calls, out);
    return decide(work, runners, out);
  } finally {
    for (const program of held) program.dispose();
  }
}

/** A candidate's first run: whether it runs, is not hopelessly slow, and gives the rule's results. */
async function enter(
  engine: Engine,
  record: () => Promise<Program<Tensor[]>>,
  ruleSeconds: number,
  inputs: WorkInputs,
  expected: readonly HostArray[],
): Promise<{ readonly program: Program<Tensor[]> } | Omit<CandidateTime, "name">> {
  try {
    const program = await record();
    const seconds = await timeOf(engine, program);
    if (seconds > hopeless * ruleSeconds && seconds > hiccup) return { seconds, out: "slower" };
    if (agree(await resultsOf(program, inputs), expected)) return { program };
    return { seconds: undefined, out: "other results" };
  } catch (error) {
    if (!(error instanceof KernelError) && !(error instanceof OutOfMemoryError)) throw error;
    return { seconds: undefined, out: "does not run here" };
  }
}

/** Rounds of one sample each; `runners` are the rule's and then the others, and who falls behind leaves. */
async function race(
  engine: Engine,
  runners: Runner[],
  calls: number,
  out: Map<string, CandidateTime>,
): Promise<void> {
  let planned = rounds;
  for (let round = 0; round < planned && runners.length > 1; round++) {
    const started = performance.now();
    for (const { program, samples } of round % 2 === 0 ? runners : [...runners].reverse()) {
      samples.push((await timeOf(engine, program)) / calls);
    }
    if (round > 0) continue;
    if (performance.now() - started > 1000 * longRound) planned = fewRounds;
    const [{ samples }] = runners;
    for (let i = runners.length - 1; i > 0; i--) {
      const [seconds] = runners[i].samples;
      if (seconds <= slower * samples[0]) continue;
      out.set(runners[i].name, { name: runners[i].name, seconds, out: "slower" });
      runners.splice(i, 1);
    }
  }
  const [rule] = runners;
  if (rule.samples.length === 0) rule.samples.push((await timeOf(engine, rule.program)) / calls);
}

function decide(
  work: Work,
  [rule, ...others]: readonly Runner[],
  out: ReadonlyMap<string, CandidateTime>,
): TunedWork {
  const medians = new Map([rule, ...others].map(({ name, samples }) => [name, median(samples)]));
  const ruleSeconds = medians.get(rule.name) ?? 0;
  let [chosen, chosenSeconds] = [rule.name, ruleSeconds];
  for (const { name, samples } of others) {
    const seconds = medians.get(name) ?? Infinity;
    const wins = samples.filter((sample, round) => sample < rule.samples[round]).length;
    const better = seconds <= (1 - clearly) * ruleSeconds && wins >= samples.length - 1;
    if (better && seconds < chosenSeconds) [chosen, chosenSeconds] = [name, seconds];
  }
  const times = work.candidates.map((name) => out.get(name) ?? { name, seconds: medians.get(name) });
  return { work, rule: rule.name, chosen, ruleSeconds, chosenSeconds, times };
}
