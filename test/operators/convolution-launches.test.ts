// The launches that dense blocks share with the convolution operators: images that are slices of wider pixels, with
// batch norm and ReLU folded into the load, against slicing and activating them first.

import { describe, expect, test } from "vitest";
import { convolutionOperators } from "../../src/operators/convolution/index.ts";
import {
  forwardCandidates,
  inputGradientCandidates,
  weightGradientCandidates,
  type ImageLoad,
} from "../../src/operators/convolution/launches.ts";
import { extentsOf, type Extents, type Sliding } from "../../src/operators/convolution/extents.ts";
import type { AdapterTraits } from "../../src/device/traits.ts";
import { kernelFor } from "../../src/kernels/built-in-kernels.ts";
import type { Candidate, Operator } from "../../src/operators/operator.ts";
import { sizeOf, type Shape } from "../../src/tensor/shape.ts";
import type { HostArray, HostTensor } from "../../src/tensor/host.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";

const gpu = useEngine({ device: "webgpu" });

/** x as the convolution sees it: the first channels of each pixel, activated where there are factors [groups, 2, C]. */
function loaded(x: HostTensor, channels: number, factors?: HostTensor): HostTensor {
  const stride = x.shape[3];
  const shape = [...x.shape.slice(0, 3), channels];
  const data = new Float64Array(sizeOf(shape));
  const ofGroup = data.length / (factors?.shape[0] ?? 1);
  data.forEach((_, i) => {
    const c = i % channels;
    const value = x.data[Math.floor(i / channels) * stride + c];
    const scale = 2 * Math.floor(i / ofGroup) * channels + c;
    data[i] =
      factors === undefined
        ? value
        : Math.max(value * factors.data[scale] + factors.data[scale + channels], 0);
  });
  return { shape, dtype: "f32", data };
}

/** Runs every candidate on the GPU as if it were an operator's, and holds it against what is wanted. */
async function expectEach(
  candidates: (adapter: AdapterTraits) => readonly Candidate[],
  inputs: readonly HostTensor[],
  shape: Shape,
  wanted: HostArray,
  terms: number,
): Promise<void> {
  for (const candidate of candidates(gpu().traits)) {
    const operator: Operator<object> = {
      name: "launches",
      infer: () => [{ shape, dtype: "f32" }],
      reference: () => undefined,
      candidates: () => [candidate],
    };
    const tensors = inputs.map(({ data, shape: its }) => gpu().tensor(data, its));
    const [result] = gpu().run(operator, tensors, {});
    const values = await result.read();
    for (const tensor of [...tensors, result]) tensor.dispose();
    expectClose(candidate.name, values, wanted, terms);
  }
}

function expected<A>(
  operator: Operator<A>,
  inputs: readonly HostTensor[],
  shape: Shape,
  attributes: A,
): HostArray {
  const result = { shape, dtype: "f32" as const, data: new Float64Array(sizeOf(shape)) };
  operator.reference(inputs, [result], attributes);
  return result.data;
}

function expectClose(name: string, actual: HostArray, wanted: HostArray, terms: number): void {
  expect(actual.length).toBe(wanted.length);
  let scale = 0;
  let worst = 0;
  wanted.forEach((value, i) => {
    scale = Math.max(scale, Math.abs(value));
    worst = Math.max(worst, Math.abs((actual[i] ?? NaN) - value));
  });
  expect(worst, name).toBeLessThanOrEqual(8 * 2 ** -24 * Math.sqrt(terms) * scale);
}

interface Case {
  readonly name: string;
  readonly x: Shape;
  readonly filter: Shape;
  readonly sliding: Sliding;
}

const same: Sliding = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] };
const cases: readonly Case[] = [
  { name: "growth 12", x: [2, 7, 7, 24], filter: [3, 3, 24, 12], sliding: same },
  {
    name: "growth 12, 13 x 11 pixels, 36 channels",
    x: [3, 13, 11, 36],
    filter: [3, 3, 36, 12],
    sliding: same,
  },
  {
    name: "16 channels to 20, stride 2",
    x: [2, 9, 8, 16],
    filter: [3, 3, 16, 20],
    sliding: { ...same, stride: [2, 2] },
  },
  { name: "1x1", x: [2, 5, 5, 20], filter: [1, 1, 20, 16], sliding: { ...same, padding: [0, 0] } },
  {
    name: "1x1, tiles of 32 pixels and 32 channels + 1 vector",
    x: [3, 5, 7, 36],
    filter: [1, 1, 36, 68],
    sliding: { ...same, padding: [0, 0] },
  },
  {
    name: "1x1 with padding: pixels that meet nothing",
    x: [1, 3, 5, 8],
    filter: [1, 1, 8, 20],
    sliding: { ...same, padding: [1, 2] },
  },
  {
    name: "1x1, stride 2",
    x: [2, 7, 5, 12],
    filter: [1, 1, 12, 36],
    sliding: { ...same, stride: [2, 2], padding: [0, 0] },
  },
  {
    name: "dilation",
    x: [1, 6, 5, 4],
    filter: [2, 2, 4, 4],
    sliding: { stride: [1, 1], padding: [1, 2], dilation: [3, 2] },
  },
  {
    // Steps of tiles end within a tap, and chunks of a split depth begin there.
    name: "few pixels, 40 channels to 72, dilation",
    x: [1, 5, 4, 40],
    filter: [3, 3, 40, 72],
    sliding: { stride: [1, 1], padding: [2, 2], dilation: [2, 2] },
  },
  {
    name: "7x7, strides 2 and 3, taps of one vector",
    x: [2, 11, 13, 4],
    filter: [7, 7, 4, 16],
    sliding: { stride: [2, 3], padding: [3, 2], dilation: [1, 1] },
  },
  {
    name: "as many pixels as give 264 tiles of 64",
    x: [1, 130, 130, 4],
    filter: [1, 1, 4, 36],
    sliding: { ...same, padding: [0, 0] },
  },
];

