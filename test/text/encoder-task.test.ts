// Encoders learn pairs of a toy language; what a step sees; and a run that was stopped goes on bit for bit.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Initialiser } from "../../src/nn/initialise.ts";
import { readWeights } from "../../src/nn/weights.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { trainTask, type TaskRunOptions } from "../../src/runs/train-task.ts";
import {
  encoderTask,
  type EncoderReport,
  type EncoderTask,
  type EncoderTaskOptions,
} from "../../src/text/encoder/encoder-task.ts";
import { createEncoder, type AnyEncoder } from "../../src/text/encoder/encoders.ts";
import { train } from "../../src/training/trainer.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { useEngine } from "../engines.ts";
import { toyPairs, toyTokeniser } from "./toy-pairs.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { vocabulary } = toyTokeniser;

const encoderOf = (engine: Engine, kind: "bag" | "transformer", dropout = 0): AnyEncoder =>
  createEncoder(
    engine,
    new Initialiser(engine, 1),
    kind === "bag"
      ? { kind, vocabulary, width: 32 }
      : { kind, vocabulary, width: 32, layers: 1, heads: 2, hidden: 32, mostTokens: 32, dropout },
  );

const toyTask = (engine: Engine, kind: "bag" | "transformer", options?: EncoderTaskOptions): EncoderTask =>
  encoderTask(encoderOf(engine, kind), toyTokeniser, toyPairs, { batch: 16, heldOut: 12, ...options });

describe("on webgpu", () => {
  const open = useEngine({ device: "webgpu" });

  test.each([
    ["bag", 12, 0.02],
    ["transformer", 20, 0.01],
  ] as const)(
    "a %s learns which text belongs to which, also of pairs that it has never seen",
    async (kind, epochs, learningRate) => {
      const task = toyTask(open(), kind);
      const course: { misses: number; total: number; report: EncoderReport | undefined }[] = [];
      const { validation } = await train(
        task,
        { epochs, learningRate, schedule: { by: "constant" } },
        {
          listener: {
            epoch: ({ losses: { misses, total }, validation: report }) =>
              course.push({ misses, total, report }),
          },
        },
      );
      const [first, last] = [course[0], course[course.length - 1]];
      expect(first.misses).toBeGreaterThan(0.5);
      expect(first.total).toBeGreaterThan(2);
      expect(last.misses).toBeLessThan(0.05);
      expect(last.total).toBeLessThan(0.3);
      expect(validation).toBeGreaterThan(0.9);
      // What is shown is what was found: colour and thing of the query first.
      const [shown] = last.report?.nearest ?? [];
      expect(shown.documents).toHaveLength(3);
      const own = toyPairs.find(({ query }) => query === shown.query)?.document;
      expect(shown.documents[0]).toBe(own);
      expect(shown.own).toBe(0);
      task.module.dispose();
    },
  );

  test("a run that was stopped goes on to the same bits, dropout and order with it", async () => {
    const run = async (name: string, options: Partial<TaskRunOptions>): Promise<boolean> => {
      const task = encoderTask(encoderOf(open(), "transformer", 0.2), toyTokeniser, toyPairs, {
        ...{ batch: 12, heldOut: 10, seed: 4 },
      });
      try {
        const settings = { epochs: 3, learningRate: 0.01 };
        const out = join(folder.path, name);
        const done = await trainTask(task, settings, { name: "text encoder", out, ...options });
        return done.stopped;
      } finally {
        task.module.dispose();
      }
    };
    const bytes = (name: string, file: string): Buffer => readFileSync(join(folder.path, name, file));
    expect(await run("whole", {})).toBe(false);
    const controller = new AbortController();
    let steps = 0;
    const listener = { step: () => ++steps === 5 && controller.abort() };
    const stopping = { signal: controller.signal, checkpointEvery: { steps: 1 } };
    expect(await run("stopped", { ...stopping, listener })).toBe(true);
    expect(await run("stopped", { resume: true })).toBe(false);
    for (const file of ["metrics.jsonl", "model.safetensors"]) {
      expect(bytes("stopped", file).equals(bytes("whole", file)), file).toBe(true);
    }
  });
});

