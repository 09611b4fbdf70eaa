// The heads of the baselines: linear layers per source, and a network made for each image and class.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { headOf } from "../../src/assemble/heads/heads.ts";
import type { Head, HeadSettings } from "../../src/assemble/heads/head.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { assembleLoss } from "../../src/functions/losses.ts";
import { matmul } from "../../src/functions/products.ts";
import { sum } from "../../src/functions/reduction.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const [images, features, classes] = [4, 5, 3];
/** Class 0 is known to the first source, 2 to the second, 1 to both. */
const perSource: HeadSettings = {
  kind: "per-source",
  known: [
    [0, 1],
    [1, 2],
  ],
};

/** A head whose biases are not 0. */
function open(engine: Engine, settings: HeadSettings): Head {
  const head = headOf(engine, new Initialiser(engine, 1), features, classes, settings);
  for (const [name, tensor] of head.parameters()) {
    if (name.endsWith("bias")) engine.write(tensor, normal([tensor.size], 7).data);
  }
  return head;
}
const parametersOf = async (head: Head): Promise<Map<string, ArrayLike<number>>> =>
  new Map(
    await Promise.all(
      [...head.parameters()].map(async ([name, tensor]) => [name, await tensor.read()] as const),
    ),
  );
const named = (all: ReadonlyMap<string, ArrayLike<number>>, name: string): ArrayLike<number> => {
  const found = all.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

describe("linear layers per source", () => {
  const engine = useEngine({ device: "reference" });
  const drawn = (): Tensor => engine().tensor(normal([images, features]).data, [images, features]);

  test("a class's logit is the mean of those of the sources that know it", async () => {
    const head = open(engine(), perSource);
    expect([head.classes, head.outputs]).toEqual([3, 6]);
    const { theta, bias } = head.factors([drawn()]);
    const products = await matmul(drawn(), theta, { transposeB: true }).read();
    const biases = await bias.read();
    const all = (image: number, output: number): number => products[image * 6 + output] + biases[output];
    const logits = await head.forward(drawn()).read();
    for (let image = 0; image < images; image++) {
      const expected = [all(image, 0), (all(image, 1) + all(image, 4)) / 2, all(image, 5)];
      expected.forEach((value, k) => expect(logits[image * classes + k]).toBeCloseTo(value, 6));
    }
  });

  test("the mean's weights are no parameters, and a saved model has them", () => {
    const head = open(engine(), perSource);
    expect([...head.parameters().keys()]).toEqual(["weight", "bias"]);
    expect(head.state().get("average")?.kind).toBe("constant");
  });

  test("a class that no source knows is an error", () => {
    expect(() => open(engine(), { kind: "per-source", known: [[0], [1]] })).toThrow("knows class 2");
  });
});

describe("a network for each image and class", () => {
  const engine = useEngine({ device: "reference" });
  const drawn = (): Tensor => engine().tensor(normal([images, features]).data, [images, features]);

  test("has the weights that the controller makes of features and one-hot code", async () => {
    const head = open(engine(), { kind: "dynamic" });
    const all = await parametersOf(head);
    const [reduction, reductionBias, weight, codes, bias] = [
      "reduction.weight",
      "reduction.bias",
      "controller.weight",
      "controller.codes",
      "controller.bias",
    ].map((name) => named(all, name));
    expect([bias.length, codes.length]).toEqual([153, classes * 153]);
    const given = await drawn().read();
    const logits = await head.forward(drawn()).read();
    for (let image = 0; image < images; image++) {
      const f = Array.from(given).slice(image * features, (image + 1) * features);
      const seen: number[] = [];
      for (let j = 0; j < 8; j++) {
        seen.push(f.reduce((total, value, d) => total + value * reduction[d * 8 + j], reductionBias[j]));
      }
      // Nothing between the reduction and the first layer, as in DoDNet; else a sign would be lost here.
      expect(seen.some((value) => value < 0)).toBe(true);
      for (let k = 0; k < classes; k++) {
        // The controller over [f; e], its matrix written out.
        const input = [...f, ...Array.from({ length: classes }, (_, i) => (i === k ? 1 : 0))];
        const matrix = [...Array.from(weight), ...Array.from(codes)];
        const numbers = Array.from({ length: 153 }, (_, m) =>
          input.reduce((total, value, i) => total + value * matrix[i * 153 + m], bias[m]),
        );
        let inputs = seen;
        let at = 0;
        for (const outputs of [8, 8, 1]) {
          const sums = Array.from({ length: outputs }, () => 0);
          for (let o = 0; o < outputs; o++) for (let i = 0; i < 8; i++) sums[o] += numbers[at++] * inputs[i];
          for (let o = 0; o < outputs; o++) sums[o] += numbers[at++];
          inputs = outputs === 1 ? sums : sums.map((value) => Math.max(0, value));
        }
        expect(at).toBe(153);
        expect(logits[image * classes + k]).toBeCloseTo(inputs[0], 9);
      }
    }
  });

  test("its gradients are the slopes of what it computes", async () => {
    const head = open(engine(), { kind: "dynamic" });
    const parameters = [...head.parameters().values()];
    const weights = engine().tensor(normal([images, classes], 3).data, [images, classes]);
    const value = (): Tensor => sum(multiply(head.forward(drawn()), weights));
    const { gradients } = valueAndGradients(value, parameters);
    const step = 1e-6;
    for (const [i, parameter] of parameters.entries()) {
      const gradient = await gradients[i].read();
      const held = await parameter.read();
      expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-4);
      for (const at of [0, Math.floor(held.length / 2), held.length - 1]) {
        const sides = [];
        for (const sign of [1, -1]) {
          engine().write(
            parameter,
            Float64Array.from(held, (each, j) => each + (j === at ? sign * step : 0)),
          );
          sides.push((await value().read())[0]);
        }
        engine().write(parameter, held);
        expect((sides[0] - sides[1]) / (2 * step)).toBeCloseTo(gradient[at], 5);
      }
    }
  });

  test("its first logits are small, for features as they come out of a network", async () => {
    const width = 256;
    const head = headOf(engine(), new Initialiser(engine(), 1), width, 14, { kind: "dynamic" });
    // Means over an image of what a ReLU lets through of normalised maps.
    const positive = engine().tensor(normal([16, width], 1, 0.4, 0.15).data, [16, width]);
    const logits = await head.forward(positive).read();
    expect(Math.max(...logits.map(Math.abs))).toBeLessThan(0.5);
    expect(Math.max(...logits.map(Math.abs))).toBeGreaterThan(0.01);
  });
});

