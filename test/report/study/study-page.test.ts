// The report of a study: its scores pictured, with intervals that are those of the seeds.

import { expect, test } from "vitest";
import { analyse } from "../../../src/studies/analysis.ts";
import type { StudyAnalysis } from "../../../src/studies/results.ts";
import type { StudyScores } from "../../../src/studies/scores.ts";
import { similarityOf } from "../../../src/studies/similarity.ts";
import { studyFigures, studyPage, type StudyContents } from "../../../src/report/pages.ts";
import { all, checkedPage, oddClasses, parsePage, type Node } from "../pages.ts";
import { course, measured, scores, settings, study } from "../studies.ts";

const similarityIn = ({ similarity }: StudyScores): ReturnType<typeof similarityOf> | undefined =>
  similarity === undefined ? undefined : similarityOf(similarity.points);
const pageOf = (of: StudyScores): string =>
  studyPage({ ...study, scores: of }, analyse(of), similarityIn(of), "0.1.0");
const text = (node: Node, selector: string): string => node.querySelector(selector)?.textContent ?? "";

test("a page pictures arms and differences by group, similarity, tables and notes", () => {
  const document = checkedPage(pageOf(scores));
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
  expect(pageOf(scores)).toBe(pageOf(scores));
});

test("a study without a finished run has a page, too", () => {
  const { similarity: _, ...rest } = scores;
  const empty = { ...rest, scores: [] };
  const document = checkedPage(pageOf(empty));
  expect(studyFigures({ ...study, scores: empty }, analyse(empty), undefined).size).toBe(0);
  expect(all(document, "figure")).toEqual([]);
  expect(document.querySelector("main")?.textContent).toMatch(/No run has finished yet/);
});

