// The report of a study: what it asks, what its arms came to, how they differ, and what could not be compared.

import { basename } from "node:path";
import type { ClassGroup } from "../../assemble/index.ts";
import { dotPlot, type DotRow } from "../figures/dots.ts";
import { labelCoverage } from "../figures/heat-map.ts";
import { similarityScatter } from "../figures/scatter.ts";
import { fragment, type Markup } from "../html/markup.ts";
import { duration, fixed, listed, none, whole } from "../html/numbers.ts";
import { bulleted, figure, folded, pageText, paragraph, table, type Figure } from "../html/page.ts";
import { leaves } from "../run/settings.ts";
import { armEstimate, differenceEstimate } from "./estimates.ts";
import type { StudyComparisons, StudyContents } from "./read.ts";

/**
 * The whole file, of UTF-8. The same contents give the same bytes.
 * @param comparisons the tests of the study, and what has to be known with them
 * @param version of Tessera
 */
export function studyPage(study: StudyContents, comparisons: StudyComparisons, version: string): string {
  const { scores, settings, coverage } = study;
  const { arms, groups, classes } = scores;
  const { tables, notes } = comparisons;
  const seeds = new Set(scores.scores.map(({ seed }) => seed));
  const seconds = scores.scores.reduce((sum, score) => sum + score.seconds, 0);
  return pageText({
    title: `Study ${scores.study}`,
    lead: `${scores.asks} On ${basename(scores.manifest)}.`,
    facts: [
      ["arms", String(arms.length)],
      ["seeds", String(seeds.size)],
      ["finished", `${scores.scores.length} of ${arms.length * Math.max(1, seeds.size)}`],
      ["classes", String(classes.length)],
      ["training", duration(seconds)],
    ],
    sections: [
      { id: "arms", title: "Arms", content: armTable(study) },
      {
        id: "scores",
        title: "Mean AUC by arm",
        content: drawn(groups.map((group, i) => armDots(study, group, i))),
      },
      {
        id: "differences",
        title: "Differences",
        content: drawn(groups.map((group, i) => differenceDots(study, group, i))),
      },
      { id: "comparisons", title: "Comparisons", content: testTables(tables) },
      { id: "similarity", title: "Similarity", content: drawn([similarityScatter(scores.similarity)]) },
      {
        id: "notes",
        title: "Notes",
        content: notes.length === 0 ? [] : [bulleted(notes)],
      },
      { id: "by-class", title: "AUC by class", content: classTable(study) },
      { id: "labels", title: "Label coverage", content: drawn([labelCoverage(classes, coverage)]) },
      { id: "settings", title: "Settings", content: settingsTable(settings) },
    ],
    foot: `Made by Tessera ${version}`,
  });
}

/** What its tables leave to be said. */
const testWords =
  "p is of the paired t-test over seeds, Holm is that p corrected for all tests of the group; Welch's and the pooled " +
  "two-sample test are beside it. That a difference is not significant does not say that two arms are equal: that is shown " +
  "only by two one-sided tests with the margin given. Intervals speak for other seeds, not for other test images.";

function testTables(tables: StudyComparisons["tables"]): Markup[] {
  if (tables.length === 0) return [];
  return [paragraph(testWords), ...tables.flatMap((each) => [table(each.table), bulleted(each.verdicts)])];
}

const drawn = (figures: readonly (Figure | undefined)[]): Markup[] =>
  figures.flatMap((each) => (each === undefined ? [] : [figure(each)]));

function armTable({ scores: { arms, scores } }: StudyContents): Markup[] {
  return [
    table(
      {
        ...{ head: ["arm", "what it is", "runs", "steps of a run", "time of all"], words: 2 },
        rows: arms.map(({ name, label, about }) => {
          const own = scores.filter(({ arm }) => arm === name);
          const steps = [...new Set(own.map((score) => score.steps))].sort((a, b) => a - b);
          const range = steps.length < 2 ? steps : [steps[0], steps[steps.length - 1]];
          return [
            ...[label, about, String(own.length), range.map(whole).join(" to ") || none],
            duration(own.reduce((sum, { seconds }) => sum + seconds, 0)),
          ];
        }),
      },
      "Arms of the study",
    ),
  ];
}

const groupTitle = ({ name, classes }: ClassGroup): string =>
  `${name} (${classes.length === 1 ? classes[0] : `${classes.length} classes`})`;

function armDots({ scores }: StudyContents, group: ClassGroup, i: number): Figure | undefined {
  const rows = scores.arms.flatMap(({ name, label }): DotRow[] => {
    const estimate = armEstimate(scores, name, group);
    return estimate === undefined ? [] : [{ name: label, estimate }];
  });
  return dotPlot({
    ...{ id: `arms-${i}`, title: `Classes: ${groupTitle(group)}`, axis: "mean AUC on the test images" },
    ...{ text: `Mean AUC over ${listed(group.classes)}, by arm.`, rows, zero: false },
  });
}

function differenceDots({ scores }: StudyContents, group: ClassGroup, i: number): Figure | undefined {
  const labels = new Map(scores.arms.map(({ name, label }) => [name, label]));
  const named = (name: string): string => labels.get(name) ?? name;
  const rows = scores.comparisons.flatMap((comparison): DotRow[] => {
    const estimate = differenceEstimate(scores, comparison, group);
    const { first, second, margin } = comparison;
    return estimate === undefined ? [] : [{ name: `${named(first)} − ${named(second)}`, estimate, margin }];
  });
  return dotPlot({
    ...{ id: `differences-${i}`, title: `Classes: ${groupTitle(group)}`, axis: "difference in mean AUC" },
    text: `Difference in mean AUC over ${listed(group.classes)}, of arms with the same seed; right of zero the first is better.`,
    ...{ rows, zero: true },
  });
}

/** Means over seeds. */
function classTable({ scores: { arms, classes, scores } }: StudyContents): Markup[] {
  if (scores.length === 0) return [paragraph("No run has finished yet.")];
  const mean = (arm: string, name: string): string => {
    const values = scores.flatMap((score) => (score.arm === arm ? (score.auc[name] ?? []) : []));
    return values.length === 0
      ? none
      : fixed(values.reduce((sum, value) => sum + value, 0) / values.length, 4);
  };
  return [
    table({
      caption: "Means over seeds",
      head: ["class", ...arms.map(({ label }) => label)],
      rows: classes.map((name) => [name, ...arms.map((arm) => mean(arm.name, name))]),
    }),
  ];
}

function settingsTable(settings: StudyContents["settings"]): Markup[] {
  const { manifest, ...rest } = settings;
  const text = typeof manifest === "string" && manifest.includes("\n") ? manifest : undefined;
  const rows = leaves(text === undefined ? settings : rest);
  return [
    ...(rows.length === 0 ? [] : [table({ head: ["setting", "value"], rows, words: 2 }, "Settings")]),
    ...(text === undefined ? [] : [folded("The manifest", fragment`<pre>${text}</pre>`)]),
  ];
}
