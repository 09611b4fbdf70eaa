// The report of a study: its question, the results of its arms, their differences, and what could not be compared.

import { basename } from "node:path";
import type { StudyAnalysis } from "../../studies/results.ts";
import type { SimilarityAnalysis } from "../../studies/similarity.ts";
import { fragment, type Markup } from "../html/markup.ts";
import { duration, fixed, none, whole } from "../html/number-text.ts";
import {
  bulleted,
  drawn,
  figure,
  folded,
  note,
  pageText,
  paragraph,
  table,
  type Figure,
} from "../html/page.ts";
import { mistakeCards, sure } from "../run/mistakes.ts";
import { leaves } from "../run/settings-table.ts";
import { measures, titleOf } from "../../metrics/measures.ts";
import { resolutionWords } from "../../studies/study-numbers.ts";
import { outOfFoldCells } from "./out-of-fold-table.ts";
import { comparisonTables, notesOf } from "./study-tables.ts";
import { figuresOf } from "./figures.ts";
import type { Predicted } from "../../studies/study-report-data.ts";
import type { StudyContents } from "../../studies/read-study.ts";
import { sensitivityTable } from "./roc-figure.ts";

/**
 * The whole file. The same contents give the same bytes.
 * @param analysis the analysis of the study's scores, which has every mean, difference and test of the page
 * @param similarity for a study on the similarity of classes
 * @param version of Tessera
 * @param others analyses by further measures of the study
 */
export function studyPage(
  study: StudyContents,
  analysis: StudyAnalysis,
  similarity: SimilarityAnalysis | undefined,
  version: string,
  others: readonly StudyAnalysis[] = [],
): string {
  const { scores, settings } = study;
  const { arms, classes } = scores;
  const notes = notesOf(analysis, ...others);
  const { mean, name } = measures[analysis.measure];
  const figures = figuresOf(study, analysis, similarity, others);
  const asked = settings.seeds;
  const seeds = new Set([...(asked ?? []), ...scores.scores.map(({ seed }) => seed)]);
  const finished = whole(scores.scores.length);
  const seconds = scores.scores.reduce((sum, score) => sum + score.seconds, 0);
  return pageText({
    title: `Study ${scores.study}`,
    lead: `${scores.question} On ${basename(scores.manifest)}.`,
    facts: [
      ["arms", String(arms.length)],
      ["seeds", String(seeds.size)],
      // Without study.json the settings are not known.
      [
        "arms finished, by seed",
        asked === undefined ? finished : `${finished} of ${whole(arms.length * seeds.size)}`,
      ],
      ["classes", String(classes.length)],
      ["training", duration(seconds)],
    ],
    sections: [
      { id: "out-of-fold", title: "Out of fold", content: outOfFoldSection(scores) },
      { id: "arms", title: "Arms", content: armTable(study) },
      {
        id: "scores",
        title: `${titleOf(mean)} by arm`,
        content: [...explained(analysis), ...drawn(...figures.arms)],
      },
      { id: "differences", title: "Differences", content: drawn(...figures.differences) },
      { id: "comparisons", title: "Comparisons", content: testTables(scores, analysis) },
      ...others.flatMap((other, i) => [
        {
          id: `scores-${other.measure}`,
          title: titleOf(measures[other.measure].mean),
          content: [
            ...explained(other),
            ...drawn(...figures.others[i].arms, ...figures.others[i].differences),
            ...testTables(scores, other, []),
            ...classTable(scores, other),
          ],
        },
      ]),
      { id: "similarity", title: "Similarity", content: drawn(figures.similarity) },
      { id: "queries", title: "Class queries", content: drawn(...figures.queries) },
      { id: "course", title: "How the runs went", content: drawn(figures.courses) },
      { id: "ranking", title: "ROC curves", content: rocSection(study, figures.roc) },
      { id: "mistakes", title: "Confident mistakes", content: mistakesSection(study) },
      {
        id: "notes",
        title: "Notes",
        content: notes.length === 0 ? [] : [bulleted(notes)],
      },
      { id: "by-class", title: `${titleOf(name)} by class`, content: classTable(scores, analysis) },
      { id: "labels", title: "Label coverage", content: drawn(figures.coverage) },
      { id: "settings", title: "Settings", content: settingsTable(settings) },
    ],
    foot: `Made by Tessera ${version}`,
  });
}

/** Of a cross-validation alone. */
function outOfFoldSection({ outOfFold }: StudyContents["scores"]): Markup[] {
  if (outOfFold === undefined) return [];
  const { columns, rows, words } = outOfFoldCells(outOfFold);
  const head = columns.map(({ name }) => name);
  return [table({ head, rows, caption: "AUC on patients that were not learned from" }), bulleted(words)];
}

