// The training loop with a task that has nothing to do with Label-Assemble.

import { describe, expect, test } from "vitest";
import { CheckpointError } from "../../src/errors/training-errors.ts";
import { readWeights } from "../../src/nn/weights.ts";
import type { Checkpoint } from "../../src/training/checkpoint-record.ts";
import type { LoopSettings } from "../../src/training/loop-settings.ts";
import { train } from "../../src/training/trainer.ts";
import type { EpochReport, StepReport } from "../../src/training/training-reports.ts";
import { useEngine } from "../engines.ts";
import { lineTask } from "./small-task.ts";

const open = useEngine({ device: "webgpu" });

const settings: LoopSettings = { epochs: 4, learningRate: 0.05 };

interface Run {
  readonly steps: StepReport[];
  readonly epochs: EpochReport[];
  readonly weights: Record<string, number[]>;
  readonly checkpoints: Checkpoint[];
}

async function run(chosen: LoopSettings, from?: Checkpoint, drop = 0): Promise<Run> {
  const task = lineTask(open(), { drop });
  const { steps, epochs, checkpoints }: Pick<Run, "steps" | "epochs" | "checkpoints"> = {
    ...{ steps: [], epochs: [], checkpoints: [] },
  };
  const result = await train(task, chosen, {
    listener: {
      step: (report) => steps.push(report),
      epoch: (report) => epochs.push(report),
    },
    checkpoints: {
      ...(from === undefined ? {} : { from: { checkpoint: from, file: "it" } }),
      every: { steps: 8 },
      save: (checkpoint) => Promise.resolve(void checkpoints.push(checkpoint)),
    },
  });
  const weights = Object.fromEntries(
    [...(await readWeights(result.module))].map(([name, { data }]) => [name, Array.from(data)]),
  );
  if (result.module !== task.module) result.module.dispose();
  task.module.dispose();
  return { steps, epochs, weights, checkpoints };
}

test("a task learns; terms that a variant does not compute are told as 0", async () => {
  const { steps, epochs } = await run({ ...settings, epochs: 20 });
  expect(Object.keys(steps[0].losses)).toEqual(["total", "squares", "size"]);
  expect(steps.map(({ losses }) => losses["size"] > 0)).toEqual(steps.map(({ step }) => step > 4));
  const [first, last] = [epochs[0], epochs[19]].map(({ validation }) => validation as { closeness: number });
  expect(last.closeness).toBeGreaterThan(first.closeness + 0.1);
  expect(last.closeness).toBeGreaterThan(0.9);
});

describe("a run that goes on from the middle of an epoch ends as one that was not stopped, bit for bit", () => {
  test.each<[string, Partial<LoopSettings>]>([
    ["adam", {}],
    [
      "adamw, decay of weights alone, a cosine with warm-up",
      {
        optimiser: { by: "adamw" },
        ...{ weightDecay: 0.1, decayed: "weights", schedule: { by: "cosine", warmup: 5 } },
      },
    ],
    [
      "sgd with momentum, clipped, a step schedule, a moving average",
      {
        optimiser: { by: "sgd", momentum: 0.8, nesterov: true },
        ...{ clipNorm: 0.5, schedule: { by: "step", every: 1, factor: 0.5 }, ema: 0.9 },
      },
    ],
  ])("%s", async (_, changes) => {
    const chosen = { ...settings, ...changes };
    const whole = await run(chosen);
    const middle = whole.checkpoints.find(({ record }) => record.epochs === 1 && record.steps === 2);
    expect(middle).toBeDefined();
    const rest = await run(chosen, middle);
    expect(rest.steps).toEqual(whole.steps.filter(({ step }) => step > 8));
    expect(rest.epochs).toEqual(whole.epochs.slice(1));
    expect(rest.weights).toEqual(whole.weights);
  });
});

test.each<[string, Partial<LoopSettings>]>([
  ["adam", {}],
  ["a moving average, which has the layer's counter and does not average it", { ema: 0.9 }],
])("with dropout, a run that goes on drops what one that was not stopped drops: %s", async (_, part) => {
  const chosen = { ...settings, ...part };
  const whole = await run(chosen, undefined, 0.25);
  const plain = await run(chosen);
  expect(whole.steps[0].losses).not.toEqual(plain.steps[0].losses);
  const middle = whole.checkpoints.find(({ record }) => record.epochs === 1 && record.steps === 2);
  const rest = await run(chosen, middle, 0.25);
  expect(rest.steps).toEqual(whole.steps.filter(({ step }) => step > 8));
  expect(rest.weights).toEqual(whole.weights);
});

test("a cosine schedule changes the rate within an epoch, and is told at its end", async () => {
  const { epochs } = await run({ ...settings, schedule: { by: "cosine" } });
  const rates = epochs.map(({ learningRate }) => learningRate);
  expect(rates).toEqual([...rates].sort((a, b) => b - a));
  expect(rates[0]).toBeLessThan(0.05);
  expect(rates[3]).toBeLessThan(0.001);
});