describe("on the reference", () => {
  const open = useEngine({ device: "reference" });

  test("what is held out is never trained on, and a step's inputs follow from its number", async () => {
    const task = toyTask(open(), "bag", { seed: 3 });
    expect(task.counts).toEqual({ trained: 52, heldOut: 12, empty: 0 });
    const names = new Set<string>();
    for (let step = 1; step <= 3 * task.stepsPerEpoch; step++)
      for (const name of task.rowNames?.(step) ?? []) names.add(name);
    expect(names.size).toBeLessThanOrEqual(52);
    const inputs = async (first: number, count: number) => {
      const found = [];
      for await (const each of task.inputs(first, count)) found.push(each);
      return found;
    };
    const all = await inputs(1, 7);
    expect(await inputs(5, 2)).toEqual(all.slice(4, 6));
    expect(await inputs(1, 1)).not.toEqual(await inputs(1 + task.stepsPerEpoch, 1));
    task.module.dispose();
  });

  test("pairs of the same query, or the same document, are no wrong answers to each other", async () => {
    const alike = [
      ...[0, 1].map((i) => ({ query: "red cat", document: toyPairs[i].document })),
      ...[0, 1].map((i) => ({ query: toyPairs[20 + i].query, document: "the object1 is" })),
    ];
    const task = encoderTask(encoderOf(open(), "bag"), toyTokeniser, alike, { batch: 4, heldOut: 0 });
    const { value } = await task.inputs(1, 1).next();
    const row = (pair: number): number => (task.rowNames?.(1) ?? []).indexOf(`pair ${pair}`);
    const others = value?.others ?? new Float32Array();
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        const expected = a !== b && Math.floor(a / 2) === Math.floor(b / 2) ? 1 : 0;
        expect(others[4 * row(a) + row(b)], `${a} and ${b}`).toBe(expected);
      }
    }
    task.module.dispose();
  });

  test("texts without a token are left out and counted, longer ones cut and counted, and too few pairs refused", () => {
    const encoder = encoderOf(open(), "bag");
    const odd = [
      ...toyPairs.slice(0, 9),
      { query: "unheard of nothing", document: "" },
      { query: "", document: "the" },
    ];
    const task = encoderTask(encoder, toyTokeniser, odd, { batch: 9, documentTokens: 6 });
    expect(task.counts).toEqual({ trained: 9, heldOut: 0, empty: 2 });
    const long = odd.filter(({ document }) => toyTokeniser.encode(document).length > 6).length;
    expect(long).toBeGreaterThan(0);
    expect(task.cut).toBe(long);
    expect(task.parts).toEqual([]);
    expect(() => encoderTask(encoder, toyTokeniser, odd, { batch: 10 })).toThrow(
      "encoderTask: a batch of 10 needs as many pairs to train on, and there are 9 pairs; take a smaller batch",
    );
    encoder.dispose();
  });

  test("a moving average begins as its encoder does", async () => {
    const engine = open();
    const task = toyTask(engine, "bag", { twin: () => encoderOf(engine, "bag") });
    const settings = { epochs: 1, learningRate: 0.02, ema: 0.9, keep: "final" } as const;
    const { module } = await train(task, settings);
    expect(module).not.toBe(task.module);
    const [average, trained] = await Promise.all([readWeights(module), readWeights(task.module)]);
    expect(average.get("words.weight")?.data).not.toEqual(trained.get("words.weight")?.data);
    module.dispose();
    task.module.dispose();
    const lacking = toyTask(engine, "bag");
    await expect(train(lacking, settings)).rejects.toThrow(
      "a moving average of weights needs the option twin",
    );
    lacking.module.dispose();
  });
});
