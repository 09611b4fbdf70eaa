// Faults planted into shaders, so that what a checked engine finds is itself tested: each of these ran without a word in
// some version of the tests.

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openGpu, type Gpu } from "../../src/device/gpu.ts";
import { kernels, type KernelName } from "../../src/kernels/kernel.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { Operator } from "../../src/operators/operator.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

interface Fault {
  readonly kernel: KernelName;
  /** Whose samples run it. */
  readonly operator: OperatorName;
  /** What is replaced, and by what. */
  readonly from: string;
  readonly to: string;
  /** What the engine says of it. */
  readonly says: RegExp;
}

const writes = /writes behind the end of/;
const reads = /reads behind the end of/;
const order = /in reverse order/;
const barrier = "workgroupBarrier();";

// Shaders that compile fast; the others were tried once.
const faults: readonly Fault[] = [
  { kernel: "conv2dDirect", operator: "conv2d", from: "image >= sizes", to: "image > sizes", says: writes },
  { kernel: "matmul", operator: "matmul", from: "index >= sizes", to: "index > sizes", says: writes },
  {
    kernel: "sgd",
    operator: "sgd",
    from: "VALUES, sizes.count",
    to: "VALUES, 1u + sizes.count",
    says: writes,
  },
  {
    kernel: "batchNormMoments",
    operator: "batchNorm",
    from: "index >= sizes.chunks",
    to: "index > sizes.chunks",
    says: writes,
  },
  {
    kernel: "softmaxCrossEntropy",
    operator: "softmaxCrossEntropy",
    from: "row >= sizes.rows",
    to: "row > sizes.rows",
    says: writes,
  },
  {
    kernel: "batchNormGradientSums",
    operator: "batchNormGradient",
    from: "row + 2u <= end",
    to: "row + 1u <= end",
    says: reads,
  },
  {
    kernel: "augmentImages",
    operator: "augmentImages",
    from: "at < min(4u * quad + 4u, pixels)",
    to: "at < 4u * quad + 4u",
    says: order, // into the next image
  },
  { kernel: "augmentImages", operator: "augmentImages", from: barrier, to: "", says: order },
  { kernel: "assembleLoss", operator: "assembleLoss", from: barrier, to: "", says: order },
  { kernel: "assembleTotals", operator: "assembleLoss", from: barrier, to: "", says: order },
  { kernel: "clipFactor", operator: "clipFactor", from: barrier, to: "", says: order },
  { kernel: "scaledSum", operator: "softmaxCrossEntropy", from: barrier, to: "", says: order },
];

describe("a checked engine finds", () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await openGpu();
  });
  afterAll(() => gpu.destroy());

  test.each(faults)('"$to" for "$from" in $kernel', async ({ kernel, operator: name, from, to, says }) => {
    const sound = { ...kernels[kernel] };
    const planted = vi.spyOn(kernels[kernel], "specialise").mockImplementation((knobs) => {
      const text = sound.specialise(knobs);
      expect(text).toContain(from);
      return text.replace(from, to);
    });
    try {
      // Pipelines are the backend's: the broken one is in no other.
      const backend = new WebGpuBackend(gpu, { checked: true });
      expect(await firstComplaint(backend, kernel, name)).toMatch(says);
    } finally {
      planted.mockRestore();
    }
  });
});

/** What a checked backend says first when samples of an operator run with the candidates that use a kernel. */
async function firstComplaint(
  backend: WebGpuBackend,
  kernel: KernelName,
  name: OperatorName,
): Promise<string | undefined> {
  const engine = new Engine(backend);
  const operator = operators[name] as Operator<unknown>;
  for (const { inputs, attributes } of samples[name] as readonly Sample<unknown>[]) {
    for (const candidate of operator.candidates(inputs, attributes, engine.traits)) {
      if (!candidate.launches.some((launch) => launch.kernel === kernel)) continue;
      backend.candidates.set(name, candidate.name);
      engine.scope(() => {
        const tensors = inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
        engine.run(operator, tensors, attributes);
      });
      const complaint = await engine.synchronise().catch((error: unknown) => (error as Error).message);
      if (complaint !== undefined) return complaint;
    }
  }
  return undefined;
}
