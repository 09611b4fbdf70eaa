import { describe, expect, test } from "vitest";
import { patientAreas, patientResults } from "../../src/assemble/patient-metrics.ts";

// Three patients of coarse and fine slices: the pixels rank them otherwise than the volumes do.
const patients = ["coarse", "coarse", "fine", "fine", "healthy"];
const states = Uint8Array.of(1, 1, 1, 255, 0);
const predicted = Uint32Array.of(10, 5, 90, 50, 40);
const overlaps = { given: predicted, predicted, both: predicted };
const set = { states, patients };
const voxelVolumes = Float64Array.of(400, 400, 10, 10, 30);

describe("the second score of a patient", () => {
  test("is millilitres where the volume of every pixel is known, without images that nobody outlined", () => {
    const { areas, unit } = patientAreas(overlaps, { ...set, voxelVolumes }, ["cyst"]);
    expect([[...areas], unit]).toEqual([[6, Math.fround(0.9), Math.fround(1.2)], "ml"]);
  });

  test.each([undefined, Float64Array.of(400, 400, 10, 10, 0)])(
    "is pixels where that of some is not: %o",
    (volumes) => {
      const found = patientAreas(overlaps, volumes ? { ...set, voxelVolumes: volumes } : set, ["cyst"]);
      expect([[...found.areas], found.unit]).toEqual([[15, 90, 40], "pixels"]);
    },
  );

  test("ranks patients by volume, not by how finely they were scanned", () => {
    const coarse = { states: Uint8Array.of(1, 0), patients: ["a", "b"] };
    const counts = Uint32Array.of(15, 90);
    const of = { given: counts, predicted: counts, both: counts };
    const judged = (volumes?: Float64Array): unknown => {
      const own = volumes ? { ...coarse, voxelVolumes: volumes } : coarse;
      const { byClass, areaUnit } = patientResults(
        { set: own, logits: Float32Array.of(0, 0), overlaps: of },
        undefined,
        ["cyst"],
      );
      return [byClass["cyst"].areaAuc, areaUnit];
    };
    expect(judged()).toEqual([0, "pixels"]);
    expect(judged(Float64Array.of(400, 10))).toEqual([1, "ml"]);
  });

  test("the order of a sum parts no two patients of equal area", () => {
    const sums = Uint32Array.of(1, 2, 3, 0);
    const { areas } = patientAreas(
      { given: sums, predicted: sums, both: sums },
      {
        states: Uint8Array.of(1, 1, 1, 1),
        patients: ["a", "a", "b", "b"],
        voxelVolumes: new Float64Array(4).fill(100),
      },
      ["cyst"],
    );
    expect(0.1 + 0.2 === 0.3).toBe(false);
    expect(areas[0]).toBe(areas[1]);
  });
});
