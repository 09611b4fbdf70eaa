// Files of features: read back as they were written, and refused where they are something else.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { plainSafetensors } from "../../src/interchange/tensor-file.ts";
import {
  featuresCsv,
  featuresSafetensors,
  readFeatures,
  type FeatureTable,
} from "../../src/runs/features-file.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-features-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const table: FeatureTable = {
  images: [
    ["A", "train", 'one, "odd".png', ""],
    ["B", "", "two.png", "P 2"],
  ],
  ...{
    width: 3,
    features: Float32Array.of(1, 2, 0.1, -1e-20, 3e20, 0),
    classes: ["x", "ü"],
    states: Uint8Array.of(0, 1, 255, 130),
  },
  model: "0".repeat(64),
};
const put = (name: string, parts: readonly Uint8Array[]): string => {
  writeFileSync(join(folder, name), Buffer.concat(parts));
  return join(folder, name);
};

test("are read back whole, and as CSV have every digit", async () => {
  expect(await readFeatures(put("a.safetensors", featuresSafetensors(table)))).toEqual(table);
  const [head, first] = featuresCsv(table).split("\n");
  expect(head).toBe("source,part,image,patient,feature 1,feature 2,feature 3");
  expect(Math.fround(Number(first.split(",").at(-1)))).toBe(table.features[2]);
});

test.each<[string, () => readonly Uint8Array[], RegExp]>([
  ["a cut file", () => [Buffer.concat(featuresSafetensors(table)).subarray(0, -3)], /is damaged/u],
  ["weights", () => plainSafetensors(new Map(), { format: "pt" }), /has no features of images/u],
  ["a table", () => [Buffer.from(featuresCsv(table))], /is no safetensors file/u],
  [
    "another number of images",
    () => featuresSafetensors({ ...table, images: table.images.slice(1) }),
    /do not agree|damaged/u,
  ],
  [
    "features that are none",
    () => featuresSafetensors({ ...table, features: new Float32Array(6).fill(NaN) }),
    /no finite numbers/u,
  ],
])("%s is refused by name", async (name, parts, complaint) => {
  const file = put(name.replaceAll(" ", "-"), parts());
  await expect(readFeatures(file)).rejects.toThrow(DataError);
  await expect(readFeatures(file)).rejects.toThrow(complaint);
});
