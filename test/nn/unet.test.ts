// U-Nets: names and shapes, the operators written out, the order of a skip, gradients, one backend against the other, and learning.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { add, multiply, relu, subtract } from "../../src/functions/elementwise.ts";
import { concatChannels } from "../../src/functions/movement.ts";
import { batchNorm, batchNormInference } from "../../src/functions/normalisation.ts";
import { maxPool2d } from "../../src/functions/pooling.ts";
import { mean } from "../../src/functions/reduction.ts";
import { convTranspose2d } from "../../src/functions/transposed-convolution.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Mode } from "../../src/nn/module.ts";
import { UNet, type UNetConfiguration } from "../../src/nn/unet.ts";
import { loadWeights, readWeights } from "../../src/nn/weights.ts";
import { Adam } from "../../src/optim/adam.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { PlanningBackend } from "../../src/runtime/planning-backend.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";
import { outcomeOf } from "./outcome.ts";

const small: UNetConfiguration = { kind: "unet", inputChannels: 3, width: 4, levels: 3 };

/** The network with random batch norms and biases: they all start as equals. */
function network(engine: Engine, configuration = small): UNet {
  const net = new UNet(engine, new Initialiser(engine, 1), configuration);
  const parameters = [...net.parameters().values()];
  engine.scope(() => {
    new Adam(parameters, { learningRate: 0.1 }).step(
      parameters.map(({ shape }, i) => engine.tensor(normal(shape, i).data, shape)),
    );
  });
  return net;
}

const tensor = (engine: Engine, shape: readonly number[], seed = 7): Tensor =>
  engine.tensor(normal(shape, seed).data, shape);

/** What a U-Net is, one operator after the other, with the weights of `net`. */
function writtenOut(net: UNet, images: Tensor, mode: Mode): Tensor {
  const state = net.state();
  const at = (name: string): Tensor => {
    const found = state.get(name);
    if (found === undefined) throw new Error(`no ${name}`);
    return found.tensor;
  };
  const normalised = (x: Tensor, name: string): Tensor => {
    const [gamma, beta] = [at(`${name}.weight`), at(`${name}.bias`)];
    if (mode !== "inference") return batchNorm(x, gamma, beta).y;
    return batchNormInference(x, gamma, beta, at(`${name}.running_mean`), at(`${name}.running_var`));
  };
  const twice = (x: Tensor, name: string): Tensor =>
    [1, 2].reduce((y, i) => {
      return relu(normalised(conv2d(y, at(`${name}.conv${i}.weight`), { padding: 1 }), `${name}.norm${i}`));
    }, x);
  const first = twice(images, "down1");
  const second = twice(maxPool2d(first, { window: 2 }), "down2");
  const third = twice(maxPool2d(second, { window: 2 }), "down3");
  const enlarged = (x: Tensor, level: number): Tensor =>
    add(convTranspose2d(x, at(`up${level}.enlarge.weight`), { stride: 2 }), at(`up${level}.enlarge.bias`));
  const up = twice(concatChannels([second, enlarged(third, 2)]), "up2");
  return twice(concatChannels([first, enlarged(up, 1)]), "up1");
}

function expectNear(found: HostArray | undefined, wanted: HostArray, tolerance: number, what: string): void {
  expect(found?.length, what).toBe(wanted.length);
  const scale = Math.max(...Array.from(wanted, Math.abs), 1e-6);
  const error = Math.max(...Array.from(wanted, (value, i) => Math.abs((found?.[i] ?? NaN) - value))) / scale;
  expect(error, what).toBeLessThan(tolerance);
}

