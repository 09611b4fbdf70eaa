// Losses: the promises of Label-Assemble's loss that parity with the reference does not show.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { LifetimeError, ShapeError } from "../../src/errors/errors.ts";
import { affine } from "../../src/functions/elementwise.ts";
import * as functions from "../../src/functions/losses.ts";
import { sum } from "../../src/functions/reduction.ts";
import { lossOperators } from "../../src/operators/losses/index.ts";
import { softState } from "../../src/labels/states.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  absent,
  atLogits,
  batch,
  classes,
  features,
  mixed,
  run,
  sharpened,
  sigmoid,
  tensorsOf,
  useBackends,
  type Case,
} from "./assemble-cases.ts";
import { paper } from "./samples/losses.ts";

const backends = useBackends();

describe.each(backends)("assembleLoss on %s", (_, engine) => {
  test("an absent label changes no bit of any result, whatever is stored in its place", async () => {
    const given = mixed();
    const expected = await run(engine(), given);
    for (const other of [2, 7, 99, 201, 254]) {
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

  test("a soft label's target is its probability, and it is no absent label", async () => {
    const [z, other] = [1.2, -0.4];
    // Probability .3 and an absent label: bce is the first one's alone, the pseudo-label the second one's.
    const given = atLogits([z, other], [0, other], [softState(0.3), absent]);
    const actual = await run(engine(), given, { stopGradient: true });
    expect(actual.parts[0]).toBeCloseTo(Math.log(1 + Math.exp(z)) - 0.3 * z, 6);
    expect(actual.weakGradient[0]).toBeCloseTo(sigmoid(z) - 0.3, 6);
    expect(actual.strongGradient[0]).toBe(0);
    expect(actual.parts[1]).toBeCloseTo((sigmoid(other) - sharpened(sigmoid(other))) ** 2, 6);
    const even = await run(engine(), atLogits([0], [0], [softState(0.5)]));
    expect(even.parts[0]).toBeCloseTo(Math.LN2, 6);
    expect(even.weakGradient).toEqual([0]);
  });

  test("soft labels of probability 0 and 1 are the hard labels, bit by bit", async () => {
    const given = mixed();
    const states = given.states.map((state) => (state === absent ? absent : softState(state)));
    expect(await run(engine(), { ...given, states })).toEqual(await run(engine(), given));
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
});

describe.each(backends)("other losses on %s", (_, engine) => {
  test.each([1e-5, 9e-4, 2e-3])("cross entropy is exact where all other classes weigh %d", async (others) => {
    const logits = engine().tensor(Float32Array.of(0, Math.log(others)), [1, 2]);
    const loss = await functions.softmaxCrossEntropy(logits, engine().tensor([[1, 0]])).item();
    expect(Math.abs(loss / Math.log1p(others) - 1)).toBeLessThan(others < 1e-3 ? 3e-6 : 1e-4);
  });

  test("sharpening pulls away from the threshold, strictly above it to 1", async () => {
    const at = async (values: readonly number[], temperature: number): Promise<number[]> =>
      Array.from(await functions.sharpen(engine().tensor(values), { temperature }).read(), (value) =>
        Number(value.toFixed(6)),
      );
    expect(await at([0.2, 0.5, 0.5001, 0.9], 4)).toEqual([0.15, 0.375, 0.625075, 0.925]);
    expect(await at([0, 0.2, 0.5, 0.5001, 1], 1)).toEqual([0, 0, 0, 1, 1]);
    expect(await at([0, 0.25, 0.75, 1], Infinity)).toEqual([0, 0.25, 0.75, 1]);
  });

  test("softmax cross entropy of a right prediction is as small as the other classes' probability, and so is its gradient", async () => {
    const logits = engine().tensor([[25, 0, 1]]);
    const { value, gradients } = valueAndGradients(
      () => functions.softmaxCrossEntropy(logits, engine().tensor([[1, 0, 0]])),
      [logits],
    );
    const others = [Math.exp(-25), Math.exp(-24)];
    const rest = others[0] + others[1];
    expect((await value.item()) / Math.log1p(rest)).toBeCloseTo(1, 4);
    const [own, ...wrong] = await gradients[0].read();
    expect((own * (1 + rest)) / -rest).toBeCloseTo(1, 4);
    wrong.forEach((slope, k) => expect((slope * (1 + rest)) / others[k]).toBeCloseTo(1, 4));
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
    for (const strongShare of [-0.5, 1.5, NaN]) {
      expect(() => assembleLoss.infer(given, { ...paper, strongShare })).toThrow(
        `strongShare must be in [0, 1], got ${strongShare}`,
      );
    }
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
