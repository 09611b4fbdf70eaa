// What the runs of a study come to: a score for each arm and seed, the course of each run, gains by similarity.

import { expect, test } from "vitest";
import { scoresOf, studyScores } from "../../src/studies/study-scores.ts";
import { planStudy } from "../../src/studies/plan-study.ts";
import type { RunResult } from "../../src/studies/study-run.ts";
import { context, settings } from "./two-sites.ts";

const result = (
  run: string,
  seed: number,
  auc: readonly (readonly [string, number | null])[],
  queryCosines: number[][] | null = null,
): RunResult => ({
  ...{ key: "", run, seed, classes: auc.map(([name]) => name), auc: Object.fromEntries(auc) },
  ...{
    steps: 10,
    seconds: 2,
    queryCosines,
    course: { bce: [0.5, 0.25], pseudo: [0, 0.1], consistency: [0, 0] },
  },
});

test("of an arm of several runs take each class from those that know it, and are missing until all are finished", () => {
  const of = planStudy("disjoint", {
    ...{ classes: ["1", "2", "3"], settings, margin: 0.01 },
    knowledge: new Map([
      ["A", ["1", "2"]],
      ["B", ["2", "3"]],
    ]),
  });
  const results = [
    result("single-A", 0, Object.entries({ 1: 0.9, 2: 0.8, 3: 0.1 })),
    result("single-B", 0, Object.entries({ 1: 0.2, 2: 0.6, 3: null })),
    result("single-A", 1, Object.entries({ 1: 0.9, 2: 0.8, 3: 0.1 })),
  ];
  const [score, ...more] = scoresOf(of, [0, 1], results);
  expect(more).toEqual([]);
  expect(score).toMatchObject({ arm: "single", seed: 0, steps: 20, seconds: 4 });
  expect(score.auc[1]).toBe(0.9);
  expect(score.auc[2]).toBeCloseTo(0.7, 12);
  expect(score.auc[3]).toBeNull();
  const { courses, arms } = studyScores(of, { file: "m.yaml", classes: ["1", "2", "3"] }, [0, 1], results);
  expect(courses?.map(({ arm, run, seed }) => [arm, run, seed])).toEqual([
    ["single", "single-A", 0],
    ["single", "single-A", 1],
    ["single", "single-B", 0],
  ]);
  expect(arms.find(({ name }) => name === "both+aug")).toMatchObject({ controlOf: "both" });
});

test("on similarity are the gain of the class of interest and the cosine of its query with another's, by name", () => {
  const classes = ["8", "0", "3", "1"]; // not in the order of numbers
  const of = planStudy("similarity", { ...context, classes, interest: ["8"] });
  const cosines = [
    [1, 0.1, 0.2, 0.3],
    [0.1, 1, 0.4, 0.5],
    [0.2, 0.4, 1, 0.6],
    [0.3, 0.5, 0.6, 1],
  ];
  const all = classes.map((name) => [name, name === "8" ? 0.95 : 0.5] as const);
  const results = [
    result("alone-8", 7, [["8", 0.8]]),
    result("8-with-0", 7, [
      ["8", 0.9],
      ["0", 0.5],
    ]),
    result("8-with-1", 7, [
      ["8", 0.7],
      ["1", 0.5],
    ]),
    result("all", 7, all, cosines),
    result("8-with-3", 8, [
      ["8", 0.7],
      ["3", 0.5],
    ]),
  ];
  const { similarity, queries } = studyScores(of, { file: "m.yaml", classes }, [7, 8], results);
  expect(similarity?.interest).toBe("8");
  expect(similarity?.points.map(({ class: name, seed, similarity: cosine }) => [name, seed, cosine])).toEqual(
    [
      ["0", 7, 0.1],
      ["1", 7, 0.3],
    ],
  );
  expect(similarity?.points.map(({ gain }) => Math.round(gain * 100) / 100)).toEqual([0.1, -0.1]);
  expect(queries).toEqual([{ arm: "all", classes, cosines }]);
});