test("a checkpoint of another optimiser, other terms, other data or other settings is refused, by name", async () => {
  const { checkpoints } = await run(settings);
  const [first] = checkpoints;
  const refused = async (chosen: LoopSettings, from: Checkpoint): Promise<string> => {
    const error: unknown = await run(chosen, from).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CheckpointError);
    return (error as Error).message;
  };
  expect(await refused({ ...settings, optimiser: { by: "sgd" } }, first)).toMatch(
    'it: was made with optimiser left out, and this run has {"by":"sgd"}',
  );
  expect(await refused({ ...settings, learningRate: 0.1 }, first)).toMatch(
    "learningRate 0.05, and this run has 0.1",
  );
  const { record, tensors } = first;
  expect(await refused(settings, { record: { ...record, data: "others" }, tensors })).toMatch(
    "was made on other images or labels",
  );
  const sums = { total: 0, squares: 0 };
  expect(await refused(settings, { record: { ...record, sums }, tensors })).toMatch(
    "tells the losses total, squares, and a step here has total, squares, size",
  );
  const others = new Map([...tensors].filter(([name]) => name !== "adam.firstMoment"));
  expect(await refused(settings, { record, tensors: others })).toMatch(
    /is of another optimiser: adam: .*firstMoment/,
  );
});

describe("is refused before the first step, and leaves no tensor", () => {
  const refusal = async (change: object, chosen: Partial<LoopSettings> = {}): Promise<string> => {
    const before = open().memory().tensors;
    const task = { ...lineTask(open()), ...change };
    const error: unknown = await train(task, { ...settings, ...chosen }).catch((reason: unknown) => reason);
    task.module.dispose();
    expect(open().memory().tensors).toBe(before);
    return (error as Error).message;
  };

  test.each<[string, object, string]>([
    ["terms without the total first", { terms: ["squares", "total"] }, 'terms must begin with "total"'],
    ["a term without a name", { terms: ["total", " "] }, 'task: terms has " ", which names no loss'],
    ["a term that is named twice", { terms: ["total", "a", "a"] }, 'task: terms name "a" twice'],
    [
      "a silent term that there is not",
      { silentTerms: () => ["consistency"] },
      'task: silentTerms names "consistency", which is none of its terms',
    ],
    [
      "parts without a judge",
      { judge: undefined },
      "task: has validation and test to judge by, and no judge(",
    ],
    ["a watched term that there is not", { watchedTerm: "bce" }, 'watchedTerm "bce" is none of its terms'],
    [
      "more terms than a step has losses",
      { terms: ["total", "squares", "size", "more"] },
      "task: a step returns losses [3], and the task names 4 terms (total, squares, size, more); return one loss for each",
    ],
  ])("%s", async (_, change, message) => {
    expect(await refusal(change)).toMatch(message);
  });

  test("a step without losses of its own where there are several terms", async () => {
    const losses = (): object => ({ total: open().zeros([]) });
    expect(await refusal({ losses })).toMatch("a step returns losses [1], and the task names 3 terms");
  });

  test.each<[string, Partial<LoopSettings>, string]>([
    ["no epoch", { epochs: 0 }, "train: epochs must be a whole number from 1 up, got 0"],
    ["a number in quotes", { epochs: "3" as never }, 'must be a whole number from 1 up, got "3"'],
    [
      "weights that nobody keeps",
      { keep: "worst" as never },
      'train: keep must be "best" or "final", got "worst"',
    ],
    [
      "an optimiser without braces",
      { optimiser: "sgd" as never },
      "optimiser: write { by: NAME } with one of adam,",
    ],
    [
      "a schedule without braces",
      { schedule: "cosine" as never },
      "schedule: write { by: NAME } with one of plateau,",
    ],
    ["half a step", { steps: 1.5 }, "train: steps must be a whole number from 1 up, got 1.5"],
    ["a decay of an average that is none", { ema: 1 }, "train: ema must be from 0 to below 1, got 1"],
    [
      "an unknown optimiser",
      { optimiser: { by: "adan" } as never },
      'there is no optimiser "adan"; did you mean "adam"?',
    ],
    ["a schedule whose floor is above the rate", { schedule: { by: "cosine", minimum: 1 } }, "minimum"],
  ])("%s", async (_, chosen, message) => {
    expect(await refusal({}, chosen)).toMatch(message);
  });

  test.each([-0.5, NaN, 1.5])("a score of %d", async (score) => {
    const judge = (): object => Promise.resolve({ score, report: {} });
    expect(await refusal({ judge })).toMatch(`judge gave the validation data a score of ${score}`);
  });

  test("tests after every epoch where there is nothing to test on", async () => {
    expect(await refusal({ parts: ["validation"] }, { evaluate: "epoch" })).toMatch("the task has none");
  });
});