for (const { name, x, filter, sliding } of cases) {
  describe(name, () => {
    const extents: Extents = extentsOf("test", x, filter, sliding);
    const { channels, outputChannels } = extents;
    const y = [extents.batch, extents.outputHeight, extents.outputWidth, outputChannels];
    const weights = normal(filter, 2);
    const dy = normal(y, 3);
    const factors: HostTensor = {
      shape: [1, 2, channels],
      dtype: "f32",
      // Shifts that are not zero: the activation of zero is not zero, and must not reach the padding.
      data: Float32Array.from([...normal([channels], 4).data, ...normal([channels], 5, 0.5).data]),
    };
    const taps = filter[0] * filter[1];

    for (const extra of [0, 8]) {
      for (const activated of [false, true]) {
        const load: ImageLoad = { rowStride: channels + extra, activated };
        const wide = normal([...x.slice(0, 3), channels + extra], 1);
        // What is not of the slice must not reach the result, not even as 0 times itself.
        wide.data.forEach((_, i, values) => {
          if (i % (channels + extra) >= channels) values[i] = NaN;
        });
        const seen = loaded(wide, channels, activated ? factors : undefined);
        const optional = activated ? [factors] : [];
        const what = `${extra > 0 ? "a slice" : "whole pixels"}${activated ? ", activated" : ""}`;

        test(`forward of ${what}`, async () => {
          await expectEach(
            (adapter) => forwardCandidates(extents, sliding, load, adapter),
            [wide, weights, ...optional],
            y,
            expected(convolutionOperators.conv2d, [seen, weights], y, sliding),
            taps * channels,
          );
        });

        test(`weight gradient of ${what}`, async () => {
          const attributes = { ...sliding, filterShape: filter };
          await expectEach(
            (adapter) => weightGradientCandidates(extents, sliding, load, adapter),
            [wide, dy, ...optional],
            filter,
            expected(convolutionOperators.conv2dWeightGradient, [seen, dy], filter, attributes),
            sizeOf(y.slice(0, 3)),
          );
        });
      }
    }

    const groups = Math.max(2, x[0]);
    test(`${groups} groups of two images, with scale and shift of their own`, async () => {
      const load: ImageLoad = { activated: true, groups };
      const all = [x, y].map((shape, i) => normal([2 * groups, ...shape.slice(1)], i + 1));
      const [images, slopes] = all;
      const several = { ...extents, batch: 2 * groups };
      const own = normal([groups, 2, channels], 6, 0.5);
      const seen = loaded(images, channels, own);
      const result = [2 * groups, ...y.slice(1)];
      await expectEach(
        (adapter) => forwardCandidates(several, sliding, load, adapter),
        [images, weights, own],
        result,
        expected(convolutionOperators.conv2d, [seen, weights], result, sliding),
        taps * channels,
      );
      const attributes = { ...sliding, filterShape: filter };
      await expectEach(
        (adapter) => weightGradientCandidates(several, sliding, load, adapter),
        [images, slopes, own],
        filter,
        expected(convolutionOperators.conv2dWeightGradient, [seen, slopes], filter, attributes),
        sizeOf(result.slice(0, 3)),
      );
    });

    test("input gradient", async () => {
      const attributes = { ...sliding, inputShape: x };
      await expectEach(
        (adapter) => inputGradientCandidates(extents, sliding, adapter),
        [dy, weights],
        x,
        expected(convolutionOperators.conv2dInputGradient, [dy, weights], x, attributes),
        taps * outputChannels,
      );
    });
  });
}

describe("blocks take any number of input channels as they are:", () => {
  const attributes: Sliding = { stride: [2, 2], padding: [1, 1], dilation: [1, 1] };
  const spec = (...shape: number[]) => ({ shape, dtype: "f32" as const });
  const launchesOf = (candidates: readonly Candidate[], name: string): string[] =>
    (candidates.find((each) => each.name === name)?.launches ?? []).map(
      ({ kernel }) => kernelFor(kernel).name,
    );

  test.each([1, 3])("a stem of %i", (c) => {
    const forward = convolutionOperators.conv2d.candidates(
      [spec(2, 8, 8, c), spec(3, 3, c, 16)],
      attributes,
      gpu().traits,
    );
    expect(launchesOf(forward, "blocked")).toEqual(["conv2dBlocked"]);
    expect(launchesOf(forward, "tile")).toContain("channelPadding");
    const gradient = convolutionOperators.conv2dWeightGradient.candidates(
      [spec(2, 8, 8, c), spec(2, 4, 4, 16)],
      { ...attributes, filterShape: [3, 3, c, 16] },
      gpu().traits,
    );
    expect(launchesOf(gradient, "blocked")).toEqual(["conv2dWeightGradientChunks", "sumChunks"]);
  });
});
