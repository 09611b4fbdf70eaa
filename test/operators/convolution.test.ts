// Convolutions: what parity with the reference cannot show.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import type { AdapterTraits } from "../../src/device/traits.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { relu } from "../../src/functions/elementwise.ts";
import { matmul } from "../../src/functions/products.ts";
import { reshape } from "../../src/functions/movement.ts";
import { convolutionOperators } from "../../src/operators/convolution/index.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Operator } from "../../src/operators/operator.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";
import { convolutionSamples } from "./samples/convolution.ts";

const reference = useEngine({ device: "reference" });
const gpu = useEngine({ device: "webgpu" });
const zeros = (...shape: number[]): Tensor => reference().zeros(shape);
const spec = (...shape: number[]) => ({ shape, dtype: "f32" as const });

async function compute<A>(
  engine: Engine,
  operator: Operator<A>,
  inputs: readonly { readonly data: HostArray; readonly shape: readonly number[] }[],
  attributes: A,
): Promise<HostArray> {
  const tensors = inputs.map(({ data, shape }) => engine.tensor(data, shape));
  const [result] = engine.run(operator, tensors, attributes);
  const values = await result.read();
  for (const tensor of [...tensors, result]) tensor.dispose();
  return values;
}

function dot(a: HostArray, b: HostArray): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

describe("the reference", () => {
  test("equals a convolution worked out by hand", async () => {
    const x = reference().tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]);
    const filter = reference().tensor([1, 10, 100, 1000], [2, 2, 1, 1]);
    expect([...(await conv2d(x, filter).read())]).toEqual([5421, 6532, 8754, 9865]);
    expect([...(await conv2d(x, filter, { dilation: 2 }).read())]).toEqual([9731]);
    expect([...(await conv2d(x, filter, { stride: 2, padding: 1 }).read())]).toEqual([
      1000, 3200, 7040, 9865,
    ]);
    expect([...(await conv2d(x, filter, { stride: [2, 1], padding: [0, 0] }).read())]).toEqual([5421, 6532]);
  });

  test("a 1x1 convolution is a product of matrices", async () => {
    const x = reference().tensor(normal([2, 3, 4, 5], 1).data, [2, 3, 4, 5]);
    const filter = reference().tensor(normal([1, 1, 5, 6], 2).data, [1, 1, 5, 6]);
    const product = matmul(reshape(x, [24, 5]), reshape(filter, [5, 6]));
    const convolved = await conv2d(x, filter).read();
    (await product.read()).forEach((value, i) => expect(convolved[i]).toBeCloseTo(value, 12));
  });

  // conv2d is linear in both inputs, so its gradients are its adjoints.
  convolutionSamples.conv2d.forEach(({ name, inputs: [x, filter], attributes }, i) => {
    test(`both gradients are adjoints of the convolution: ${name}`, async () => {
      const { conv2dInputGradient: inputSamples, conv2dWeightGradient: weightSamples } = convolutionSamples;
      const dy = inputSamples[i].inputs[0];
      const { conv2d, conv2dInputGradient, conv2dWeightGradient } = convolutionOperators;
      const y = await compute(reference(), conv2d, [x, filter], attributes);
      const dx = await compute(reference(), conv2dInputGradient, [dy, filter], inputSamples[i].attributes);
      const dw = await compute(reference(), conv2dWeightGradient, [x, dy], weightSamples[i].attributes);
      const expected = dot(y, dy.data);
      expect(dot(dx, x.data)).toBeCloseTo(expected, 8);
      expect(dot(dw, filter.data)).toBeCloseTo(expected, 8);
    });
  });
});

