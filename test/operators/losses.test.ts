// Losses: the promises of Label-Assemble's loss that parity with the reference does not show.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/index.ts";
import { LifetimeError, ShapeError } from "../../src/device/index.ts";
import { affine } from "../../src/operators/functions/elementwise.ts";
import * as functions from "../../src/operators/functions/losses.ts";
import { sum } from "../../src/operators/functions/reduction.ts";
import { lossOperators, type AssembleLossAttributes } from "../../src/operators/losses/index.ts";
import type { Engine } from "../../src/runtime/index.ts";
import type { Tensor } from "../../src/tensor/index.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";
import { paper } from "./samples/losses.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  // At these sizes the rule takes the fused kernel.
  ["WebGPU, by the rule", useEngine({ device: "webgpu" })],
  ["WebGPU, in rows", useEngine({ device: "webgpu", candidates: { assembleLoss: "rows" } })],
] as const;

const [batch, classes, features] = [5, 6, 7];
const absent = 255;

interface Case {
  readonly weak: Float64Array;
  readonly strong: Float64Array;
  readonly theta: Float64Array;
  readonly bias: Float64Array;
  readonly states: Uint8Array;
  readonly weights: readonly [number, number];
}

/** Five images of six classes: the last image and the last class have no label, others are mixed. */
function mixed(): Case {
  const states = Uint8Array.from({ length: batch * classes }, (_, i) => {
    const [image, kind] = [Math.floor(i / classes), i % classes];
    return image === batch - 1 || kind === classes - 1 ? absent : [0, 1, absent][(image + 2 * kind) % 3];
  });
  const drawn = (count: number, seed: number): Float64Array => Float64Array.from(normal([count], seed).data);
  return {
    weak: drawn(batch * features, 1),
    strong: drawn(batch * features, 2),
    theta: drawn(classes * features, 3),
    bias: drawn(classes, 4),
    states,
    weights: [0.7, 1.3],
  };
}

interface Result {
  readonly total: number;
  readonly parts: readonly number[];
  readonly weakGradient: readonly number[];
  readonly strongGradient: readonly number[];
}

/** The six inputs, in order. */
function tensorsOf(engine: Engine, given: Case) {
  const kinds = given.bias.length;
  const images = given.states.length / kinds;
  const depth = given.theta.length / kinds;
  return [
    engine.tensor(given.weak, [images, depth]),
    engine.tensor(given.strong, [images, depth]),
    engine.tensor(given.theta, [kinds, depth]),
    engine.tensor(given.bias),
    engine.tensor(given.states, [images, kinds]),
    engine.tensor(given.weights),
  ] as const;
}

/** What the operator gives: the public function keeps the gradients of the logits to itself. */
async function run(
  engine: Engine,
  given: Case,
  options: Partial<AssembleLossAttributes> = {},
): Promise<Result> {
  const attributes = { ...paper, ...options };
  const outputs = engine.run(lossOperators.assembleLoss, tensorsOf(engine, given), attributes);
  const [total, losses, gradients] = await Promise.all(
    outputs.map(async (tensor) => Array.from(await tensor.read())),
  );
  expect(total).toEqual(losses.slice(0, 1));
  const entries = given.states.length;
  return {
    total: total[0],
    parts: losses.slice(1),
    weakGradient: gradients.slice(0, entries),
    strongGradient: gradients.slice(entries),
  };
}

