// The convolutions' tiles for GPUs: which of them the rule takes, and that what they load beside the image, past the last
// channel or past the last pixel never counts, whatever it is.

import { describe, expect, test } from "vitest";
import { convolutionOperators } from "../../src/operators/convolution/index.ts";
import {
  forwardCandidates,
  inputGradientCandidates,
  weightGradientCandidates,
} from "../../src/operators/convolution/launches.ts";
import { extentsOf, type Sliding } from "../../src/operators/convolution/extents.ts";
import type { AdapterTraits } from "../../src/device/traits.ts";
import { kernelFor } from "../../src/kernels/built-in-kernels.ts";
import type { Candidate, Operator } from "../../src/operators/operator.ts";
import { sizeOf, type Shape } from "../../src/tensor/shape.ts";
import type { HostTensor } from "../../src/tensor/host.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";

const gpu = useEngine({ device: "webgpu" });

const plain: Sliding = { stride: [1, 1], padding: [0, 0], dilation: [1, 1] };
const same: Sliding = { ...plain, padding: [1, 1] };
const large = (): AdapterTraits => ({
  ...gpu().traits,
  isSoftware: false,
  features: new Set(["subgroups"]),
  subgroupSize: { minimum: 32, maximum: 32 },
});

const last = (candidates: readonly Candidate[]): Candidate => candidates[candidates.length - 1];

/** Workgroups of a candidate's first launch. */
function workgroupsOf({ launches: [{ kernel, sizes, knobs }] }: Candidate): number {
  const [x, y] = kernelFor(kernel).workgroups(sizes, knobs);
  return x * y;
}

describe("the rule on a GPU", () => {
  const forward = (size: number, c: number, k: number, filter: number): readonly Candidate[] =>
    forwardCandidates(
      extentsOf("test", [32, size, size, c], [filter, filter, c, k], filter === 1 ? plain : same),
      filter === 1 ? plain : same,
      { activated: true },
      large(),
    );

  test.each([
    [56, 128, 32, 3, "tile", 784],
    [28, 128, 32, 3, "tileSmall", 392],
    [14, 128, 32, 3, "tileSplit", 392],
    [7, 128, 32, 3, "tileSplit", 294],
    [28, 256, 128, 1, "tile", 784],
    [14, 512, 128, 1, "tileSmall", 392],
    [7, 640, 128, 1, "tileSplit", 392],
    // Too short to be split.
    [7, 512, 128, 1, "tileSmall", 196],
    [7, 64, 32, 1, "tileSmall", 49],
    [112, 64, 12, 1, "tile", 3136],
  ] as const)("maps of %i, %i channels to %i by %i: %s", (size, c, k, filter, name, workgroups) => {
    const taken = last(forward(size, c, k, filter));
    expect(taken.name).toBe(name);
    expect(workgroupsOf(taken)).toBe(workgroups);
  });

  test("the gradient of the images follows the same numbers", () => {
    const extents = extentsOf("test", [32, 7, 7, 32], [3, 3, 32, 128], same);
    const taken = last(inputGradientCandidates(extents, same, large()));
    expect(taken.name).toBe("tileSplit");
    expect(taken.launches[0].knobs).toMatchObject({ TURNED: true, ROWS: 4, DOWN: 8, QUADS: 8 });
    expect(taken.launches.map(({ kernel }) => kernelFor(kernel).name)).toEqual(["conv2dTile", "sumChunks"]);
  });

  test.each([
    ["1x1", 28, 512, 128, 1, "tile", { QUADS: 16, DOWN: 8, POINTWISE: true }],
    ["3x3 to few channels", 28, 128, 32, 3, "tile", { QUADS: 8, DOWN: 16, POINTWISE: false }],
    ["1x1 to 96 channels", 28, 64, 96, 1, "tileSmall", { QUADS: 8, DOWN: 8, POINTWISE: true }],
  ] as const)("the gradient of a filter, %s", (_, size, c, k, filter, name, knobs) => {
    const sliding = filter === 1 ? plain : same;
    const extents = extentsOf("test", [32, size, size, c], [filter, filter, c, k], sliding);
    const taken = last(weightGradientCandidates(extents, sliding, { activated: true }, large()));
    expect(taken.name).toBe(name);
    expect(taken.launches[0].knobs).toMatchObject(knobs);
    expect(workgroupsOf(taken)).toBeGreaterThan(300);
  });

  test("padding or a stride makes a filter of 1x1 look where it is", () => {
    for (const sliding of [
      { ...plain, stride: [2, 2] },
      { ...plain, padding: [1, 1] },
    ] as const) {
      const extents = extentsOf("test", [2, 9, 9, 8], [1, 1, 8, 8], sliding);
      const [tile] = weightGradientCandidates(extents, sliding, {}, gpu().traits);
      expect(tile.launches[0].knobs).toMatchObject({ POINTWISE: false });
    }
  });

  test("a stem walks along one axis of taps and channels, other layers do not", () => {
    const stem = extentsOf("test", [32, 224, 224, 4], [7, 7, 4, 64], {
      ...plain,
      stride: [2, 2],
      padding: [3, 3],
    });
    const [knobs] = last(forwardCandidates(stem, { ...plain, stride: [2, 2] }, {}, large())).launches.map(
      (launch) => launch.knobs,
    );
    expect(knobs).toMatchObject({ FLAT: true, QUADS: 16 });
    expect(last(forward(56, 128, 32, 3)).launches[0].knobs).toMatchObject({ FLAT: false, QUADS: 8 });
  });

  test("the chunks of a split depth cover every step once, none of them empty", () => {
    for (const [size, c, k, filter] of [
      [14, 128, 32, 3],
      [7, 128, 32, 3],
      [7, 40, 72, 3],
      [3, 1024, 128, 1],
      [3, 12, 16, 5],
    ] as const) {
      const split = forward(size, c, k, filter).find(({ name }) => name === "tileSplit");
      const { sizes, knobs } = split?.launches[0] ?? expect.unreachable();
      const { chunk, chunks } = sizes as { chunk: number; chunks: number };
      const taps = filter ** 2;
      const steps = knobs?.["FLAT"] === true ? Math.ceil((taps * c) / 16) : taps * Math.ceil(c / 16);
      expect(chunk * chunks).toBeGreaterThanOrEqual(steps);
      expect(chunk * (chunks - 1)).toBeLessThan(steps);
      expect(chunks).toBeGreaterThan(1);
    }
  });
});

