// A study's tables: what is in them, that they are aligned, and that other programs read them.
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { analyse, furtherAnalyses } from "../../../src/studies/analysis.ts";
import { showDifference, showP } from "../../../src/studies/study-numbers.ts";
import type { StudyAnalysis } from "../../../src/studies/results.ts";
import { similarityOf } from "../../../src/studies/similarity.ts";
import type { StudyScores } from "../../../src/studies/scores.ts";
import {
  comparisonsCsv,
  scoresCsv,
  studyJson,
  studyMarkdown,
  studyTable,
} from "../../../src/report/study/study-tables.ts";
import { similarityMarkdown, similarityTable } from "../../../src/report/study/similarity-tables.ts";
import { armScores, base, comparing, similar, smallStudy, worse } from "../../studies/small-study.ts";

const study = smallStudy(
  [...armScores("base", base), ...armScores("worse", worse), ...armScores("similar", similar.slice(0, 1))],
  [comparing("base", "worse"), comparing("base", "similar", 0.003)],
  { notes: ['The arm "later" was not run.'] },
);
const analysis = analyse(study);

/** A study with everything that Markdown and CSV might stumble over. */
const odd: StudyScores = {
  ...smallStudy([], [comparing("a", "b")]),
  classes: ["u|v", '5" or <b>', "_x_, y"],
  groups: [{ name: "all\nof them", classes: ["u|v", '5" or <b>', "_x_, y"] }],
  scores: ["a", "b"].flatMap((arm, a) =>
    [0, 1, 2].map((seed) => ({
      ...{ arm, seed, steps: 10 + seed, seconds: 1 },
      auc: { "u|v": 0.9 + 0.01 * seed * a, '5" or <b>': 0.8, "_x_, y": null },
    })),
  ),
};

/** The tables of a page, cell by cell, as GitHub takes them apart. */
function tablesOf(markdown: string): string[][][] {
  const tables: string[][][] = [];
  let open = false;
  for (const line of markdown.split("\n")) {
    if (!line.startsWith("|")) {
      open = false;
      continue;
    }
    if (!open) tables.push([]);
    open = true;
    tables.at(-1)?.push(
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/u)
        .map((cell) => cell.trim()),
    );
  }
  return tables;
}

test("the page has means by arm, comparisons and classes, to four decimals", () => {
  const [means, comparisons, classes] = tablesOf(studyMarkdown(study, analysis));
  expect(means).toEqual([
    ["arm", "all", "steps a seed"],
    [expect.stringMatching(/^-+$/), expect.stringMatching(/^-+:$/), expect.stringMatching(/^-+:$/)],
    ["base", "0.9505 ± 0.0019 (5)", "100"],
    ["worse", "0.9488 ± 0.0013 (5)", "100"],
    ["similar", "0.9505 (1)", "100"],
  ]);
  expect(comparisons[0].join(" ")).toBe(
    "comparison difference interval resolves p Holm Welch p pooled p equal seeds",
  );
  expect(comparisons.slice(2)).toEqual([
    ["base less worse", "+0.0016", "[0.0000, 0.0032]", "0.0021", ".046", ".046", ".163", ".158", "", "5"],
    ["base less similar", "+0.0007", "-", "-", "-", "-", "-", "-", "±0.003: no test", "1"],
  ]);
  expect(classes[2]).toEqual(["u", "0.9605 ± 0.0019 (5)", "0.9588 ± 0.0013 (5)", "0.9605 (1)"]);
});

test("the page says what was asked, the verdicts with what they leave out, and every note", () => {
  const page = studyMarkdown(study, analysis);
  const all = [
    study.question,
    ...study.comparisons.map(({ question }) => question),
    ...analysis.comparisons.flatMap(({ verdict, notes }) => [verdict, ...notes]),
    ...analysis.notes,
  ];
  expect(analysis.notes).toHaveLength(2);
  for (const text of all) expect(page).toContain(text);
});

test("as plain text, every table's bars stand under each other, whatever is in its cells", () => {
  for (const [scores, found] of [
    [study, analysis],
    [odd, analyse(odd)],
  ] as const) {
    const lines = studyMarkdown(scores, found).split("\n");
    for (const [at, line] of lines.entries()) {
      if (!line.startsWith("|") || !lines[at + 1]?.startsWith("|")) continue;
      const bars = (text: string): number[] => Array.from(text.matchAll(/(?<!\\)\|/gu), ({ index }) => index);
      expect(bars(lines[at + 1])).toEqual(bars(line));
    }
  }
});

