// The figures of a study, on its page and as files.

import type { ClassGroup } from "../../studies/scores.ts";
import type { ComparisonResult, GroupResult, StudyAnalysis } from "../../studies/results.ts";
import type { SimilarityAnalysis } from "../../studies/similarity.ts";
import { isSignificant } from "../../studies/verdict.ts";
import { armCourses } from "../figures/courses.ts";
import { dotPlot, type DotPart, type DotRow } from "../figures/dots.ts";
import { labelCoverage, similarityMap } from "../figures/heat-map.ts";
import { similarityScatter } from "../figures/scatter.ts";
import { fixed, interval, listed, none, signed } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { pictureText } from "../html/picture.ts";
import { inParts } from "./parts.ts";
import type { StudyContents } from "../../studies/read-study.ts";
import { meanRocCurves } from "./roc-figure.ts";

/** The figures that have something to draw. */
export interface StudyFigures {
  /** Mean AUC by arm, a figure for each group of classes. */
  readonly arms: readonly Figure[];
  /** Differences, a figure for each group of classes. */
  readonly differences: readonly Figure[];
  readonly similarity: Figure | undefined;
  /** Class queries, a figure for each arm whose models have them. */
  readonly queries: readonly Figure[];
  readonly courses: Figure | undefined;
  readonly roc: Figure | undefined;
  readonly coverage: Figure | undefined;
}

export function figuresOf(
  { scores, reportData }: StudyContents,
  analysis: StudyAnalysis,
  similarity: SimilarityAnalysis | undefined,
): StudyFigures {
  const byGroup = (draw: (group: ClassGroup, i: number) => Figure | undefined): Figure[] =>
    scores.groups.flatMap((group, i) => draw(group, i) ?? []);
  return {
    arms: byGroup((group, i) => armDots(scores, analysis, group, i)),
    differences: byGroup((group, i) => differenceDots(scores, analysis, group, i)),
    similarity:
      scores.similarity === undefined || similarity === undefined
        ? undefined
        : similarityScatter(scores.similarity, similarity),
    queries: (scores.queries ?? []).flatMap(
      ({ arm, classes, cosines }, i) =>
        similarityMap(classes, cosines, {
          id: `queries-${i}`,
          title: `Similarity of the class queries, ${arm}`,
          of: `arm ${arm}, in the mean over seeds,`,
        }) ?? [],
    ),
    courses: armCourses(scores.arms, scores.courses ?? []),
    roc:
      reportData?.predicted === undefined ? undefined : meanRocCurves(scores.arms, reportData.predicted.roc),
    coverage: reportData && labelCoverage(reportData.classes, reportData.coverage),
  };
}

/**
 * The figures as SVG files for papers and slides.
 * @returns SVG by file name; names have letters, digits and hyphens
 */
export function studyFigures(
  study: StudyContents,
  analysis: StudyAnalysis,
  similarity: SimilarityAnalysis | undefined,
): Map<string, string> {
  const figures = figuresOf(study, analysis, similarity);
  const { arms, differences, queries, courses, roc } = figures;
  const all = [...arms, ...differences, figures.similarity, ...queries, courses, roc, figures.coverage];
  const fileName = (i: number, name: string): string =>
    [i + 1, ...(name.toLowerCase().match(/[a-z0-9]+/g) ?? [])].join("-").slice(0, 60);
  const names = new Map<string, string>([
    ["gain", "similarity"],
    ["roc", "roc-curves"],
    ...study.scores.groups.flatMap(({ name }, i): [string, string][] => {
      const file = fileName(i, name);
      return [
        [`arms-${i}`, `mean-auc-${file}`],
        [`differences-${i}`, `differences-${file}`],
      ];
    }),
    ...(study.scores.queries ?? []).map(({ arm }, i): [string, string] => [
      `queries-${i}`,
      `class-queries-${fileName(i, arm)}`,
    ]),
  ]);
  return new Map(
    all.flatMap((figure) =>
      figure === undefined ? [] : [[`${names.get(figure.id) ?? figure.id}.svg`, pictureText(figure)]],
    ),
  );
}

