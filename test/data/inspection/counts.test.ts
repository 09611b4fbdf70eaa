// Labels by kind, and the images that a person is shown.
import { describe, expect, test } from "vitest";
import { chooseExamples, countLabels } from "../../../src/data/inspection/index.ts";
import { listOf } from "./catalogues.ts";

const list = listOf(
  "A",
  "train",
  [
    { id: "0", labels: "+-.", patient: "x" },
    { id: "1", labels: "++.", patient: "x" },
    { id: "2", labels: "--.", patient: "y" },
    { id: "3", labels: "..." },
    { id: "4", labels: "~-." },
  ],
  [2, 0, 0],
);

test("labels are counted by class and kind, patients by name", () => {
  expect(countLabels(list, 3)).toEqual({
    source: "A",
    part: "train",
    images: 5,
    patients: 2,
    withoutPatient: 2,
    unlabelled: 1,
    classes: [
      { positive: 2, negative: 1, absent: 1, soft: 1, uncertain: 2 },
      { positive: 1, negative: 3, absent: 1, soft: 0, uncertain: 0 },
      { positive: 0, negative: 0, absent: 5, soft: 0, uncertain: 0 },
    ],
  });
});

describe("examples", () => {
  const choose = (most: number, usable = (_row: number): boolean => true, seed = 0) =>
    chooseExamples(["a", "b", "c"], list, { most, seed, usable });

  test("are grouped by what is positive, what is a probability, nothing positive, and no label", () => {
    expect(choose(9)).toEqual([
      { title: "+a", column: 0, total: 2, rows: [0, 1] },
      { title: "+b", column: 1, total: 1, rows: [1] },
      { title: "~a", column: 0, total: 1, rows: [4] },
      { title: "nothing positive", total: 1, rows: [2] },
      { title: "no label at all", total: 1, rows: [3] },
    ]);
  });

  test("are at most as many as asked for, and never an image that cannot be shown", () => {
    expect(choose(1).map(({ rows }) => rows.length)).toEqual([1, 1, 1, 1, 1]);
    expect(choose(9, (row) => row !== 1).map(({ title, total, rows }) => [title, total, rows])).toEqual([
      ["+a", 2, [0]],
      ["~a", 1, [4]],
      ["nothing positive", 1, [2]],
      ["no label at all", 1, [3]],
    ]);
  });

  test("are drawn by the seed alone", () => {
    const many = listOf(
      "A",
      "test",
      Array.from({ length: 100 }, (_, i) => ({ id: `${i}`, labels: "+" })),
    );
    const drawn = (seed: number) =>
      chooseExamples(["a"], many, { most: 5, seed, usable: () => true })[0].rows;
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
    expect(drawn(1)).toEqual([...drawn(1)].sort((a, b) => a - b));
    expect(new Set(drawn(1)).size).toBe(5);
  });
});
