// Losses over pixels: what parity with the reference and the check of gradients do not show.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { add, divide, multiply, sigmoid, softplus, subtract } from "../../src/functions/elementwise.ts";
import { assembleLoss, queryInnerProduct } from "../../src/functions/losses.ts";
import { reshape } from "../../src/functions/movement.ts";
import { assemblePixels, maskedDice } from "../../src/functions/pixel-losses.ts";
import { sum } from "../../src/functions/reduction.ts";
import { background, exclusionBits, ignored, knownBits } from "../../src/labels/label-map.ts";
import {
  normaliseChoices,
  unsupervisedChoices,
  type AssembleLossAttributes,
} from "../../src/operators/losses/index.ts";
import { lossOperators } from "../../src/operators/losses/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";
import { paper } from "./samples/losses.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
] as const;
const [, reference] = backends[0];

const absent = 255;
const [images, height, width, classes, depth] = [3, 2, 4, 5, 3];
/** Which classes the source of each image knows. */
const states = Uint8Array.from([
  0,
  0,
  absent,
  absent,
  0,
  absent,
  0,
  0,
  0,
  absent,
  absent,
  absent,
  absent,
  absent,
  absent,
]);
const groups = [[0, 1, 2]];
const map = Uint8Array.from([
  0,
  1,
  4,
  background,
  ignored,
  2,
  0,
  99,
  1,
  2,
  3,
  background,
  0,
  ignored,
  1,
  4,
  0,
  1,
  background,
  2,
  3,
  4,
  ignored,
  0,
]);

/** The states of all pixels, one by one, as the words of the contract have them: undefined for a pixel that is ignored. */
const pixelStates = [...map].map((label, pixel) => {
  if (label === ignored) return undefined;
  const image = Math.floor(pixel / (height * width));
  const knows = (k: number): boolean => k < classes && states[image * classes + k] !== absent;
  return Array.from({ length: classes }, (_, k) => {
    if (knows(k)) return k === label ? 1 : 0;
    const excluded = groups.some((group) => group.includes(k) && group.includes(label) && k !== label);
    return knows(label) && excluded ? 0 : absent;
  });
});

interface Inputs {
  readonly weak: Tensor;
  readonly strong: Tensor;
  readonly theta: Tensor;
  readonly bias: Tensor;
  readonly labels: Tensor;
  readonly known: Tensor;
  readonly exclusions: Tensor;
  readonly weights: Tensor;
}

function inputsOf(engine: Engine, labels: Uint8Array = map, shape = [images, height, width]): Inputs {
  const float = (extents: number[], seed: number): Tensor =>
    engine.tensor(normal(extents, seed).data, extents);
  const known = knownBits(states, classes);
  return {
    weak: float([...shape, depth], 1),
    strong: float([...shape, depth], 2),
    theta: float([classes, depth], 3),
    bias: float([classes], 4),
    labels: engine.tensor(labels, shape),
    known: engine.tensor(known, [images, 1]),
    exclusions: engine.tensor(exclusionBits(groups, classes), [classes, 1]),
    weights: engine.tensor([0.7, 1.3]),
  };
}

const numbers = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.read());

const variants = unsupervisedChoices.flatMap((unsupervisedOn) =>
  normaliseChoices.flatMap((normalise) =>
    [true, false].flatMap((stopGradient) =>
      [0, 0.3, 1].map((strongShare): AssembleLossAttributes => ({
        ...paper,
        unsupervisedOn,
        normalise,
        stopGradient,
        strongShare,
      })),
    ),
  ),
);

describe("assemblePixels in the reference", () => {
  test.each(variants)(
    "is assembleLoss bit for bit where images are one pixel, $unsupervisedOn $normalise $stopGradient $strongShare",
    async (switches) => {
      const engine = reference();
      const labels = Uint8Array.from([1, 4, 0]);
      const given = inputsOf(engine, labels, [images, 1, 1]);
      const rows = (tensor: Tensor): Tensor => reshape(tensor, [images, depth]);
      const bytes = [...labels].flatMap((label, n) => {
        const knows = (k: number): boolean => states[n * classes + k] !== absent;
        return Array.from({ length: classes }, (_, k) => {
          if (knows(k)) return Number(k === label);
          return knows(label) && k !== label && k < 3 && label < 3 ? 0 : absent;
        });
      });
      const rowStates = engine.tensor(Uint8Array.from(bytes), [images, classes]);
      const { weak, strong, theta, bias, known, exclusions, weights } = given;
      const byPixel = engine.run(
        lossOperators.assemblePixels,
        [weak, theta, bias, given.labels, known, exclusions, weights, strong],
        { ...switches, weighted: false },
      );
      const [total, losses, gradients] = engine.run(
        lossOperators.assembleLoss,
        [rows(weak), rows(strong), theta, bias, rowStates, weights],
        switches,
      );
      const both = await numbers(gradients);
      const expected = [
        await numbers(total),
        await numbers(losses),
        both.slice(0, both.length / 2),
        both.slice(both.length / 2),
      ];
      expect(await Promise.all(byPixel.map(numbers))).toEqual(expected);
      expect(new Set(both).size).toBeGreaterThan(classes);
    },
  );
});

