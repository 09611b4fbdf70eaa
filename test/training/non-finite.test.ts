// Numbers that are not finite: where they begin is told, no checkpoint is made of them, and a batch may be left out.

import { describe, expect, test } from "vitest";
import { NonFiniteError, type NonFiniteOrigin } from "../../src/errors/training-errors.ts";
import { add, multiply, sqrt } from "../../src/functions/elementwise.ts";
import { mean } from "../../src/functions/reduction.ts";
import { writeWeights, readWeights } from "../../src/nn/weights.ts";
import type { Checkpoint } from "../../src/training/checkpoint-record.ts";
import type { Checkpoints } from "../../src/training/checkpoint.ts";
import type { LoopSettings } from "../../src/training/loop-settings.ts";
import { train, type TrainOptions } from "../../src/training/trainer.ts";
import { useEngine } from "../engines.ts";
import { lineTask, type Line, type LineInputs } from "./small-task.ts";

const settings: LoopSettings = { epochs: 2, learningRate: 0.01, optimiser: { by: "sgd", momentum: 0.9 } };

describe.each(["webgpu", "reference"] as const)("on %s", (device) => {
  const open = useEngine({ device });
  type Told = ReturnType<typeof lineTask>;

  /** The task with other inputs at one step. */
  function poisoned(at: number, change: (inputs: LineInputs) => void, changes: Partial<Told> = {}): Told {
    const task = lineTask(open());
    return {
      ...task,
      rowNames: (step) => Array.from({ length: 8 }, (_, i) => `point ${i} of ${step}`),
      async *inputs(first, count) {
        let step = first;
        for await (const inputs of task.inputs(first, count)) {
          if (step++ === at) change(inputs);
          yield inputs;
        }
      },
      ...changes,
    };
  }

  async function failure(
    task: Told,
    given: Partial<LoopSettings> = {},
    options: TrainOptions = {},
  ): Promise<NonFiniteError> {
    const error: unknown = await train(task, { ...settings, ...given }, options).catch(
      (thrown: unknown) => thrown,
    );
    task.module.dispose();
    if (!(error instanceof NonFiniteError)) throw error;
    return error;
  }

  const expectTold = (error: NonFiniteError, step: number, origin: NonFiniteOrigin, words: RegExp): void => {
    expect([error.step, error.origin]).toEqual([step, origin]);
    expect(error.message).toMatch(words);
  };

  test.each([5, 9])("data, with the rows of step %i that have it", async (step) => {
    const task = poisoned(step, ({ x }) => {
      x[3 * 2] = NaN;
      x[3 * 6 + 1] = Infinity;
    });
    expectTold(
      await failure(task),
      step,
      "data",
      new RegExp(
        `^epoch ${Math.ceil(step / 6)}, step ${step}: the data is not finite: what \\w+ \\[8, 3\\] takes in has (NaN|Infinity), ` +
          `of point 2 of ${step}, point 6 of ${step}; check these values`,
        "u",
      ),
    );
  });

  test("from the last checkpoint on, also of a run that went on", async () => {
    let last: Checkpoint | undefined;
    const kept: number[] = [];
    const checkpoints: Checkpoints = {
      every: { steps: 2 },
      save: (checkpoint) => {
        last = checkpoint;
        return Promise.resolve();
      },
    };
    const spoil = ({ y }: LineInputs): void => void (y[0] = NaN);
    const told: string[] = [];
    const listener = {
      searching: ({ from }: { from: number }) => void kept.push(from),
      step: ({ step }: { step: number }) => void told.push(`${step}`),
    };
    const error = await failure(poisoned(9, spoil), {}, { checkpoints, listener });
    expectTold(error, 9, "data", /of point 0 of 9;/u);
    expect(kept).toEqual([8]);
    // What is taken once more is told nobody.
    expect(told).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(last?.record).toMatchObject({ epochs: 1, steps: 2 });
    if (last === undefined) return;
    const from = { checkpoint: last, file: "last" };
    const again = await failure(poisoned(9, spoil), {}, { checkpoints: { ...checkpoints, from } });
    expect(again.message).toBe(error.message);
  });

  test("weights that a run begins with", async () => {
    const spoilt = async (module: Line): Promise<Line> => {
      const weights = new Map(await readWeights(module));
      const [[name, { shape, data }]] = weights;
      weights.set(name, { shape, data: data.map((value: number, i: number) => (i === 1 ? NaN : value)) });
      writeWeights(module, weights);
      return module;
    };
    const task = lineTask(open());
    await spoilt(task.module);
    const twin = await spoilt(lineTask(open()).module);
    const error = await failure({ ...task, twin: () => twin });
    expectTold(
      error,
      1,
      "weights",
      /^epoch 1, step 1: the weights that the run begins with are not finite: linear\.\w+ has NaN at 1; /u,
    );
  });

  test("an update that is too large", async () => {
    const error = await failure(lineTask(open()), { learningRate: 1e38, epochs: 3 });
    expect(error.origin).toMatch(/weights|loss|gradient/u);
    const single = await failure(lineTask(open()), { learningRate: Number.MAX_VALUE });
    expectTold(
      single,
      1,
      "weights",
      /^epoch 1, step 1: the weights are not finite after its update \(linear.*the learning rate of 1\.79\d+e\+308 is too large$/u,
    );
  });

  test("a loss, and a gradient of a finite one", async () => {
    const lossOf = (from: (task: Told) => Told["losses"]) => {
      const task = lineTask(open());
      return {
        ...task,
        terms: ["total"],
        watchedTerm: "total",
        silentTerms: () => [],
        losses: from(task),
      } as Told;
    };
    const roots = lossOf(({ module }) => (_, inputs) => {
      const x = open().feed(() => inputs().x, [8, 3]);
      const zero = multiply(
        module.forward(x, "training"),
        open().feed(() => [0], [1]),
      );
      return { total: mean(sqrt(zero)) };
    });
    expectTold(
      await failure(roots),
      1,
      "gradient",
      /the gradient is not finite, though the loss is finite: first what \w+ gives, .* has (NaN|-?Infinity)/u,
    );
    const below = lossOf(({ module }) => (_, inputs) => {
      const x = open().feed(() => inputs().x, [8, 3]);
      const negative = add(
        multiply(
          module.forward(x, "training"),
          open().feed(() => [0], [1]),
        ),
        open().feed(() => [-1], [1]),
      );
      return { total: mean(sqrt(negative)) };
    });
    expectTold(
      await failure(below),
      1,
      "loss",
      /the loss is not finite, though data and weights are finite: first what sqrt gives, \[8, 1\], has NaN; lower/u,
    );
  });

  test("no checkpoint is made of them", async () => {
    const saved: Checkpoint[] = [];
    const checkpoints: Checkpoints = {
      every: { steps: 1 },
      save: (checkpoint) => {
        saved.push(checkpoint);
        return Promise.resolve();
      },
    };
    await failure(lineTask(open()), { learningRate: Number.MAX_VALUE }, { checkpoints });
    for (const { tensors } of saved) {
      for (const { data } of tensors.values())
        expect(data.every((value: number) => Number.isFinite(value))).toBe(true);
    }
  });

  describe("skipNonFinite", () => {
    const losses = async (task: Told, options: TrainOptions = {}) => {
      const told = new Map<number, number>();
      const skipped: number[] = [];
      const epochs: number[] = [];
      const listener = {
        step: ({ step, losses: { total } }: { step: number; losses: Readonly<Record<string, number>> }) =>
          void told.set(step, total),
        skipped: ({ step, from }: { step: number; from: number }) => {
          skipped.push(step);
          for (const each of told.keys()) if (each > from) told.delete(each);
        },
        epoch: ({ losses: { total } }: { losses: Readonly<Record<string, number>> }) =>
          void epochs.push(total),
      };
      const result = await train(task, { ...settings, skipNonFinite: true }, { ...options, listener });
      const weights = await readWeights(task.module);
      task.module.dispose();
      return { told, skipped, epochs, weights, result };
    };
    const twice = (): Told => {
      const task = poisoned(3, ({ x }) => void (x[0] = NaN));
      return {
        ...task,
        async *inputs(first, count) {
          let step = first;
          for await (const inputs of task.inputs(first, count)) {
            if (step++ === 8) inputs.y[1] = Infinity;
            yield inputs;
          }
        },
      };
    };

    test("leaves a batch out and counts it, wherever the last checkpoint was", async () => {
      const whole = await losses(twice());
      expect(whole.result.skippedSteps).toEqual([3, 8]);
      expect(whole.skipped).toEqual([3, 8]);
      expect([...whole.told.keys()]).toEqual([1, 2, 4, 5, 6, 7, 9, 10, 11, 12]);
      const first = [1, 2, 4, 5, 6].map((step) => whole.told.get(step) ?? NaN);
      expect(whole.epochs[0]).toBeCloseTo(first.reduce((sum, each) => sum + each, 0) / 5, 5);
      let last: Checkpoint | undefined;
      const checkpoints: Checkpoints = {
        every: { steps: 2 },
        save: (checkpoint) => {
          last = checkpoint;
          return Promise.resolve();
        },
      };
      const often = await losses(twice(), { checkpoints });
      expect(often.told).toEqual(whole.told);
      expect(often.weights).toEqual(whole.weights);
      expect(last?.record.skipped).toEqual([3, 8]);
    });

    test("goes on from a checkpoint behind a batch that was left out", async () => {
      const whole = await losses(twice());
      const saved: Checkpoint[] = [];
      const save = (checkpoint: Checkpoint): Promise<void> => {
        saved.push(checkpoint);
        return Promise.resolve();
      };
      await losses(twice(), { checkpoints: { every: { steps: 1 }, save } });
      const from = saved.find(({ record: { epochs, steps } }) => epochs === 0 && steps === 5);
      if (from === undefined) throw new Error("there is a checkpoint after step 5");
      const rest = await losses(twice(), { checkpoints: { from: { checkpoint: from, file: "five" }, save } });
      expect(rest.result.skippedSteps).toEqual([3, 8]);
      expect(rest.weights).toEqual(whole.weights);
    });

    test("does not help against weights", async () => {
      const error = await failure(lineTask(open()), { learningRate: Number.MAX_VALUE, skipNonFinite: true });
      expect(error.origin).toBe("weights");
    });
  });
});
