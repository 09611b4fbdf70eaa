// ResNets: torchvision's names and shapes, the operators written out, gradients, and one backend against the other.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { add, multiply, relu } from "../../src/functions/elementwise.ts";
import { pad, slice } from "../../src/functions/movement.ts";
import { batchNorm, batchNormInference } from "../../src/functions/normalisation.ts";
import { globalAveragePool, maxPool2d } from "../../src/functions/pooling.ts";
import { sum } from "../../src/functions/reduction.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Mode } from "../../src/nn/module.ts";
import { ResNet, resnetConfigurations, type ResNetConfiguration } from "../../src/nn/resnet.ts";
import { Adam } from "../../src/optim/adam.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import { normal } from "../operators/sample.ts";
import { torchResNets, type TorchResNet } from "./torchvision-resnets.ts";

const basic: ResNetConfiguration = {
  kind: "resnet",
  inputChannels: 2,
  stem: { features: 3, kernel: 3, stride: 1, pool: false },
  blocks: [2, 1],
  block: "basic",
};
const bottleneck: ResNetConfiguration = {
  kind: "resnet",
  inputChannels: 1,
  stem: { features: 4, kernel: 7, stride: 2, pool: true },
  blocks: [1, 2],
  block: "bottleneck",
};
const tiny = [
  ["basic blocks and a small stem", basic],
  ["bottlenecks and a stem with a pool", bottleneck],
] as const;

/** The network with random batch norms: they all start as equals. */
function network(engine: Engine, configuration: ResNetConfiguration): ResNet {
  const net = new ResNet(engine, new Initialiser(engine, 1), configuration);
  const parameters = [...net.parameters().values()];
  engine.scope(() => {
    new Adam(parameters, { learningRate: 0.1 }).step(
      parameters.map(({ shape }, i) => engine.tensor(normal(shape, i).data, shape)),
    );
  });
  return net;
}

function images(engine: Engine, { inputChannels }: ResNetConfiguration, [height, width] = [14, 11]): Tensor {
  const shape = [3, height, width, inputChannels];
  return engine.tensor(normal(shape, 7).data, shape);
}

describe.each(Object.entries(torchResNets) as [TorchResNet, (typeof torchResNets)[TorchResNet]][])(
  "%s",
  (name, convolutions) => {
    const open = useEngine({ device: "reference" });
    const parameters = { resnet18: 11_176_512, resnet34: 21_284_672, resnet50: 23_508_032 }[name];
    // Entries of torch's state_dict, without the fc's two and a num_batches_tracked for each batch norm.
    const tensors = { resnet18: 122 - 2 - 20, resnet34: 218 - 2 - 36, resnet50: 320 - 2 - 53 }[name];

    test("has torchvision's tensors, but for the fc, in their order", () => {
      /** Draws nothing, which takes long for so many weights. */
      class Blank extends Initialiser {
        override heNormal(shape: Shape): Tensor {
          return open().zeros(shape);
        }
      }
      const net = new ResNet(open(), new Blank(open(), 0), resnetConfigurations[name]);
      const wanted = convolutions.flatMap(({ name: conv, norm, filters, channels, kernel }) => [
        // Filters are [R, S, C, K] here, and [K, C, R, S] in torch.
        [`${conv}.weight`, "parameter", [kernel, kernel, channels, filters]],
        [`${norm}.weight`, "parameter", [filters]],
        [`${norm}.bias`, "parameter", [filters]],
        [`${norm}.running_mean`, "buffer", [filters]],
        [`${norm}.running_var`, "buffer", [filters]],
      ]);
      const found = [...net.state()].map(([key, { kind, tensor }]) => [key, kind, tensor.shape]);
      expect(found).toEqual(wanted);
      expect(found).toHaveLength(tensors);
      expect(net.parameterCount).toBe(parameters);
      expect(net.features).toBe(name === "resnet50" ? 2048 : 512);
      net.dispose();
    });
  },
);

