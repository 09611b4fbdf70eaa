// The report of a study that keeps what its models predicted: ROC curves by arm, confident mistakes, and coverage.

import { expect, test } from "vitest";
import { analyse } from "../../../src/studies/analysis.ts";
import { studyFigures, studyPage, type StudyContents } from "../../../src/report/pages.ts";
import { all, checkedPage, oddClasses, type Node } from "../pages.ts";
import { reportData, predicted, scores, study } from "../studies.ts";

const text = (node: Node, selector: string): string => node.querySelector(selector)?.textContent ?? "";
const shown: StudyContents = { ...study, reportData };
const shownPage = (of: StudyContents): Node => checkedPage(studyPage(of, analyse(scores), undefined, "0"));

test("ROC curves of arms lie over each other, those of controls beside them, and say what they are without", () => {
  const document = shownPage(shown);
  const section = document.querySelector("section[aria-labelledby=ranking]");
  if (section === null) throw new Error("there are curves");
  expect(text(section, ".note")).toBe(
    "This covers 10 of 11 finished runs: the predictions of the others are lost or damaged.",
  );
  const caption = text(section, "figcaption");
  expect(caption).toMatch(
    /Enlarged: 1 − specificity is shown from 0 to 0\.5, and sensitivity from 0\.6 to 1\./,
  );
  expect(caption).toContain("The same curve to the last digit: a and c.");
  expect(caption).toContain("Over fewer than 4 seeds: c (3).");
  expect(caption).toContain(`Judged by some of the classes alone: c (${oddClasses[0]}).`);
  expect(caption).toContain(
    `Where a class has no curve in a seed, the mean of that seed is without it: a (${oddClasses[2]}).`,
  );
  expect(text(section, "desc")).toContain("a: 0.9000 at 0.9 and 0.6000 at 0.99; b<b>: 0.9600 at 0.9");
  const rows = (of: Node | null): string[] =>
    of === null ? [] : all(of, "tbody tr").map(({ textContent }) => textContent);
  expect(rows(all(section, "table")[1])).toEqual([
    ...["a0.90000.60004", "b<b>0.96000.66004", "c0.90000.60003"],
  ]);
  const lines = (of: Node): number => all(of, "#roc svg [aria-label=line]").length;
  // The diagonal is below what is enlarged.
  expect(lines(document)).toBe(3);
  const low = { ...predicted.roc, arms: predicted.roc.arms.map((arm) => ({ ...arm, curve: [0, 0.5, 1] })) };
  const lowest = shownPage({
    ...shown,
    reportData: { ...reportData, predicted: { ...predicted, roc: low } },
  });
  expect(lines(lowest)).toBe(4);
  expect(text(lowest, "#roc figcaption")).toMatch(/The dashed diagonal is guessing\./);
  const controlled = {
    ...scores,
    arms: scores.arms.map((arm, i) => (i < 2 ? arm : { ...arm, controlOf: "a" })),
  };
  const two = shownPage({ ...shown, scores: controlled });
  expect(lines(two)).toBe(3);
  expect(all(two, "#roc svg svg svg [aria-label=frame]")).toHaveLength(2);
  expect(text(two, "#roc svg")).toMatch(/Controls/);
  const files = studyFigures(shown, analyse(scores), undefined);
  expect([...files.keys()].slice(-2)).toEqual(["roc-curves.svg", "coverage.svg"]);
});

test("confident mistakes are shown with the mean over runs, and by arm in their table", () => {
  const section = shownPage(shown).querySelector("section[aria-labelledby=mistakes]");
  if (section === null) throw new Error("there are mistakes");
  expect(section.textContent).toMatch(
    /the less likely answer in the mean over 10 runs.*The images are those of seed 0/s,
  );
  expect(all(section, "img").map((image) => image.getAttribute("alt"))).toEqual([
    `Image 7 of <i>s</i>: ${oddClasses[0]} is labelled negative, its predicted mean probability is 0.750`,
  ]);
  expect(
    all(section, "thead th")
      .map(({ textContent }) => textContent)
      .slice(5),
  ).toEqual([...["mean probability", "a", "b<b>"]]);
  expect(
    all(section, "tbody td")
      .map(({ textContent }) => textContent)
      .slice(-3),
  ).toEqual([...["0.750", "0.900", "–"]]);
  const none = { ...predicted, read: 11, mistakes: { ...predicted.mistakes, found: [] } };
  const right = shownPage({ ...shown, reportData: { ...reportData, predicted: none } });
  expect(text(right, "section[aria-labelledby=mistakes]")).toMatch(
    /No label of a test image is the less likely answer/,
  );
  expect(text(right, "section[aria-labelledby=ranking] .note")).toBe("");
});

test("before the first run there is coverage alone, of all classes of the assembly", () => {
  const { predicted: _, ...rest } = reportData;
  const document = shownPage({ ...shown, reportData: rest });
  expect(all(document, "h2").map(({ id }) => id)).not.toContain("ranking");
  expect(all(document, "h2").map(({ id }) => id)).not.toContain("mistakes");
  expect(text(document, "#coverage tbody tr")).toBe("s, trainfirst72");
});
