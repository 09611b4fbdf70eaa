// Every kernel of a convolution and its gradients with maps in half precision, as dense blocks take them: on the adapter of the
// tests and as a GPU, with and without batch norm folded in. They compute in f32 from numbers that half precision holds, so that
// what is not stored in halves is as near the reference as ever, and what is differs by its rounding alone.

import { describe, expect, test } from "vitest";
import type { AdapterTraits } from "../../src/device/traits.ts";
import { convolutionOperators } from "../../src/operators/convolution/index.ts";
import { extentsOf, type Sliding } from "../../src/operators/convolution/extents.ts";
import {
  forwardCandidates,
  inputGradientCandidates,
  weightGradientCandidates,
} from "../../src/operators/convolution/launches.ts";
import { activate } from "../../src/operators/dense/stage.ts";
import { input, type Candidate, type Operator } from "../../src/operators/operator.ts";
import type { HostArray, HostTensor } from "../../src/tensor/host.ts";
import { sizeOf, type FloatType, type Shape } from "../../src/tensor/shape.ts";
import { useEngine } from "../engines.ts";
import { worstError } from "./magnitudes.ts";
import { inHalves, normal, uniform } from "./sample.ts";

const gpu = useEngine({ device: "webgpu" });
const { conv2d, conv2dInputGradient, conv2dWeightGradient } = convolutionOperators;
const stored = "f16";
const same: Sliding = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] };
const plain: Sliding = { stride: [1, 1], padding: [0, 0], dilation: [1, 1] };

const adapters: readonly (readonly [string, () => AdapterTraits])[] = [
  ["lavapipe", () => gpu().traits],
  ["a GPU", () => ({ ...gpu().traits, isSoftware: false, subgroupSize: { minimum: 32, maximum: 32 } })],
];

/** Factors as the third input, whether they are read or not. */
const withFactors = (candidate: Candidate): Candidate => ({
  ...candidate,
  launches: candidate.launches.map((launch) =>
    "factors" in launch.bind ? { ...launch, bind: { ...launch.bind, factors: input(2) } } : launch,
  ),
});

async function computed(
  candidate: Candidate,
  inputs: readonly HostTensor[],
  shape: Shape,
  dtype: FloatType,
): Promise<HostArray> {
  const alone: Operator<object> = {
    name: "alone",
    infer: () => [{ shape, dtype }],
    reference: () => expect.unreachable(),
    candidates: () => [candidate],
  };
  const tensors = inputs.map((each) => gpu().tensor(each.data, each.shape, each.dtype));
  const [result] = gpu().run(alone, tensors, {});
  const values = await result.read();
  for (const tensor of [...tensors, result]) tensor.dispose();
  return values;
}

function wanted<A>(
  operator: Operator<A>,
  inputs: readonly HostTensor[],
  shape: Shape,
  attributes: A,
): HostTensor {
  const y = { shape, dtype: "f32" as const, data: new Float64Array(sizeOf(shape)) };
  operator.reference(inputs, [y], attributes);
  return y;
}

/** Every number is the nearest half, or its neighbour where f32 and float64 do not agree to the last bit. */
function expectRounded(found: HostArray, exact: HostTensor, of: string): void {
  const halves = inHalves(exact).data;
  const differing = halves.filter((value, i) => found[i] !== value).length;
  expect(differing / halves.length, `${of}: share of other numbers`).toBeLessThan(0.03);
  halves.forEach((value, i) =>
    expect(Math.abs(found[i] - value), of).toBeLessThanOrEqual(2 ** -9 * Math.abs(value) + 2 ** -18),
  );
}

describe.each(adapters)("on %s", (_, traits) => {
  test.each([
    ["3x3", 3, [2, 9, 7, 12], 20, same],
    ["1x1", 1, [2, 6, 5, 40], 12, plain],
    // Deep enough for the depth to be split.
    ["3x3, 128 channels to 32", 3, [2, 7, 7, 128], 32, same],
  ] as const)("%s", async (name, filter, image, channels, sliding) => {
    const [batch, height, width, own] = image;
    const filterShape = [filter, filter, own, channels];
    const y = [batch, height, width, channels];
    const extents = extentsOf("test", image, filterShape, sliding);
    const x = inHalves(normal(image, 1));
    const weights = normal(filterShape, 2, 0, 0.1);
    const factors = uniform([2, own], 3, -0.5, 1);
    const dy = inHalves(normal(y, 4));
    for (const activated of [false, true]) {
      const load = { activated, stored } as const;
      const seen = activated ? activate(x, factors) : x;
      const exact = wanted(conv2d, [seen, weights], y, sliding);
      for (const candidate of forwardCandidates(extents, sliding, load, traits())) {
        const found = await computed(candidate, activated ? [x, weights, factors] : [x, weights], y, stored);
        expectRounded(found, exact, `${name}, ${candidate.name}`);
      }
      const slopes = wanted(conv2dWeightGradient, [seen, dy], filterShape, { ...sliding, filterShape });
      // Without a batch norm nothing is read there; a launch of its own is held to f32 all the same.
      const ofWeights = weightGradientCandidates(extents, sliding, load, traits()).map(withFactors);
      for (const candidate of ofWeights) {
        const found = await computed(candidate, [x, dy, factors], filterShape, "f32");
        const error = worstError(found, slopes.data, { reduction: batch * height * width }, undefined);
        expect(error, `${name}, ${candidate.name}`).toBeLessThanOrEqual(1);
      }
    }
    const dx = wanted(conv2dInputGradient, [dy, weights], image, { ...sliding, inputShape: image });
    for (const candidate of inputGradientCandidates(extents, sliding, traits(), { stored })) {
      const found = await computed(candidate, [dy, weights], image, stored);
      expectRounded(found, dx, `${name}, gradient, ${candidate.name}`);
    }
  });

  test("all kernels are among them, and the split depth is rounded once", () => {
    const extents = extentsOf("test", [2, 7, 7, 128], [3, 3, 128, 32], same);
    const names = forwardCandidates(extents, same, { stored }, traits()).map((each) => each.name);
    expect(names.toSorted()).toEqual([
      "blocked",
      "outerProducts",
      "subgroups",
      "tile",
      "tileSmall",
      "tileSplit",
    ]);
    const split = forwardCandidates(extents, same, { stored }, traits()).find(
      (each) => each.name === "tileSplit",
    );
    expect(split?.launches.map(({ kernel }) => kernel)).toEqual(["conv2dTile", "sumChunks", "cast"]);
  });
});