describe("a small ResNet", () => {
  const open = useEngine({ device: "reference" });

  /** What a ResNet gives by He et al., one operator after the other, with the weights of `net`. */
  function writtenOut(net: ResNet, x: Tensor, mode: Mode): Tensor {
    const state = net.state();
    const { stem, block } = net.configuration;
    const at = (name: string): Tensor => {
      const found = state.get(name);
      if (found === undefined) throw new Error(`no ${name}`);
      return found.tensor;
    };
    const norm = (y: Tensor, name: string): Tensor => {
      const [gamma, beta] = [at(`${name}.weight`), at(`${name}.bias`)];
      if (mode !== "inference") return batchNorm(y, gamma, beta).y;
      return batchNormInference(y, gamma, beta, at(`${name}.running_mean`), at(`${name}.running_var`));
    };
    const residual = (y: Tensor, name: string, stride: number): Tensor => {
      const conv = (z: Tensor, i: number, padding: number, step = 1): Tensor =>
        norm(conv2d(z, at(`${name}.conv${i}.weight`), { padding, stride: step }), `${name}.bn${i}`);
      const branch =
        block === "basic"
          ? conv(relu(conv(y, 1, 1, stride)), 2, 1)
          : conv(relu(conv(relu(conv(y, 1, 0)), 2, 1, stride)), 3, 0);
      if (!state.has(`${name}.downsample.0.weight`)) return relu(add(branch, y));
      const shortcut = conv2d(y, at(`${name}.downsample.0.weight`), { stride });
      return relu(add(branch, norm(shortcut, `${name}.downsample.1`)));
    };
    const { kernel, stride } = stem;
    let maps = relu(norm(conv2d(x, at("conv1.weight"), { stride, padding: (kernel - 1) / 2 }), "bn1"));
    if (stem.pool) maps = maxPool2d(maps, { window: 3, stride: 2, padding: 1 });
    if (block === "basic") {
      maps = residual(residual(maps, "layer1.0", 1), "layer1.1", 1);
      return globalAveragePool(residual(maps, "layer2.0", 2));
    }
    maps = residual(maps, "layer1.0", 1);
    return globalAveragePool(residual(residual(maps, "layer2.0", 2), "layer2.1", 1));
  }

  test.each(tiny)("with %s is its operators, written out", async (_, configuration) => {
    const net = network(open(), configuration);
    const x = images(open(), configuration);
    for (const mode of ["untracked", "training", "inference"] as const) {
      const found = net.forward(x, mode);
      expect(found.shape).toEqual([3, net.features]);
      const values = await found.read();
      // Not all zeros of a ReLU.
      expect(new Set(values).size).toBeGreaterThan(values.length / 2);
      const plain = await writtenOut(net, x, mode).read();
      plain.forEach((value, i) => expect(values[i], `${mode} ${i}`).toBeCloseTo(value, 10));
    }
  });

  test.each(tiny)("with %s moves all running statistics in training alone", async (_, configuration) => {
    const net = network(open(), configuration);
    const x = images(open(), configuration);
    const statistics = [...net.state()].filter(([, { kind }]) => kind === "buffer");
    const moved = async (): Promise<string[]> => {
      const changed: string[] = [];
      for (const [name, { tensor }] of statistics) {
        const start = name.endsWith("running_mean") ? 0 : 1;
        if ((await tensor.read()).every((value) => value !== start)) changed.push(name);
      }
      return changed;
    };
    net.forward(x, "untracked");
    net.forward(x, "inference");
    expect(await moved()).toEqual([]);
    net.forward(x, "training");
    expect(await moved()).toEqual(statistics.map(([name]) => name));
  });

  test.each([
    ["basic blocks", { ...basic, blocks: [1, 1] }, "training"],
    ["bottlenecks", { ...bottleneck, stem: { features: 2, kernel: 3, stride: 1, pool: true } }, "training"],
    ["basic blocks at inference", { ...basic, blocks: [1, 1] }, "inference"],
  ] as const)(
    "with %s has the gradients of central differences",
    async (_, configuration, mode) => {
      const engine = open();
      const net = network(engine, configuration);
      const x = images(engine, configuration, [6, 5]);
      if (mode === "inference") net.forward(x, "training"); // moves the running statistics
      const weights = engine.tensor(normal([3, net.features], 3).data, [3, net.features]);
      const loss = (): Tensor =>
        sum(multiply(net.forward(x, mode === "training" ? "untracked" : mode), weights));
      const wanted = [["images", x] as const, ...net.parameters()];
      const { gradients } = valueAndGradients(
        loss,
        wanted.map(([, tensor]) => tensor),
      );
      const step = 1e-6;
      for (const [i, [name, tensor]] of wanted.entries()) {
        const analytic = await gradients[i].read();
        const at = Float64Array.from(await tensor.read());
        const valueAt = async (element: number, change: number): Promise<number> => {
          const moved = at.slice();
          moved[element] += change;
          engine.write(tensor, moved);
          using value = engine.scope(loss);
          return await value.item();
        };
        const numeric = new Float64Array(at.length);
        for (let element = 0; element < at.length; element++) {
          numeric[element] = ((await valueAt(element, step)) - (await valueAt(element, -step))) / (2 * step);
        }
        engine.write(tensor, at);
        const scale = Math.max(1e-3, ...Array.from(numeric, Math.abs));
        numeric.forEach((value, element) => {
          const error = Math.abs(analytic[element] - value) / scale;
          expect(error, `${name}, element ${element}: ${analytic[element]} against ${value}`).toBeLessThan(
            1e-5,
          );
        });
      }
    },
    60_000,
  );

  test("starts its convolutions with variance 2 / fan-out, as torchvision", async () => {
    const wide = { ...basic, inputChannels: 16, stem: { ...basic.stem, features: 64 }, blocks: [1] };
    const net = new ResNet(open(), new Initialiser(open(), 5), wide);
    const weights = Array.from((await net.parameters().get("conv1.weight")?.read()) ?? []);
    const variance = weights.reduce((total, w) => total + w * w, 0) / weights.length;
    expect(variance / (2 / (9 * 64))).toBeCloseTo(1, 1);
  });

  test("pools its stem as if zeros were around it, which no ReLU is below", async () => {
    const maps = relu(images(open(), { ...basic, inputChannels: 4 }, [7, 6]));
    const padded = pad(maps, [0, 1, 1, 0], [0, 1, 1, 0]);
    const [withZeros, found] = [
      maxPool2d(padded, { window: 3, stride: 2 }),
      maxPool2d(maps, { window: 3, stride: 2, padding: 1 }),
    ];
    const [, height, width] = found.shape;
    expect(await found.read()).toEqual(await slice(withZeros, [0, 0, 0, 0], [3, height, width, 4]).read());
  });
});