function groupTitle({ name, classes }: ClassGroup): string {
  if (classes.length !== 1) return `${name} (${classes.length} classes)`;
  return name.endsWith(classes[0]) ? name : `${name} (${classes[0]})`;
}

function bySeed(
  { seeds, values }: { readonly seeds: readonly number[]; readonly values: readonly number[] },
  show: (value: number, decimals: number) => string,
): string {
  return seeds.map((seed, i) => `${seed}: ${show(values[i], 4)}`).join(", ");
}

function armDots(
  { arms }: StudyContents["scores"],
  { groups }: StudyAnalysis,
  group: ClassGroup,
  i: number,
): Figure | undefined {
  const found = groups.filter((each) => each.group === group.name && each.estimate !== null);
  const labels = new Map(arms.map(({ name, label }) => [name, label]));
  const row = ({ arm, seeds, values, estimate, leftOut }: GroupResult, told: boolean): DotRow[] =>
    estimate === null
      ? []
      : [
          {
            ...{ name: arm, about: told ? undefined : labels.get(arm) },
            ...{ seeds, values, leftOut, mean: estimate.mean },
            ...{ interval: estimate.interval, reason: estimate.note },
          },
        ];
  return dotPlot({
    ...{ id: `arms-${i}`, title: `Mean AUC, ${groupTitle(group)}`, axis: "mean AUC on the test images" },
    text: `Mean AUC over ${listed(group.classes)}, by arm.`,
    parts: inParts(arms, found, ({ arm }) => [arm]).map(({ title, told, items }): DotPart => ({
      title,
      rows: items.flatMap((item) => row(item, told)),
    })),
    differences: false,
    table: {
      head: ["arm", "mean", "95 % interval", "standard deviation", "seeds", "by seed"],
      rows: found.map((result) => {
        const { arm, estimate, seeds } = result;
        const deviation = fixed(estimate?.standardDeviation, 4);
        return [
          ...[arm, fixed(estimate?.mean, 4), interval(estimate?.interval, 4), deviation],
          ...[String(seeds.length), bySeed(result, fixed)],
        ];
      }),
    },
  });
}

/** Keeps a minus sign on the line of its number. */
const named = ({ first, second }: ComparisonResult): string => `${first} −\u00a0${second}`;

function differenceDots(
  { arms }: StudyContents["scores"],
  { comparisons }: StudyAnalysis,
  group: ClassGroup,
  i: number,
): Figure | undefined {
  const found = comparisons.filter((each) => each.group === group.name && each.difference !== null);
  const row = (result: ComparisonResult): DotRow[] => {
    const { seeds, differences, difference, margin, paired, classes } = result;
    if (difference === null) return [];
    return [
      {
        ...{ name: named(result), seeds, values: differences, mean: difference },
        ...{ interval: result.interval, reason: paired.reason, margin, significant: isSignificant(result) },
        leftOut: group.classes.filter((name) => !classes.includes(name)),
      },
    ];
  };
  const title = `Differences in mean AUC, ${groupTitle(group)}`;
  return dotPlot({
    ...{ id: `differences-${i}`, title, axis: "difference in mean AUC" },
    text: `Difference in mean AUC over ${listed(group.classes)}, of arms with the same seed; right of zero the first is better.`,
    parts: inParts(arms, found, ({ first, second }) => [first, second]).map(
      ({ title: above, items }): DotPart => ({ title: above, rows: items.flatMap(row) }),
    ),
    differences: true,
    table: {
      head: ["comparison", "difference", "95 % interval", "seeds", "by seed"],
      rows: found.map((result) => [
        ...[named(result), signed(result.difference, 4)],
        result.interval === null ? none : interval(result.interval, 4),
        ...[String(result.seeds.length), bySeed({ ...result, values: result.differences }, signed)],
      ]),
    },
  });
}
