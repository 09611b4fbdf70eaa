// Recorded steps: the same bits as direct ones, values that change, memory that is shared, and no growth.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { UsageError, LifetimeError } from "../../src/errors/errors.ts";
import { Conv2d } from "../../src/nn/layers/convolution-layers.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { BatchNorm } from "../../src/nn/layers/normalisation-layers.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { relu, add, affine } from "../../src/functions/elementwise.ts";
import { pack } from "../../src/functions/movement.ts";
import { sgd } from "../../src/functions/optimisers.ts";
import { softmaxCrossEntropy } from "../../src/functions/losses.ts";
import { averagePool2d, globalAveragePool } from "../../src/functions/pooling.ts";
import { sum } from "../../src/functions/reduction.ts";
import { Adam } from "../../src/optim/adam.ts";
import { launchesOf } from "../../src/runtime/step-plan.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const [batch, size, classes] = [4, 8, 3];

/** A small network, its optimiser, and a step on the batch that is current when it runs. */
class Trained {
  readonly engine: Engine;
  readonly optimiser: Adam;
  readonly parameters: Tensor[];
  index = 0;
  readonly #layers: {
    readonly conv: Conv2d;
    readonly norm: BatchNorm;
    readonly wide: Conv2d;
    readonly fc: Linear;
  };

  constructor(engine: Engine) {
    const init = new Initialiser(engine, 7);
    this.engine = engine;
    this.#layers = {
      conv: new Conv2d(engine, init, 1, 4, { kernel: 3 }),
      norm: new BatchNorm(engine, 4),
      wide: new Conv2d(engine, init, 4, 8, { kernel: 1 }),
      fc: new Linear(engine, init, 8, classes),
    };
    this.parameters = Object.values(this.#layers).flatMap((layer) => [...layer.parameters().values()]);
    this.optimiser = new Adam(this.parameters, { learningRate: 0.01 });
  }

  readonly step = (): Tensor => {
    const { engine, parameters, optimiser } = this;
    const { conv, norm, wide, fc } = this.#layers;
    const x = engine.feed(() => normal([batch, size, size, 1], this.index).data, [batch, size, size, 1]);
    const labels = engine.feed(() => oneHot(this.index), [batch, classes]);
    const { value, gradients } = valueAndGradients(() => {
      const maps = relu(norm.forward(conv.forward(x), "training"));
      const features = globalAveragePool(wide.forward(averagePool2d(maps, { window: 2 })));
      return softmaxCrossEntropy(fc.forward(features), labels);
    }, parameters);
    optimiser.step(gradients);
    return value;
  };

  dispose(): void {
    this.optimiser.dispose();
    for (const layer of Object.values(this.#layers)) layer.dispose();
  }

  async state(): Promise<number[][]> {
    return Promise.all(this.parameters.map(async (tensor) => Array.from(await tensor.read())));
  }
}

const oneHot = (index: number): Float32Array =>
  Float32Array.from({ length: batch * classes }, (_, i) => ((i + index) % classes === 0 ? 1 : 0));

for (const device of ["webgpu", "reference"] as const) {
  describe(`a recorded step on ${device}`, () => {
    const open = useEngine({ device });

    test("gives the direct step's losses and parameters bit for bit, also when the learning rate changes", async () => {
      const rates = [0.01, 0.01, 0.003, 0.05, 0.01];
      const direct = new Trained(open());
      const expected: number[] = [];
      for (const [i, rate] of rates.entries()) {
        direct.index = i;
        direct.optimiser.learningRate = rate;
        using loss = open().scope(direct.step);
        expected.push(await loss.item());
      }
      const replayed = new Trained(open());
      using program = await open().record(replayed.step);
      expect(replayed.optimiser.steps).toBe(0);
      const readings = program.follow(program.result, 2);
      for (const [i, rate] of rates.entries()) {
        replayed.index = i;
        replayed.optimiser.learningRate = rate;
        program.run();
      }
      const found: number[] = [];
      while (readings.pending > 0) found.push((await readings.next())[0] ?? NaN);
      expect(found).toEqual(expected);
      expect(new Set(found).size).toBe(rates.length);
      expect(await replayed.state()).toEqual(await direct.state());
      expect(replayed.optimiser.steps).toBe(rates.length);
      expect(await program.result.item()).toBe(expected.at(-1));
    });

    test("direct calls before, between and after replays see each other's values", async () => {
      const engine = open();
      const x = engine.tensor([1, 2, 3]);
      using program = await engine.record(() => affine(x, 10));
      engine.write(x, [4, 5, 6]);
      program.run();
      const once = affine(program.result, 1, 1);
      engine.write(x, [0, 0, 7]);
      program.run();
      expect(Array.from(await once.read())).toEqual([41, 51, 61]);
      expect(Array.from(await program.result.read())).toEqual([0, 0, 70]);
      x.dispose();
      program.run(); // the program keeps what it reads
      expect(Array.from(await program.result.read())).toEqual([0, 0, 70]);
    });

    test("what would be frozen or cannot be recorded is refused", async () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      const refused = async (step: () => unknown, message: RegExp): Promise<void> => {
        const error: unknown = await engine.record(step).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(UsageError);
        expect((error as Error).message).toMatch(message);
      };
      await refused(() => add(x, engine.tensor([1, 2])), /frozen.*engine\.feed/);
      await refused(() => void x.read(), /read/);
      await refused(() => {
        engine.write(x, [0, 0]);
      }, /engine\.feed/);
      await refused(() => engine.trace(() => x), /inside engine\.record/);
      // A refusal leaves the engine as it was.
      expect(Array.from(await add(x, engine.tensor([1, 1])).read())).toEqual([2, 3]);
    });

    test("a tensor that the step did not return has no values outside", async () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      let inner: Tensor | undefined;
      using program = await engine.record(() => affine((inner = engine.keep(affine(x, 2))), 3));
      program.run();
      await expect((async () => inner?.read())()).rejects.toThrow(LifetimeError);
      program.dispose();
      expect(() => program.run()).toThrow(/disposed/);
    });

    test("another program's result is read in its place, and what the step disposes lives on in the program", async () => {
      const engine = open();
      const x = engine.tensor([1, 2, 3, 4]);
      using first = await engine.record(() => affine(x, 10));
      const given = engine.tensor([5, 5, 5, 5]);
      using second = await engine.record(() => {
        const y = add(affine(first.result, 1, 1), given);
        given.dispose();
        return y;
      });
      for (let i = 0; i < 4; i++) engine.tensor([990, 990, 990, 990]);
      first.run();
      second.run();
      expect(Array.from(await second.result.read())).toEqual([16, 26, 36, 46]);
    });

    test("a pack, or a part of one, that is updated in place is another value than its copy", async () => {
      const engine = open();
      const layout = { offsets: [0, 64], size: 128 };
      const hyper = engine.tensor([1, 0]); // learning rate 1, no momentum
      const step = (parameter: Tensor, gradient: Tensor): void => {
        sgd(parameter, affine(parameter, 0), gradient, hyper);
      };
      const x = engine.tensor([1, 2, 3]);
      const changedPart = (): Tensor[] => {
        const part = affine(x, 2);
        const packed = pack([part, x], layout);
        step(part, x);
        return [affine(packed, 1), affine(part, 1)];
      };
      const changedPack = (): Tensor[] => {
        const part = affine(x, 2);
        const packed = pack([part, x], layout);
        step(packed, affine(packed, 0.5));
        return [affine(packed, 1), affine(part, 1)];
      };
      for (const body of [changedPart, changedPack]) {
        const direct = engine.scope(body);
        using program = await engine.record(body);
        program.run();
        for (const [i, tensor] of program.result.entries()) {
          expect(await tensor.read()).toEqual(await direct[i].read());
        }
      }
    });

    test("parameters of two optimisers in one recorded step, and one named twice, are refused", async () => {
      const engine = open();
      const [a, b] = [engine.tensor([1]), engine.tensor([2])];
      const optimisers = [new Adam([a, b], { learningRate: 1 }), new Adam([b], { learningRate: 1 })];
      const step = (): void => {
        optimisers[0].step([affine(a, 1), affine(b, 1)]);
        optimisers[1].step([affine(b, 1)]);
      };
      step();
      await expect(engine.record(step)).rejects.toThrow(/one optimiser/);
      expect(() => new Adam([a, a], { learningRate: 1 })).toThrow(/only once/);
      step(); // and nothing is broken
      expect(await a.item()).toBeCloseTo(-0.67, 2);
    });

    test("a program may be disposed with its runs still queued", async () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      const program = await engine.record(() => affine(x, 10));
      program.follow(program.result);
      program.run();
      const after = affine(x, 3);
      expect(() => program.follow(program.result, 0)).toThrow(/whole number/);
      program.dispose();
      expect(Array.from(await after.read())).toEqual([3, 6]);
      expect(() => program.follow(program.result)).toThrow(LifetimeError);
      expect(() => program.follow(program.result)).toThrow(/^follow: the program was disposed; record/);
    });

    test("a result before the first run is refused, not zeros; another program may be made of it", async () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      using program = await engine.record(() => ({ y: affine(x, 10) }));
      const { y } = program.result;
      const early = /no values before its first run; call program\.run\(\) first/;
      expect(() => y.read()).toThrow(LifetimeError);
      expect(() => y.read()).toThrow(early);
      await expect(y.ndarray()).rejects.toThrow(early);
      expect(() => affine(y, 1)).toThrow(early);
      const readings = program.follow(y);
      using next = await engine.record(() => affine(y, 2));
      program.run();
      next.run();
      expect(Array.from(await y.read())).toEqual([10, 20]);
      expect(Array.from(await readings.next())).toEqual([10, 20]);
      expect(Array.from(await next.result.read())).toEqual([20, 40]);
    });

    test("a feed that gives no data is refused by name, and the next run is as if it had not been", async () => {
      const engine = open();
      let values: unknown = Promise.resolve([1, 2]);
      using program = await engine.record(() =>
        affine(
          engine.feed(() => values as number[], [2]),
          10,
        ),
      );
      expect(() => program.run()).toThrow(UsageError);
      expect(() => program.run()).toThrow(/^engine\.feed: takes a number,.*; got a promise: await it first/);
      values = ["1", "2"];
      expect(() => program.run()).toThrow(/got the string "1" at \[0\]/);
      expect(program.runs).toBe(0);
      values = [1, 2];
      program.run();
      expect(Array.from(await program.result.read())).toEqual([10, 20]);
    });

    test("memory is back where it was once programs and optimisers are gone", async () => {
      const engine = open();
      const before = engine.memory().bytes;
      const trained = new Trained(engine);
      for (let i = 0; i < 3; i++) engine.scope(trained.step).dispose();
      const program = await engine.record(trained.step);
      program.run();
      await program.result.read();
      program.dispose();
      trained.dispose();
      expect(engine.memory().bytes).toBe(before);
    });

    test("gathered tensors keep their values, and one flat tensor sees them all", async () => {
      const engine = open();
      const [a, b, c] = [engine.tensor([1, 2, 3]), engine.tensor([[4], [5]]), engine.tensor(6)];
      const { flat, offsets } = engine.gather([a, b, c]);
      expect(offsets).toEqual([0, 64, 128]);
      const expected = new Array<number>(192).fill(0);
      [1, 2, 3].forEach((value, i) => (expected[i] = value));
      [expected[64], expected[65], expected[128]] = [4, 5, 6];
      expect(Array.from(await flat.read())).toEqual(expected);
      engine.write(b, [[7], [8]]);
      expect((await flat.read())[65]).toBe(8);
      flat.dispose();
      expect(Array.from(await add(a, a).read())).toEqual([2, 4, 6]);
      expect(await c.item()).toBe(6);
      // Again is the same piece; another order is another one, and everyone follows.
      const again = engine.gather([a, b, c]).flat;
      const turned = engine.gather([c, a]);
      expect((await turned.flat.read())[64]).toBe(1);
      engine.write(a, [9, 9, 9]);
      expect((await turned.flat.read())[64]).toBe(9);
      expect((await again.read())[0]).toBe(1);
    });
  });
}