test("names that Markdown takes for tables, HTML or emphasis are shown as they are, on one line", () => {
  const page = studyMarkdown(odd, analyse(odd));
  const names = tablesOf(page)
    .at(-1)
    ?.slice(2)
    .map(([name]) => name);
  expect(names).toEqual(["u\\|v", '5" or &lt;b>', "\\_x\\_, y"]);
  expect(page).toContain("### all of them\n");
  expect(page).toContain("\\* Without classes of the group that have no AUC");
  expect(page).toMatch(/\| +10 to 12 \|/u);
});

test("the table for the terminal has the same numbers and the verdicts of the first group", () => {
  const groups = [...study.groups, { name: "u alone", classes: ["u"] }];
  const two = { ...study, groups };
  const found = analyse(two);
  const text = studyTable(two, found);
  expect(text).toMatch(/^arm +all +u alone +steps a seed\n/);
  expect(text).toMatch(/\nbase +0\.9505 ± 0\.0019 \(5\) +0\.9605 ± 0\.0019 \(5\) +100\n/);
  expect(text).toMatch(/\nu alone +difference +interval +resolves +p +Holm +equal +seeds *\n/);
  expect(text).toMatch(/\nbase less worse +\+0\.0016 +\[0\.0000, 0\.0032\] +0\.0021 +\.046 +\.046 +5 *\n/);
  expect(text.match(/base less worse: gain of 0\.0016/g)).toHaveLength(1);
  for (const note of found.notes) expect(text).toContain(note);
});

test("a class without one of the further measures is told in the notes of the whole study, and what they share once", () => {
  const further = study.scores.map((score) => ({
    ...score,
    further: { iou: score.auc, dice: { u: 0.5, v: null } },
  }));
  const several: StudyScores = { ...study, scores: further, measures: ["iou", "dice"] };
  const [iou, ...others] = [analyse(several), ...furtherAnalyses(several)];
  const lacking = 'Class "v" has no Dice in any arm; means there are without it.';
  const shared = 'The arm "later" was not run.';
  expect(iou.notes).not.toContain(lacking);
  expect(studyMarkdown(several, iou, others)).toContain("Without classes of the group that have no Dice");
  for (const text of [studyTable(several, iou, others), studyMarkdown(several, iou, others)]) {
    const [, ...lines] = text.replaceAll("\\", "").split(shared);
    expect(lines).toHaveLength(1);
    expect(text.replaceAll("\\", "")).toContain(lacking);
  }
});

test("notes that all comparisons of a group have stand once below their verdicts", () => {
  const found = analyse(study);
  const [few, own] = ["Only 3 seeds.", "Without b."];
  const comparisons = found.comparisons.map((each, i) => ({ ...each, notes: i === 0 ? [few, own] : [few] }));
  expect(comparisons).toHaveLength(2);
  const page = studyMarkdown(study, { ...found, comparisons });
  expect(page.split(few)).toHaveLength(2);
  expect(page).toContain(`\n- All of these: ${few}\n`);
  expect(page).toMatch(/\n- base less worse: gain .*\. Without b\.\n/);
});

test("scores as CSV: a row for every arm, seed and class, with all digits, empty where undefined", () => {
  const rows = parse<Record<string, string>>(scoresCsv(odd), { columns: true });
  expect(rows).toHaveLength(2 * 3 * 3);
  expect(rows[0]).toEqual({ study: "small", arm: "a", seed: "0", class: "u|v", auc: "0.9" });
  expect(rows[1]["class"]).toBe('5" or <b>');
  expect(rows[2]).toMatchObject({ class: "_x_, y", auc: "" });
  const all = parse<Record<string, string>>(scoresCsv(study), { columns: true });
  for (const { arm, seed, class: name, auc } of all) {
    const score = study.scores.find((each) => each.arm === arm && String(each.seed) === seed);
    expect(Number(auc)).toBe(score?.auc[name]);
  }
});

