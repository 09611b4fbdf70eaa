// What a device or process cannot hold is refused in one line, before memory is taken or values are made; and where one way
// to compute an operator does not fit, another that does is taken.

import { describe, expect, test } from "vitest";
import { KernelError, OutOfMemoryError, ShapeError, UsageError } from "../../src/errors/errors.ts";
import { openGpu } from "../../src/device/gpu.ts";
import { affine } from "../../src/functions/elementwise.ts";
import { randomUniform } from "../../src/functions/random-tensors.ts";
import { max } from "../../src/functions/reduction.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { input, output, temporary, type Operator } from "../../src/operators/operator.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

async function open(traits: object = {}): Promise<{ engine: Engine; backend: WebGpuBackend }> {
  const gpu = await openGpu();
  const backend = new WebGpuBackend({ ...gpu, traits: { ...gpu.traits, ...traits } });
  return { engine: new Engine(backend), backend };
}

const neverCalled = (): never => {
  throw new Error("values were made for a tensor that cannot be");
};

for (const device of ["reference", "webgpu"] as const) {
  describe(`shapes beyond all limits on ${device}`, () => {
    const open = useEngine({ device });
    const absurd = [2 ** 40];
    const asked: [string, (engine: Engine) => Tensor][] = [
      ["zeros", (engine) => engine.zeros(absurd)],
      ["full", (engine) => engine.full([2 ** 20, 2 ** 20, 2 ** 20], 2)],
      ["randomUniform", (engine) => randomUniform(engine.tensor(new Uint32Array(4)), absurd)],
      ["tensorOfChunks", (engine) => engine.tensorOfChunks({ [Symbol.iterator]: neverCalled }, [2 ** 50])],
      ...(device === "reference"
        ? []
        : ([
            ["zeros of 4 GiB", (engine) => engine.zeros([2 ** 30])],
            ["feed", (engine) => engine.feed(neverCalled, absurd)],
            ["an initial weight", (engine) => new Initialiser(engine, 1).heNormal([2 ** 20, 2 ** 12], 1)],
          ] satisfies [string, (engine: Engine) => Tensor][])),
    ];
    test.each(asked)("%s: refused at once, in one line", (_, make) => {
      const engine = open();
      const before = engine.memory().bytes;
      const start = performance.now();
      expect(() => engine.scope(() => make(engine))).toThrow(OutOfMemoryError);
      expect(performance.now() - start).toBeLessThan(1000);
      expect(engine.memory().bytes).toBe(before);
    });

    test("what is no shape or no number is refused by name", () => {
      const engine = open();
      expect(() => engine.zeros([2.5])).toThrow(/^engine\.zeros: \[2\.5\] is no shape/);
      expect(() => engine.full([-1], 1)).toThrow(ShapeError);
      expect(() => engine.zeros([NaN])).toThrow(ShapeError);
      expect(() => engine.full([2], "1" as never)).toThrow(UsageError);
    });

    test("large tensors of one value hold it everywhere, also where other values were", async () => {
      const engine = open();
      const size = 2 ** 19 + 3;
      for (const value of [7, 0, -0, 0.1]) {
        using x = engine.full([size], value);
        const data = await x.read();
        expect([data.length, data.findIndex((each) => !Object.is(each, Math.fround(value)))]).toEqual([
          size,
          -1,
        ]);
        await engine.synchronise(); // its buffer is used again
      }
      // In its place among the launches before and after it.
      const twos = engine.scope(() => affine(engine.full([size], 1), 2));
      const zeros = engine.zeros([size]);
      expect([await max(affine(zeros, 3, 1)).item(), await max(twos).item()]).toEqual([1, 2]);
    });
  });
}

test("a recorded step and its feeds are refused before there are values", async () => {
  const { engine } = await open({ maxBindingBytes: 1000 });
  await expect(engine.record(() => engine.full([251], 1))).rejects.toThrow(
    /^engine\.full: a tensor \[251\] of 1004 bytes/,
  );
  await expect(engine.record(() => engine.feed(neverCalled, [251]))).rejects.toThrow(OutOfMemoryError);
  engine.close();
});