test("means, differences, intervals and AUC of classes are those of the analysis", () => {
  const found = analyse(scores);
  const [a, b] = [found.groups[0], found.comparisons[0]];
  if (a.estimate === null) throw new Error("arm a has scores");
  const estimate = { ...a.estimate, mean: 0.1234, interval: { low: 0.1111, high: 0.2222 } };
  const changed: StudyAnalysis = {
    ...found,
    groups: [{ ...a, estimate }, ...found.groups.slice(1)],
    comparisons: [{ ...b, difference: 0.4321, holm: 0.001 }, ...found.comparisons.slice(1)],
    classes: found.classes.map((each, i) => (i === 0 ? { ...each, estimate } : each)),
    notes: ["Seed 7 of <c> is missing."],
  };
  const document = checkedPage(studyPage(study, changed, similarityIn(scores), "0"));
  expect(text(document, "#arms-0 desc")).toContain("a: 0.1234 (4 seeds, 95 % interval 0.1111 to 0.2222)");
  expect(text(document, "#arms-0 tbody tr")).toMatch(/^a0\.12340\.1111 to 0\.2222/);
  expect(text(document, "#arms-0 svg")).toContain("0.1234");
  expect(text(document, "#differences-0 desc")).toMatch(/b<b> −\u00a0a: \+0\.4321 \(4 seeds/);
  const tables = all(document, "section").filter((section) => /by class/.test(text(section, "h2")));
  expect(text(tables[0], "tbody tr")).toMatch(/^a0\.1234/);
  expect(text(document, "section[aria-labelledby=notes] li")).toBe("Seed 7 of <c> is missing.");
  // The diamond of what Holm's correction leaves is filled, that of the other is not.
  const diamonds = (of: StudyAnalysis): (string | null)[] =>
    all(checkedPage(studyPage(study, of, undefined, "0")), "#differences-0 svg path")
      .map((path) => path.getAttribute("fill"))
      .filter((fill) => fill === "currentColor" || fill === "var(--paper)");
  const holm = (p: number): StudyAnalysis => ({
    ...found,
    comparisons: found.comparisons.map((each, i) => ({ ...each, holm: i === 0 ? p : 1 })),
  });
  expect(diamonds(holm(0.049))).toEqual(["currentColor", "var(--paper)"]);
  expect(diamonds(holm(0.051))).toEqual(["var(--paper)", "var(--paper)"]);
});

test("controls stand after the arms that they are of, below what all of them are, whatever they are called", () => {
  const names = ["a", "a2", "b", "b+aug"];
  const about = (name: string): string => `Is ${name[0]}.${name.length > 1 ? " Both views learn." : ""}`;
  const controlled: StudyScores = {
    ...scores,
    arms: names.map((name) => ({
      ...{ name, label: `label of ${name}`, about: about(name) },
      ...(name.length > 1 ? { controlOf: name[0] } : {}),
    })),
    comparisons: [
      { first: "b+aug", second: "a2", question: "?" },
      { first: "b", second: "a", question: "?" },
      { first: "b+aug", second: "b", question: "?" },
    ],
    scores: names.flatMap((arm, i) =>
      [0, 1].map((seed) => ({
        ...{ arm, seed, steps: 1, seconds: 1 },
        auc: Object.fromEntries(oddClasses.map((name) => [name, 0.5 + 0.01 * i + 0.1 * seed * i])),
      })),
    ),
  };
  const document = checkedPage(pageOf(controlled));
  const texts = (id: string): string[] =>
    all(document, `#${id} svg text`)
      .map(({ textContent }) => textContent)
      .filter((each) => /^[ab]|^label|^Controls/.test(each));
  expect(texts("arms-0")).toEqual([
    ...["a", "b", "a2", "b+aug", "label of a", "label of b"],
    "Controls: Both views learn.",
  ]);
  expect(texts("differences-0")).toEqual([
    ...["b −\u00a0a", "b+aug −\u00a0b", "b+aug −\u00a0a2"],
    "Controls: Both views learn.",
  ]);
  // Nothing but the field makes a control of an arm; and of one whose arm is left out nobody knows what sets it apart.
  const armTexts = (arms: StudyScores["arms"]): string[] =>
    all(checkedPage(pageOf({ ...controlled, arms, comparisons: [] })), "#arms-0 svg text")
      .map(({ textContent }) => textContent)
      .filter((each) => /^label|^Controls/.test(each));
  expect(armTexts(controlled.arms.map(({ controlOf: _, ...arm }) => arm))).toEqual(
    names.map((name) => `label of ${name}`),
  );
  expect(armTexts(controlled.arms.map((arm) => ({ ...arm, about: `${arm.name} is one.` })))).toEqual([
    ...["label of a", "label of b", "label of a2", "label of b+aug", "Controls"],
  ]);
  // With two seeds, an interval is many times as wide as what was seen.
  expect(text(document, "#arms-0 figcaption")).toMatch(/ends in an arrow goes on beyond the picture/);
  expect(text(document, "#arms-0 svg")).toMatch(/◂.*▸/);
});

test("classes that a mean is without are named below the figure", () => {
  const document = checkedPage(pageOf(scores));
  for (const id of ["arms-0", "differences-0"]) {
    expect(text(document, `#${id} figcaption`)).toMatch(/Without classes that have no AUC .*\(Ärzte 🫁\)/);
  }
  expect(text(document, "#arms-1 figcaption")).not.toMatch(/Without/);
  const nowhere = scores.scores.map((score) => ({ ...score, auc: { ...score.auc, [oddClasses[0]]: null } }));
  const lacking = checkedPage(pageOf({ ...scores, scores: nowhere }));
  expect(text(lacking, "#differences-0 figcaption")).toMatch(/Without classes that have no AUC .*: all \(/);
});

test("the fitted line and the correlation are over the means of classes", () => {
  // Seeds lie off the line, their means on it.
  const points = [0, 1, 2, 3].flatMap((i) =>
    [-1, 1].map((seed) => ({
      ...{ class: `c${i}`, seed: seed + 1, similarity: 0.1 * i },
      gain: 0.02 * i + 0.01 + 0.05 * seed * (i - 1),
    })),
  );
  const caption = (of: typeof points): string => {
    const exact: StudyScores = { ...scores, similarity: { interest: "8", points: of } };
    return text(checkedPage(pageOf(exact)), "#gain figcaption");
  };
  expect(caption(points)).toMatch(
    /8 dots, 4 classes\. Least-squares line through the classes: gain = 0\.0100 \+ 0\.2000 × similarity\. Pearson's r = 1\.00.* over 4 classes, p <\.001\. r and p are over the means/,
  );
  expect(caption(points.filter((point) => point.class < "c2"))).toMatch(
    /4 dots, 2 classes\. Pearson's r = .*no test: two points are always on a line/,
  );
});

test("figures are files, too: SVG that needs no other file, with title, text and plain colours on paper", () => {
  const figures = studyFigures(study, analyse(scores), similarityIn(scores));
  expect([...figures.keys()]).toEqual([
    ...["mean-auc-1-all.svg", "mean-auc-2-of-one-source.svg"],
    ...["differences-1-all.svg", "differences-2-of-one-source.svg", "similarity.svg"],
  ]);
  for (const svg of figures.values()) {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img"/);
    expect(svg).not.toMatch(/var\(|url\(|href|<style|<script|NaN|undefined/);
    // What XML knows without a document type.
    expect(svg).not.toMatch(/&(?!(?:amp|lt|gt|quot|#39|#160);)/);
    const picture = parsePage(svg);
    expect(text(picture, "title")).not.toBe("");
    expect(text(picture, "desc")).toMatch(/\d/);
    expect(picture.querySelector("rect")?.getAttribute("fill")).toBe("#ffffff");
    expect(all(picture, "b, i")).toEqual([]);
  }
});

test("the manifest is folded below the settings, by its file's name", () => {
  const document = checkedPage(studyPage({ ...study, settings }, analyse(scores), undefined, "0"));
  const section = document.querySelector("section[aria-labelledby=settings]");
  if (section === null) throw new Error("there are settings");
  expect(text(section, "summary")).toBe("The manifest, own/<m>.yaml");
  expect(text(section, "details pre")).toBe("classes: [<b>bold</b>]\ntest: {}\n");
  expect(all(section, "tbody tr").map(({ textContent }) => textContent)).toEqual([
    ...["studyoverlap", "seeds0, 1, 2, 3, 4", "margin0.003"],
  ]);
});

test("what is finished is told of the seeds that were asked for, where that is known", () => {
  const finished = (of: StudyContents["settings"]): string[] =>
    all(checkedPage(studyPage({ ...study, settings: of }, analyse(scores), undefined, "0")), ".facts div")
      .map(({ textContent }) => textContent)
      .filter((each) => /finished|^seeds/.test(each));
  expect(finished(settings)).toEqual(["seeds5", "arms finished, by seed11 of 15"]);
  expect(finished({})).toEqual(["seeds4", "arms finished, by seed11"]);
});

test("steps are those of a run, also of an arm that is several", () => {
  const arms = scores.arms.map((arm, i) => (i === 1 ? { ...arm, models: 2 } : arm));
  const steps = [100, 280, 280];
  const taken = scores.scores.map((score, i) => ({
    ...score,
    steps: steps[arms.findIndex(({ name }) => name === score.arm)] + (i === 0 ? 20 : 0),
  }));
  const document = checkedPage(pageOf({ ...scores, arms, scores: taken }));
  const rows = all(document, "section[aria-labelledby=arms] tbody tr");
  expect(rows.map((row) => all(row, "td").map(({ textContent }) => textContent)[3])).toEqual([
    ...["100 to 120", "140 each, 2 runs", "280"],
  ]);
});

test("the similarity of class queries is drawn for each arm that has several", () => {
  const of = { ...scores, ...measured };
  const document = checkedPage(pageOf(of));
  expect(all(document, "section[aria-labelledby=queries] figure").map(({ id }) => id)).toEqual(["queries-0"]);
  expect(text(document, "#queries-0 h3")).toBe("Similarity of the class queries, a");
  expect(text(document, "#queries-0 svg")).toMatch(/−0\.25/);
  expect(text(document, "#queries-0 desc")).toMatch(/in the mean over seeds.*k and l \(−0\.25\)/);
  const files = studyFigures({ ...study, scores: of }, analyse(of), undefined);
  expect([...files.keys()].slice(-2)).toEqual(["class-queries-1-a.svg", "losses.svg"]);
});

test("losses are drawn by arm as means over seeds, a line a run, and none where a loss is nothing", () => {
  const document = checkedPage(pageOf({ ...scores, ...measured }));
  expect(text(document, "#losses desc")).toContain(
    "a: bce from 0.8000 to 0.2000; c, c-one: bce from 0.6000 to 0.4000, pseudo from 0 to 0.5000; " +
      "c, c-two: bce from 0.8000 to 0.2000.",
  );
  expect(text(document, "#losses figcaption")).toMatch(/An arm of several runs has lines for each\./);
  const strokes = all(document, "#losses svg [aria-label=line] path, #losses svg [aria-label=line]")
    .map((line) => line.getAttribute("stroke"))
    .filter((stroke) => stroke !== null);
  expect(strokes).toEqual(["var(--c1)", "var(--c1)", "var(--c2)", "var(--c1)"]);
  const rows = all(document, "#losses tbody tr").map((row) =>
    all(row, "th, td").map(({ textContent }) => textContent),
  );
  expect(rows).toEqual([
    ["a", "a", "0.8000", "0.2000", "0", "0", "2"],
    ["c", "c-one", "0.6000", "0.4000", "0", "0.5000", "1"],
    ["c", "c-two", "0.8000", "0.2000", "0", "0", "1"],
  ]);
  const legend = text(document, "#losses svg");
  expect([/pseudo-labels/.test(legend), /consistency/.test(legend)]).toEqual([true, false]);
});

test("a course of a single point is a dot, and of none is nothing", () => {
  const dots = (bce: number[]): number =>
    all(checkedPage(pageOf({ ...scores, courses: [course("a", 0, bce, [])] })), "#losses svg circle").length;
  expect([dots([0.5]), dots([0.5, 0.4]), dots([])]).toEqual([1, 0, 0]);
  expect(parsePage(pageOf({ ...scores, courses: [] })).querySelector("#losses")).toBeNull();
});

test("courses of any terms are drawn, each with a line in the legend, and one that a run does not have is a dash", () => {
  const more = ["overlap", "<b>", "c", "d"];
  const losses = Object.fromEntries(["bce", ...more].map((term, i) => [term, [i + 1, i + 2]]));
  const courses = [
    { arm: "a", seed: 0, run: "a", losses },
    { arm: "c", seed: 0, run: "c", losses: { bce: [0.5, 0.25] } },
  ];
  const document = checkedPage(pageOf({ ...scores, courses }));
  const legend = all(document, "#losses svg text").map(({ textContent }) => textContent);
  expect(legend.slice(0, 5)).toEqual(["bce, of given labels", ...more]);
  expect(text(document, "#losses desc")).toContain("d from 5.000 to 6.000; c: bce from 0.5000 to 0.2500.");
  const rows = all(document, "#losses tbody tr").map((row) =>
    all(row, "th, td").map(({ textContent }) => textContent),
  );
  expect(rows[1]).toEqual(["c", "c", "0.5000", "0.2500", "–", "–", "–", "–", "–", "–", "–", "–", "1"]);
});