describe("candidates", () => {
  const { conv2d, conv2dInputGradient, conv2dWeightGradient } = convolutionOperators;
  const attributes = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] } as const;
  const lavapipe = (): AdapterTraits => ({
    ...gpu().traits,
    isSoftware: true,
    features: new Set(["subgroups"]),
    subgroupSize: { minimum: 8, maximum: 8 },
  });
  const software = (): AdapterTraits => ({ ...lavapipe(), features: new Set() });
  const gpuOf32 = (): AdapterTraits => ({
    ...lavapipe(),
    isSoftware: false,
    subgroupSize: { minimum: 32, maximum: 32 },
  });
  const preferred = (
    channels: number,
    outputChannels: number,
    traits: AdapterTraits,
    stride = 1,
    size = 5,
    taps = 3,
  ): (string | undefined)[] => {
    const x = spec(2, size, size, channels);
    const filter = spec(taps, taps, channels, outputChannels);
    const around = (taps - 1) / 2;
    const sliding = { ...attributes, stride: [stride, stride], padding: [around, around] } as const;
    const [dy] = conv2d.infer([x, filter], sliding);
    return [
      conv2d.candidates([x, filter], sliding, traits),
      conv2dInputGradient.candidates([dy, filter], { ...sliding, inputShape: x.shape }, traits),
      conv2dWeightGradient.candidates([x, dy], { ...sliding, filterShape: filter.shape }, traits),
    ].map((candidates) => candidates.at(-1)?.name);
  };

  test("subgroups are taken on lavapipe, workgroup memory on a GPU, blocks where there is neither", () => {
    expect(preferred(4, 8, lavapipe())).toEqual(["subgroups", "subgroups", "subgroups"]);
    expect(preferred(4, 8, software())).toEqual(["blocked", "blocked", "blocked"]);
    expect(preferred(4, 8, gpuOf32())).toEqual(["tileSmall", "tileSmall", "tileSmall"]);
    expect(preferred(4, 8, gpuOf32(), 1, 150)).toEqual(["tile", "tile", "tileSmall"]);
    expect(preferred(64, 32, gpuOf32(), 1, 150)).toEqual(["tile", "tile", "tile"]);
  });

  test("outer products are taken on lavapipe where 32 channels at a time leave few idle", () => {
    expect(preferred(32, 64, lavapipe())).toEqual(["outerProducts", "outerProducts", "subgroups"]);
    expect(preferred(12, 32, lavapipe())).toEqual(["outerProducts", "subgroups", "subgroups"]);
    expect(preferred(32, 12, lavapipe())).toEqual(["subgroups", "outerProducts", "subgroups"]);
    expect(preferred(140, 48, lavapipe(), 1, 5, 1)).toEqual(["subgroups", "outerProducts", "subgroups"]);
    expect(preferred(48, 64, lavapipe(), 1, 5, 1)).toEqual(["outerProducts", "subgroups", "outerProducts"]);
  });

  test("a stride above 1 takes outer products, but not for the input gradient", () => {
    expect(preferred(4, 32, lavapipe(), 2, 5, 1)).toEqual(["outerProducts", "blocked", "outerProducts"]);
    expect(preferred(4, 32, lavapipe(), 2)).toEqual(["outerProducts", "blocked", "outerProducts"]);
    expect(preferred(4, 8, lavapipe(), 2)).toEqual(["blocked", "blocked", "blocked"]);
    expect(preferred(4, 8, gpuOf32(), 2)).toEqual(["tileSmall", "blocked", "tileSmall"]);
  });

  test("channels that are no whole vectors take the same kernels, with zeros between; but not for little work", () => {
    expect(preferred(3, 8, gpuOf32())).toEqual(["tileSmall", "tileSmall", "tileSmall"]);
    expect(preferred(8, 3, gpuOf32())).toEqual(["tileSmall", "tileSmall", "tile"]);
    expect(preferred(5, 7, lavapipe(), 1, 400)).toEqual(["subgroups", "subgroups", "subgroups"]);
    expect(preferred(3, 7, lavapipe())).toEqual(["direct", "direct", "direct"]);
  });

  test("few channels take pieces of lines on lavapipe; but not for work that is soon done, nor for narrow lines", () => {
    expect(preferred(1, 64, lavapipe(), 1, 256)).toEqual(["linePieces", "subgroups", "linePieces"]);
    expect(preferred(3, 64, lavapipe(), 2, 224, 7)).toEqual(["linePieces", "phases", "linePieces"]);
    expect(preferred(3, 7, lavapipe(), 1, 400)).toEqual(["linePieces", "subgroups", "linePieces"]);
    expect(preferred(4, 64, lavapipe(), 1, 256)).toEqual(["linePieces", "subgroups", "linePieces"]);
    expect(preferred(5, 64, lavapipe(), 1, 256)).toEqual(["outerProducts", "subgroups", "subgroups"]);
    expect(preferred(3, 64, lavapipe(), 1, 64)).toEqual(["outerProducts", "subgroups", "subgroups"]);
    expect(preferred(1, 2048, lavapipe(), 1, 36)[0]).toBe("outerProducts");
    expect(preferred(3, 64, gpuOf32(), 1, 256)).toEqual(["tile", "tile", "tile"]);
  });

  test("Winograd's form is taken on lavapipe for many channels and much work, with 3x3 neighbouring taps", () => {
    expect(preferred(128, 128, lavapipe(), 1, 28)).toEqual(["winograd", "winograd", "subgroups"]);
    expect(preferred(128, 128, lavapipe(), 1, 14)).toEqual(["outerProducts", "outerProducts", "subgroups"]);
    expect(preferred(64, 64, lavapipe(), 1, 56)).toEqual(["outerProducts", "outerProducts", "subgroups"]);
    expect(preferred(128, 32, lavapipe(), 1, 56)).toEqual(["outerProducts", "outerProducts", "subgroups"]);
    expect(preferred(128, 128, lavapipe(), 1, 28, 5)).not.toContain("winograd");
    expect(preferred(128, 128, lavapipe(), 2, 56)).not.toContain("winograd");
    expect(preferred(128, 128, gpuOf32(), 1, 56)).not.toContain("winograd");
  });

  test("Winograd's form takes as many images at a time as its transformed ones have room for", async () => {
    const [x, filter] = [normal([7, 30, 31, 96], 1), normal([3, 3, 96, 96], 2)];
    const shapes = [spec(7, 30, 31, 96), spec(3, 3, 96, 96)];
    const found = conv2d.candidates(shapes, attributes, lavapipe()).find(({ name }) => name === "winograd");
    expect(found?.launches).toHaveLength(1 + 3 * 2);
    const results: HostArray[] = [];
    for (const name of ["winograd", "outerProducts"]) {
      const step = (): Tensor => {
        const [images, weights] = [x, filter].map(({ data, shape }) => gpu().tensor(data, shape));
        return gpu().run(conv2d, [images, weights], attributes)[0];
      };
      results.push(await gpu().withCandidate("conv2d", name, step).read());
    }
    const [mine, other] = results;
    let worst = 0;
    mine.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - other[i]))));
    expect(worst).toBeLessThan(8 * 2 ** -24 * 9 * 96);
    expect(worst, "they add up in another order").toBeGreaterThan(0);
  });

  test("one or two channels take blocks, which need no zeros between, where lines have no pieces", () => {
    expect(preferred(1, 64, lavapipe(), 3, 1024)).toEqual(["blocked", "blocked", "blocked"]);
    expect(preferred(1, 64, lavapipe(), 3, 200)).toEqual(["outerProducts", "blocked", "outerProducts"]);
    expect(preferred(1, 16, lavapipe(), 1, 64)).toEqual(["subgroups", "subgroups", "blocked"]);
    expect(preferred(1, 16, lavapipe(), 1, 16)).toEqual(["direct", "direct", "direct"]);
    expect(preferred(1, 64, gpuOf32(), 1, 256)).toEqual(["tile", "tile", "tile"]);
  });

  test("the weight gradient's chunks cover every line or pixel once, none of them empty", () => {
    for (const [images, size, channels, traits] of [
      [1, 1, 4, lavapipe()],
      [1, 7, 64, lavapipe()],
      [5, 25, 16, lavapipe()],
      [64, 14, 32, lavapipe()],
      [64, 14, 32, gpuOf32()],
      [128, 28, 4, gpuOf32()],
    ] as const) {
      const x = spec(images, size, size, channels);
      const [, ...inChunks] = conv2dWeightGradient.candidates(
        [x, spec(images, size, size, 12)],
        { ...attributes, filterShape: [3, 3, channels, 12] },
        traits,
      );
      expect(inChunks.map(({ name }) => name).sort()).toEqual([
        "blocked",
        ...(channels === 4 ? ["linePieces"] : []),
        "outerProducts",
        "subgroups",
        "tile",
        "tileSmall",
      ]);
      for (const { name, launches } of inChunks) {
        const items = images * size * (name.startsWith("tile") || name === "outerProducts" ? size : 1);
        const { chunk, chunks } = launches[0].sizes as { chunk: number; chunks: number };
        expect(chunk * chunks).toBeGreaterThanOrEqual(items);
        expect(chunk * (chunks - 1)).toBeLessThan(items);
        expect(launches.length, "a second pass only where there is something to add").toBe(
          chunks > 1 ? 2 : 1,
        );
      }
    }
  });

  test("the weight gradient in chunks has the same bits every time", async () => {
    const { inputs, attributes } =
      convolutionSamples.conv2dWeightGradient[convolutionSamples.conv2d.length - 1];
    const first = await compute(gpu(), conv2dWeightGradient, inputs, attributes);
    const second = await compute(gpu(), conv2dWeightGradient, inputs, attributes);
    expect(second).toEqual(first);
  });
});

