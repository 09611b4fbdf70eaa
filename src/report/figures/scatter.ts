// Whether classes with similar queries help each other: the gain of one class against the similarity of queries.

import * as Plot from "@observablehq/plot";
import type { StudyScores } from "../../studies/scores.ts";
import type { SimilarityAnalysis } from "../../studies/similarity.ts";
import { draw, label, pageWidth } from "../html/drawing.ts";
import { fixed, signed } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { ink, muted, palette, paper } from "../html/style.ts";
import { correlationSentence } from "../study/similarity-tables.ts";

/** @param found the points of single seeds; the analysis uses their means */
export function similarityScatter(
  { interest, points }: NonNullable<StudyScores["similarity"]>,
  analysis: SimilarityAnalysis,
): Figure {
  const means = analysis.classes.map(({ class: name, similarity, gain }) => ({
    ...{ class: name, similarity: similarity.mean, gain: gain.mean },
  }));
  const line = analysis.correlation.reason === null ? fitted(means) : undefined;
  const ends = [Math.min, Math.max].map((end) => end(...means.map(({ similarity }) => similarity)));
  const drawing = draw({
    ...{ width: pageWidth, height: 380, marginLeft: 66, marginRight: 24, marginTop: 20, marginBottom: 44 },
    x: {
      ...{ label: "cosine similarity of the class queries", labelAnchor: "center", labelArrow: "none" },
      ...{ nice: true, grid: true },
    },
    y: {
      ...{ label: label(`gain in AUC of ${interest}`, 40), labelAnchor: "center", labelArrow: "none" },
      ...{ nice: true, grid: true },
    },
    marks: [
      Plot.ruleY([0], { stroke: muted }),
      ...(line === undefined
        ? []
        : [
            Plot.line(ends, {
              ...{ x: (x: number) => x, y: (x: number) => line.intercept + line.slope * x },
              ...{ stroke: palette[1], strokeWidth: 2 },
            }),
          ]),
      Plot.dot(points, { x: "similarity", y: "gain", r: 3, fill: palette[0], fillOpacity: 0.35 }),
      Plot.dot(means, { x: "similarity", y: "gain", r: 4.5, symbol: "diamond", fill: ink }),
      Plot.text(means, {
        ...{ x: "similarity", y: "gain", text: (point: { class: string }) => label(point.class, 16) },
        ...{ dy: -13, fill: ink, stroke: paper, strokeWidth: 4, fontWeight: 600 },
      }),
    ],
  });
  const sentences = [
    `Diamonds are classes that were learned beside ${interest}, each the mean of its seeds, which are the lighter dots: ` +
      `${points.length} dots, ${means.length} classes.`,
    ...(line === undefined
      ? []
      : [
          `Least-squares line through the classes: gain = ${fixed(line.intercept, 4)} + ${fixed(line.slope, 4)} × similarity.`,
        ]),
    ...[correlationSentence(analysis), ...analysis.notes],
  ];
  return {
    id: "gain",
    title: `Gain of ${interest} by other classes, against the similarity of their queries`,
    text: sentences.join(" "),
    numbers: `${means.map((each) => `${each.class}: similarity ${fixed(each.similarity, 4)}, gain ${signed(each.gain, 4)}`).join("; ")}.`,
    drawing,
    table: {
      head: [
        "class",
        "cosine similarity",
        `gain in AUC of ${interest}`,
        "seeds",
        "similarity and gain by seed",
      ],
      rows: analysis.classes.map(({ class: name, similarity, gain, seeds }) => [
        ...[name, fixed(similarity.mean, 4), signed(gain.mean, 4), String(seeds.length)],
        seeds
          .map((seed) => points.find((point) => point.class === name && point.seed === seed))
          .flatMap((point) =>
            point === undefined
              ? []
              : [`${point.seed}: ${fixed(point.similarity, 4)}, ${signed(point.gain, 4)}`],
          )
          .join("; "),
      ]),
    },
  };
}

interface Place {
  readonly similarity: number;
  readonly gain: number;
}

/** The least-squares line; the similarities of the points must vary. */
function fitted(points: readonly Place[]): { readonly intercept: number; readonly slope: number } {
  const mean = (of: (point: Place) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ similarity }) => similarity), mean(({ gain }) => gain)];
  const slope =
    mean(({ similarity, gain }) => (similarity - x) * (gain - y)) /
    mean(({ similarity }) => (similarity - x) ** 2);
  return { intercept: y - slope * x, slope };
}
