// Vectors made comparable: by the corpus, and as the notebook does it.
import { expect, test } from "vitest";
import { standardise, standardisedBy } from "../../src/text/search/standardisation.ts";

const vectors = (): Float32Array => Float32Array.of(1, 10, 3, 10, 5, 10, 0, 0);
const unit = (...values: number[]): number[] => values.map((value) => value / Math.hypot(...values));

test("none only brings vectors to length 1; zeros stay", () => {
  const all = vectors();
  standardise(all, 2, standardisedBy("none", all, 2));
  expect([...all.subarray(0, 2)]).toEqual([...Float32Array.from(unit(1, 10))]);
  expect([...all.subarray(6)]).toEqual([0, 0]);
});

test("corpus takes mean and deviation once, and queries by the same; what never varies has no say", () => {
  const all = vectors();
  const by = standardisedBy("corpus", all, 2);
  expect(by).toMatchObject({
    how: "corpus",
    mean: Float32Array.of(3, 10),
    deviation: Float32Array.of(Math.sqrt(8 / 3), Infinity),
  });
  const query = Float32Array.of(7, 11);
  standardise(query, 2, by);
  expect([...query]).toEqual([1, 0]);
  standardise(all, 2, by);
  expect([...all]).toEqual([-1, 0, 0, 0, 1, 0, 0, 0]);
});

test("the notebook divides by the deviation of the batch, does not subtract the mean, and depends on neighbours", () => {
  const all = Float32Array.of(1, 2, 3, 2.5);
  standardise(all, 2, { how: "notebook" });
  const [first, second] = [Math.SQRT2, 0.5 / Math.SQRT2].map((deviation) => deviation + 1e-6); // unbiased, n - 1
  unit(1 / first, 2 / second).forEach((value, j) => expect(all[j]).toBeCloseTo(value, 6));
  unit(3 / first, 2.5 / second).forEach((value, j) => expect(all[2 + j]).toBeCloseTo(value, 6));
  expect(() => standardise(Float32Array.of(1, 2), 2, { how: "notebook" })).toThrow(
    "which a single text does not have",
  );
});
