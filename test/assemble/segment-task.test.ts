// Segmentation through the one trainer: what a step feeds its losses, and what a run of it has in common with every other.

import { describe, expect, test } from "vitest";
import { ImageReader } from "../../src/data/assembly/image-reader.ts";
import type { Assembly } from "../../src/data/assembly/assembly.ts";
import { AssembleTask } from "../../src/assemble/assemble-task.ts";
import { segmentationTask, segmenterOf } from "../../src/assemble/segmentation-task.ts";
import { labelSpaceOf } from "../../src/assemble/label-space.ts";
import { trainClassifier, trainModel, trainSegmenter } from "../../src/assemble/train-classifier.ts";
import { stepShape, type TrainingSettings } from "../../src/assemble/training-settings.ts";
import { trainingStep } from "../../src/assemble/training-step.ts";
import { ignored } from "../../src/labels/label-map.ts";
import { readWeights } from "../../src/nn/weights.ts";
import { optimiserOf } from "../../src/optim/optimiser-table.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { openEngine, type DeviceChoice } from "../../src/runtime/open-engine.ts";
import type { HeldTensor } from "../../src/tensor/held.ts";
import { optimiserSettingsOf } from "../../src/training/loop-settings.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "./settings.ts";
import { WatchingBackend } from "./calls.ts";
import { shapeAssembly, shapeClasses, shapeSettings } from "./shapes.ts";

const watched = ["augmentImages", "augmentLabels", "assemblePixels", "maskedDice", "marginalCrossEntropy"];

/** 16 images, two steps an epoch, two epochs of which one is warm-up. */
async function recorded(
  more: Partial<TrainingSettings> = {},
  assembly = shapeAssembly(8),
): Promise<WatchingBackend> {
  const backend = new WatchingBackend(watched);
  using engine = new Engine(backend);
  await trainModel(engine, assembly, { ...shapeSettings, evaluate: "end", ...more });
  return backend;
}

/** In the order of the operator's inputs. */
const [labels, known, exclusions, weights] = [3, 4, 5, 6];
const softmax = { loss: "softmax-marginal", lambdaPseudo: 0, lambdaConsistency: 0 } as const;

describe("a step", () => {
  test("computes one view in warm-up, with Dice; then two views and every loss", async () => {
    const backend = await recorded({ lambdaPseudo: 0.25, lambdaConsistency: 0.5 });
    expect(backend.of("augmentImages")).toHaveLength(2 * 1 + 2 * 2);
    expect(backend.of("augmentLabels")).toHaveLength(4);
    expect(backend.of("maskedDice")).toHaveLength(4);
    const steps = backend.of("assemblePixels");
    expect(steps.map(({ inputs }) => inputs[weights])).toEqual([
      [0, 0],
      [0, 0],
      [0.25, 0.5],
      [0.25, 0.5],
    ]);
    // The features of the strong view come after those.
    expect(steps.map(({ inputs }) => inputs.length)).toEqual([7, 7, 8, 8]);
  });

  test("shows both views and the label map in one geometry, whatever the strong view asks for", async () => {
    const strong = { ...shapeSettings.strong, shift: 3, rotation: 90, flip: 1 };
    const backend = await recorded({ warmupEpochs: 0, epochs: 1, strong });
    const [weak, other] = backend.of("augmentImages").map(({ attributes }) => attributes);
    const [map] = backend.of("augmentLabels").map(({ attributes }) => attributes);
    const geometry = { geometry: 0, flip: 0.5, rotation: 0, shift: 1, scale: 0 };
    for (const each of [weak, other, map]) expect(each).toMatchObject(geometry);
    expect([weak?.["view"], other?.["view"]]).toEqual([0, 1]);
    expect([weak?.["noise"], other?.["noise"]]).toEqual([4, 12]);
  });

  test("gives the loss the classes that each image's source outlines, and what excludes what", async () => {
    const [step] = (await recorded()).of("assemblePixels");
    // Discs are class 0, bit 1; squares are class 1, bit 2.
    expect(new Set(step?.inputs[known])).toEqual(new Set([1, 2]));
    expect(step?.inputs[exclusions]).toEqual([2, 1]);
    expect(step?.inputs[labels]).toContain(ignored);
  });

  test("infers no negatives where nothing excludes another, or nobody wants it", async () => {
    const { exclusive: _, ...open } = shapeAssembly(8);
    for (const backend of [await recorded({ infer: false }), await recorded({}, open)]) {
      for (const step of backend.of("assemblePixels")) expect(step.inputs[exclusions]).toEqual([0, 0]);
      for (const step of backend.of("maskedDice")) expect(step.inputs[exclusions]).toEqual([0, 0]);
    }
  });

  test("takes absent classes for known ones under `absent: negative`", async () => {
    for (const step of (await recorded({ absent: "negative" })).of("assemblePixels")) {
      expect(new Set(step.inputs[known])).toEqual(new Set([3]));
    }
  });

  test("weighs classes by name", async () => {
    const [step] = (await recorded({ classWeights: { square: 5 } })).of("assemblePixels");
    expect(step?.inputs.at(-1)).toEqual([1, 5]);
    expect(step?.attributes["weighted"]).toBe(true);
  });

  test("has no Dice loss where that has no weight, and a softmax alone where that is asked for", async () => {
    const without = await recorded({ lambdaDice: 0, epochs: 1 });
    expect(without.of("maskedDice")).toEqual([]);
    const marginal = await recorded({ ...softmax, epochs: 1 });
    expect(marginal.of("assemblePixels")).toEqual([]);
    const [step] = marginal.of("marginalCrossEntropy");
    // Two classes and the background, of features [8, 16, 16, 4].
    expect(step?.inputs[1]).toHaveLength(3 * 4);
  });
});

