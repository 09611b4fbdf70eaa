// The results of a study as Markdown, as a table for the terminal, as CSV and as JSON.

import {
  resolutionWords,
  showDifference,
  showInterval,
  showMargin,
  showNumber,
  showP,
} from "../../studies/study-numbers.ts";
import type {
  ClassResult,
  ComparisonResult,
  EquivalenceResult,
  GroupResult,
  StudyAnalysis,
} from "../../studies/results.ts";
import { byClassOf, measuresOf, type Arm, type StudyScores } from "../../studies/scores.ts";
import type { SimilarityAnalysis } from "../../studies/similarity.ts";
import { measures, titleOf } from "../../metrics/measures.ts";
import { csvText } from "../../files/csv-text.ts";
import type { TableContent } from "../html/page.ts";
import { outOfFoldCells } from "./out-of-fold-table.ts";
import { markdownText } from "../markdown.ts";
import { draw, left, list, meanAndDeviation, plain, right, type Cells } from "./cells.ts";

/**
 * A whole page: question, means by arm, comparisons with their verdicts, classes, and notes.
 * @param others analyses by further measures of the study
 */
export function studyMarkdown(
  scores: StudyScores,
  analysis: StudyAnalysis,
  others: readonly StudyAnalysis[] = [],
): string {
  const notes = notesOf(analysis, ...others);
  const sections = [
    `# Study: ${markdownText(scores.study)}\n`,
    `${markdownText(scores.question)}\n`,
    `Manifest: ${markdownText(scores.manifest)}\n`,
    list(
      scores.arms.map(({ name, label, about }) => `${name}${label === name ? "" : ` (${label})`}: ${about}`),
    ),
    ...outOfFoldSection(scores),
    ...meanSection(scores, analysis),
    list(
      scores.groups.map(
        ({ name, classes }) => `${name}: ${classes.length === 0 ? "no class" : classes.join(", ")}`,
      ),
    ),
    ...(scores.comparisons.length === 0 ? [] : comparisonSections(scores, analysis)),
    `## ${measures[analysis.measure].name} by class\n`,
    draw(classCells(scores, analysis)),
    ...others.flatMap((other) => [
      ...meanSection(scores, other),
      ...comparisonsByGroup(scores, other).flatMap(({ group, comparisons }) => [
        `### Comparisons in ${measures[other.measure].mean}: ${markdownText(group)}\n`,
        draw(comparisonCells("comparison", comparisons, "all")),
        list(verdicts(comparisons)),
      ]),
      `### ${titleOf(measures[other.measure].name)} by class\n`,
      draw(classCells(scores, other)),
    ]),
    ...(notes.length === 0 ? [] : ["## Notes\n", list(notes)]),
  ];
  return sections.join("\n");
}

/** The notes of a study by all its measures, each once. */
export const notesOf = (...analyses: readonly StudyAnalysis[]): readonly string[] => [
  ...new Set(analyses.flatMap(({ notes }) => notes)),
];

/** Of a cross-validation alone. */
function outOfFoldSection({ outOfFold }: StudyScores): readonly string[] {
  if (outOfFold === undefined) return [];
  const { words, ...cells } = outOfFoldCells(outOfFold);
  return ["## Out of fold\n", draw(cells), list(words)];
}

function meanSection(scores: StudyScores, analysis: StudyAnalysis): readonly string[] {
  const { mean, about } = measures[analysis.measure];
  return [
    `## ${titleOf(mean)}\n`,
    `Mean ± standard deviation over seeds (number of seeds).${about === "" ? "" : ` ${about}`}\n`,
    draw(meanCells(scores, analysis)),
    ...(anyLeftOut(analysis) ? [`${markdownText(leftOutMark)} ${leftOutWords(analysis)}\n`] : []),
  ];
}

function comparisonSections(scores: StudyScores, analysis: StudyAnalysis): readonly string[] {
  return [
    "## Comparisons\n",
    `${titleOf(measures[analysis.measure].mean)} of the first arm less that of the second. p is that of the paired t-test over seeds, and Holm is this p corrected ` +
      "for all tests of the group; Welch's and the pooled two-sample t-test are beside it. Intervals are at " +
      `${Math.round(100 * analysis.level)} %, of the paired difference; they speak for other seeds, not for other test images. ` +
      'That there is no significant difference does not say that two arms are equal: "equal" is shown only by two ' +
      `one-sided tests at ${analysis.alpha} with the margin given, which are not corrected. ${resolutionWords}\n`,
    list(scores.comparisons.map((each) => `${nameOf(each)}: ${each.question}`)),
    ...comparisonsByGroup(scores, analysis).flatMap(({ group, comparisons }) => [
      `### ${markdownText(group)}\n`,
      draw(comparisonCells("comparison", comparisons, "all")),
      list(verdicts(comparisons)),
    ]),
  ];
}

