// The report of a study: its scores pictured, with intervals that are those of the seeds.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { StudyScores } from "../../src/assemble/index.ts";
import { readStudy, studyPage, type StudyContents } from "../../src/report/pages.ts";
import { armEstimate, differenceEstimate } from "../../src/report/study/estimates.ts";
import { all, checkedPage, oddClasses, studyOf } from "./pages.ts";

const scores = studyOf(oddClasses);
const study: StudyContents = { path: "/s", scores, settings: { study: "overlap", seeds: 4 }, coverage: [] };
const comparisons = {
  tables: [
    {
      table: { caption: "Paired t-tests", head: ["first", "p"], rows: [["<b>", "0.01"]] },
      verdicts: ["<b> is better."],
    },
  ],
  notes: ["Seed 3 of <c> is missing."],
};
const none = { tables: [], notes: [] };

test("a page pictures arms and differences by group, similarity, tables and notes", () => {
  const document = checkedPage(studyPage(study, comparisons, "0.1.0"));
  expect(all(document, "figure").map(({ id }) => id)).toEqual([
    "arms-0",
    "arms-1",
    "differences-0",
    "differences-1",
    "gain",
  ]);
  expect(all(document, "h2").map(({ id }) => id)).toEqual([
    "arms",
    "scores",
    "differences",
    "comparisons",
    "similarity",
    "notes",
    "by-class",
    "settings",
  ]);
  expect(all(document, "b, c, i")).toEqual([]);
  expect(document.querySelector("header")?.textContent).toMatch(/Is <b> & 'better'\?/);
  expect(studyPage(study, comparisons, "0.1.0")).toBe(studyPage(study, comparisons, "0.1.0"));
});

test("a study without a finished run has a page, too", () => {
  const { similarity: _, ...rest } = scores;
  const empty = { ...study, scores: { ...rest, scores: [] } };
  const document = checkedPage(studyPage(empty, none, "0.1.0"));
  expect(all(document, "figure")).toEqual([]);
  expect(document.querySelector("main")?.textContent).toMatch(/No run has finished yet/);
});

test("arms and differences are estimated over the seeds that there are", () => {
  const auc = (x: number, y: number | null): Record<string, number | null> => ({ x, y });
  const score = (arm: string, seed: number, x: number, y: number | null): StudyScores["scores"][number] => ({
    ...{ arm, seed, auc: auc(x, y), steps: 1, seconds: 1 },
  });
  const found: StudyScores = {
    ...scores,
    scores: [
      ...[score("a", 2, 0.5, 0.7), score("a", 0, 0.6, null), score("b", 0, 0.7, 0.9)],
      ...[score("b", 2, 0.8, 0.8), score("b", 1, 0.9, 0.9)],
    ],
  };
  const group = { name: "all", classes: ["x", "y"] };
  expect(armEstimate(found, "a", group)?.seeds).toEqual([
    { seed: 0, value: 0.6 },
    { seed: 2, value: 0.6 },
  ]);
  const difference = differenceEstimate(found, { first: "b", second: "a", asks: "" }, group);
  expect(difference?.seeds.map(({ seed }) => seed)).toEqual([0, 2]);
  expect(difference?.seeds[0].value).toBeCloseTo(0.2, 12);
  expect(difference?.mean.mean).toBeCloseTo(0.2, 12);
  expect(armEstimate(found, "none", group)).toBeUndefined();
  expect(differenceEstimate(found, { first: "b", second: "none", asks: "" }, group)).toBeUndefined();
});

test("the fitted line and the correlation are told", () => {
  const points = [0, 1, 2, 3].map((i) => ({
    class: `c${i}`,
    seed: 0,
    similarity: 0.1 * i,
    gain: 0.02 * i + 0.01,
  }));
  const exact = { ...study, scores: { ...scores, similarity: { interest: "8", points } } };
  const document = checkedPage(studyPage(exact, none, "0"));
  expect(document.querySelector("#gain figcaption")?.textContent).toMatch(
    /gain = 0\.0100 \+ 0\.2000 × similarity\. Over all dots Pearson's r = 1\.000.*p < 0\.001/,
  );
});

test("a folder's files are read, and one that is damaged is named with its field", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-study-"));
  try {
    writeFileSync(join(folder, "scores.json"), JSON.stringify(scores));
    expect(readStudy(folder)).toEqual({ path: folder, scores, settings: {}, coverage: [] });
    writeFileSync(join(folder, "scores.json"), JSON.stringify({ ...scores, arms: 3 }));
    expect(() => readStudy(folder)).toThrow(/scores\.json: cannot be used \(arms: /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
