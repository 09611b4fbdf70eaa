// A DenseNet in mixed precision: what it computes beside the same network in full precision, in how much memory, and that a
// number too large for half precision is noticed.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { NonFiniteError } from "../../src/errors/training-errors.ts";
import { add, multiply } from "../../src/functions/elementwise.ts";
import { cast } from "../../src/functions/movement.ts";
import { mean, sum } from "../../src/functions/reduction.ts";
import {
  DenseNet,
  densenet121Configuration,
  type DenseNetConfiguration,
  type Precision,
} from "../../src/nn/densenet.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Mode } from "../../src/nn/module.ts";
import { Adam } from "../../src/optim/adam.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { PlanningBackend } from "../../src/runtime/planning-backend.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Task } from "../../src/training/task.ts";
import { train } from "../../src/training/trainer.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const gpu = useEngine({ device: "webgpu" });

const configuration: DenseNetConfiguration = {
  inputChannels: 1,
  stem: { features: 6, kernel: 3, stride: 1, pool: true },
  blocks: [2, 2],
  growth: 8,
  bottleneck: 2,
  compression: 0.5,
};

function network(engine: Engine, precision: Precision, of = configuration): DenseNet {
  const net = new DenseNet(engine, new Initialiser(engine, 3), of);
  net.precision = precision;
  return net;
}

const images = normal([6, 12, 10, 1], 5);

interface Outcome {
  readonly features: HostArray;
  readonly gradients: readonly HostArray[];
}

async function outcome(engine: Engine, precision: Precision, mode: Mode): Promise<Outcome> {
  const net = network(engine, precision);
  const parameters = [...net.parameters().values()];
  const { features, gradients } = engine.scope(() => {
    using tape = new Tape(engine, parameters);
    const made = net.forward(engine.tensor(images.data, images.shape), mode);
    const weights = engine.tensor(normal(made.shape, 7).data, made.shape);
    return { features: made, gradients: tape.gradients(mean(multiply(made, weights)), parameters) };
  });
  const read = {
    features: await features.read(),
    gradients: await Promise.all(gradients.map((each) => each.read())),
  };
  net.dispose();
  return read;
}

const normOf = (values: Iterable<number>): number => Math.hypot(...values);
/** The distance of two vectors in units of the second one's length. */
const apart = (a: HostArray, b: HostArray): number =>
  normOf(Array.from(a, (value, i) => value - b[i])) / normOf(b);