describe("the plan of a recorded step", () => {
  const open = useEngine({ device: "webgpu" });

  test("gradients are computed in their places: one launch for Adam and none to pack", async () => {
    const engine = open();
    using program = await engine.record(new Trained(engine).step);
    expect(program.plan?.launches.get("optimiser")).toBe(1);
    const packed = program.plan?.buffers.filter(({ purpose }) => purpose === "packed");
    expect(packed?.map(({ bytes }) => bytes)).toEqual([4 * 6 * 64]);
  });

  test("a gradient that is another parameter's too is copied to its place", async () => {
    const engine = open();
    const [a, b] = [engine.tensor([1, 2, 3]), engine.tensor([4, 5, 6])];
    const optimiser = new Adam([a, b], { learningRate: 1 });
    const step = (): Tensor => {
      const { value, gradients } = valueAndGradients(() => sum(add(a, b)), [a, b]);
      optimiser.step(gradients);
      return value;
    };
    using program = await engine.record(step);
    expect(program.plan?.launches.get("optimiser")).toBeGreaterThan(1);
    program.run();
    expect(Array.from(await a.read())).toEqual([0, 1, 2]);
    expect(Array.from(await b.read())).toEqual([3, 4, 5]);
  });

  test("buffers that are not needed together share memory, and the plan's bytes are what the device holds", async () => {
    const engine = open();
    const x = engine.tensor(normal([1000]).data);
    const before = engine.memory().bytes;
    using program = await engine.record(() => {
      let y = x;
      for (let i = 0; i < 20; i++) y = affine(y, 0.5, i);
      return y;
    });
    const { plan } = program;
    if (plan === undefined) throw new Error("a program on WebGPU has a plan");
    expect(launchesOf(plan)).toBe(20);
    expect(plan.peakBytes).toBe(8000);
    expect(plan.reusedBytes).toBe(8000);
    expect(plan.bytes).toBe(12000);
    expect(engine.memory().bytes - before).toBe(plan.bytes);
    program.run();
    using direct = engine.scope(() => {
      let y = x;
      for (let i = 0; i < 20; i++) y = affine(y, 0.5, i);
      return y;
    });
    expect(await program.result.read()).toEqual(await direct.read());
  });

  test("a launch never reads and writes one buffer, with guard bands and poison around", async () => {
    using engine = await openEngine({ device: "webgpu", checked: true });
    const trained = new Trained(engine);
    using program = await engine.record(trained.step);
    const expected = new Trained(open());
    for (let i = 0; i < 3; i++) {
      trained.index = expected.index = i;
      program.run();
      open().scope(expected.step);
    }
    expect(await trained.state()).toEqual(await expected.state());
  });

  test("too large a step is refused before anything is allocated, with its largest buffers", async () => {
    const engine = open();
    const before = engine.memory().bytes;
    const huge = Math.ceil(engine.traits.maxBufferBytes / 4);
    await expect(engine.record(() => relu(engine.feed(() => [0], [huge])))).rejects.toThrow(
      /the step needs [\d.]+ MiB, and one buffer may hold.*smaller batch[^]*results/,
    );
    expect(engine.memory().bytes).toBe(before);
  });
});
