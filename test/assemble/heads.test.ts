// Heads: where they begin, where their biases are, and that the loss's view of them is what they compute.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { LinearHead } from "../../src/assemble/heads/linear-head.ts";
import { QueryHead } from "../../src/assemble/heads/query-head.ts";
import { headBiases, type Head } from "../../src/assemble/heads/head.ts";
import { add } from "../../src/functions/elementwise.ts";
import { matmul } from "../../src/functions/products.ts";
import { mean } from "../../src/functions/reduction.ts";
import { Adam } from "../../src/optim/adam.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const [images, features, classes] = [4, 5, 3];
type Kind = (typeof headBiases)[number] | "linear";
const kinds: readonly Kind[] = [...headBiases, "linear"];

/** A head; every call begins with the same random numbers. */
function open(engine: Engine, kind: Kind): Head {
  const init = new Initialiser(engine, 1);
  return kind === "linear"
    ? new LinearHead(engine, init, features, classes)
    : new QueryHead(engine, init, features, classes, kind);
}

describe("heads", () => {
  const engine = useEngine({ device: "reference" });
  const drawn = () => engine().tensor(normal([images, features]).data, [images, features]);

  test("of every kind begin as the same linear layer: queries are the identity, biases 0, weights of fan-in D", async () => {
    const linear = new LinearHead(engine(), new Initialiser(engine(), 1), features, classes);
    const bound = 1 / Math.sqrt(features);
    const weights = await linear.weight.read();
    expect(weights.every((weight) => Math.abs(weight) <= bound)).toBe(true);
    expect(Math.max(...weights)).toBeGreaterThan(bound / 2);
    const expected = await matmul(drawn(), linear.weight, { transposeB: true }).read();
    for (const kind of kinds) {
      const logits = await open(engine(), kind).forward(drawn()).read();
      logits.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12));
    }
  });

  test("have their parameters where they were asked for", () => {
    const names = (kind: Kind): string[] => [...open(engine(), kind).parameters().keys()];
    expect(names("none")).toEqual(["queries", "fc.weight"]);
    expect(names("fc")).toEqual(["queries", "fc.weight", "fc.bias"]);
    expect(names("class")).toEqual(["queries", "fc.weight", "bias"]);
    expect(names("linear")).toEqual(["weight", "bias"]);
  });

  test.each(kinds)("%s: after a step, the logits are those of theta and the class bias", async (kind) => {
    const head = open(engine(), kind);
    const parameters = [...head.parameters().values()];
    const before = await Promise.all(parameters.map((tensor) => tensor.read()));
    const logits = () => head.forward(drawn());
    const { gradients } = valueAndGradients(() => mean(logits()), parameters);
    new Adam(parameters, { learningRate: 0.1 }).step(gradients);
    for (const [i, tensor] of parameters.entries()) {
      expect(Array.from(await tensor.read())).not.toEqual(Array.from(before[i]));
    }
    expect([head.classes, head.outputs]).toEqual([classes, classes]);
    const actual = await logits().read();
    const { theta, bias } = head.factors([drawn()]);
    const product = matmul(drawn(), theta, { transposeB: true });
    const expected = await add(product, bias).read();
    actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12));
    const biases = Array.from(await bias.read());
    expect(biases.every((value) => value === 0)).toBe(kind === "none" || kind === "fc");
  });

  test("a bias in the fc adds one number to all logits of an image, a class bias one to all images of a class", async () => {
    const differences = async (kind: Kind, name: string, value: readonly number[]): Promise<number[]> => {
      const head = open(engine(), kind);
      const before = await head.forward(drawn()).read();
      const bias = head.parameters().get(name);
      if (bias === undefined) throw new Error(`no ${name}`);
      engine().scope(() => new Adam([bias], { learningRate: 1 }).step([engine().tensor(value)]));
      const after = await head.forward(drawn()).read();
      return Array.from(after, (logit, i) => logit - before[i]);
    };
    const ofImages = await differences("fc", "fc.bias", [1, -1, 2, -2, 3]);
    ofImages.forEach((value, i) => expect(value).toBeCloseTo(ofImages[i - (i % classes)], 9));
    expect(Math.abs(ofImages[0] - ofImages[classes])).toBeGreaterThan(0.01);
    // Adam's first step is the learning rate against the gradient's sign.
    for (const kind of ["class", "linear"] as const) {
      const ofClasses = await differences(kind, "bias", [1, -1, 1]);
      ofClasses.forEach((value, i) => expect(value).toBeCloseTo([-1, 1, -1][i % classes], 6));
    }
  });
});
