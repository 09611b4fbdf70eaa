// The layers of norms that are the same in training and inference: names of their state, first values, and what they compute.

import { expect, test } from "vitest";
import { groupNorm, instanceNorm, layerNorm, rmsNorm } from "../../src/functions/normalisation.ts";
import { GroupNorm, InstanceNorm, LayerNorm, RMSNorm } from "../../src/nn/layers/normalisation-layers.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const open = useEngine({ device: "reference" });

test("norms carry torch's names, and start with weight 1 and bias 0", async () => {
  const engine = open();
  for (const layer of [new LayerNorm(engine, 4), new GroupNorm(engine, 2, 4), new InstanceNorm(engine, 4)]) {
    expect([...layer.state().keys()]).toEqual(["weight", "bias"]);
    expect([...(await layer.weight.read())]).toEqual([1, 1, 1, 1]);
    expect([...(await layer.bias.read())]).toEqual([0, 0, 0, 0]);
  }
  const rms = new RMSNorm(engine, 4);
  expect([...rms.state().keys()]).toEqual(["weight"]);
  expect([...(await rms.weight.read())]).toEqual([1, 1, 1, 1]);
});

test("a layer is its function with its weights and its epsilon", async () => {
  const engine = open();
  const x = engine.tensor(normal([2, 5, 4], 1).data, [2, 5, 4]);
  const [weight, bias] = [engine.full([4], 1), engine.zeros([4])];
  const equal = async (a: Tensor, b: Tensor): Promise<void> => {
    expect([...(await a.read())]).toEqual([...(await b.read())]);
  };
  for (const epsilon of [undefined, 0.5]) {
    const options = epsilon === undefined ? {} : { epsilon };
    await equal(new LayerNorm(engine, 4, options).forward(x), layerNorm(x, weight, bias, options));
    await equal(new RMSNorm(engine, 4, options).forward(x), rmsNorm(x, weight, options));
    await equal(new GroupNorm(engine, 2, 4, options).forward(x), groupNorm(x, 2, weight, bias, options));
    await equal(new InstanceNorm(engine, 4, options).forward(x), instanceNorm(x, weight, bias, options));
  }
});

test("channels that do not make groups of one size are refused when the layer is made", () => {
  expect(() => new GroupNorm(open(), 3, 4)).toThrow(
    "GroupNorm: 4 channels do not make 3 groups of the same size",
  );
});