describe.each(["webgpu", "reference"] as const)("on %s", (device) => {
  const open = useEngine({ device });

  /** All that a run says. */
  async function told(
    more: Partial<TrainingSettings> = {},
    assembly: Assembly = shapeAssembly(8),
  ): Promise<object[]> {
    const said: object[] = [];
    const { segmenter } = await trainSegmenter(
      open(),
      assembly,
      { ...shapeSettings, ...more },
      { step: ({ losses }) => said.push(losses), epoch: (report) => said.push(report) },
    );
    segmenter.dispose();
    return said;
  }

  test("the total is what its terms add up to", async () => {
    const said = await told({
      lambdaDice: 0.6,
      lambdaPseudo: 2,
      lambdaConsistency: 3,
      warmupEpochs: 0,
      epochs: 1,
    });
    const [losses] = said as Record<string, number>[];
    expect(Object.keys(losses ?? {})).toEqual(["total", "bce", "dice", "pseudo", "consistency"]);
    const { total = NaN, bce = NaN, dice = NaN, pseudo = NaN, consistency = NaN } = losses ?? {};
    expect(total).toBeCloseTo(bce + 0.6 * dice + 2 * pseudo + 3 * consistency, 5);
    expect(dice).toBeGreaterThan(0);
  });

  test("losses and Dice are the same whether images stay on the device or are fed", async () => {
    const before = open().memory().tensors;
    const resident = await told();
    expect(resident.length).toBeGreaterThan(4);
    expect(await told({ memory: 0 })).toEqual(resident);
    expect(open().memory().tensors).toBe(before);
  });

  test("a replayed step gives the bits of an eager one", async () => {
    const settings: TrainingSettings = { ...shapeSettings, warmupEpochs: 0, epochs: 1 };
    const assembly = shapeAssembly(8);
    const said = (await told(settings)).slice(0, 2) as Record<string, number>[];
    const engine = open();
    const segmenter = segmenterOf(engine, settings, labelSpaceOf(assembly));
    using optimiser = optimiserOf(segmenter.parameters().values(), optimiserSettingsOf(settings));
    const task = new AssembleTask(engine, assembly, settings);
    const shape = { ...stepShape(settings, assembly.test, 8), bothViews: true };
    const reader = new ImageReader(assembly.sources, 8);
    let i = 0;
    for await (const inputs of task.inputs(1, 2)) {
      const rows = "rows" in inputs.images ? inputs.images.rows : Uint32Array.of();
      const images = await reader.read(rows);
      using losses = trainingStep(engine, segmenter, optimiser, shape, () => ({ ...inputs, images }));
      expect([...(await losses.read())]).toEqual(Object.values(said[i++] ?? {}));
    }
    expect(i).toBe(2);
    await task.close();
    task.module.dispose();
    segmenter.dispose();
  });

  test("what the model thinks of a class that nobody outlines changes no bit of what labels teach", async () => {
    const { sources, ...rest } = shapeAssembly(8);
    const assembly = { ...rest, sources: sources.slice(0, 1) };
    const linear = { head: { kind: "linear" }, infer: false, warmupEpochs: 0, epochs: 1 } as const;
    const settings: TrainingSettings = { ...shapeSettings, ...linear };
    const segmenter = segmenterOf(open(), settings, labelSpaceOf(assembly));
    const begun = await readWeights(segmenter);
    segmenter.dispose();
    const first = async (change: number): Promise<Record<string, number>> => {
      const weight = begun.get("head.weight");
      const moved = Float32Array.from(weight?.data ?? []);
      // Row 1 is of squares.
      for (let d = 0; d < 4; d++) moved[4 + d] += change;
      const held: HeldTensor = { shape: [2, 4], data: moved };
      const said: Record<string, number>[] = [];
      const trained = await trainSegmenter(
        open(),
        assembly,
        settings,
        { step: ({ losses }) => said.push(losses) },
        undefined,
        undefined,
        new Map([...begun, ["head.weight", held]]),
      );
      trained.segmenter.dispose();
      return said[0] ?? {};
    };
    const [one, other] = [await first(0), await first(0.5)];
    expect(other["bce"]).toBe(one["bce"]);
    expect(other["dice"]).toBe(one["dice"]);
    expect(other["pseudo"]).not.toBe(one["pseudo"]);
  });

  test("a softmax over classes and background trains, too", async () => {
    const said = await told({ ...softmax, epochs: 1, warmupEpochs: 0 });
    const [losses] = said as Record<string, number>[];
    expect(Object.keys(losses ?? {})).toEqual(["total", "marginal"]);
    expect(losses?.["total"]).toBeGreaterThan(0);
  });
});

