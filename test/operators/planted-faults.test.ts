// Faults planted into shaders, so that what a checked engine finds is itself tested: each of these ran without a word in
// some version of the tests.

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openGpu, type Gpu } from "../../src/device/gpu.ts";
import { kernels, type KernelName } from "../../src/kernels/built-in-kernels.ts";
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
  /** Which one, where there are several; counted from 0. */
  readonly at?: number;
}

/** One invocation more than there are elements. */
const writes: readonly Fault[] = [
  { kernel: "conv2dDirect", operator: "conv2d", from: "image >= sizes", to: "image > sizes" },
  { kernel: "matmul", operator: "matmul", from: "index >= sizes", to: "index > sizes" },
  { kernel: "sgd", operator: "sgd", from: "VALUES, sizes.count", to: "VALUES, 1u + sizes.count" },
  {
    kernel: "batchNormMoments",
    operator: "batchNorm",
    from: "min(number, all - 1u)",
    to: "min(number, all)",
  },
  { kernel: "softmaxCrossEntropy", operator: "softmaxCrossEntropy", from: "row >= sizes", to: "row > sizes" },
  { kernel: "dropout", operator: "dropout", from: "at < sizes", to: "at <= sizes" },
  { kernel: "oneHot", operator: "oneHot", from: "at >= sizes", to: "at > sizes" },
  { kernel: "argMax", operator: "argMax", from: "index >= sizes", to: "index > sizes" },
  { kernel: "softmax", operator: "softmax", from: "1u) * sizes.columns", to: "1u) * sizes.columns + 1u" },
  {
    kernel: "crossEntropy",
    operator: "crossEntropy",
    from: "1u) * sizes.columns",
    to: "1u) * sizes.columns + 1u",
  },
  { kernel: "cumulativeSum", operator: "cumulativeSum", from: "index >= sizes", to: "index > sizes" },
  { kernel: "groupedConv2dDirect", operator: "groupedConv2d", from: "image >= sizes", to: "image > sizes" },
  { kernel: "depthwiseConv2d", operator: "groupedConv2d", from: "image >= sizes", to: "image > sizes" },
  { kernel: "groupNormApply", operator: "groupNorm", from: "image >= sizes", to: "image > sizes" },
  { kernel: "resizeBilinear", operator: "resize2d", from: "image >= sizes", to: "image > sizes" },
  { kernel: "assembleTreeWeights", operator: "assembleLoss", from: "at >= sizes", to: "at > sizes" },
  { kernel: "attentionWeights", operator: "attention", from: "index >= sizes", to: "index > sizes" },
  {
    kernel: "augmentLabels",
    operator: "augmentLabels",
    from: "index * 4u >= sizes.count",
    to: "index * 4u >= sizes.count + 4u",
  },
  {
    kernel: "marginalCrossEntropy",
    operator: "marginalCrossEntropy",
    from: "row >= sizes.rows",
    to: "row > sizes.rows",
  },
  { kernel: "diceGradient", operator: "maskedDice", from: "entry >= sizes", to: "entry > sizes" },
  { kernel: "diceSums", operator: "maskedDice", from: "part >= sizes", to: "part > sizes" },
  { kernel: "pixelCounts", operator: "assemblePixels", from: "part >= sizes", to: "part > sizes" },
  { kernel: "assemblePixels", operator: "assemblePixels", from: "part >= sizes", to: "part > sizes" },
];

const reads: readonly Fault[] = [
  { kernel: "batchNormGradientSums", operator: "batchNormGradient", from: "row + LANES <", to: "row <" },
];

