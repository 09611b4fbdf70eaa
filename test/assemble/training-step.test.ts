// What the trainer feeds the network: orders, views, weights and switches, seen from the backend.

import { expect, test } from "vitest";
import { Classifier } from "../../src/assemble/classifier.ts";
import { ImageReader } from "../../src/data/assembly/image-reader.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { trainingStep } from "../../src/assemble/training-step.ts";
import { noLambdas } from "../../src/assemble/assemble-terms.ts";
import { stepShape } from "../../src/assemble/training-settings.ts";
import { viewPresets } from "../../src/assemble/augmentation.ts";
import { Adam } from "../../src/optim/adam.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WatchingBackend } from "./calls.ts";
import { smallAssembly, smallSettings } from "./settings.ts";

const watched = ["augmentImages", "assembleLoss"];

/** 16 images, two steps an epoch, two epochs of which one is warm-up. */
async function recorded(more: Partial<TrainingSettings> = {}): Promise<WatchingBackend> {
  const backend = new WatchingBackend(watched);
  using engine = new Engine(backend);
  await trainClassifier(engine, smallAssembly(8), { ...smallSettings, batch: 8, evaluate: "end", ...more });
  return backend;
}

/** The images of a batch, each as one text. */
const imagesOf = (pixels: readonly number[]): string[] =>
  Array.from({ length: pixels.length / 256 }, (_, i) => pixels.slice(256 * i, 256 * (i + 1)).join());

test("every epoch visits every image once, in another order", async () => {
  const backend = await recorded({ warmupEpochs: 2 });
  const [a, b, c, d] = backend.of("augmentImages").map(({ inputs }) => imagesOf(inputs[0]));
  const [first, second] = [
    [...a, ...b],
    [...c, ...d],
  ];
  expect(new Set(first).size).toBe(16);
  expect(second).not.toEqual(first);
  expect(second.toSorted()).toEqual(first.toSorted());
});

test("warm-up computes one view and weighs only given labels; afterwards there are two views and three losses", async () => {
  const still = viewPresets.none;
  const more = {
    lambdaPseudo: 0.25,
    lambdaConsistency: 0.5,
    weak: { ...still, shift: 1, noise: 3, flip: 0.5 },
  };
  const backend = await recorded(more);
  const limits = backend.of("augmentImages").map(({ attributes }) => attributes);
  expect(limits).toHaveLength(2 * 1 + 2 * 2);
  const [weak, strong] = [more.weak, smallSettings.strong];
  [weak, weak, weak, strong, weak, strong].forEach((view, i) => expect(limits[i]).toMatchObject(view));
  const weights = backend.of("assembleLoss").map(({ inputs }) => inputs[5]);
  expect(weights).toEqual([
    [0, 0],
    [0, 0],
    [0.25, 0.5],
    [0.25, 0.5],
  ]);
});

test("threshold, temperature and the switches reach the loss; without, they are the paper's", async () => {
  const plain = { unsupervisedOn: "absent", normalise: "entries", strongShare: 0 } as const;
  for (const [switches, expected] of [
    [{ threshold: 0.6, temperature: 3, stopGradient: false }, plain],
    [
      { threshold: 0.4, temperature: 5, stopGradient: true, unsupervisedOn: "labelled", normalise: "batch" },
      { strongShare: 0 },
    ],
    [
      { threshold: 0.5, temperature: 4, stopGradient: true, unsupervisedOn: "all", normalise: "entries" },
      { strongShare: 0 },
    ],
  ] as const) {
    const backend = await recorded({ epochs: 1, ...switches });
    const steps = backend.of("assembleLoss");
    expect(steps.length).toBeGreaterThan(0);
    for (const { attributes } of steps) expect(attributes).toEqual({ ...switches, ...expected });
  }
});

test("each step and each view draws changes and noise of its own", async () => {
  const backend = await recorded({ epochs: 1, warmupEpochs: 0 });
  const drawn = backend.of("augmentImages");
  expect(drawn).toHaveLength(2 * 2);
  // A seed and the number of a view name its sequences.
  const sequences = drawn.map(
    ({ inputs, attributes }) => `${inputs[1].join()} ${String(attributes["view"])}`,
  );
  expect(new Set(sequences).size).toBe(4);
  expect(new Set(drawn.map(({ outputs }) => outputs[0].join())).size).toBe(4);
});

test("a strong view leaves the running statistics as the weak view alone makes them", async () => {
  const statistics = async (lambda: number): Promise<Map<string, number[]>> => {
    using engine = new Engine(new WatchingBackend([]));
    const images = smallAssembly(8).sources[0];
    const classifier = new Classifier(engine, { network: smallSettings.network, classes: 6, seed: 1 });
    const optimiser = new Adam(classifier.parameters().values(), { learningRate: 1e-3 });
    const shape = { ...stepShape(smallSettings, images, 4), bothViews: lambda > 0 };
    const batch = await new ImageReader([images], 4).read(Uint32Array.of(5, 2, 7, 1));
    const inputs = { images: batch, step: 1, ...noLambdas, lambdaPseudo: lambda, lambdaConsistency: lambda };
    trainingStep(engine, classifier, optimiser, shape, () => inputs);
    const buffers = new Map<string, number[]>();
    for (const [name, { kind, tensor }] of classifier.state()) {
      if (kind === "buffer") buffers.set(name, Array.from(await tensor.read()));
    }
    return buffers;
  };
  const weakOnly = await statistics(0);
  expect(weakOnly.get("features.norm3.running_mean")?.every((value) => value !== 0)).toBe(true);
  expect(await statistics(1)).toEqual(weakOnly);
});
