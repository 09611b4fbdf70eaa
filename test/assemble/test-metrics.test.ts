// Results on test images: by source, and with intervals over patients; the data says which image is whose.

import { expect, test } from "vitest";
import { evaluationBySource, testIntervals } from "../../src/assemble/test-metrics.ts";
import { evaluationOf } from "../../src/assemble/evaluation.ts";
import { assembled } from "../../src/data/assembly/load.ts";
import { concatenate, type ImageSet } from "../../src/data/assembly/assembly.ts";
import { decodeAssembly } from "../../src/data/assembly/pixels.ts";
import type { Catalogue } from "../../src/data/catalogue/catalogue.ts";

const classes = ["x", "y"];
const set = (
  source: string,
  states: readonly number[],
  patients?: readonly (string | undefined)[],
): ImageSet => {
  const count = states.length / 2;
  return {
    ...{ source, count, height: 1, width: 1, channels: 1 },
    pixels: new Uint8Array(count),
    states: Uint8Array.from(states),
    ...(patients === undefined ? {} : { patients }),
  };
};
const a = set("A", [0, 255, 1, 255, 0, 255]);
const b = set("B", [1, 0, 0, 1, 1, 1, 0, 0], ["B/1", "B/1", "B/2", undefined]);
const logits = Float32Array.from([0.5, 9, 0.25, 9, 0.1, 9, 3, 1, -2, 2, 4, 0.5, 3.5, -1]);

test("each source's test images are evaluated by themselves", () => {
  const joined = concatenate("test", [a, b]);
  const both = evaluationBySource(logits, joined, classes);
  expect(both).toEqual({
    A: { images: 3, ...evaluationOf(logits.subarray(0, 6), a, classes) },
    B: { images: 4, ...evaluationOf(logits.subarray(6), b, classes) },
  });
  expect(both["A"].auc).toEqual({ x: 0.5, y: null });
  // Joined again, an image stays of the source it was of.
  const again = concatenate("all", [joined, set("A", [0, 0])]);
  expect(again.origins).toEqual({ names: ["A", "B"], of: Uint16Array.of(0, 0, 0, 1, 1, 1, 1, 0) });
  expect(again.patients).toEqual([undefined, undefined, undefined, ...(b.patients ?? []), undefined]);
  expect(Object.keys(evaluationBySource(logits.subarray(6), b, classes))).toEqual(["B"]);
});

test("intervals are over patients, not images", () => {
  const intervals = testIntervals(logits.subarray(6), b, classes);
  expect(intervals).toMatchObject({ level: 0.95, resamples: 2000, patients: 3 });
  const unnamed = set("B", [...b.states]);
  expect(testIntervals(logits.subarray(6), unnamed, classes).patients).toBe(4);
  const undefinedY = testIntervals(logits.subarray(0, 6), a, classes).byClass["y"];
  expect(undefinedY).toMatchObject({ interval: null, note: expect.stringMatching(/both kinds/) as string });
});

test("the patients of a catalogue come to the test set, told apart by source; those trained on are not kept", async () => {
  const array = {
    file: "images",
    count: 4,
    height: 1,
    width: 1,
    channels: 1,
    pixels: Uint8Array.of(1, 2, 3, 4),
  } as const;
  const list = (
    source: string,
    part: "train" | "test",
    at: readonly number[],
  ): Catalogue["lists"][number] => ({
    ...{ source, part, states: new Uint8Array(at.length * 2), uncertain: new Uint32Array(2) },
    samples: at.map((index) => ({
      id: `${index}`,
      image: { kind: "array", array, at: index },
      ...(index === 3 ? {} : { patient: "7" }),
    })),
  });
  const selected: Catalogue = {
    classes,
    image: { height: 1, width: 1, channels: 1 },
    lists: [list("A", "train", [0]), list("A", "test", [1]), list("B", "test", [2, 3])],
    skipped: [],
    remarks: [],
  };
  const decoded = await decodeAssembly(selected, { cache: "", memory: Infinity, skipBad: false });
  const { sources, test: joined } = assembled(selected, decoded);
  expect(joined.patients).toEqual(["A/7", "B/7", undefined]);
  expect(joined.origins).toEqual({ names: ["A", "B"], of: Uint16Array.of(0, 1, 1) });
  expect(sources[0].patients).toBeUndefined();
});