describe("a ResNet on WebGPU", () => {
  const reference = useEngine({ device: "reference" });
  const gpu = useEngine({ device: "webgpu" });
  // The gradients are small differences of large sums, and a ReLU whose input is zero to rounding may take either side.
  const tolerance = 2e-3;

  async function outcome(
    engine: Engine,
    configuration: ResNetConfiguration,
  ): Promise<Outcome & { readonly atInference: HostArray }> {
    const net = network(engine, configuration);
    const x = images(engine, configuration);
    const trained = await outcomeOf(net, x, "training");
    return { ...trained, atInference: await net.forward(x, "inference").read() };
  }

  function expectNear(found: HostArray | undefined, wanted: HostArray, what: string): void {
    expect(found?.length, what).toBe(wanted.length);
    const scale = Math.max(...Array.from(wanted, Math.abs), 1e-6);
    const error =
      Math.max(...Array.from(wanted, (value, i) => Math.abs((found?.[i] ?? NaN) - value))) / scale;
    expect(error, what).toBeLessThan(tolerance);
  }

  test.each(tiny)(
    "with %s equals the reference: features, gradients, statistics",
    async (_, configuration) => {
      const [found, wanted] = [
        await outcome(gpu(), configuration),
        await outcome(reference(), configuration),
      ];
      expectNear(found.features, wanted.features, "features");
      expectNear(found.atInference, wanted.atInference, "features at inference");
      for (const part of ["gradients", "state"] as const) {
        expect([...found[part].keys()]).toEqual([...wanted[part].keys()]);
        for (const [name, values] of wanted[part]) {
          expectNear(found[part].get(name), values, `${part} of ${name}`);
        }
      }
    },
  );
});