/**
 * For a terminal: means by arm, the tests of each group, and the verdicts of the first group.
 * @param others analyses by further measures of the study, of which only means are shown
 */
export function studyTable(
  scores: StudyScores,
  analysis: StudyAnalysis,
  others: readonly StudyAnalysis[] = [],
): string {
  const groups = comparisonsByGroup(scores, analysis);
  const notes = notesOf(analysis, ...others);
  const shown = (each: StudyAnalysis): string[] => [
    (others.length === 0 ? "" : `${titleOf(measures[each.measure].mean)}\n`) + plain(meanCells(scores, each)),
    ...(anyLeftOut(each) ? [`${leftOutMark} ${leftOutWords(each)}`] : []),
  ];
  const folded = scores.outOfFold && outOfFoldCells(scores.outOfFold);
  return [
    ...shown(analysis),
    ...others.flatMap(shown),
    ...groups.map(({ group, comparisons }) => plain(comparisonCells(group, comparisons, "corrected"))),
    ...(groups.length === 0 ? [] : [resolutionWords]),
    ...groups.slice(0, 1).map(({ comparisons }) => verdicts(comparisons).join("\n")),
    ...(folded === undefined ? [] : [plain(folded), folded.words.join("\n")]),
    ...(notes.length === 0 ? [] : [notes.join("\n")]),
  ].join("\n\n");
}

/** A long table for statistics programs, with a row for every arm, seed and class; empty where a measure is undefined. */
export function scoresCsv(study: StudyScores): string {
  const { arms, classes, scores } = study;
  const told = ["auc" as const, ...measuresOf(study).filter((measure) => measure !== "auc")];
  return csvText([
    ["study", "arm", "seed", "class", ...told],
    ...arms.flatMap(({ name }) =>
      scores
        .filter(({ arm }) => arm === name)
        .sort((a, b) => a.seed - b.seed)
        .flatMap((score) =>
          classes.map((each) => [
            ...[study.study, name, score.seed, each],
            ...told.map((measure) => byClassOf(score, measure)[each] ?? null),
          ]),
        ),
    ),
  ]);
}

/**
 * A row for every measure, group and comparison, with all digits; empty where there is no test. The last column is the measure, in a
 * study of others than the AUC.
 */
export function comparisonsCsv(...analyses: readonly StudyAnalysis[]): string {
  const told = analyses.some(({ measure }) => measure !== "auc");
  return csvText([
    [
      ...["study", "group", "first", "second", "classes", "seeds", "first_mean", "second_mean"],
      ...[
        "difference",
        "low",
        "high",
        "resolves",
        "t",
        "p_paired",
        "p_holm",
        "family",
        "p_welch",
        "p_pooled",
      ],
      ...[
        "margin",
        "p_equivalence",
        "p_equivalence_welch",
        "equivalent",
        "verdict",
        "notes",
        ...(told ? ["measure"] : []),
      ],
    ],
    ...analyses.flatMap(({ study, measure, comparisons }) =>
      comparisons.map((each) => {
        const { group, first, second, classes, seeds, means, difference, interval, paired, equivalence } =
          each;
        return [
          ...[study, group, first, second, classes.length, seeds.length, means.first, means.second],
          ...[difference, interval?.low ?? null, interval?.high ?? null, each.resolution],
          ...[paired.reason === null ? paired.t : null, paired.p, each.holm, each.family],
          ...[each.welch.p, each.pooled.p],
          ...[equivalence?.margin ?? null, equivalence?.paired.p ?? null, equivalence?.welch.p ?? null],
          equivalence === null || equivalence.paired.reason !== null ? null : equivalence.paired.equivalent,
          ...[each.verdict, each.notes.join(" "), ...(told ? [measure] : [])],
        ];
      }),
    ),
  ]);
}

/**
 * { scores, analysis }, the similarity for a study on it, and `others` for one of several measures; the courses of losses are in
 * scores.json only.
 */
export function studyJson(
  scores: StudyScores,
  analysis: StudyAnalysis,
  similarity?: SimilarityAnalysis,
  others: readonly StudyAnalysis[] = [],
): string {
  const { courses: _, ...told } = scores;
  return `${JSON.stringify({ scores: told, analysis, ...(others.length === 0 ? {} : { others }), similarity }, null, 2)}\n`;
}

const leftOutMark = "*";
const leftOutWords = ({ measure }: StudyAnalysis): string =>
  `Without classes of the group that have no ${measures[measure].name} in some seed of the arm; see the notes.`;

function anyLeftOut({ groups }: StudyAnalysis): boolean {
  return groups.some(({ leftOut }) => leftOut.length > 0);
}