describe("numbers that are none, on lavapipe:", () => {
  const wrong = [NaN, Infinity, -Infinity];

  /** Holds every candidate in tiles against the reference where that is finite, and its kind of number elsewhere. */
  async function expectKinds<A>(
    candidates: readonly Candidate[],
    operator: Operator<A>,
    inputs: readonly HostTensor[],
    shape: Shape,
    attributes: A,
  ): Promise<void> {
    const wanted = { shape, dtype: "f32" as const, data: new Float64Array(sizeOf(shape)) };
    operator.reference(inputs, [wanted], attributes);
    const kinds = (values: Iterable<number>): number[] =>
      Array.from(values, (value) => (Number.isFinite(value) ? 0 : value));
    expect(new Set(kinds(wanted.data)).size, "some are finite and some are not").toBeGreaterThan(1);
    const tiles = candidates.filter(({ name }) => name.startsWith("tile"));
    expect(tiles.length).toBeGreaterThan(0);
    for (const tile of tiles) {
      const alone: Operator<object> = {
        name: "alone",
        infer: () => [{ shape, dtype: "f32" }],
        reference: () => expect.unreachable(),
        candidates: () => [tile],
      };
      const tensors = inputs.map(({ data, shape: its }) => gpu().tensor(data, its));
      const [result] = gpu().run(alone, tensors, {});
      const found = kinds(await result.read());
      const differing = kinds(wanted.data).flatMap((value, i) => (Object.is(value, found[i]) ? [] : [i]));
      expect(differing, tile.name).toEqual([]);
      for (const tensor of [...tensors, result]) tensor.dispose();
    }
  }

  // The first pixel and the last are what is read in the place of what is not there.
  const [image, filter] = [
    [1, 5, 6, 20],
    [3, 3, 20, 36],
  ];
  const extents = extentsOf("test", image, filter, same);
  const y = [1, 5, 6, 36];
  const spoilt = (shape: Shape, seed: number, places: readonly number[]): HostTensor => {
    const tensor = normal(shape, seed);
    places.forEach((at, i) => (tensor.data[at < 0 ? at + tensor.data.length : at] = wrong[i % wrong.length]));
    return tensor;
  };
  const { conv2d, conv2dInputGradient, conv2dWeightGradient } = convolutionOperators;

  test("of the images, forward", async () => {
    await expectKinds(
      forwardCandidates(extents, same, {}, gpu().traits),
      conv2d,
      [spoilt(image, 1, [0, 19, -1]), normal(filter, 2)],
      y,
      same,
    );
  });

  test("of the gradient, backward to the images", async () => {
    await expectKinds(
      inputGradientCandidates(extents, same, gpu().traits),
      conv2dInputGradient,
      [spoilt(y, 1, [0, 35, -1]), normal(filter, 2)],
      image,
      { ...same, inputShape: image },
    );
  });

  test("of the images, backward to the filter", async () => {
    await expectKinds(
      weightGradientCandidates(extents, same, {}, gpu().traits),
      conv2dWeightGradient,
      [spoilt(image, 1, [0, 19]), normal(y, 2)],
      filter,
      { ...same, filterShape: filter },
    );
  });

  test("of the last channels of a filter: the columns and rows past them stay what they are", async () => {
    const one = extentsOf("test", [1, 5, 6, 20], [1, 1, 20, 36], plain);
    await expectKinds(
      forwardCandidates(one, plain, {}, gpu().traits),
      conv2d,
      [normal(image, 1), spoilt([1, 1, 20, 36], 2, [0, -1])],
      y,
      plain,
    );
    await expectKinds(
      inputGradientCandidates(one, plain, gpu().traits),
      conv2dInputGradient,
      [normal(y, 1), spoilt([1, 1, 20, 36], 2, [0, -1])],
      image,
      { ...plain, inputShape: image },
    );
  });
});
