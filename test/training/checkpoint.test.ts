// Checkpoints: a run that goes on from one ends as if it had never stopped, bit for bit; a file that is not one is refused.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkedCheckpoint, type Checkpoint } from "../../src/training/checkpoint-record.ts";
import { CheckpointError } from "../../src/errors/training-errors.ts";
import { trainModel } from "../../src/assemble/train-classifier.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { readTensorFile, writeTensorFile } from "../../src/interchange/safetensors.ts";
import type { Assembly } from "../../src/data/assembly/assembly.ts";
import { phantoms } from "../../src/data/phantoms/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";
import { shapeAssembly, shapeSet, shapeSettings } from "../assemble/shapes.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tessera-checkpoint-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kind = "tessera checkpoint 1";
const roundTrip = async (checkpoint: Checkpoint): Promise<Checkpoint> => {
  const file = join(folder, "run.safetensors");
  await writeTensorFile(file, kind, checkpoint);
  return checkedCheckpoint(file, await readTensorFile(file, kind));
};

const watched = (): Assembly => ({
  ...smallAssembly(24),
  validation: phantoms({
    ...{ count: 30, size: 16, site: "A", seed: 9 },
    knows: ["nodule", "effusion", "cardiomegaly"],
  }),
});

/** Everything a run says, what it ends with, and what had been said by each of its checkpoints. */
interface Told {
  readonly said: unknown[];
  readonly ends: unknown;
  readonly saved: { readonly checkpoint: Checkpoint; readonly after: number }[];
}

async function run(
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
  from?: Checkpoint,
  stopAfter = Infinity,
): Promise<Told> {
  const said: unknown[] = [];
  const saved: Told["saved"] = [];
  const controller = new AbortController();
  let steps = 0;
  const { model, ...ends } = await trainModel(
    engine,
    assembly,
    settings,
    {
      step: (report) => {
        said.push(report);
        if (++steps === stopAfter) controller.abort();
      },
      epoch: (report) => said.push(report),
    },
    controller.signal,
    {
      from: from === undefined ? undefined : { checkpoint: from, file: "it" },
      every: { steps: 2 },
      save: async (checkpoint) => {
        saved.push({ checkpoint: await roundTrip(checkpoint), after: said.length });
      },
    },
  );
  model.dispose();
  return { said, ends, saved };
}