describe.each(backends)("losses over pixels on %s", (_, engine) => {
  test("assemblePixels is assembleLoss over the states of the pixels that are not ignored", async () => {
    const { weak, strong, theta, bias, labels, known, exclusions, weights } = inputsOf(engine());
    const taking = pixelStates.flatMap((list, pixel) => (list === undefined ? [] : [{ list, pixel }]));
    const rowsOf = async (tensor: Tensor): Promise<Tensor> => {
      const data = await numbers(tensor);
      return engine().tensor(taking.map(({ pixel }) => data.slice(pixel * depth, (pixel + 1) * depth)));
    };
    const rowStates = engine().tensor(Uint8Array.from(taking.flatMap(({ list }) => list)), [
      taking.length,
      classes,
    ]);
    const expected = await numbers(
      assembleLoss(await rowsOf(weak), await rowsOf(strong), theta, bias, rowStates, weights).losses,
    );
    const actual = await numbers(
      assemblePixels(weak, strong, theta, bias, labels, known, exclusions, weights).losses,
    );
    actual.forEach((loss, i) => expect(loss).toBeCloseTo(expected[i], 6));
  });

  test("one view in both places has the losses and the gradients of two equal views", async () => {
    const { weak, theta, bias, labels, known, exclusions, weights } = inputsOf(engine());
    const twin = engine().tensor(await weak.read(), weak.shape);
    const switches = { stopGradient: false, strongShare: 0.4 };
    const one = valueAndGradients(
      () => assemblePixels(weak, weak, theta, bias, labels, known, exclusions, weights, switches).total,
      [weak, theta, bias],
    );
    const two = valueAndGradients(
      () => assemblePixels(weak, twin, theta, bias, labels, known, exclusions, weights, switches).total,
      [weak, twin, theta, bias],
    );
    expect(await one.value.item()).toBeCloseTo(await two.value.item(), 6);
    const [ofWeak, ofTwin, ...head] = await Promise.all(two.gradients.map(numbers));
    const expected = [ofWeak.map((slope, i) => slope + ofTwin[i]), ...head];
    for (const [i, tensor] of one.gradients.entries()) {
      (await numbers(tensor)).forEach((slope, at) => expect(slope).toBeCloseTo(expected[i][at], 6));
    }
  });

  test("what an ignored pixel holds changes no bit of any loss and of any gradient", async () => {
    const given = inputsOf(engine());
    const { theta, bias, labels, known, exclusions, weights } = given;
    const spoilt = (tensor: Tensor, data: readonly number[]): Tensor =>
      engine().tensor(
        Float32Array.from(data, (value, i) => (map[Math.floor(i / depth)] === ignored ? 50 - value : value)),
        tensor.shape,
      );
    const results = async (weak: Tensor, strong: Tensor): Promise<number[][]> => {
      const found = [
        valueAndGradients(
          () => assemblePixels(weak, strong, theta, bias, labels, known, exclusions, weights).total,
          [weak, strong, theta, bias],
        ),
        valueAndGradients(
          () => maskedDice(weak, theta, bias, labels, known, exclusions),
          [weak, theta, bias],
        ),
      ];
      return Promise.all(found.flatMap(({ value, gradients }) => [value, ...gradients]).map(numbers));
    };
    const { weak, strong } = given;
    const expected = await results(weak, strong);
    expect(await results(spoilt(weak, await numbers(weak)), spoilt(strong, await numbers(strong)))).toEqual(
      expected,
    );
    expect(expected[0][0]).toBeGreaterThan(0);
  });

  test("equal weights of classes change nothing, and a weight of 0 leaves its class out of bce", async () => {
    const { weak, strong, theta, bias, labels, known, exclusions, weights } = inputsOf(engine());
    const losses = async (normalise: "entries" | "batch", list?: readonly number[]): Promise<number[]> => {
      const classWeights = list === undefined ? undefined : engine().tensor([...list]);
      const options = { normalise, classWeights };
      return numbers(
        assemblePixels(weak, strong, theta, bias, labels, known, exclusions, weights, options).losses,
      );
    };
    for (const normalise of normaliseChoices) {
      const expected = await losses(normalise);
      const equal = await losses(normalise, [1, 1, 1, 1, 1]);
      expect(equal).toEqual(expected);
      (await losses(normalise, [3, 3, 3, 3, 3])).forEach((loss, i) =>
        expect(loss).toBeCloseTo(expected[i], 5),
      );
    }
    const one = await losses("entries", [0, 1, 0, 0, 0]);
    expect(await losses("entries", [0, 2.5, 0, 0, 0])).toEqual(
      one.map((loss): unknown => expect.closeTo(loss, 5)),
    );
    expect(await losses("entries", [0, 0, 0, 0, 0])).toEqual([
      expect.closeTo(one[0] - one[1], 5),
      0,
      one[2],
      one[3],
    ]);
  });

  test("maskedDice is 1 - the mean of Dice over classes with a positive, as operators on the tape compute it", async () => {
    const { weak, theta, bias, labels, known, exclusions } = inputsOf(engine());
    const list = pixelStates.map((each) => each ?? new Array<number>(classes).fill(absent));
    const mask = engine().tensor(list.map((each) => each.map((state) => Number(state !== absent))));
    const y = engine().tensor(list.map((each) => each.map((state) => Number(state === 1))));
    const positives = Array.from({ length: classes }, (_, k) => list.filter((each) => each[k] === 1).length);
    const counted = positives.map((each) => Number(each > 0));
    const count = counted.reduce((total, each) => total + each);
    expect(count).toBeLessThan(classes + 1);
    const plain = (): Tensor => {
      const a = sigmoid(queryInnerProduct(reshape(weak, [map.length, depth]), theta, bias));
      const overlap = sum(multiply(a, y), { axes: [0] });
      const predicted = sum(multiply(a, mask), { axes: [0] });
      const dice = divide(add(multiply(overlap, 2), 1), add(add(predicted, engine().tensor(positives)), 1));
      return subtract(1, divide(sum(multiply(dice, engine().tensor(counted))), count));
    };
    const wanted = [weak, theta, bias];
    const expected = valueAndGradients(plain, wanted);
    const actual = valueAndGradients(() => maskedDice(weak, theta, bias, labels, known, exclusions), wanted);
    expect(await actual.value.item()).toBeCloseTo(await expected.value.item(), 6);
    for (const [i, tensor] of actual.gradients.entries()) {
      const list = await numbers(expected.gradients[i]);
      (await numbers(tensor)).forEach((slope, at) => expect(slope).toBeCloseTo(list[at], 6));
    }
  });

  test("bce of assemblePixels is what operators on the tape compute, gradients too", async () => {
    const { weak, theta, bias, labels, known, exclusions } = inputsOf(engine());
    const list = pixelStates.map((each) => each ?? new Array<number>(classes).fill(absent));
    const mask = engine().tensor(list.map((each) => each.map((state) => Number(state !== absent))));
    const y = engine().tensor(list.map((each) => each.map((state) => Number(state === 1))));
    const entries = list.flat().filter((state) => state !== absent).length;
    const plain = (): Tensor => {
      const z = queryInnerProduct(reshape(weak, [map.length, depth]), theta, bias);
      return divide(sum(multiply(subtract(softplus(z), multiply(y, z)), mask)), entries);
    };
    const wanted = [weak, theta, bias];
    const expected = valueAndGradients(plain, wanted);
    const none = engine().tensor([0, 0]);
    const actual = valueAndGradients(
      () => assemblePixels(weak, weak, theta, bias, labels, known, exclusions, none).total,
      wanted,
    );
    expect(await actual.value.item()).toBeCloseTo(await expected.value.item(), 6);
    for (const [i, tensor] of actual.gradients.entries()) {
      const list = await numbers(expected.gradients[i]);
      (await numbers(tensor)).forEach((slope, at) => expect(slope).toBeCloseTo(list[at], 6));
    }
  });

  test("without a pixel to learn from, losses and gradients are exactly 0", async () => {
    const { weak, strong, theta, bias, labels, exclusions, weights } = inputsOf(engine());
    const nothing = engine().tensor(new Uint32Array(images), [images, 1]);
    const all = engine().tensor(new Uint32Array(images).fill(31), [images, 1]);
    const blank = engine().tensor(new Uint8Array(map.length).fill(ignored), labels.shape);
    const empty = engine().tensor(new Uint8Array(map.length).fill(background), labels.shape);
    const found = [
      valueAndGradients(
        () => maskedDice(weak, theta, bias, labels, nothing, exclusions),
        [weak, theta, bias],
      ),
      valueAndGradients(
        () => maskedDice(weak, theta, bias, empty, all, exclusions, { smooth: 0 }),
        [weak, theta],
      ),
      valueAndGradients(() => maskedDice(weak, theta, bias, blank, all, exclusions), [weak, theta, bias]),
      valueAndGradients(
        () =>
          assemblePixels(weak, strong, theta, bias, blank, all, exclusions, weights, { normalise: "batch" })
            .total,
        [weak, strong, theta, bias],
      ),
    ];
    for (const { value, gradients } of found) {
      for (const tensor of [value, ...gradients]) {
        expect((await numbers(tensor)).every((each) => each === 0)).toBe(true);
      }
    }
  });

  test("a perfect prediction has a Dice loss as small as what it lacks", async () => {
    const logits = [12, -12, -12, 12];
    const weak = engine().tensor(logits, [1, 1, 2, 2]);
    const theta = engine().tensor([
      [1, 0],
      [0, 1],
    ]);
    const labels = engine().tensor(Uint8Array.of(0, 1), [1, 1, 2]);
    const all = engine().tensor(Uint32Array.of(3), [1, 1]);
    const none = engine().tensor(new Uint32Array(2), [2, 1]);
    const loss = await maskedDice(weak, theta, engine().zeros([2]), labels, all, none, { smooth: 0 }).item();
    const lacking = 1 / (1 + Math.exp(12));
    expect(loss / lacking).toBeCloseTo(1, 4);
  });

  test("the gradient of a part is refused, not silently zero", () => {
    const { weak, strong, theta, bias, labels, known, exclusions, weights } = inputsOf(engine());
    const part = (): Tensor =>
      sum(assemblePixels(weak, strong, theta, bias, labels, known, exclusions, weights).losses);
    expect(() => valueAndGradients(part, [theta])).toThrow("assemblePixels: only its first output");
  });
});

