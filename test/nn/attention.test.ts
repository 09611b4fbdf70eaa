// Attention and blocks of it: WebGPU against the float64 reference, forward and every gradient, and the operator against its
// composition of other functions.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { broadcastTo } from "../../src/functions/movement.ts";
import { softmax } from "../../src/functions/probabilities.ts";
import { matmul } from "../../src/functions/products.ts";
import { sum } from "../../src/functions/reduction.ts";
import { attention } from "../../src/functions/sequences.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { MultiHeadAttention } from "../../src/nn/layers/attention-layers.ts";
import { TransformerBlock, type TransformerBlockConfiguration } from "../../src/nn/transformer.ts";
import type { Module } from "../../src/nn/module.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HostArray, HostTensor } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal, values } from "../operators/sample.ts";

const placed = (engine: Engine, { data, shape }: HostTensor): Tensor => engine.tensor(data, shape);

/** The output of a call, then its gradients by tensors, all weighted by random numbers. */
async function results(
  engine: Engine,
  call: () => Tensor,
  wrt: readonly Tensor[],
): Promise<readonly HostArray[]> {
  const tape = new Tape(engine, wrt);
  const y = call();
  const scalar = sum(multiply(y, placed(engine, normal(y.shape, 77))));
  const found = [y, ...tape.gradients(scalar, wrt)];
  return Promise.all(found.map((tensor) => tensor.read()));
}

function expectClose(actual: readonly HostArray[], expected: readonly HostArray[], within: number): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((array, i) => {
    const largest = Math.max(...Array.from(expected[i], Math.abs));
    const error = Math.max(...Array.from(array, (value, at) => Math.abs(value - expected[i][at])));
    expect(error, `result ${i}`).toBeLessThanOrEqual(within * largest + 1e-30);
  });
}

/** Random numbers in all parameters, so that no two layers are alike. */
function withDrawnParameters<M extends Module>(make: () => M): M {
  const module = make();
  [...module.parameters().values()].forEach((tensor, i) => {
    module.engine.write(tensor, normal(tensor.shape, 20 + i, 0.1, 0.3).data);
  });
  return module;
}

const leavesOut = (kept: readonly number[], tokens: number): HostTensor =>
  values(
    [kept.length, 1, 1, tokens],
    kept.flatMap((count) => Array.from({ length: tokens }, (_, key) => (key < count ? 0 : -Infinity))),
  );