/** What a measure is, where not everybody knows. */
function explained({ measure }: StudyAnalysis): Markup[] {
  const { about } = measures[measure];
  return about === "" ? [] : [paragraph(about)];
}

/** An explanation of the tables of tests. */
const testWords =
  "p is that of the paired t-test over seeds, and Holm is this p corrected for all tests of the group; Welch's and the pooled " +
  "two-sample test stand beside it. A difference that is not significant does not show that two arms are equal: only two " +
  `one-sided tests with the given margin can show that. Intervals are about other seeds, not about other test images. ${resolutionWords}`;

/** @param words what stands above the tables */
function testTables(
  scores: StudyContents["scores"],
  analysis: StudyAnalysis,
  words: readonly Markup[] = [paragraph(testWords)],
): Markup[] {
  const tables = comparisonTables(scores, analysis);
  if (tables.length === 0) return [];
  return [...words, ...tables.flatMap((each) => [table(each.table), bulleted(each.verdicts)])];
}

/** The ROC figure, and a table of sensitivities. */
function rocSection({ reportData }: StudyContents, roc: Figure | undefined): Markup[] {
  const predicted = reportData?.predicted;
  if (predicted === undefined) return [];
  if (roc === undefined) return lost(predicted);
  return [...lost(predicted), figure(roc), table(sensitivityTable(predicted.roc))];
}

function mistakesSection({ reportData }: StudyContents): Markup[] {
  const predicted = reportData?.predicted;
  if (predicted === undefined) return [];
  if (predicted.mistakes === undefined) return lost(predicted);
  const { runs, arms, seed, found } = predicted.mistakes;
  const mean = `in the mean over ${runs === 1 ? "one run" : `${whole(runs)} runs`}`;
  return [
    ...lost(predicted),
    ...mistakeCards(
      found,
      {
        none: `No label of a test image is the less likely answer ${mean}.`,
        by: mean,
        look:
          `The images are those of seed ${seed}. The runs are those of all seeds and of the arms in the table, for each class those ` +
          "that are scored by it. Where most arms agree against a label, the label may be wrong: look at the image.",
        probability: "mean probability",
      },
      { head: arms, cells: ({ byArm }) => byArm.map((value) => (value === null ? none : sure(value))) },
    ),
  ];
}

/** A note about how many runs a section covers, where it does not cover all. */
function lost({ read, finished }: Predicted): Markup[] {
  if (read === finished) return [];
  return [
    note(
      `This covers ${whole(read)} of ${whole(finished)} finished runs: the predictions of the others are lost or damaged.`,
    ),
  ];
}

function armTable({ scores: { arms, scores } }: StudyContents): Markup[] {
  return [
    table(
      {
        ...{ head: ["arm", "in short", "what it is", "seeds", "steps of a run", "time"], words: 3 },
        rows: arms.map(({ name, label, about, models = 1 }) => {
          const own = scores.filter(({ arm }) => arm === name);
          const steps = own.map((score) => Math.round(score.steps / models));
          const range = steps.length === 0 ? [] : new Set([Math.min(...steps), Math.max(...steps)]);
          const each = [...range].map(whole).join(" to ") || none;
          return [
            ...[name, label, about, String(own.length)],
            models === 1 ? each : `${each} each, ${models} runs`,
            duration(own.reduce((sum, { seconds }) => sum + seconds, 0)),
          ];
        }),
      },
      "Arms of the study",
    ),
    note(
      "Time is the sum of what the runs of an arm took; runs that were under way at the same time took less together. A " +
        "warm-up that arms share is in the time of the arm that took it.",
    ),
  ];
}

function classTable({ arms, classes, scores }: StudyContents["scores"], analysis: StudyAnalysis): Markup[] {
  if (scores.length === 0) return [paragraph("No run has finished yet.")];
  const mean = (arm: string, name: string): string =>
    fixed(analysis.classes.find((each) => each.arm === arm && each.class === name)?.estimate?.mean, 4);
  return [
    table({
      caption: `${titleOf(measures[analysis.measure].name)} by class, means over seeds`,
      head: ["arm", ...classes],
      rows: arms.map(({ name }) => [name, ...classes.map((each) => mean(name, each))]),
    }),
  ];
}

function settingsTable(settings: StudyContents["settings"]): Markup[] {
  const { manifest, ...rest } = settings;
  const rows = leaves(rest);
  return [
    ...(rows.length === 0 ? [] : [table({ head: ["setting", "value"], rows, words: 2 }, "Settings")]),
    ...(manifest === undefined
      ? []
      : [folded(`The manifest, ${manifest.file}`, fragment`<pre>${manifest.text}</pre>`)]),
  ];
}
