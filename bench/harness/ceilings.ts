// What this adapter can do at the most, measured: multiply-adds, a copy by a kernel, a copy by the driver. Raw WebGPU
// on the engine's device, with Tessera's kernels as `tessera/kernels` gives them to anyone.

import type { Engine } from "tessera";
import { kernels, type Kernel } from "tessera/kernels";

export interface Ceilings {
  /** GFLOP/s, a multiply-add counting two. */
  readonly gflops: number;
  /** GB/s, read and written, of the vector copy kernel. */
  readonly kernelBytes: number;
  /** GB/s, read and written, of copyBufferToBuffer. */
  readonly copyBytes: number;
}

const usage = { copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;

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

export async function measureCeilings(engine: Engine): Promise<Ceilings> {
  const { device } = (engine.backend as unknown as { gpu: { device: GPUDevice } }).gpu;
  const held: GPUBuffer[] = [];
  const buffer = (size: number, flags: number): GPUBuffer => {
    const made = device.createBuffer({ size, usage: flags });
    held.push(made);
    return made;
  };

  /** Time of one dispatch of a kernel. */
  function timed(
    kernel: Kernel,
    sizes: Readonly<Record<string, number>>,
    buffers: readonly GPUBuffer[],
  ): Promise<number> {
    const pipeline = device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code: kernel.specialise() }), entryPoint: "main" },
    });
    const data = kernel.pack(sizes);
    const uniforms = buffer(data.byteLength, usage.uniform | usage.copyTarget);
    device.queue.writeBuffer(uniforms, 0, data);
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [uniforms, ...buffers].map((each, binding) => ({ binding, resource: { buffer: each } })),
    });
    const [x, y] = kernel.workgroups(sizes);
    return best(device, (encoder) => {
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
      pass.end();
    });
  }

  const bytes = 1 << 25;
  const flags = usage.storage | usage.copySource | usage.copyTarget;
  const [from, to] = [buffer(bytes, flags), buffer(bytes, flags)];
  // Enough work that a launch does not matter: 1 GFLOP on a CPU, 64 on a GPU.
  const count = engine.traits.isSoftware ? 1 << 12 : 1 << 17;
  const steps = engine.traits.isSoftware ? 1 << 12 : 1 << 13;
  const fma = kernels.ceilingFma;
  const chains = Number(fma.knobs.find(({ name }) => name === "CHAINS")?.value ?? 8);
  const fmaSeconds = await timed(fma, { count, steps, factor: 0.999, offset: 0.001 }, [to]);
  const kernelSeconds = await timed(kernels.copyVectors, { count: bytes / 16 }, [from, to]);
  const copySeconds = await best(device, (encoder) => encoder.copyBufferToBuffer(from, 0, to, 0, bytes));
  for (const each of held) each.destroy();
  return {
    gflops: (8 * chains * steps * count) / fmaSeconds / 1e9,
    kernelBytes: (2 * bytes) / kernelSeconds / 1e9,
    copyBytes: (2 * bytes) / copySeconds / 1e9,
  };
}
