// What the page of a study is made of: the files of its folder, each of which may be damaged.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readStudy } from "../../src/report/pages.ts";
import { scoresSchema, scoresText } from "../../src/studies/scores.ts";
import { measured, reportData, predicted, scores, settings } from "../report/studies.ts";

test("a folder's files are read, and one that is damaged is named with its field", () => {
  const folder = mkdtempSync(join(tmpdir(), "tessera-study-"));
  try {
    writeFileSync(join(folder, "scores.json"), scoresText(scores));
    expect(readStudy(folder)).toEqual({ path: folder, scores, settings: {}, reportData: undefined });
    const controls = scores.arms.map((arm) => ({ ...arm, controlOf: "a", models: 2 }));
    const whole = { ...scores, arms: controls, ...measured };
    writeFileSync(join(folder, "scores.json"), scoresText(whole));
    writeFileSync(join(folder, "study.json"), JSON.stringify(settings));
    writeFileSync(join(folder, "report.json"), JSON.stringify(reportData));
    expect(readStudy(folder)).toEqual({ path: folder, scores: whole, settings, reportData });
    const [short] = predicted.roc.arms.map((arm) => ({ ...arm, curve: [0.5] }));
    const roc = { ...predicted.roc, arms: [short] };
    writeFileSync(
      join(folder, "report.json"),
      JSON.stringify({ ...reportData, predicted: { ...predicted, roc } }),
    );
    expect(() => readStudy(folder)).toThrow(
      /report\.json: cannot be used \(predicted\.roc\.arms: each must have a value at every rate\)/,
    );
    rmSync(join(folder, "report.json"));
    writeFileSync(join(folder, "study.json"), JSON.stringify({ ...settings, seeds: 8 }));
    expect(() => readStudy(folder)).toThrow(/study\.json: cannot be used \(seeds: /);
    writeFileSync(join(folder, "scores.json"), JSON.stringify({ ...scores, arms: 3 }));
    expect(() => readStudy(folder)).toThrow(/scores\.json: cannot be used \(arms: /);
    const uneven = [{ ...measured.queries[0], cosines: [[1, 0.5], [0.5]] }];
    writeFileSync(join(folder, "scores.json"), JSON.stringify({ ...scores, queries: uneven }));
    expect(() => readStudy(folder)).toThrow(
      /scores\.json: cannot be used \(queries\.0\.cosines: must have a row and a column for each class/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("scores of earlier builds are read, which have asks for a question, and the losses of a course beside its run", () => {
  const { question, comparisons, ...rest } = { ...scores, ...measured };
  const earlier = {
    ...{ ...rest, asks: question },
    comparisons: comparisons.map(({ question: asks, ...each }) => ({ ...each, asks })),
    courses: [
      { arm: "a", seed: 0, run: "a", bce: [0.9, 0.5], pseudo: [0, 0.1], consistency: [0, 0] },
      { arm: "c", seed: 0, run: "c-one", bce: [0.6], pseudo: [0], consistency: [0] },
    ],
  };
  expect(scoresSchema.parse(JSON.parse(JSON.stringify(earlier)))).toEqual({
    ...{ ...rest, question, comparisons },
    courses: [
      { arm: "a", seed: 0, run: "a", losses: { bce: [0.9, 0.5], pseudo: [0, 0.1], consistency: [0, 0] } },
      { arm: "c", seed: 0, run: "c-one", losses: { bce: [0.6], pseudo: [0], consistency: [0] } },
    ],
  });
  const written = JSON.parse(scoresText({ ...scores, courses: measured.courses })) as typeof earlier;
  expect(Object.keys(written.courses[0])).toEqual(["arm", "seed", "run", "bce", "pseudo", "consistency"]);
});

test("a course of any terms is written and read, and one whose points are no numbers is not", () => {
  const courses = [{ arm: "a", seed: 0, run: "a", losses: { dice: [0.5, 0.25], boundary: [0, 0.1] } }];
  const read = (text: string): unknown => scoresSchema.parse(JSON.parse(text));
  expect(read(scoresText({ ...scores, courses }))).toEqual({ ...scores, courses });
  expect(() => read(scoresText({ ...scores, courses }).replace("0.25", '"0.25"'))).toThrow(/expected number/);
});
