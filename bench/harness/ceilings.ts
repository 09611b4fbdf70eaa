// What this adapter can do at the most, measured: multiply-adds and a copy by a kernel, as `tessera train --profile` has
// them, and a copy by the driver.

import type { Engine } from "@tessera-gpu/tessera";
import { measureCeilings as measureKernels } from "@tessera-gpu/tessera/profiling";

export interface Ceilings {
  /** GFLOP/s, a multiply-add counting two. */
  readonly gflops: number;
  /** GB/s, read and written, of the vector copy kernel. */
  readonly kernelBytes: number;
  /** GB/s, read and written, of copyBufferToBuffer. */
  readonly copyBytes: number;
}

const usage = { copySource: 4, copyTarget: 8 } as const;

/** Best of some runs, in seconds: a ceiling is what was reached once. */
async function best(device: GPUDevice, encode: (encoder: GPUCommandEncoder) => void): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < 8; run++) {
    const encoder = device.createCommandEncoder();
    encode(encoder);
    const started = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    if (run > 0) least = Math.min(least, (performance.now() - started) / 1000);
  }
  return least;
}

/** The better of two measurements: other programs may have disturbed one of them. */
export function higher(a: Ceilings, b: Ceilings): Ceilings {
  return {
    gflops: Math.max(a.gflops, b.gflops),
    kernelBytes: Math.max(a.kernelBytes, b.kernelBytes),
    copyBytes: Math.max(a.copyBytes, b.copyBytes),
  };
}

/** Takes about a second. */
export async function measureCeilings(engine: Engine): Promise<Ceilings> {
  const { flops, bytes: kernelBytes } = await measureKernels(engine);
  const { device } = (engine.backend as unknown as { gpu: { device: GPUDevice } }).gpu;
  const bytes = 1 << 25;
  const [from, to] = [usage.copySource, usage.copyTarget].map((flags) =>
    device.createBuffer({ size: bytes, usage: flags }),
  );
  const seconds = await best(device, (encoder) => encoder.copyBufferToBuffer(from, 0, to, 0, bytes));
  from.destroy();
  to.destroy();
  return { gflops: flops / 1e9, kernelBytes: kernelBytes / 1e9, copyBytes: (2 * bytes) / seconds / 1e9 };
}
