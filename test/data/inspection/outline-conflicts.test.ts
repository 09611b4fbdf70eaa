// Equal images of two sources whose outlines exclude each other.
import { expect, test } from "vitest";
import { outlineConflicts } from "../../../src/data/inspection/outline-conflicts.ts";
import type { OpenedList } from "../../../src/data/inspection/sightings.ts";
import { background as _, ignored as x } from "../../../src/labels/label-map.ts";

const classes = ["Red", "Green", "Blue"];
const opened = (source: string, ...maps: number[][]): OpenedList =>
  ({
    list: {
      ...{ source, part: "train" },
      samples: maps.map((_map, i) => ({ id: String(i) })),
      masks: { maps: Uint8Array.from(maps.flat()) },
    },
    hashes: maps.map((_map, i) => `hash ${i}`),
  }) as unknown as OpenedList;
const lists = [opened("A", [0, 0, _, 2], [0, 0, 0, x]), opened("B", [1, _, 1, 2], [1, 1, x, 1])];
const images = [0, 1].map((row) => [
  { list: 0, row },
  { list: 1, row },
]);
const named = ({ list, row }: { list: number; row: number }) => ({
  ...{ source: "AB"[list], part: "train" as const, id: String(row) },
});

test("pixels that are given as two classes that exclude each other are counted, with their images", () => {
  const [found, ...others] = outlineConflicts(classes, [[0, 1]], lists, images, named);
  expect(others).toEqual([]);
  expect(found.sentence).toBe(
    "3 pixels of 2 images are given as Red in one place and as Green, which excludes it, in another.",
  );
  expect(found.cases[1].samples).toEqual([
    { source: "A", part: "train", id: "1" },
    { source: "B", part: "train", id: "1" },
  ]);
});

test("classes that may share a pixel, and images that are not equal, do not conflict", () => {
  expect(outlineConflicts(classes, [[1, 2]], lists, images, named)).toEqual([]);
  expect(outlineConflicts(classes, [[0, 1]], lists, [], named)).toEqual([]);
});
