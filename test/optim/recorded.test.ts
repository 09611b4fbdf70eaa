// Optimisers and schedules in recorded steps: replays take the rate of their step, and give the direct steps' bits.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { multiply, relu } from "../../src/functions/elementwise.ts";
import { softmaxCrossEntropy } from "../../src/functions/losses.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { BatchNorm } from "../../src/nn/layers/normalisation-layers.ts";
import { optimiserNames, optimiserOf, type OptimiserName } from "../../src/optim/optimiser-table.ts";
import { scheduleOf } from "../../src/optim/schedule-table.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const shapes = [[5, 30], [30]] as const;
const steps = 8;

describe.each(["reference", "webgpu"] as const)("on %s", (device) => {
  const open = useEngine({ device });

  /** Steps with a cosine and a warm-up, direct or recorded and queued without waiting; then the parameters, and all rates. */
  async function trained(engine: Engine, by: OptimiserName, recorded: boolean): Promise<number[][]> {
    const parameters = shapes.map((shape, i) => engine.tensor(normal(shape, i).data, shape));
    using optimiser = optimiserOf(parameters, { by, learningRate: 0.1, weightDecay: 0.1, clipNorm: 5 });
    const schedule = scheduleOf(optimiser, { by: "cosine", warmup: 3 });
    let now = 0;
    const step = (): void =>
      optimiser.step(
        shapes.map((shape, i) => engine.feed(() => normal(shape, 10 * now + i, 0, 0.5).data, shape)),
      );
    const program = recorded ? await engine.record(step) : undefined;
    const rates: number[] = [];
    for (now = 1; now <= steps; now++) {
      schedule.beforeStep(now, steps);
      rates.push(optimiser.learningRate);
      if (program === undefined) engine.scope(step);
      else program.run();
    }
    expect(optimiser.steps).toBe(steps);
    const values = await Promise.all(parameters.map(async (tensor) => Array.from(await tensor.read())));
    const norm = (await optimiser.gradientNorm?.item()) ?? NaN;
    program?.dispose();
    for (const tensor of parameters) tensor.dispose();
    return [...values, rates, [norm]];
  }

  test.each(optimiserNames)("%s follows a schedule that changes the rate at every replay", async (by) => {
    const direct = await trained(open(), by, false);
    expect(new Set(direct[shapes.length]).size).toBe(steps - 1);
    expect(await trained(open(), by, true)).toEqual(direct);
  });

  test.each(optimiserNames)("%s would end elsewhere with the rate of the recording", async (by) => {
    const engine = open();
    const ends = async (rates: readonly number[]): Promise<number> => {
      const x = engine.tensor([1]);
      using optimiser = optimiserOf([x], { by, learningRate: 0.5, weightDecay: 0 });
      using program = await engine.record(() => optimiser.step([engine.feed(() => [1], [1])]));
      for (const rate of rates) {
        optimiser.learningRate = rate;
        program.run();
      }
      return await x.item();
    };
    expect(await ends([0, 0, 0])).toBe(1);
    expect(await ends([0.5, 0, 0])).not.toBe(await ends([0.5, 0.5, 0]));
  });
});

describe.each(["reference", "webgpu"] as const)("a clipped training step on %s", (device) => {
  const open = useEngine({ device });

  test("shows an infinite gradient as a loss that is no finite number at the next step", async () => {
    const engine = open();
    const init = new Initialiser(engine, 3);
    const layers = [new Linear(engine, init, 6, 8), new Linear(engine, init, 8, 3)] as const;
    const norm = new BatchNorm(engine, 8);
    const parameters = [...layers, norm].flatMap((layer) => [...layer.parameters().values()]);
    using optimiser = optimiserOf(parameters, { by: "adamw", learningRate: 0.01, clipNorm: 1 });
    const labels = engine.tensor([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    let weight = 1;
    using program = await engine.record(() => {
      const x = engine.feed(() => normal([2, 6], 1).data, [2, 6]);
      const { value, gradients } = valueAndGradients(() => {
        const hidden = relu(norm.forward(layers[0].forward(x), "training"));
        return softmaxCrossEntropy(layers[1].forward(hidden), labels);
      }, parameters);
      const scale = engine.feed(() => [weight], []);
      optimiser.step(gradients.map((gradient) => multiply(gradient, scale)));
      return value;
    });
    const losses: number[] = [];
    for (weight of [1, 1, Infinity, 1, 1]) {
      program.run();
      losses.push(await program.result.item());
    }
    expect(losses.map(Number.isFinite)).toEqual([true, true, true, false, false]);
  });
});

describe("on WebGPU", () => {
  const open = useEngine({ device: "webgpu" });

  test.each([
    ["adam", undefined, 1],
    ["adamw", undefined, 1],
    ["sgd", undefined, 1],
    // Squares, their sum and the factor, and the product.
    ["adam", 1, 4],
  ] as const)("%s with clipNorm %s takes %i launches for all parameters", async (by, clipNorm, launches) => {
    const engine = open();
    const parameters = [engine.tensor([1, 2]), engine.tensor([3])];
    using optimiser = optimiserOf(parameters, { by, learningRate: 0.1, weightDecay: 0.1, clipNorm });
    using program = await engine.record(() => {
      // Gradients that come from outside are packed by a copy each, which belongs to no optimiser.
      optimiser.step([engine.feed(() => [1, 1], [2]), engine.feed(() => [1], [1])]);
    });
    expect((program.plan?.launches.get("optimiser") ?? 0) - parameters.length).toBe(launches);
  });
});