describe("a U-Net", () => {
  const open = useEngine({ device: "reference" });

  test("has names by level, two convolutions each, and twice the channels a level", () => {
    const net = new UNet(open(), new Initialiser(open(), 1), small);
    const double = (name: string, inputs: number, outputs: number): string[] =>
      [1, 2].flatMap((i) => [
        `${name}.conv${i}.weight 3,3,${i === 1 ? inputs : outputs},${outputs}`,
        ...["weight", "bias", "running_mean", "running_var"].map(
          (each) => `${name}.norm${i}.${each} ${outputs}`,
        ),
      ]);
    const enlarge = (level: number, inputs: number, outputs: number): string[] => [
      `up${level}.enlarge.weight 2,2,${outputs},${inputs}`,
      `up${level}.enlarge.bias ${outputs}`,
    ];
    const wanted = [
      ...double("down1", 3, 4),
      ...double("down2", 4, 8),
      ...double("down3", 8, 16),
      ...enlarge(1, 8, 4),
      ...double("up1", 8, 4),
      ...enlarge(2, 16, 8),
      ...double("up2", 16, 8),
    ];
    const found = [...net.state()].map(([name, { tensor }]) => `${name} ${tensor.shape.join(",")}`);
    expect(found.sort()).toEqual(wanted.sort());
    expect(net.features).toBe(4);
    expect(net.configuration).toEqual(small);
  });

  test("of width 8 and 4 levels has 61 million products an image of 96 x 72", () => {
    const net = new UNet(open(), new Initialiser(open(), 1), { ...small, width: 8, levels: 4 });
    let products = 0;
    for (const [name, { shape, size }] of net.parameters()) {
      if (shape.length !== 4) continue;
      const level = Number(/\d/u.exec(name)?.[0]);
      const pixels = (96 * 72) / 4 ** (level - 1);
      // A pixel of the level below makes the 2 x 2 that a filter of these enlarges it to.
      products += size * (name.includes("enlarge") ? pixels / 4 : pixels);
    }
    expect(Math.floor(products / 1e6)).toBe(61);
  });

  test.each(["training", "untracked", "inference"] as const)(
    "is its operators, written out: %s",
    async (mode) => {
      const net = network(open());
      const images = tensor(open(), [2, 8, 12, 3]);
      net.forward(tensor(open(), [2, 8, 8, 3], 8), "training"); // moves the running statistics
      const found = net.forward(images, mode);
      expect(found.shape).toEqual([2, 8, 12, 4]);
      const values = await found.read();
      expect(new Set(values).size).toBeGreaterThan(values.length / 4); // not all zeros of a ReLU
      expectNear(values, await writtenOut(net, images, mode).read(), 1e-12, mode);
    },
  );

  test.each(["fused", "plain"] as const)(
    "has the gradients of what is written out: %s",
    async (composition) => {
      const net = network(open());
      net.composition = composition;
      const parameters = [...net.parameters()];
      const images = tensor(open(), [2, 8, 8, 3]);
      const weighting = tensor(open(), [2, 8, 8, 4], 5);
      const wanted = [images, ...parameters.map(([, each]) => each)];
      const of = (forward: () => Tensor): readonly Tensor[] =>
        valueAndGradients(() => mean(multiply(forward(), weighting)), wanted).gradients;
      const found = of(() => net.forward(images, "untracked"));
      const plain = of(() => writtenOut(net, images, "untracked"));
      for (const [i, name] of ["images", ...parameters.map(([name]) => name)].entries()) {
        expectNear(await found[i].read(), await plain[i].read(), 1e-9, name);
      }
    },
  );

  test("with skips side by side computes the same as with skips apart", async () => {
    const net = network(open());
    const images = tensor(open(), [2, 8, 12, 3]);
    const apart = await net.forward(images, "untracked").read();
    net.composition = "plain";
    expectNear(apart, await net.forward(images, "untracked").read(), 1e-12, "features");
  });

  test("gives back what was written: weights by name", async () => {
    const [net, other] = [network(open()), new UNet(open(), new Initialiser(open(), 2), small)];
    const images = tensor(open(), [1, 4, 4, 3]);
    const before = await net.forward(images, "inference").read();
    expect(await other.forward(images, "inference").read()).not.toEqual(before);
    await loadWeights(other, await readWeights(net));
    expect(await other.forward(images, "inference").read()).toEqual(before);
  });

  test("refuses images that it cannot halve, with sizes that it can", () => {
    const net = new UNet(open(), new Initialiser(open(), 1), small);
    const given =
      (...shape: number[]) =>
      (): unknown =>
        net.forward(open().zeros(shape), "training");
    expect(given(1, 10, 21, 3)).toThrow(
      "UNet: 3 levels cannot halve 10 x 21 pixels 2 times: height and width must be multiples of 4, such as 8 x 20 or 12 x 24",
    );
    expect(given(1, 3, 8, 3)).toThrow("such as 4 x 8");
    expect(given(1, 8, 8, 1)).toThrow("UNet: takes images [N, H, W, 3], got [1, 8, 8, 1]");
    expect(given(8, 8, 3)).toThrow("UNet: takes images [N, H, W, 3], got [8, 8, 3]");
    const shallow = new UNet(open(), new Initialiser(open(), 1), { ...small, levels: 1 });
    expect(shallow.forward(open().zeros([1, 5, 7, 3]), "training").shape).toEqual([1, 5, 7, 4]);
  });

  test("refuses what is no configuration", () => {
    const built = (more: object) => (): unknown =>
      new UNet(open(), new Initialiser(open(), 1), { ...small, ...more });
    expect(built({ levels: 0 })).toThrow("UNet: levels must be a whole number from 1 to 16, got 0");
    expect(built({ levels: 40 })).toThrow("UNet: levels must be a whole number from 1 to 16, got 40");
    expect(built({ width: 1.5 })).toThrow("UNet: width must be a whole number from 1, got 1.5");
    expect(built({ depth: 3 })).toThrow('UNet: there is no option "depth"');
    expect(built({ kind: "resnet" })).toThrow('UNet: kind must be one of "unet"');
  });
});

