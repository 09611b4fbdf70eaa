// A U-Net in small, made of modules: its values and all its gradients on the GPU are those of the float64 reference.

import { expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { multiply, relu } from "../../src/functions/elementwise.ts";
import { concatChannels } from "../../src/functions/movement.ts";
import { maxPool2d } from "../../src/functions/pooling.ts";
import { sum } from "../../src/functions/reduction.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Conv2d } from "../../src/nn/layers/convolution-layers.ts";
import { BatchNorm } from "../../src/nn/layers/normalisation-layers.ts";
import { ConvTranspose2d } from "../../src/nn/layers/transposed-convolution-layer.ts";
import { Module, type Mode } from "../../src/nn/module.ts";
import { Sequential } from "../../src/nn/sequential.ts";
import { loadWeights, readWeights } from "../../src/nn/weights.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const twice = (engine: Engine, init: Initialiser, inputs: number, outputs: number): Sequential =>
  new Sequential(engine, [
    new Conv2d(engine, init, inputs, outputs, { kernel: 3 }),
    new BatchNorm(engine, outputs),
    relu,
    new Conv2d(engine, init, outputs, outputs, { kernel: 3 }),
    new BatchNorm(engine, outputs),
    relu,
  ]);

class UNetBlock extends Module {
  readonly down: Sequential;
  readonly middle: Sequential;
  readonly up: ConvTranspose2d;
  readonly out: Conv2d;

  constructor(engine: Engine) {
    super(engine);
    const init = new Initialiser(engine, 3);
    this.down = this.child("down", twice(engine, init, 2, 8));
    this.middle = this.child(
      "middle",
      new Sequential(engine, { conv: new Conv2d(engine, init, 8, 12, { kernel: 3 }) }),
    );
    this.up = this.child("up", new ConvTranspose2d(engine, init, 12, 8, { kernel: 2, bias: true }));
    this.out = this.child("out", new Conv2d(engine, init, 16, 3, { kernel: 3 }));
  }

  forward(x: Tensor, mode: Mode): Tensor {
    const skip = this.down.forward(x, mode);
    const deep = this.middle.forward(maxPool2d(skip, { window: 2 }), mode);
    return this.out.forward(concatChannels([skip, this.up.forward(deep)]));
  }
}

const gpu = useEngine({ device: "webgpu" });
const reference = useEngine({ device: "reference" });

async function outcome(
  engine: Engine,
  weights: Awaited<ReturnType<typeof readWeights>>,
): Promise<Map<string, HostArray>> {
  const net = new UNetBlock(engine);
  await loadWeights(net, weights);
  const shape = [2, 12, 20, 2];
  const x = engine.tensor(normal(shape, 1).data, shape);
  const weighting = engine.tensor(normal([2, 12, 20, 3], 2).data, [2, 12, 20, 3]);
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
  const drawn = await readWeights(new UNetBlock(gpu()));
  const [found, wanted] = [await outcome(gpu(), drawn), await outcome(reference(), drawn)];
  expect([...found.keys()]).toEqual(
    expect.arrayContaining([
      "y",
      "x",
      "down.0.weight",
      "down.4.bias",
      "middle.conv.weight",
      "up.weight",
      "up.bias",
    ]),
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
