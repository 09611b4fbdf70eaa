// A U-Net in small, made of modules: its values and all its gradients on the GPU are those of the float64 reference.

import { expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { loadWeights, readWeights } from "../../src/nn/weights.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";
import { UnetBlock } from "../torch/unet-block.ts";

const gpu = useEngine({ device: "webgpu" });
const reference = useEngine({ device: "reference" });

async function outcome(
  engine: Engine,
  weights: Awaited<ReturnType<typeof readWeights>>,
): Promise<Map<string, HostArray>> {
  const net = new UnetBlock(engine, new Initialiser(engine, 3));
  await loadWeights(net, weights);
  const shape = [2, 12, 20, 3];
  const x = engine.tensor(normal(shape, 1).data, shape);
  const weighting = engine.tensor(normal([2, 12, 20, 2], 2).data, [2, 12, 20, 2]);
  const parameters = net.parameters();
  const { y, gradients } = valueAndGradients(() => {
    const y = net.forward(x, "training");
    return { value: sum(multiply(y, weighting)), y };
  }, [x, ...parameters.values()]);
  const found = new Map([["y", await y.read()]]);
  for (const [i, name] of ["x", ...parameters.keys()].entries()) found.set(name, await gradients[i].read());
  for (const [name, { kind, tensor }] of net.state())
    if (kind === "buffer") found.set(name, await tensor.read());
  net.dispose();
  return found;
}

test("a U-Net block's values, gradients and running statistics are the reference's", async () => {
  const drawn = await readWeights(new UnetBlock(gpu(), new Initialiser(gpu(), 3)));
  const [found, wanted] = [await outcome(gpu(), drawn), await outcome(reference(), drawn)];
  expect([...found.keys()]).toEqual(
    expect.arrayContaining(["y", "x", "conv1.weight", "norm2.bias", "out.bias", "up.weight", "up.bias"]),
  );
  expect(found.size).toBe(2 + 10 + 4);
  for (const [name, values] of wanted) {
    const largest = Math.max(...Array.from(values, Math.abs));
    expect(largest, name).toBeGreaterThan(1e-3);
    found.get(name)?.forEach((value, i) => {
      expect(Math.abs(value - values[i]), `${name} ${i}`).toBeLessThan(2e-5 * largest);
    });
  }
});