function meanCells({ arms, groups, scores }: StudyScores, analysis: StudyAnalysis): Cells {
  const cell = (arm: Arm, group: string): string => {
    const found = analysis.groups.find((each) => each.arm === arm.name && each.group === group);
    return found === undefined
      ? "-"
      : estimateCell(found) + (found.leftOut.length > 0 ? ` ${leftOutMark}` : "");
  };
  const steps = (arm: Arm): string => {
    const own = scores.filter((score) => score.arm === arm.name).map((score) => score.steps);
    if (own.length === 0) return "-";
    const [least, most] = [Math.min(...own), Math.max(...own)];
    return least === most ? String(least) : `${least} to ${most}`;
  };
  return {
    columns: [left("arm"), ...groups.map(({ name }) => right(name)), right("steps a seed")],
    rows: arms.map((arm) => [arm.name, ...groups.map(({ name }) => cell(arm, name)), steps(arm)]),
  };
}

function classCells({ arms, classes }: StudyScores, analysis: StudyAnalysis): Cells {
  const cell = (arm: string, className: string): string => {
    const found = analysis.classes.find((each) => each.arm === arm && each.class === className);
    return found === undefined ? "-" : estimateCell(found);
  };
  return {
    columns: [left("class"), ...arms.map(({ name }) => right(name))],
    rows: classes.map((each) => [each, ...arms.map(({ name }) => cell(name, each))]),
  };
}

function estimateCell({ estimate }: GroupResult | ClassResult): string {
  return estimate === null ? "-" : `${meanAndDeviation(estimate, showNumber)} (${estimate.count})`;
}

function nameOf({ first, second }: Pick<ComparisonResult, "first" | "second">): string {
  return `${first} less ${second}`;
}

/** The groups that have comparisons. */
function comparisonsByGroup(
  { groups }: StudyScores,
  { comparisons }: StudyAnalysis,
): readonly { readonly group: string; readonly comparisons: readonly ComparisonResult[] }[] {
  return groups
    .map(({ name }) => ({ group: name, comparisons: comparisons.filter(({ group }) => group === name) }))
    .filter((each) => each.comparisons.length > 0);
}

/** A table and the verdicts for every group, for a page. */
export function comparisonTables(
  scores: StudyScores,
  analysis: StudyAnalysis,
): readonly { readonly table: TableContent; readonly verdicts: readonly string[] }[] {
  return comparisonsByGroup(scores, analysis).map(({ group, comparisons }) => {
    const { columns, rows } = comparisonCells("comparison", comparisons, "all");
    const head = columns.map(({ name }) => name);
    return {
      table: { caption: `Classes: ${group}`, head, rows },
      verdicts: verdicts(comparisons),
    };
  });
}

/** @param p which tests have columns: all, or the paired one with its correction */
function comparisonCells(
  head: string,
  comparisons: readonly ComparisonResult[],
  p: "all" | "corrected",
): Cells {
  const twoSample = p === "all";
  const equal = comparisons.some(({ equivalence }) => equivalence !== null);
  return {
    columns: [
      left(head),
      ...["difference", "interval", "resolves", "p", "Holm"].map(right),
      ...(twoSample ? ["Welch p", "pooled p"].map(right) : []),
      ...(equal ? [left("equal")] : []),
      right("seeds"),
    ],
    rows: comparisons.map((each) => [
      nameOf(each),
      each.difference === null ? "-" : showDifference(each.difference),
      each.interval === null ? "-" : showInterval(each.interval),
      each.resolution === null ? "-" : showNumber(each.resolution),
      ...[each.paired.p, each.holm].map(pCell),
      ...(twoSample ? [each.welch.p, each.pooled.p].map(pCell) : []),
      ...(equal ? [equalCell(each.equivalence)] : []),
      String(each.seeds.length),
    ]),
  };
}

/** A line for each comparison with notes of its own, and one for the notes that all of them have. */
function verdicts(comparisons: readonly ComparisonResult[]): readonly string[] {
  const [first, ...others] = comparisons.map(({ notes }) => notes);
  const shared =
    others.length === 0 ? [] : first.filter((note) => others.every((notes) => notes.includes(note)));
  const lines = comparisons.map((each) =>
    [`${nameOf(each)}: ${each.verdict}`, ...each.notes.filter((note) => !shared.includes(note))].join(" "),
  );
  return shared.length === 0 ? lines : [...lines, `All of these: ${shared.join(" ")}`];
}

function pCell(p: number | null): string {
  return p === null ? "-" : showP(p);
}

function equalCell(equivalence: EquivalenceResult | null): string {
  if (equivalence === null) return "";
  const { margin, paired } = equivalence;
  if (paired.reason !== null) return `${showMargin(margin)}: no test`;
  return `${showMargin(margin)}: ${paired.equivalent ? "shown" : "not shown"}, p ${showP(paired.p)}`;
}