describe.each(["webgpu", "reference"] as const)("on %s", (device) => {
  const open = useEngine({ device });

  test.each([
    ["one view", "training"],
    ["both views, each with statistics of its own", { mode: "training", groups: 2 }],
  ] as const)(
    "features and gradients of %s are those of full precision within its rounding",
    async (_, mode) => {
      const full = await outcome(open(), "full", mode);
      const mixed = await outcome(open(), "mixed", mode);
      expect(apart(mixed.features, full.features)).toBeLessThan(2 ** -9);
      expect(mixed.features).not.toEqual(full.features);
      // As one vector: those of a scale whose effect the next batch norm takes away are rounding and no more.
      const [mine, theirs] = [mixed, full].map(({ gradients }) =>
        Float64Array.from(gradients.flatMap((each) => Array.from(each))),
      );
      expect(apart(mine, theirs)).toBeLessThan(2 ** -7);
    },
  );

  test("at inference it is full precision, bit for bit", async () => {
    const features = async (precision: Precision): Promise<HostArray> => {
      const net = network(open(), precision);
      using made = net.forward(open().tensor(images.data, images.shape), "inference");
      return await made.read();
    };
    expect(await features("mixed")).toEqual(await features("full"));
  });

  test("maps are f32, and gradients through them and through the features meet", async () => {
    const slopes = async (precision: Precision): Promise<HostArray> => {
      const net = network(open(), precision);
      const [weight] = [...net.parameters().values()];
      const [gradient] = open().scope(() => {
        using tape = new Tape(open(), [weight]);
        const [first, last] = net.maps(open().tensor(images.data, images.shape), "training");
        expect([first.dtype, last.dtype]).toEqual(["f32", "f32"]);
        return tape.gradients(add(mean(first), mean(last)), [weight]);
      });
      return await gradient.read();
    };
    expect(apart(await slopes("mixed"), await slopes("full"))).toBeLessThan(2 ** -6);
  });

  test("layers that are computed one by one are refused", () => {
    const net = network(open(), "mixed");
    net.composition = "plain";
    const forward = () => net.forward(open().tensor(images.data, images.shape), "training");
    expect(forward).toThrow(UsageError);
    expect(forward).toThrow(/^DenseBlock: mixed precision is for fused dense blocks/);
  });

  test("two gradients of one f16 tensor are added up", async () => {
    const [gradient] = open().scope(() => {
      const x = open().tensor([1, 2, 3, 4]);
      using tape = new Tape(open(), [x]);
      const half = cast(x, "f16");
      const total = add(sum(multiply(cast(half, "f32"), 0.25)), sum(multiply(cast(half, "f32"), 2)));
      return tape.gradients(total, [x]);
    });
    expect(Array.from(await gradient.read())).toEqual([2.25, 2.25, 2.25, 2.25]);
  });

  test("gradients of a multiple of the loss are divided by it before anything is done with them", async () => {
    const trained = async (lossScale: number): Promise<HostArray> => {
      const weight = open().tensor([1, -2, 3, 0.5]);
      using optimiser = new Adam([weight], { learningRate: 0.1, clipNorm: 1 });
      optimiser.step([open().tensor([3 * lossScale, 4 * lossScale, 0, 1e-9 * lossScale])], { lossScale });
      return await weight.read();
    };
    // A power of two takes no digit away.
    expect(await trained(4096)).toEqual(await trained(1));
    await expect(trained(0)).rejects.toThrow("adam: step: lossScale must be a finite number above 0, got 0");
  });

  test("what half precision does not hold ends a run", async () => {
    const net = network(open(), "mixed");
    const task: Task<null, never, DenseNet> = {
      module: net,
      twin: () => network(open(), "mixed"),
      terms: ["total"],
      ...{ stepsPerEpoch: 2, settings: {}, data: "" },
      variantAt: () => "all",
      losses: () => {
        const made = net.forward(
          open().feed(() => images.data, images.shape),
          "training",
        );
        return { total: mean(multiply(made, made)) };
      },
      // eslint-disable-next-line @typescript-eslint/require-await -- the contract is that of data which is read from a disk
      async *inputs(_, count) {
        for (let step = 0; step < count; step++) yield null;
      },
    };
    const settings = { epochs: 2, learningRate: 0.01 };
    await train(task, { ...settings, precision: { by: "mixed", lossScale: 4096 } });
    const tooLarge = train(task, { ...settings, precision: { by: "mixed", lossScale: 2 ** 40 } });
    await expect(tooLarge).rejects.toThrow(NonFiniteError);
  });
});

test("a step takes two thirds of the memory, and an adapter without f16 is named", async () => {
  const bytes = async (precision: Precision, features: readonly string[]): Promise<number> => {
    const traits = { ...gpu().traits, features: new Set(features) };
    using engine = new Engine(new PlanningBackend(traits));
    const net = network(engine, precision, { ...densenet121Configuration, inputChannels: 1 });
    const parameters = [...net.parameters().values()];
    using program = await engine.record(() =>
      engine.scope(() => {
        using tape = new Tape(engine, parameters);
        const made = net.forward(
          engine.feed(() => images.data, [4, 128, 128, 1]),
          "training",
        );
        return tape.gradients(mean(made), parameters);
      }),
    );
    return program.plan?.reusedBytes ?? expect.unreachable();
  };
  const share = (await bytes("mixed", ["shader-f16"])) / (await bytes("full", []));
  expect(share).toBeLessThan(0.7);
  await expect(bytes("mixed", ["subgroups"])).rejects.toThrow(
    /^denseBlock: keeps numbers as f16, and the adapter ".*" has no shader-f16/,
  );
});