describe.each(["webgpu", "reference"] as const)("on %s", (device) => {
  const open = useEngine({ device });
  const settings: TrainingSettings = {
    ...smallSettings,
    ...{ batch: 16, epochs: 4, warmupEpochs: 2, learningRate: 5e-3, evaluate: "end" },
    schedule: { by: "plateau", patience: 0 },
  };

  test.each([
    ["with validation", {}],
    ["with averaged weights", { ema: 0.8 }],
    ["with both views supervised and statistics of both", { supervised: "both", bnViews: "joint" }],
    ["to its last weights", { keep: "final", schedule: { by: "halving", every: 2 } }],
    // Checkpoints of two epochs before a part joins in, of the step before, of one after, and of the last.
    [
      "of parts that join in later, at rates of their own",
      {
        ...{ ema: 0.8, clipNorm: 1, freeze: ["features"], rates: { features: 0.3 } },
        unfreeze: { "features.denseblock2": 3, "features.norm3": 3 },
      },
    ],
  ] as const)("a run %s goes on from any checkpoint as if it had not stopped", async (_, more) => {
    await expectNoStop(watched(), { ...settings, ...more });
  });

  // Of one backend, since it takes long.
  test.runIf(device === "webgpu")("so does a run with every recipe of given labels", async () => {
    const ofLabels = {
      positiveWeight: "balanced",
      labelSmoothing: 0.1,
      mixup: 0.4,
      lambdaAucMargin: 0.2,
    } as const;
    const focus = { positive: 1, negative: 3, shift: 0.05 };
    await expectNoStop(watched(), { ...settings, ...ofLabels, focus, reestimate: 20 });
  });

  test.each([
    ["with validation", {}],
    ["with averaged weights and statistics of both views", { ema: 0.8, bnViews: "joint" }],
    [
      "of a softmax over classes and background",
      { loss: "softmax-marginal", lambdaPseudo: 0, lambdaConsistency: 0 },
    ],
  ] as const)("a segmentation %s goes on from any checkpoint as if it had not stopped", async (_, more) => {
    const loop = { batch: 16, epochs: 4, warmupEpochs: 2, evaluate: "end" } as const;
    const assembly = { ...shapeAssembly(24), validation: shapeSet("held out", 10, 9, [0, 1]) };
    await expectNoStop(assembly, { ...shapeSettings, ...loop, ...more });
  });

  async function expectNoStop(assembly: Assembly, chosen: TrainingSettings): Promise<void> {
    const whole = await run(open(), assembly, chosen);
    // Three steps an epoch: one checkpoint in it and one at its end.
    expect(whole.saved).toHaveLength(8);
    const places = device === "webgpu" ? [0, 3, 4, 7] : chosen.unfreeze === undefined ? [2, 5] : [3, 4];
    for (const place of places) {
      const { checkpoint, after } = whole.saved[place];
      const rest = await run(open(), assembly, chosen, checkpoint);
      expect(rest.said).toEqual(whole.said.slice(after));
      expect(rest.ends).toEqual(whole.ends);
      // From the last one on there is nothing to save.
      expect(rest.saved.at(-1)?.checkpoint ?? checkpoint).toEqual(whole.saved.at(-1)?.checkpoint);
    }
  }

  test("a checkpoint of groups of parameters is refused where there are others", async () => {
    const tuned = { ...settings, rates: { head: 2 } };
    const { saved } = await run(open(), watched(), { ...tuned, epochs: 1 });
    const { record, tensors } = saved[0].checkpoint;
    expect(record.optimiser.groupSteps).toEqual([2, 2]);
    const { groupSteps: _, ...optimiser } = record.optimiser;
    const older = { record: { ...record, optimiser }, tensors };
    await expect(run(open(), watched(), { ...tuned, epochs: 1 }, older)).rejects.toThrow(
      "it: is of another optimiser: adam: a state with the steps of 0 groups of parameters, and it has 2",
    );
  });

  test("a run stopped by a signal leaves a checkpoint of its last step, and no tensor", async () => {
    const before = open().memory().tensors;
    const assembly = watched();
    const whole = await run(open(), assembly, settings);
    const part = await run(open(), assembly, settings, undefined, 4);
    expect(part.ends).toMatchObject({ stopped: true });
    const last = part.saved.at(-1);
    expect(last?.after).toBe(part.said.length);
    const rest = await run(open(), assembly, settings, last?.checkpoint);
    expect([...part.said, ...rest.said]).toEqual(whole.said);
    expect(rest.ends).toEqual(whole.ends);
    expect(open().memory().tensors).toBe(before);
  });
});

describe("earlier versions", () => {
  const open = useEngine({ device: "reference" });

  test("a checkpoint in the form of earlier builds is gone on from, too", async () => {
    const settings = { ...smallSettings, batch: 16, epochs: 3, evaluate: "end" } as const;
    const whole = await run(open(), watched(), settings);
    const { checkpoint, after } = whole.saved[3];
    // It told classes and images apart from the settings, and called the score by its metric.
    const { settings: said, data, best, ...rest } = checkpoint.record;
    const { classes, ...others } = said;
    const record = {
      ...{ classes, settings: others, assembly: data, ...rest },
      best: best && { epoch: best.epoch, meanAuc: best.score },
    };
    expect(record.best).not.toBeNull();
    const earlier = checkedCheckpoint("it", { record, tensors: checkpoint.tensors });
    expect(earlier.record).toEqual(checkpoint.record);
    expect((await run(open(), watched(), settings, earlier)).said).toEqual(whole.said.slice(after));
  });
});