describe("attention", () => {
  const gpu = useEngine({ device: "webgpu" });
  const reference = useEngine({ device: "reference" });

  const cases: readonly {
    name: string;
    tokens: number;
    mask?: HostTensor;
    causal?: boolean;
    configuration?: Partial<TransformerBlockConfiguration>;
  }[] = [
    { name: "as it is", tokens: 7 },
    {
      name: "causal, norm first, gelu",
      tokens: 5,
      causal: true,
      configuration: { normFirst: true, activation: "gelu" },
    },
    { name: "one token", tokens: 1 },
    { name: "padded sequences", tokens: 6, mask: leavesOut([6, 3], 6) },
    {
      name: "all tokens left out but one",
      tokens: 6,
      mask: leavesOut([1, 1], 6),
      configuration: { normFirst: true },
    },
    { name: "a sequence with no token at all", tokens: 4, mask: leavesOut([0, 4], 4) },
    { name: "more tokens than a tile", tokens: 67, configuration: { epsilon: 1e-3 } },
  ];

  test.each(cases)(
    "a transformer block, $name: forward and all gradients are the reference's",
    async (each) => {
      const found = await Promise.all(
        [gpu(), reference()].map((engine) => {
          const block = withDrawnParameters(
            () =>
              new TransformerBlock(engine, new Initialiser(engine, 1), {
                ...{ width: 12, heads: 3, hidden: 20 },
                ...each.configuration,
              }),
          );
          const x = placed(engine, normal([2, each.tokens, 12], 1));
          const options = {
            ...(each.mask && { mask: placed(engine, each.mask) }),
            ...(each.causal === true && { causal: true }),
          };
          return results(engine, () => block.forward(x, "training", options), [
            x,
            ...block.parameters().values(),
          ]);
        }),
      );
      expectClose(found[0], found[1], 2e-5);
    },
  );

  test("heads attend to another sequence, with a mask of theirs and without biases", async () => {
    const found = await Promise.all(
      [gpu(), reference()].map((engine) => {
        const layer = withDrawnParameters(
          () => new MultiHeadAttention(engine, new Initialiser(engine, 1), 8, 2, { bias: false }),
        );
        const x = placed(engine, normal([2, 5, 8], 1));
        const context = placed(engine, normal([2, 3, 8], 2));
        const mask = placed(engine, normal([5, 3], 3));
        return results(engine, () => layer.forward(x, "inference", { context, mask }), [
          x,
          context,
          ...layer.parameters().values(),
        ]);
      }),
    );
    expectClose(found[0], found[1], 2e-5);
  });

  test("a tensor that attends to itself as its own context gives what it gives alone", async () => {
    const engine = reference();
    const layer = withDrawnParameters(() => new MultiHeadAttention(engine, new Initialiser(engine, 1), 6, 2));
    const x = placed(engine, normal([2, 4, 6], 1));
    const alone = await layer.forward(x, "inference").read();
    const other = await layer.forward(x, "inference", { context: x }).read();
    expectClose([other], [alone], 1e-12);
  });

  test("the names and shapes of the tensors are torch's", () => {
    const engine = reference();
    const block = new TransformerBlock(engine, new Initialiser(engine, 1), {
      width: 8,
      heads: 2,
      hidden: 12,
    });
    expect([...block.state()].map(([name, { tensor }]) => [name, tensor.shape])).toEqual([
      ["self_attn.in_proj_weight", [24, 8]],
      ["self_attn.in_proj_bias", [24]],
      ["self_attn.out_proj.weight", [8, 8]],
      ["self_attn.out_proj.bias", [8]],
      ["linear1.weight", [12, 8]],
      ["linear1.bias", [12]],
      ["linear2.weight", [8, 12]],
      ["linear2.bias", [8]],
      ["norm1.weight", [8]],
      ["norm1.bias", [8]],
      ["norm2.weight", [8]],
      ["norm2.bias", [8]],
    ]);
  });

  test("what does not fit is refused by name", () => {
    const engine = reference();
    const init = new Initialiser(engine, 1);
    expect(() => new MultiHeadAttention(engine, init, 10, 3)).toThrow(
      "width must be a multiple of the 3 heads",
    );
    const layer = new MultiHeadAttention(engine, init, 4, 2);
    expect(() => layer.forward(engine.zeros([3, 4]), "training")).toThrow("[batch, tokens, width]");
    const [q, k] = [engine.zeros([2, 3, 4]), engine.zeros([2, 5, 4])];
    expect(() => attention(q, k, q)).toThrow("k and v must have as many rows");
    expect(() => attention(q, k, k, { mask: engine.zeros([3, 4]) })).toThrow("does not broadcast");
    expect(() => attention(q, engine.zeros([1, 5, 4]), k)).toThrow("the leading axes");
  });

  test("a mask that is repeated along axes apart serves like the same mask spread", async () => {
    const engine = gpu();
    const x = placed(engine, normal([2, 2, 2, 2, 3, 4], 1));
    const mask = placed(engine, normal([2, 1, 2, 1, 3, 3], 2));
    const spread = broadcastTo(mask, [2, 2, 2, 2, 3, 3]);
    const found = await attention(x, x, x, { mask }).read();
    expectClose([found], [await attention(x, x, x, { mask: spread }).read()], 1e-6);
  });

  test("the operator is the composition of products and a softmax, with the same gradients", async () => {
    for (const engine of [gpu(), reference()]) {
      const [q, k, v] = [normal([3, 9, 4], 1), normal([3, 11, 4], 2), normal([3, 11, 5], 3)].map((each) =>
        placed(engine, each),
      );
      const mask = placed(engine, normal([9, 11], 4));
      const composition = (): Tensor => {
        const scale = engine.full([], 0.7);
        const scores = multiply(matmul(q, k, { transposeB: true }), scale);
        return matmul(softmax(scores, { mask }), v);
      };
      const fused = await results(engine, () => attention(q, k, v, { mask, scale: 0.7 }), [q, k, v]);
      expectClose(fused, await results(engine, composition, [q, k, v]), 2e-5);
    }
  });
});
