// What an adapter can do at the most, measured: multiply-adds that wait for nothing, and a copy. Kernels are measured
// against these.

import { UsageError } from "../errors/errors.ts";
import { kernels, type KernelName } from "../kernels/built-in-kernels.ts";
import { input, output, type Launch, type Operator } from "../operators/operator.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface Ceilings {
  /** Floating-point operations a second, a multiply-add counting two. */
  readonly flops: number;
  /** Bytes a second, read and written, of a kernel that copies fours of numbers. */
  readonly bytes: number;
}

/** An operator of one launch that only this file runs: nothing but its time is of interest. */
function probe(
  name: KernelName,
  launch: Omit<Launch, "kernel">,
  outputs: readonly number[],
): Operator<undefined> {
  return {
    name,
    infer: () => outputs.map((size) => ({ shape: [size], dtype: "f32" })),
    reference: () => {
      throw new UsageError(`${name}: only a WebGPU device has ceilings`);
    },
    candidates: () => [{ name: "only", launches: [{ kernel: name, ...launch }] }],
  };
}

const runs = 7;

/** The shortest of some runs after a first one, in seconds: a ceiling is what was reached once. */
async function best(engine: Engine, step: () => Tensor[]): Promise<number> {
  using program = await engine.record(step);
  const timer = program.timer();
  try {
    let least = Infinity;
    for (let run = 0; run <= runs; run++) {
      const { seconds } = await timer.run();
      if (run > 0 && seconds[0] > 0) least = Math.min(least, seconds[0]);
    }
    return least;
  } finally {
    timer.destroy();
  }
}

/**
 * Measures the ceilings of an engine's adapter; takes about a second.
 * @throws UsageError on the reference backend
 */
export async function measureCeilings(engine: Engine): Promise<Ceilings> {
  expectEngine("measureCeilings", engine);
  const { isSoftware, maxBindingBytes } = engine.traits;
  // On a GPU more work, so that a launch does not matter, and more bytes than its cache holds.
  const [count, steps, copied] = isSoftware
    ? [2 ** 12, 2 ** 12, 2 ** 23]
    : [2 ** 17, 2 ** 13, Math.min(2 ** 26, Math.floor(maxBindingBytes / 16) * 4)];
  const fmaSizes = { count, steps, factor: 0.999, offset: 0.001 };
  const fma = probe("ceilingFma", { bind: { y: output(0) }, sizes: fmaSizes }, [4 * count]);
  const copy = probe("copyVectors", { bind: { x: input(0), y: output(0) }, sizes: { count: copied / 4 } }, [
    copied,
  ]);
  const fmaSeconds = await best(engine, () => engine.run(fma, [], undefined));
  using source = engine.zeros([copied]);
  const copySeconds = await best(engine, () => engine.run(copy, [source], undefined));
  return {
    flops: kernels.ceilingFma.operations(fmaSizes) / fmaSeconds,
    bytes: (2 * 4 * copied) / copySeconds,
  };
}