describe("a checkpoint is refused", () => {
  const open = useEngine({ device: "reference" });
  const settings: TrainingSettings = { ...smallSettings, epochs: 1, batch: 8, evaluate: "end" };
  let checkpoint: Checkpoint;
  beforeAll(async () => {
    const { saved } = await run(open(), smallAssembly(8), settings);
    checkpoint = (saved.at(-1) as Told["saved"][number]).checkpoint;
  });

  const attempt = (assembly: Assembly, other: Partial<TrainingSettings>): Promise<Told> =>
    run(open(), assembly, { ...settings, ...other }, checkpoint);
  const small = smallAssembly(8);

  test.each([
    [
      "with other settings",
      small,
      { learningRate: 0.5 },
      /^it: was made with learningRate 0\.001, and this run has 0\.5/,
    ],
    ["with a setting left out", small, { ema: 0.9 }, /was made with ema left out, and this run has 0\.9/],
    ["on other images", smallAssembly(9), {}, /was made on other images or labels/],
    [
      "with other classes",
      { ...small, classes: small.classes.map((name) => `${name}s`) },
      {},
      /was made with classes \["nodule",.* and this run has \["nodules",/,
    ],
  ] as const)("%s, and nothing is left", async (_, assembly, other, message) => {
    const before = open().memory().tensors;
    const error: unknown = await attempt(assembly, other).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toMatch(message);
    expect(open().memory().tensors).toBe(before);
  });

  test("when a tensor is missing or of another shape", async () => {
    const [name] = [...checkpoint.tensors.keys()].filter((each) => each.startsWith("model."));
    const without = new Map(checkpoint.tensors);
    without.delete(name);
    await expect(run(open(), small, settings, { ...checkpoint, tensors: without })).rejects.toThrow(
      /another network: it has no tensor "features/,
    );
    const reshaped = new Map(checkpoint.tensors).set(name, { shape: [2], data: new Float64Array(2) });
    await expect(run(open(), small, settings, { ...checkpoint, tensors: reshaped })).rejects.toThrow(
      /another network: "features[^"]*" is \[2\] in it/,
    );
  });

  test("when it is cut off anywhere, or any of its bytes is another", async () => {
    const file = join(folder, "damaged.safetensors");
    const record = { steps: 3 };
    const tensors = new Map([
      ["w", { shape: [2, 3], data: Float32Array.from([1, -0, 3, NaN, 5, Infinity]) }],
    ]);
    await writeTensorFile(file, kind, { record, tensors });
    const whole = readFileSync(file);
    expect(await readTensorFile(file, kind)).toEqual({ record, tensors });
    for (let at = 0; at < whole.length; at++) {
      writeFileSync(file, whole.subarray(0, at));
      await expect(readTensorFile(file, kind)).rejects.toThrow(CheckpointError);
      const other = Buffer.from(whole);
      other[at] ^= 1;
      writeFileSync(file, other);
      await expect(readTensorFile(file, kind)).rejects.toThrow(CheckpointError);
    }
    writeFileSync(file, Buffer.concat([whole, Buffer.alloc(1)]));
    await expect(readTensorFile(file, kind)).rejects.toThrow(/damaged: it has 25 bytes of values/);
    await expect(readTensorFile(join(folder, "none"), kind)).rejects.toThrow(
      /none: is not there; put it back/,
    );
  });

  test("when it is another kind of file, naming both", async () => {
    const file = join(folder, "model.safetensors");
    await writeTensorFile(file, "tessera model 1", { record: {}, tensors: new Map() });
    await expect(readTensorFile(file, kind)).rejects.toThrow(/"tessera model 1".*"tessera checkpoint 1"/);
  });
});

test("a checkpoint that cannot be written leaves the one before, and no part of it", async () => {
  const here = mkdtempSync(join(folder, "full-"));
  const file = join(here, "run.safetensors");
  const data = Float32Array.of(1);
  await writeTensorFile(file, kind, { record: 1, tensors: new Map([["w", { shape: [1], data }]]) });
  const before = readFileSync(file);
  const gone = new Map([["w", { shape: [1], data: "no bytes" as unknown as Float32Array }]]);
  await expect(writeTensorFile(file, kind, { record: 2, tensors: gone })).rejects.toThrow();
  await expect(
    writeTensorFile(join(here, "no", "run"), kind, { record: 2, tensors: new Map() }),
  ).rejects.toThrow(/run: cannot be written: its folder is gone/);
  expect(readFileSync(file)).toEqual(before);
  expect(readdirSync(here)).toEqual(["run.safetensors"]);
});