/** Of shaders that compile fast: with conv2dTile and those of dense blocks, all that was found, too, this takes minutes. */
const races: readonly Fault[] = [
  // Up to three pixels of the next image are written, and then again by whom they belong to.
  {
    kernel: "augmentImages",
    operator: "augmentImages",
    from: "at < min(4u * quad + 4u, pixels)",
    to: "at < 4u * quad + 4u",
    at: 0,
  },
  withoutBarrier("augmentImages", "augmentImages"),
  // Both a head and the child itself write the child's gradient.
  {
    kernel: "assembleTreeLoss",
    operator: "assembleLoss",
    from: "if (head_of(entry) != entry) { continue; }",
    to: "",
  },
  withoutBarrier("assembleLoss", "assembleLoss"),
  withoutBarrier("assembleLoss", "assembleLoss", 1),
  // Either of the two would do on this device.
  {
    kernel: "assembleTreeLoss",
    operator: "assembleLoss",
    from: "storageBarrier();\n  workgroupBarrier();",
    to: "",
    at: 0,
  },
  withoutBarrier("assembleTreeLoss", "assembleLoss", 1),
  withoutBarrier("assembleTotals", "assembleLoss"),
  withoutBarrier("aucMargin", "aucMargin"),
  withoutBarrier("clipFactor", "clipFactor"),
  withoutBarrier("scaledSum", "softmaxCrossEntropy"),
  withoutBarrier("matmulWorkgroup", "matmul"),
  withoutBarrier("matmulWorkgroup", "matmul", 1),
  withoutBarrier("argMaxRows", "argMax"),
  withoutBarrier("cumulativeSumRows", "cumulativeSum"),
  withoutBarrier("cumulativeSumRows", "cumulativeSum", 1),
  withoutBarrier("cumulativeSumRows", "cumulativeSum", 2),
  withoutBarrier("cumulativeSumRows", "cumulativeSum", 3),
  withoutBarrier("layerNorm", "layerNorm"),
  withoutBarrier("layerNorm", "layerNorm", 1),
  withoutBarrier("layerNorm", "layerNorm", 2),
  withoutBarrier("layerNormGradientRows", "layerNormGradient"),
  withoutBarrier("groupNormCombine", "groupNorm"),
  withoutBarrier("groupNormCombine", "groupNorm", 1),
  withoutBarrier("groupNormGradientCombine", "groupNormGradient"),
  withoutBarrier("groupNormGradientCombine", "groupNormGradient", 1),
  withoutBarrier("countEntries", "crossEntropy"),
  withoutBarrier("attentionFused", "attention"),
  withoutBarrier("pixelHead", "assemblePixels"),
  withoutBarrier("pixelLosses", "assemblePixels"),
  withoutBarrier("diceTotals", "maskedDice"),
  withoutBarrier("countEntries", "marginalCrossEntropy"),
];

/** Mistakes that only a grid of several rows shows. */
const grids: readonly Fault[] = [
  { kernel: "sharpen", operator: "sharpen", from: "workgroup.y * grid.x", to: "workgroup.y * grid.y" },
  { kernel: "takeRowsOfBytes", operator: "takeRows", from: "+ workgroup.y * grid.x", to: "" },
  {
    kernel: "softmax",
    operator: "softmax",
    from: "workgroup.x + workgroup.y",
    to: "workgroup.x - workgroup.y",
  },
];

function withoutBarrier(kernel: KernelName, operator: OperatorName, at = 0): Fault {
  return { kernel, operator, from: "workgroupBarrier();", to: "", at };
}

/** A text with a fault in it. @throws where it has no place for one */
function planted(text: string, { from, to, at = 0 }: Fault): string {
  const parts = text.split(from);
  if (parts.length < at + 2) throw new Error(`the shader has no "${from}" number ${at}`);
  return parts.slice(0, at + 1).join(from) + to + parts.slice(at + 1).join(from);
}

describe("a checked engine finds", () => {
  let gpu: Gpu;
  beforeAll(async () => {
    gpu = await openGpu();
  });
  afterAll(() => gpu.destroy());

  test.each(writes)("a write behind the end: $kernel, $to", async (fault) => {
    expect(await firstComplaint(gpu, fault)).toMatch(/writes behind the end of/);
  });

  test.each(reads)("a read behind the end: $kernel, $to", async (fault) => {
    expect(await firstComplaint(gpu, fault)).toMatch(/reads behind the end of/);
  });

  test.each(races)("a race: $kernel without $from ($at)", async (fault) => {
    expect(await firstComplaint(gpu, fault)).toMatch(/in reverse order/);
  });

  test.each(grids)("a grid that is counted wrong: $kernel, $to", async (fault) => {
    expect(await firstComplaint(gpu, fault)).toMatch(/goes wrong in a grid of several rows|writes behind/);
  });
});

/** What a checked engine says first when samples of an operator run with the candidates that use a faulty kernel. */
async function firstComplaint(gpu: Gpu, fault: Fault): Promise<string | undefined> {
  const { kernel, operator: name } = fault;
  const sound = { ...kernels[kernel] };
  const broken = vi
    .spyOn(kernels[kernel], "specialise")
    .mockImplementation((knobs) => planted(sound.specialise(knobs), fault));
  try {
    // Pipelines are the backend's: the broken one is in no other.
    const backend = new WebGpuBackend(gpu, { checked: true });
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
  } finally {
    broken.mockRestore();
  }
}