describe("shape errors", () => {
  const thrown = (call: () => unknown, message: string): void => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  };

  test("channels that differ are named with both shapes", () => {
    thrown(
      () => conv2d(zeros(2, 5, 5, 3), zeros(3, 3, 4, 8)),
      "conv2d: x [2, 5, 5, 3] has 3 channels, but the filter [3, 3, 4, 8] takes 4",
    );
    thrown(() => conv2d(zeros(5, 5, 3), zeros(3, 3, 3, 8)), "got [5, 5, 3] and [3, 3, 3, 8]");
  });

  test("a filter larger than the padded image is refused", () => {
    thrown(
      () => conv2d(zeros(1, 2, 5, 1), zeros(5, 5, 1, 1), { padding: 1 }),
      "larger than the image of [2, 5]",
    );
    thrown(() => conv2d(zeros(1, 4, 4, 1), zeros(3, 3, 1, 1), { dilation: 2 }), "with dilation [2, 2]");
  });

  test("attributes that make no sense are named", () => {
    const [x, filter] = [zeros(1, 4, 4, 1), zeros(3, 3, 1, 1)];
    thrown(
      () => conv2d(x, filter, { stride: 0 }),
      "conv2d: stride must be [height, width], whole numbers from 1",
    );
    thrown(() => conv2d(x, filter, { padding: -1 }), "conv2d: padding must be");
    thrown(() => conv2d(x, filter, { dilation: [1, 1.5] }), "conv2d: dilation must be");
  });

  test("a gradient of another shape than y is refused", () => {
    const { conv2dInputGradient, conv2dWeightGradient } = convolutionOperators;
    const attributes = { stride: [2, 2], padding: [0, 0], dilation: [1, 1] } as const;
    const dy = spec(1, 3, 3, 4);
    thrown(
      () => conv2dInputGradient.infer([dy, spec(3, 3, 2, 4)], { ...attributes, inputShape: [1, 6, 6, 2] }),
      "conv2dInputGradient: x [1, 6, 6, 2] and the filter [3, 3, 2, 4] make y [1, 2, 2, 4], but dy is [1, 3, 3, 4]",
    );
    thrown(
      () => conv2dWeightGradient.infer([spec(1, 6, 6, 2), dy], { ...attributes, filterShape: [3, 3, 2, 4] }),
      "conv2dWeightGradient: x [1, 6, 6, 2] and the filter [3, 3, 2, 4] make y [1, 2, 2, 4], but dy is [1, 3, 3, 4]",
    );
  });
});

test("a NaN comes through a convolution and a ReLU: a run that diverged must show it", async () => {
  const engine = gpu();
  const { backend } = engine;
  if (!(backend instanceof WebGpuBackend)) throw new Error("this engine is on WebGPU");
  const data = normal([1, 12, 12, 8], 1).data.slice();
  data[8 * 70] = NaN;
  const x = engine.tensor(data, [1, 12, 12, 8]);
  const filter = engine.tensor(normal([3, 3, 8, 8], 2).data, [3, 3, 8, 8]);
  for (const name of ["direct", "tile", "blocked", "subgroups", "outerProducts", "winograd", "linePieces"]) {
    backend.candidates.set("conv2d", name);
    const y = await relu(conv2d(x, filter, { padding: 1 })).read();
    const found = Array.from({ length: 144 }, (_, pixel) => Number.isNaN(y[8 * pixel]));
    expect(found.filter(Boolean), name).toHaveLength(9);
  }
  backend.candidates.clear();
});