test("20 steps on the GPU follow the float64 reference, and learn", async () => {
  // The sharpening jumps at its threshold: it is set where no prediction of a young network comes near.
  const settings = { ...shapeSettings, warmupEpochs: 0, threshold: 0.95, epochs: 1, learningRate: 1e-3 };
  const trajectory = async (device: DeviceChoice): Promise<number[]> => {
    using engine = await openEngine({ device });
    const losses: number[] = [];
    const listener = {
      step: (report: { readonly losses: Readonly<Record<string, number>> }) =>
        losses.push(report.losses["total"] ?? NaN),
    };
    await trainSegmenter(engine, shapeAssembly(80), settings, listener);
    return losses;
  };
  const [gpu, reference] = [await trajectory("webgpu"), await trajectory("reference")];
  expect(gpu).toHaveLength(20);
  gpu.forEach((loss, step) => {
    const golden = reference[step] ?? NaN;
    expect(Math.abs(loss - golden) / golden, `step ${step + 1}`).toBeLessThan(step === 0 ? 2e-6 : 1e-4);
  });
  const mean = (some: readonly number[]): number => some.reduce((sum, loss) => sum + loss, 0) / some.length;
  expect(mean(gpu.slice(-5))).toBeLessThan(mean(gpu.slice(0, 5)));
});

test("sources that each outline one shape teach both", async () => {
  using engine = await openEngine({ device: "webgpu" });
  const { evaluation, overlaps, logits } = await trainSegmenter(engine, shapeAssembly(48), {
    ...shapeSettings,
    ...{ epochs: 30, warmupEpochs: 15, evaluate: "end", learningRate: 1e-2 },
  });
  expect(logits).toHaveLength(2 * 20);
  expect(overlaps?.given).toHaveLength(2 * 20);
  // Measured on lavapipe in November 2026: .96 and .99.
  for (const shape of shapeClasses) expect(evaluation?.overlap?.dice[shape]).toBeGreaterThan(0.85);
});

describe("what does not fit together is refused in one line", () => {
  const open = useEngine({ device: "reference" });
  const cases: readonly [string, Partial<TrainingSettings>, Partial<Assembly>, RegExp][] = [
    [
      "an unknown class",
      { classWeights: { squares: 2 } },
      {},
      /classWeights names "squares", which is none of .*square/,
    ],
    ["a loss of images", { lambdaAucMargin: 1 }, {}, /lambdaAucMargin is of labels of whole images/],
    ["a tree", {}, { parents: [-1, 0] }, /tree of classes is for classification/],
    ["a softmax of classes that may overlap", softmax, { exclusive: undefined }, /say exclusive: true/],
    ["a softmax with two views", { ...softmax, lambdaPseudo: 1 }, {}, /has the weak view alone/],
    ["a head of images", { head: { kind: "dynamic" } }, {}, /a dynamic head is for classification/],
    ["a network of images", { network: smallSettings.network }, {}, /take a unet/],
    ["images without maps", {}, { test: smallAssembly(8).test }, /has no label maps/],
  ];
  test.each(cases)("%s", async (_, settings, parts, message) => {
    const assembly = { ...shapeAssembly(8), ...parts };
    await expect(trainSegmenter(open(), assembly, { ...shapeSettings, ...settings })).rejects.toThrow(
      message,
    );
  });

  test("settings of another task", async () => {
    await expect(trainClassifier(open(), shapeAssembly(8), shapeSettings)).rejects.toThrow(
      "trainClassifier: the settings are of task: segmentation",
    );
    await expect(trainSegmenter(open(), smallAssembly(8), smallSettings)).rejects.toThrow(
      "trainSegmenter: the settings are of task: classification",
    );
    await expect(
      trainClassifier(open(), smallAssembly(8), { ...smallSettings, lambdaDice: 1 }),
    ).rejects.toThrow("lambdaDice is a setting of task: segmentation");
  });
});

test("a digest tells label maps apart, wherever they are", async () => {
  const assembly = shapeAssembly(8);
  const digest = await segmentationTask.digest(assembly);
  expect(await segmentationTask.digest(shapeAssembly(8))).toBe(digest);
  const maps = Uint8Array.from(assembly.test.maps as Uint8Array);
  maps[5] = ignored;
  expect(await segmentationTask.digest({ ...assembly, test: { ...assembly.test, maps } })).not.toBe(digest);
});
