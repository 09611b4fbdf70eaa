// A DenseNet of fused operators against the plain composition of the same network: features, gradients of all
// parameters, running statistics, and losses over a few steps.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { DenseNet, type Composition, type DenseNetConfiguration } from "../../src/nn/densenet.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Mode } from "../../src/nn/module.ts";
import { affine, multiply } from "../../src/functions/elementwise.ts";
import { mean } from "../../src/functions/reduction.ts";
import { Adam } from "../../src/optim/adam.ts";
import type { Engine, OperatorCall } from "../../src/runtime/engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { outcomeOf, type Outcome } from "./outcome.ts";
import { normal } from "../operators/sample.ts";

const withoutBottleneck: DenseNetConfiguration = {
  inputChannels: 1,
  stem: { features: 8, kernel: 3, stride: 1, pool: false },
  blocks: [2, 3],
  growth: 4,
  bottleneck: null,
  compression: 0.5,
};

const withBottleneck: DenseNetConfiguration = {
  inputChannels: 3,
  stem: { features: 8, kernel: 7, stride: 2, pool: true },
  blocks: [2, 2, 1],
  growth: 4,
  bottleneck: 2,
  compression: 0.5,
};

const configurations = [
  ["without bottleneck", withoutBottleneck],
  ["with bottleneck and stem pool", withBottleneck],
  [
    "with numbers of channels that are no multiples of four",
    { ...withoutBottleneck, stem: { ...withoutBottleneck.stem, features: 7 } },
  ],
] as const;

/** The network with random batch norms: they all start as equals. */
function network(engine: Engine, configuration: DenseNetConfiguration, composition: Composition): DenseNet {
  const net = new DenseNet(engine, new Initialiser(engine, 1), configuration);
  net.composition = composition;
  const parameters = [...net.parameters().values()];
  engine.scope(() => {
    new Adam(parameters, { learningRate: 0.1 }).step(
      parameters.map(({ shape }, i) => engine.tensor(normal(shape, i).data, shape)),
    );
  });
  return net;
}

function images(engine: Engine, { inputChannels }: DenseNetConfiguration): Tensor {
  const shape = [3, 24, 20, inputChannels];
  return engine.tensor(normal(shape, 7).data, shape);
}

async function outcome(
  engine: Engine,
  configuration: DenseNetConfiguration,
  composition: Composition,
  mode: Mode,
): Promise<Outcome> {
  return await outcomeOf(network(engine, configuration, composition), images(engine, configuration), mode);
}

/** The largest difference of two tensors, relative to the largest value. */
function difference(found: HostArray | undefined, wanted: HostArray): number {
  expect(found?.length).toBe(wanted.length);
  const scale = Math.max(...Array.from(wanted, Math.abs), 1e-6);
  return Math.max(...Array.from(wanted, (value, i) => Math.abs((found?.[i] ?? NaN) - value))) / scale;
}

function expectEqual(fused: Outcome, plain: Outcome, tolerance: number): void {
  expect(difference(fused.features, plain.features)).toBeLessThan(tolerance);
  for (const part of ["gradients", "state"] as const) {
    expect([...fused[part].keys()]).toEqual([...plain[part].keys()]);
    for (const [name, wanted] of plain[part]) {
      expect(difference(fused[part].get(name), wanted), `${part} of ${name}`).toBeLessThan(tolerance);
    }
  }
}

