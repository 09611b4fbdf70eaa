// The kernels with subgroups on a device that numbers the lanes of a subgroup otherwise than the invocations of a workgroup,
// which WGSL allows. There is none here, so a shader's text is changed to see one: lanes count backwards.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGpu } from "../../src/device/gpu.ts";
import { operators } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { HostTensor } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { graded, normal } from "./sample.ts";

/** The end of the brackets that open at `open`. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if ("([".includes(code[at])) depth++;
    if (")]".includes(code[at])) depth--;
    if (depth === 0) return at;
  }
  throw new Error("brackets that do not close");
}

/** A shader that sees the first eight lanes of its subgroup in the other order: lane l of the device is lane 7 - l to it. */
function lanesBackwards(code: string): string {
  let text = code.replace(
    /@builtin\(subgroup_invocation_id\) (\w+): u32(.*?\n\) \{\n)/s,
    "@builtin(subgroup_invocation_id) device_$1: u32$2  let $1 = 7u - device_$1;\n",
  );
  const call = "subgroupShuffle(";
  for (let at = text.indexOf(call); at >= 0; at = text.indexOf(call, at + call.length)) {
    const end = closing(text, at + call.length - 1);
    let comma = at + call.length;
    while (text[comma] !== ",") {
      comma = "([".includes(text[comma]) ? closing(text, comma) + 1 : comma + 1;
    }
    text = `${text.slice(0, comma + 1)} 7u - (${text.slice(comma + 1, end)})${text.slice(end)}`;
  }
  return text;
}

/** The shader as it would be if it took an invocation's number in the workgroup for that in the subgroup. */
const byLocalIndex = (code: string): string =>
  code.replace("@builtin(subgroup_invocation_id)", "@builtin(local_invocation_index)");

interface Case {
  readonly operator:
    | "matmul"
    | "linear"
    | "conv2d"
    | "conv2dInputGradient"
    | "conv2dWeightGradient"
    | "layerNorm"
    | "layerNormGradient";
  readonly inputs: readonly HostTensor[];
  readonly attributes: unknown;
  readonly candidate: string;
}

const sliding = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] };
const [image, filter] = [
  [1, 5, 7, 8],
  [3, 3, 8, 12],
];
const [x, weights, dy] = [normal(image, 1), normal(filter, 2), normal([1, 5, 7, 12], 3)];
const rows = normal([37, 44], 1);
const cases: readonly Case[] = [
  {
    operator: "matmul",
    inputs: [normal([37, 19], 1), normal([19, 45], 2)],
    attributes: { transposeA: false, transposeB: false },
    candidate: "subgroups",
  },
  {
    operator: "linear",
    inputs: [normal([37, 20], 1), normal([20, 44], 2)],
    attributes: { transposeWeight: false },
    candidate: "subgroupVectors",
  },
  {
    operator: "matmul",
    inputs: [normal([20, 44], 1), normal([20, 52], 2)],
    attributes: { transposeA: true, transposeB: false },
    candidate: "outerProducts",
  },
  ...["subgroups", "outerProducts"].flatMap((candidate): Case[] => [
    { operator: "conv2d", inputs: [x, weights], attributes: sliding, candidate },
    {
      operator: "conv2dInputGradient",
      inputs: [dy, weights],
      attributes: { ...sliding, inputShape: image },
      candidate,
    },
    {
      operator: "conv2dWeightGradient",
      inputs: [x, dy],
      attributes: { ...sliding, filterShape: filter },
      candidate,
    },
  ]),
  { operator: "conv2d", inputs: [x, weights], attributes: sliding, candidate: "winograd" },
  {
    operator: "conv2d",
    inputs: [normal([1, 5, 9, 3], 1), normal([3, 3, 3, 12], 2)],
    attributes: sliding,
    candidate: "linePieces",
  },
  {
    operator: "conv2dWeightGradient",
    inputs: [normal([1, 5, 9, 3], 1), normal([1, 5, 9, 12], 2)],
    attributes: { ...sliding, filterShape: [3, 3, 3, 12] },
    candidate: "linePieces",
  },
  // Of different sizes along a row, so that lanes have different sums.
  {
    operator: "layerNorm",
    inputs: [graded(rows), normal([44], 2), normal([44], 3)],
    attributes: { epsilon: 1e-5 },
    candidate: "subgroups",
  },
  {
    operator: "layerNormGradient",
    inputs: [graded(rows), normal([44], 2), normal([37, 44], 3)],
    attributes: { epsilon: 1e-2 },
    candidate: "subgroups",
  },
];

/** An engine whose shaders with subgroups are changed on their way to the device. */
async function engineWith(change: (code: string) => string): Promise<Engine> {
  const gpu = await openGpu();
  const make = gpu.device.createShaderModule.bind(gpu.device);
  gpu.device.createShaderModule = (descriptor) => {
    const { code } = descriptor;
    return make(code.includes("enable subgroups;") ? { ...descriptor, code: change(code) } : descriptor);
  };
  return new Engine(new WebGpuBackend(gpu));
}

describe("kernels with subgroups, where lanes are numbered otherwise than invocations", () => {
  let [reference, backwards, mistaken]: Engine[] = [];
  beforeAll(async () => {
    reference = await openEngine({ device: "reference" });
    backwards = await engineWith(lanesBackwards);
    mistaken = await engineWith((code) => lanesBackwards(byLocalIndex(code)));
  });
  afterAll(() => {
    for (const engine of [reference, backwards, mistaken]) engine.close();
  });

  async function resultOf(engine: Engine, each: Case): Promise<number[]> {
    const { operator, inputs, attributes, candidate } = each;
    const tensors = inputs.map(({ data, shape }) => engine.tensor(data, shape));
    const run = (): Tensor[] => engine.run(operators[operator] as Operator<unknown>, tensors, attributes);
    const [y] = engine === reference ? run() : engine.withCandidate(operator, candidate, run);
    return Array.from(await y.read());
  }

  test.each(cases)("$operator, $candidate, is right", async (each) => {
    const expected = await resultOf(reference, each);
    const farthest = (found: readonly number[]): number =>
      Math.max(...found.map((value, i) => Math.abs(value - expected[i])));
    expect(farthest(await resultOf(backwards, each))).toBeLessThan(1e-4);
    // What the test is there to find: a kernel that takes the invocation's number for the lane's.
    expect(farthest(await resultOf(mistaken, each))).toBeGreaterThan(1);
  });
});