describe("a candidate that does not fit", () => {
  const copied = {
    kernel: "unary",
    knobs: { OPERATION: "affine" },
    sizes: { count: 8, first: 2, second: 0 },
  } as const;
  /** y = 2 x of 8 numbers: at once, or by way of scratch space of some sizes. */
  const doubled = (...scratch: readonly [name: string, size: number][]): Operator<object> => ({
    name: "doubled",
    infer: ([x]) => [x],
    reference: ([x], [y]) => y.data.set(x.data.map((value) => 2 * value)),
    candidates: () =>
      scratch.map(([name, size]) => ({
        name,
        temporaries: size === 0 ? [] : [{ shape: [size], dtype: "f32" }],
        launches:
          size === 0
            ? [{ ...copied, bind: { x: input(0), y: output(0) } }]
            : [
                { ...copied, bind: { x: input(0), y: temporary(0) } },
                { ...copied, sizes: { ...copied.sizes, first: 1 }, bind: { x: temporary(0), y: output(0) } },
              ],
      })),
  });
  const eight = [1, 2, 3, 4, 5, 6, 7, 8];

  test("is passed over for the last one that does, eagerly and recorded", async () => {
    const { engine, backend } = await open({ maxBindingBytes: 256 });
    const operator = doubled(["direct", 0], ["small", 64], ["large", 65]);
    const x = engine.tensor(eight);
    const chosen = backend.choice.choose(operator, [x], {});
    expect(chosen.name).toBe("small");
    const [y] = engine.run(operator, [x], {});
    expect([...(await y.read())]).toEqual(eight.map((value) => 2 * value));
    const program = await engine.record(() => engine.run(operator, [x], {})[0]);
    program.run();
    expect([...(await program.result.read())]).toEqual(eight.map((value) => 2 * value));
    backend.choice.whereAvailable.set("doubled", "large");
    expect(backend.choice.choose(operator, [x], {}).name).toBe("small");
    engine.close();
  });

  test("is an error when it was asked for by name, or when there is no other", async () => {
    const { engine, backend } = await open({ maxBufferBytes: 256 });
    const x = engine.tensor(eight);
    const only = doubled(["large", 65], ["larger", 1000]);
    const message =
      /^operator doubled: candidate "large" needs scratch space \[65\] of 260 bytes, candidate "larger".* holds 256 bytes; use a smaller batch/;
    expect(() => engine.run(only, [x], {})).toThrow(OutOfMemoryError);
    expect(() => engine.run(only, [x], {})).toThrow(message);
    await expect(engine.record(() => engine.run(only, [x], {})[0])).rejects.toThrow(message);
    backend.candidates.set("doubled", "large");
    expect(() => engine.run(doubled(["direct", 0], ["large", 65]), [x], {})).toThrow(
      /^operator doubled: candidate "large" needs .* another candidate if this one was asked for by name/,
    );
    engine.close();
  });

  test("a built-in operator near the limit computes the same", async () => {
    const data = Float32Array.from({ length: 4096 }, (_, i) => (i * 37) % 4001);
    const { engine, backend } = await open();
    const x = engine.tensor(data);
    const names = (traits: object): string => {
      const choice = new WebGpuBackend({ ...backend.gpu, traits: { ...backend.gpu.traits, ...traits } })
        .choice;
      const { operator } = engine.trace(() => max(x)).recording.calls[0];
      return choice.choose(operator, [x], { axes: [0], keepDimensions: false } as never).name;
    };
    expect([names({}), names({ maxBindingBytes: 128 })]).toEqual(["split", "direct"]);
    const expected = await max(x).item();
    backend.candidates.set("max", "direct");
    expect([expected, await max(x).item()]).toEqual([4000, 4000]);
    engine.close();
  });

  test("more workgroups than the device takes are an error that names operator and kernel", async () => {
    const { engine } = await open({ maxWorkgroupsPerDimension: 2 });
    const message =
      /^operator affine, unary\.wgsl: a launch of 5 workgroups exceeds the device's 2 x 2; give it less at a time/;
    const x = engine.tensor(new Float32Array(4 * 1024 + 1));
    expect(() => affine(x, 2)).toThrow(KernelError);
    expect(() => affine(x, 2)).toThrow(message);
    await expect(engine.record(() => affine(x, 2))).rejects.toThrow(message);
    // As many as fit are folded into two dimensions.
    const fits = affine(engine.tensor(new Float32Array(4 * 1024 - 1).fill(1)), 2);
    expect((await fits.read()).every((value) => value === 2)).toBe(true);
    engine.close();
  });
});