describe.each([
  ["reference", 1e-9],
  // The gradients are small differences of large sums, and a ReLU whose input is zero to rounding may take either side.
  ["webgpu", 2e-3],
] as const)("fused and plain DenseNets on %s", (device, tolerance) => {
  const open = useEngine({ device });

  test.each(configurations)("are equal in training, %s", async (_, configuration) => {
    const [fused, plain] = [
      await outcome(open(), configuration, "fused", "training"),
      await outcome(open(), configuration, "plain", "training"),
    ];
    expectEqual(fused, plain, tolerance);
    const moved = [...fused.state].filter(([name]) => name.endsWith("running_mean"));
    expect(moved.length).toBeGreaterThan(0);
    for (const [, values] of moved) expect(values.some((value) => value !== 0)).toBe(true);
  });

  test.each(configurations)(
    "are equal untracked, and leave running statistics alone, %s",
    async (_, part) => {
      const [fused, plain] = [
        await outcome(open(), part, "fused", "untracked"),
        await outcome(open(), part, "plain", "untracked"),
      ];
      expectEqual(fused, plain, tolerance);
      for (const [name, values] of fused.state) {
        if (name.endsWith("running_mean")) expect(new Set(values)).toEqual(new Set([0]));
        if (name.endsWith("running_var")) expect(new Set(values)).toEqual(new Set([1]));
      }
    },
  );

  test.each(configurations)("are equal at inference, %s", async (_, configuration) => {
    const engine = open();
    const net = network(engine, configuration, "fused");
    const x = images(engine, configuration);
    net.forward(x, "training"); // moves the running statistics
    const fused = await net.forward(x, "inference").read();
    net.composition = "plain";
    expect(difference(fused, await net.forward(x, "inference").read())).toBeLessThan(tolerance);
  });

  test.each(configurations)("have the same losses for four steps, %s", async (_, configuration) => {
    const losses = async (composition: Composition): Promise<number[]> => {
      const engine = open();
      const net = network(engine, configuration, composition);
      const parameters = [...net.parameters().values()];
      const adam = new Adam(parameters, { learningRate: 1e-3 });
      const x = images(engine, configuration);
      const found: number[] = [];
      for (let step = 0; step < 4; step++) {
        const { value, gradients } = valueAndGradients(() => {
          const features = affine(net.forward(x, "training"), 1, -1);
          return mean(multiply(features, features));
        }, parameters);
        adam.step(gradients);
        found.push(await value.item());
      }
      return found;
    };
    const [fused, plain] = [await losses("fused"), await losses("plain")];
    expect(new Set(fused).size).toBe(4);
    fused.forEach((loss, step) => {
      expect(Math.abs(loss / (plain[step] ?? NaN) - 1), `step ${step + 1}`).toBeLessThan(tolerance);
    });
  });
});

describe("which composition a DenseNet takes", () => {
  const open = useEngine({ device: "reference" });

  function operatorsOf(
    configuration: DenseNetConfiguration,
    composition: Composition,
    mode: Mode,
  ): Set<string> {
    const engine = open();
    const names = new Set<string>();
    const net = network(engine, configuration, composition);
    engine.observer = ({ operator }: OperatorCall) => names.add(operator.name);
    try {
      net.forward(images(engine, configuration), mode);
    } finally {
      engine.observer = undefined;
    }
    return names;
  }

  test("the fused one concatenates and normalises nothing", () => {
    const names = operatorsOf(withBottleneck, "fused", "training");
    expect([...names].sort()).toEqual(["activatedPool", "batchMoments", "conv2d", "denseBlock", "reshape"]);
  });

  test("the plain one where it is asked for", () => {
    const names = operatorsOf(withBottleneck, "plain", "training");
    expect(names.has("concat")).toBe(true);
    expect(names.has("denseBlock")).toBe(false);
  });

  test("the plain one at inference where a tape records, so that gradients pass", async () => {
    const { gradients } = await outcome(open(), withoutBottleneck, "fused", "inference");
    const weights = gradients.get("denseblock1.denselayer1.conv1.weight") ?? [];
    expect(weights.some((value) => value !== 0)).toBe(true);
  });

  test("the fused one for any number of channels, the plain one where the growth is no multiple of four", () => {
    const odd = { ...withoutBottleneck, stem: { ...withoutBottleneck.stem, features: 7 } };
    expect(operatorsOf(odd, "fused", "training").has("concat")).toBe(false);
    expect(operatorsOf({ ...odd, growth: 6 }, "fused", "training").has("concat")).toBe(true);
  });
});