describe.each([{ kind: "queries", bias: "fc" }, { kind: "linear" }, perSource, { kind: "dynamic" }] as const)(
  "$kind",
  (settings) => {
    const engine = useEngine({ device: "webgpu" });
    const reference = useEngine({ device: "reference" });

    test("the GPU's logits, loss and gradients are the reference's", async () => {
      const found = [];
      for (const on of [engine(), reference()]) {
        const head = open(on, settings);
        const parameters = [...head.parameters().values()];
        const views = [1, 2].map((seed) =>
          on.tensor(normal([images, features], seed).data, [images, features]),
        );
        const states = on.tensor(
          Uint8Array.from({ length: images * head.outputs }, (_, i) => [0, 1, 255][i % 3]),
          [images, head.outputs],
          "u8",
        );
        const { gradients, value } = valueAndGradients(() => {
          const { features: made, theta, bias } = head.factors(views);
          return assembleLoss(made[0], made[1], theta, bias, states, on.tensor([1, 1])).total;
        }, parameters);
        found.push(
          await Promise.all([head.forward(views[0]), value, ...gradients].map((each) => each.read())),
        );
      }
      const [actual, expected] = found;
      for (const [i, values] of expected.entries()) {
        values.forEach((each, j) => expect(actual[i][j]).toBeCloseTo(each, 4));
      }
    });
  },
);