test("comparisons as CSV: every number of the analysis, empty where there is no test", () => {
  const rows = parse<Record<string, string>>(comparisonsCsv(analysis), { columns: true });
  const [first] = analysis.comparisons;
  expect(rows).toHaveLength(2);
  expect(rows[0]).toMatchObject({ group: "all", first: "base", second: "worse", seeds: "5", margin: "" });
  expect(Number(rows[0]["difference"])).toBe(first.difference);
  expect(["p_paired", "p_holm", "p_welch", "p_pooled"].map((name) => Number(rows[0][name]))).toEqual([
    first.paired.p,
    first.holm,
    first.welch.p,
    first.pooled.p,
  ]);
  expect(rows[0]["verdict"]).toBe(first.verdict);
  expect(rows[1]).toMatchObject({ low: "", p_paired: "", margin: "0.003", equivalent: "" });
});

test("a study of several measures has a column of each in its scores, and rows of each in its comparisons", () => {
  const further = study.scores.map((score) => ({
    ...score,
    further: { iou: { u: score.auc["u"], v: 0.25 }, dice: { u: 0.5, v: null } },
  }));
  const several: StudyScores = { ...study, scores: further, measures: ["iou", "dice"] };
  const [first] = parse<Record<string, string>>(scoresCsv(several), { columns: true });
  expect(Object.keys(first)).toEqual(["study", "arm", "seed", "class", "auc", "iou", "dice"]);
  expect(first).toMatchObject({ auc: String(further[0].auc["u"]), iou: first["auc"], dice: "0.5" });
  const [iou, ...others] = [analyse(several), ...furtherAnalyses(several)];
  const rows = parse<Record<string, string>>(comparisonsCsv(iou, ...others), { columns: true });
  expect(rows.map(({ measure, second }) => [measure, second])).toEqual([
    ...[
      ["iou", "worse"],
      ["iou", "similar"],
      ["dice", "worse"],
      ["dice", "similar"],
    ],
  ]);
  // A study of the AUC alone has the columns that it always had.
  expect(comparisonsCsv(analysis).split("\n")[0]).toMatch(/,verdict,notes\r?$/u);
  expect(scoresCsv(study).split("\n")[0]).toMatch(/,class,auc\r?$/u);

  const page = studyMarkdown(several, iou, others);
  expect(page.match(/^## .*$/gmu)).toEqual([
    ...["## Mean IoU", "## Comparisons", "## IoU by class", "## Mean Dice", "## Notes"],
  ]);
  expect(page).toContain("### Comparisons in mean Dice: all");
  const shown = studyTable(several, iou, others);
  expect(shown).toMatch(/^Mean IoU\n[^]*^Mean Dice\n/mu);
  const { others: told } = JSON.parse(studyJson(several, iou, undefined, others)) as {
    others: StudyAnalysis[];
  };
  expect(told.map(({ measure }) => measure)).toEqual(["dice"]);
});

test("JSON has the scores and the analysis, and gives them back", () => {
  const back = JSON.parse(studyJson(study, analysis)) as { scores: StudyScores; analysis: StudyAnalysis };
  expect(back).toEqual({ scores: study, analysis });
});

test("similarity: a row for every class, and r with its interval and p", () => {
  const points = [0.4, 0.3, 0.1, 0.2].map((similarity, at) => ({
    ...{ class: String(at), seed: 0, similarity },
    gain: [0.012, 0.008, 0.001, 0.006][at],
  }));
  const found = similarityOf(points);
  const sentence = "Pearson's r = 0.99 [0.53, 1.00] over 4 classes, p = .012.";
  expect(similarityMarkdown(found)).toContain(sentence);
  expect(tablesOf(similarityMarkdown(found))[0][2]).toEqual(["0", "0.4000", "+0.0120", "1"]);
  expect(similarityTable(found)).toMatch(/^class added +similarity +gain +seeds\n0 +0\.4000 +\+0\.0120 +1\n/);
  expect(similarityTable(found)).toContain(sentence);
  expect(similarityTable(similarityOf(points.slice(0, 1)))).toContain(
    "There is no r over 1 class, and no test: a single point has no correlation.",
  );
});

test("p has three decimals, and more where three would hide which side of .05 it is on", () => {
  expect([0.0123, 0.0009, 0.001, 0.99951, 0.5, 1].map(showP)).toEqual([
    ...[".012", "<.001", ".001", ">.999", ".500", ">.999"],
  ]);
  expect([0.0496, 0.0504, 0.05, 0.049999].map(showP)).toEqual([".0496", ".0504", ".050", ".049999"]);
  expect([0.00004, -0.00004, 0.00005, -0.0123].map(showDifference)).toEqual([
    ...["0.0000", "0.0000", "+0.0001", "-0.0123"],
  ]);
});