describe("the records", () => {
  const { assemblePixels: record, maskedDice: dice } = lossOperators;
  const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });
  const u32 = (...shape: number[]) => ({ shape, dtype: "u32" as const });
  const u8 = (...shape: number[]) => ({ shape, dtype: "u8" as const });
  const shared = (k: number) => [
    f32(2, 3, 4, 6),
    f32(k, 6),
    f32(k),
    u8(2, 3, 4),
    u32(2, Math.ceil(k / 32)),
    u32(k, Math.ceil(k / 32)),
  ];

  test("shapes and options that do not fit are named in words", () => {
    const given = [...shared(33), f32(2)];
    const single = { ...paper, weighted: false };
    expect(record.infer(given, single).map(({ shape }) => shape)).toEqual([[], [4], [2, 3, 4, 33]]);
    expect(record.infer([...given, f32(2, 3, 4, 6)], single)).toHaveLength(4);
    expect(() => record.infer(given.with(4, u32(2, 1)), single)).toThrow(
      "known must be u32 [2, 2], got u32 [2, 1]",
    );
    expect(() => record.infer(given.with(5, u32(33, 1)), single)).toThrow("exclusions must be u32 [33, 2]");
    expect(() => record.infer(given.with(3, u8(2, 4, 3)), single)).toThrow("labels must be u8 [2, 3, 4]");
    expect(() => record.infer(given.with(1, f32(33, 5)), single)).toThrow("as many features in both");
    expect(() => record.infer(given.with(0, f32(24, 6)), single)).toThrow("assemblePixels: ");
    expect(() => record.infer(given, { ...single, weighted: true })).toThrow("classWeights");
    expect(() => record.infer(given, { ...single, strongShare: 2 })).toThrow(
      "strongShare must be in [0, 1], got 2",
    );
    expect(() => record.infer([...shared(255), f32(2)], single)).toThrow(
      "a label map tells 254 classes apart",
    );
    expect(() => dice.infer(shared(3), { smooth: -1 })).toThrow(
      "maskedDice: smooth must be 0 or above, and finite, got -1",
    );
    expect(() => dice.infer(shared(3), { smooth: Infinity })).toThrow("got Infinity");
  });
});