describe("a U-Net on WebGPU", () => {
  const reference = useEngine({ device: "reference" });
  const gpu = useEngine({ device: "webgpu" });

  test.each([
    ["three levels", small, [3, 8, 12, 3]],
    ["channels that no four divide", { ...small, inputChannels: 1, width: 3, levels: 2 }, [3, 6, 10, 1]],
  ] as const)("with %s equals the reference", async (_, configuration, shape) => {
    const of = (engine: Engine): ReturnType<typeof outcomeOf> =>
      outcomeOf(network(engine, configuration), tensor(engine, shape), "training");
    const [found, wanted] = [await of(gpu()), await of(reference())];
    // The gradients are small differences of large sums, and a ReLU whose input is zero to rounding may take either side.
    expectNear(found.features, wanted.features, 1e-4, "features");
    for (const part of ["gradients", "state"] as const) {
      expect([...found[part].keys()]).toEqual([...wanted[part].keys()]);
      for (const [name, values] of wanted[part]) {
        expectNear(found[part].get(name), values, 2e-3, `${part} of ${name}`);
      }
    }
  });

  test("of width 16 takes 66 MiB a step of 8 images of 96 x 72, and 5 MiB more with skips side by side", async () => {
    using engine = new Engine(new PlanningBackend(gpu().traits));
    const net = new UNet(engine, new Initialiser(engine, 1), { ...small, width: 16, levels: 4 });
    const parameters = [...net.parameters().values()];
    const adam = new Adam(parameters, { learningRate: 1e-3 });
    const bytesOf = async (composition: UNet["composition"]): Promise<number> => {
      net.composition = composition;
      using program = await engine.record(() => {
        const images = engine.feed(() => new Float32Array(), [8, 96, 72, 3]);
        const { value, gradients } = valueAndGradients(
          () => mean(net.forward(images, "training")),
          parameters,
        );
        adam.step(gradients);
        return value;
      });
      return (program.plan?.bytes ?? NaN) / 2 ** 20;
    };
    const apart = await bytesOf("fused");
    expect(apart).toBeLessThan(66);
    // What two convolutions of the way up would read side by side, in place of the sum that is stored for one of them.
    expect((await bytesOf("plain")) - apart).toBeGreaterThan(5);
  });

  test("learns to find what is bright", async () => {
    const engine = gpu();
    const net = new UNet(engine, new Initialiser(engine, 3), { ...small, inputChannels: 1 });
    const images = tensor(engine, [4, 16, 16, 1]);
    const bright = engine.tensor(
      (await images.read()).map((value) => (value > 0.5 ? 1 : 0)),
      [4, 16, 16, 1],
    );
    const parameters = [...net.parameters().values()];
    const adam = new Adam(parameters, { learningRate: 0.02 });
    const losses: number[] = [];
    for (let step = 0; step < 30; step++) {
      const { value, gradients } = valueAndGradients(() => {
        const error = subtract(net.forward(images, "training"), bright);
        return mean(multiply(error, error));
      }, parameters);
      adam.step(gradients);
      losses.push(await value.item());
    }
    expect(losses[29]).toBeLessThan(losses[0] / 4);
  });
});