/** One feature, one class: the logits are given. */
function atLogits(weak: readonly number[], strong: readonly number[], states: readonly number[]): Case {
  return {
    weak: Float64Array.from(weak),
    strong: Float64Array.from(strong),
    theta: Float64Array.of(1),
    bias: Float64Array.of(0),
    states: Uint8Array.from(states),
    weights: [1, 1],
  };
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const sharpened = (a: number, t = 4): number => (a > 0.5 ? a + (1 - a) / t : a - a / t);

describe.each(backends)("assembleLoss on %s", (_, engine) => {
  test("an absent label changes no bit of any result, whatever is stored in its place", async () => {
    const given = mixed();
    const expected = await run(engine(), given);
    for (const other of [2, 7, 128, 254]) {
      const states = given.states.map((state) => (state === absent ? other : state));
      expect(await run(engine(), { ...given, states })).toEqual(expected);
    }
  });

  test("what is seen only through absent labels changes no bit of the supervised loss and its gradient", async () => {
    const given = mixed();
    const expected = await run(engine(), given, { unsupervisedOn: "absent" });
    const labelled = (list: readonly number[]): number[] => list.filter((_, i) => given.states[i] !== absent);
    // The strong view, the unlabelled image and the unlabelled class.
    const weak = given.weak.map((value, i) => (i >= (batch - 1) * features ? 9 - value : value));
    const strong = given.strong.map((value) => 3 - value);
    const theta = given.theta.map((value, i) => (i >= (classes - 1) * features ? 5 - value : value));
    const actual = await run(engine(), { ...given, weak, strong, theta });
    expect(actual.parts[0]).toBe(expected.parts[0]);
    expect(labelled(actual.weakGradient)).toEqual(labelled(expected.weakGradient));
    expect(actual.parts[1]).not.toBe(expected.parts[1]);
    expect(actual.parts[2]).not.toBe(expected.parts[2]);
  });

  test("permuting the classes permutes the logits and their gradients exactly, and keeps the losses", async () => {
    const given = mixed();
    const order = [3, 0, 5, 1, 4, 2];
    const columns = <T extends Float64Array | Uint8Array>(list: T, rows: number, width: number): T =>
      list.map((_, i) => {
        const [row, rest] = [Math.floor(i / (classes * width)), i % (classes * width)];
        const from = order[Math.floor(rest / width)];
        return rows > row ? list[row * classes * width + from * width + (rest % width)] : NaN;
      }) as T;
    const permuted = {
      ...given,
      theta: columns(given.theta, 1, features),
      bias: columns(given.bias, 1, 1),
      states: columns(given.states, batch, 1),
    };
    const moved = (list: readonly number[]): number[] =>
      Array.from(columns(Float64Array.from(list), batch, 1));
    const [expected, actual] = [await run(engine(), given), await run(engine(), permuted)];
    for (const name of ["weakGradient", "strongGradient"] as const) {
      expect(actual[name]).toEqual(moved(expected[name]));
    }
    const logits = async (of: Case): Promise<number[]> => {
      const [weak, , theta, bias] = tensorsOf(engine(), of);
      return Array.from(await functions.queryInnerProduct(weak, theta, bias).read());
    };
    expect(await logits(permuted)).toEqual(moved(await logits(given)));
    actual.parts.forEach((part, i) => expect(part).toBeCloseTo(expected.parts[i], 6));
    expect(actual.total).toBeCloseTo(expected.total, 6);
  });

  test("without labels, or without absent ones, the loss concerned is exactly 0", async () => {
    const given = mixed();
    const none = await run(engine(), { ...given, states: given.states.map(() => absent) });
    expect(none.parts[0]).toBe(0);
    expect(none.parts[1]).toBeGreaterThan(0);
    const every = await run(engine(), { ...given, states: given.states.map((_, i) => i % 2) });
    expect(every.parts.slice(1)).toEqual([0, 0]);
    expect(every.total).toBe(every.parts[0]);
    expect(every.strongGradient.every((value) => value === 0)).toBe(true);
    const nothing = await run(
      engine(),
      { ...given, states: given.states.map(() => absent) },
      { unsupervisedOn: "labelled" },
    );
    expect([nothing.total, ...nothing.parts]).toEqual([0, 0, 0, 0]);
    expect([...nothing.weakGradient, ...nothing.strongGradient].every((value) => value === 0)).toBe(true);
  });

  test("in warm-up the unsupervised losses are reported and teach nothing", async () => {
    const given = mixed();
    const [warm, later] = [await run(engine(), { ...given, weights: [0, 0] }), await run(engine(), given)];
    expect(warm.parts).toEqual(later.parts);
    expect(warm.total).toBe(warm.parts[0]);
    expect(warm.parts[1]).toBeGreaterThan(0);
    expect(warm.strongGradient.every((value) => value === 0)).toBe(true);
    warm.weakGradient.forEach((value, i) => expect(value === 0).toBe(given.states[i] === absent));
  });

  test("everything is finite at logits of 100, and confident mistakes cost their logit", async () => {
    const given = atLogits([100, -100, 100, -100], [-100, 100, -100, 100], [0, 1, 1, 0]);
    const { parts } = await run(engine(), given);
    expect(parts[0]).toBeCloseTo(50, 4);
    const open = await run(
      engine(),
      { ...given, states: given.states.map(() => absent) },
      { stopGradient: false },
    );
    for (const list of [open.parts, open.weakGradient, open.strongGradient]) {
      for (const value of list) expect(Number.isFinite(value)).toBe(true);
    }
    expect(open.parts[2]).toBeCloseTo(1, 5);
  });

  test("unstopped, the pseudo-label loss has 1/t of the stopped gradient", async () => {
    const given: Case = { ...mixed(), weights: [1, 0] };
    const states = given.states.map(() => absent);
    for (const temperature of [1, 2, 4]) {
      const stopped = await run(engine(), { ...given, states }, { temperature });
      const through = await run(engine(), { ...given, states }, { temperature, stopGradient: false });
      through.weakGradient.forEach((value, i) =>
        expect(value).toBeCloseTo(stopped.weakGradient[i] / temperature, 7),
      );
    }
  });

  test("stopped, the gradients are central differences of the loss with constant pseudo-labels", async () => {
    const [weak, strong, states] = [
      [0.3, -1.2, 2.1, -0.4, 1.5],
      [1.1, -0.3, -0.8, 0.2, 2.5],
      [absent, 1, absent, 0, absent],
    ];
    const targets = weak.map((z) => sharpened(sigmoid(z)));
    const loss = (w: readonly number[], s: readonly number[]): number =>
      w.reduce((sum, z, i) => {
        const state = states[i];
        if (state !== absent) return sum + Math.log(1 + Math.exp(state === 1 ? -z : z)) / 2;
        const target = targets[i];
        return sum + ((sigmoid(z) - target) ** 2 + (sigmoid(s[i]) - target) ** 2) / 3;
      }, 0);
    const { total, weakGradient, strongGradient } = await run(engine(), atLogits(weak, strong, states));
    expect(total).toBeCloseTo(loss(weak, strong), 6);
    const bumped = (list: readonly number[], at: number, by: number): number[] =>
      list.map((value, i) => (i === at ? value + by : value));
    for (let i = 0; i < 5; i++) {
      const slope = (by: number, s: number): number => loss(bumped(weak, i, by), bumped(strong, i, s));
      expect(weakGradient[i]).toBeCloseTo((slope(1e-4, 0) - slope(-1e-4, 0)) / 2e-4, 6);
      expect(strongGradient[i]).toBeCloseTo((slope(0, 1e-4) - slope(0, -1e-4)) / 2e-4, 6);
    }
  });

  test("the released code's loss: all three on the labelled entries, over their number", async () => {
    const [weak, strong, states] = [
      [0.5, -1, 2, 0.1],
      [1, -2, 1, 0.3],
      [1, 0, absent, 0],
    ];
    const { total } = await run(engine(), atLogits(weak, strong, states), {
      unsupervisedOn: "labelled",
      stopGradient: false,
    });
    let expected = 0;
    for (const i of [0, 1, 3]) {
      const [a, b] = [sigmoid(weak[i]), sigmoid(strong[i])];
      const y = states[i];
      const target = sharpened(a);
      expected -= y * Math.log(a) + (1 - y) * Math.log(1 - a);
      expected += (a - target) ** 2 + (b - target) ** 2;
    }
    expect(total).toBeCloseTo(expected / 3, 6);
  });

  test("the function gives the operator's losses and, on a tape, the gradients of the features and the head", async () => {
    const given = mixed();
    const inputs = tensorsOf(engine(), given);
    const [weak, strong, theta, bias] = inputs;
    const expected = await run(engine(), given);
    const { losses } = functions.assembleLoss(...inputs);
    expect(Array.from(await losses.read())).toEqual([expected.total, ...expected.parts]);

    const { value, gradients } = valueAndGradients(
      () => functions.assembleLoss(...inputs).total,
      [weak, strong, theta, bias],
    );
    expect(value.shape).toEqual([]);
    expect(await value.item()).toBe(expected.total);
    const [dWeak, dStrong, dTheta, dBias] = await Promise.all(gradients.map((tensor) => tensor.read()));
    // The chain rule, entry by entry.
    const want = [dWeak, dStrong, dTheta, dBias].map(({ length }) => new Float64Array(length));
    expected.weakGradient.forEach((ofWeak, entry) => {
      const ofStrong = expected.strongGradient[entry];
      const [image, kind] = [Math.floor(entry / classes) * features, (entry % classes) * features];
      for (let d = 0; d < features; d++) {
        want[0][image + d] += ofWeak * given.theta[kind + d];
        want[1][image + d] += ofStrong * given.theta[kind + d];
        want[2][kind + d] += ofWeak * given.weak[image + d] + ofStrong * given.strong[image + d];
      }
      want[3][entry % classes] += ofWeak + ofStrong;
    });
    [dWeak, dStrong, dTheta, dBias].forEach((actual, i) => {
      actual.forEach((slope, at) => expect(slope).toBeCloseTo(want[i][at], 6));
    });
  });

  test("one view in both places has the gradients of two equal views", async () => {
    const inputs = tensorsOf(engine(), mixed());
    const [weak, , theta, bias, states, weights] = inputs;
    const twin = affine(weak, 1);
    const gradientsOf = async (strong: Tensor): Promise<number[][]> => {
      const { gradients } = valueAndGradients(
        () => functions.assembleLoss(weak, strong, theta, bias, states, weights).total,
        [weak, twin, theta, bias],
      );
      return Promise.all(gradients.map(async (tensor) => Array.from(await tensor.read())));
    };
    const [both, other] = [await gradientsOf(weak), await gradientsOf(twin)];
    const expected = [other[0].map((value, i) => value + other[1][i]), other[2], other[3]];
    [both[0], both[2], both[3]].forEach((actual, i) => {
      actual.forEach((slope, at) => expect(slope).toBeCloseTo(expected[i][at], 6));
    });
  });

  test("the gradient of a part is refused, not silently zero", () => {
    const inputs = tensorsOf(engine(), mixed());
    const part = (): ReturnType<typeof sum> => sum(functions.assembleLoss(...inputs).losses);
    expect(() => valueAndGradients(part, [inputs[2]])).toThrow(LifetimeError);
    expect(() => valueAndGradients(part, [inputs[2]])).toThrow("assembleLoss: only its first output");
  });

  test("divided by the batch, every sum is over the number of images", async () => {
    const given = mixed();
    const [entries, images] = [
      await run(engine(), given),
      await run(engine(), given, { normalise: "batch" }),
    ];
    const labelled = given.states.filter((state) => state !== absent).length;
    const counts = [labelled, given.states.length - labelled, given.states.length - labelled];
    images.parts.forEach((part, i) => expect(part).toBeCloseTo((entries.parts[i] * counts[i]) / batch, 6));
  });
});

describe.each(backends)("other losses on %s", (_, engine) => {
  test("sharpening pulls away from the threshold, strictly above it to 1", async () => {
    const at = async (values: readonly number[], temperature: number): Promise<number[]> =>
      Array.from(await functions.sharpen(engine().tensor(values), { temperature }).read(), (value) =>
        Number(value.toFixed(6)),
      );
    expect(await at([0.2, 0.5, 0.5001, 0.9], 4)).toEqual([0.15, 0.375, 0.625075, 0.925]);
    expect(await at([0, 0.2, 0.5, 0.5001, 1], 1)).toEqual([0, 0, 0, 1, 1]);
    expect(await at([0, 0.25, 0.75, 1], Infinity)).toEqual([0, 0.25, 0.75, 1]);
  });

  test("softmax cross entropy of even logits is log K, and finite where a softmax would underflow", async () => {
    const even = functions.softmaxCrossEntropy(engine().zeros([3, 5]), engine().full([3, 5], 0.2));
    expect(await even.item()).toBeCloseTo(Math.log(5), 6);
    const logits = engine().tensor([[1000, -1000]]);
    expect(await functions.softmaxCrossEntropy(logits, engine().tensor([[0, 1]])).item()).toBe(2000);
    expect(await functions.softmaxCrossEntropy(logits, engine().tensor([[1, 0]])).item()).toBe(0);
  });
});

describe("the records", () => {
  const { assembleLoss, queryInnerProduct, softmaxCrossEntropy, sharpen } = lossOperators;
  const engine = backends[1][1];
  const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });
  const u8 = (...shape: number[]) => ({ shape, dtype: "u8" as const });
  const inputs = (rows: number, kinds: number, depth: number) => [
    f32(rows, depth),
    f32(rows, depth),
    f32(kinds, depth),
    f32(kinds),
    u8(rows, kinds),
    f32(2),
  ];

  test("shapes and switches that do not fit are named in words", () => {
    const given = inputs(4, 3, 2);
    expect(() => assembleLoss.infer(given.with(4, f32(4, 3)), paper)).toThrow(ShapeError);
    expect(() => assembleLoss.infer(given.with(4, f32(4, 3)), paper)).toThrow(
      "states must be u8 [4, 3], got f32 [4, 3]",
    );
    expect(() => assembleLoss.infer(given.with(2, f32(3, 5)), paper)).toThrow("as many features in both");
    expect(() => assembleLoss.infer(given.with(5, f32(3)), paper)).toThrow("weights must be f32 [2]");
    expect(() => assembleLoss.infer(given, { ...paper, temperature: 0.5 })).toThrow(
      "temperature must be at least 1",
    );
    const wrong = { ...paper, unsupervisedOn: "some" as "all" };
    expect(() => assembleLoss.infer(given, wrong)).toThrow(
      "unsupervisedOn must be one of absent, all, labelled, got some",
    );
    expect(() => queryInnerProduct.infer([f32(4, 3), f32(2, 5), f32(2)], {})).toThrow(
      "queryInnerProduct: features [4, 3]",
    );
    expect(() => softmaxCrossEntropy.infer([f32(4, 3), f32(4)], {})).toThrow("targets must be f32 [4, 3]");
    expect(() => sharpen.infer([f32(4)], { threshold: 2, temperature: 4 })).toThrow(
      "threshold must be in [0, 1], got 2",
    );
  });

  test("the fused kernel is offered on every device, and preferred for small heads", () => {
    const { traits } = engine();
    const names = (list: ReturnType<typeof inputs>): string[] =>
      assembleLoss.candidates(list, paper, traits).map(({ name }) => name);
    expect(names(inputs(64, 7, 64))).toEqual(["rows", "fused"]);
    expect(names(inputs(4096, 14, 1024))).toEqual(["fused", "rows"]);
  });
});
