// Whether classes that are asked for alike help each other: the gain of one class against the similarity of queries.

import * as Plot from "@observablehq/plot";
import type { SimilarityPoint, StudyScores } from "../../assemble/index.ts";
import { pearson } from "../../metrics/index.ts";
import { draw, label, pageWidth } from "../html/drawing.ts";
import { fixed, interval, probability } from "../html/numbers.ts";
import type { Figure } from "../html/page.ts";
import { ink, palette, paper } from "../html/style.ts";

/** @returns undefined without points */
export function similarityScatter(found: StudyScores["similarity"]): Figure | undefined {
  if (found === undefined || found.points.length === 0) return undefined;
  const { interest, points } = found;
  const names = [...new Set(points.map((point) => point.class))];
  const means = names.map((name) => {
    const own = points.filter((point) => point.class === name);
    const mean = (of: "similarity" | "gain"): number =>
      own.reduce((sum, point) => sum + point[of], 0) / own.length;
    return { class: name, similarity: mean("similarity"), gain: mean("gain") };
  });
  const line = fitted(points);
  const ends = [Math.min, Math.max].map((end) => end(...points.map(({ similarity }) => similarity)));
  const drawing = draw({
    ...{ width: pageWidth, height: 380, marginLeft: 66, marginRight: 24, marginTop: 16, marginBottom: 44 },
    x: {
      ...{ label: "cosine similarity of the class queries", labelAnchor: "center", labelArrow: "none" },
      ...{ nice: true, grid: true },
    },
    y: {
      label: label(`gain in AUC of ${interest}`, 40),
      labelAnchor: "center",
      labelArrow: "none",
      nice: true,
      grid: true,
    },
    marks: [
      ...(line === undefined
        ? []
        : [
            Plot.line(ends, {
              ...{ x: (x: number) => x, y: (x: number) => line.intercept + line.slope * x },
              ...{ stroke: palette[1], strokeWidth: 2 },
            }),
          ]),
      Plot.dot(points, { x: "similarity", y: "gain", r: 3.5, fill: palette[0], fillOpacity: 0.55 }),
      Plot.text(means, {
        ...{ x: "similarity", y: "gain", text: (point: { class: string }) => label(point.class, 16) },
        ...{ dy: -10, fill: ink, stroke: paper, strokeWidth: 4, fontWeight: 600 },
      }),
    ],
  });
  return {
    id: "gain",
    title: `What other classes do for ${interest}, against the similarity of their queries`,
    text: textOf(interest, points, means, line),
    drawing,
    table: {
      head: ["class", "seed", "cosine similarity", `gain in AUC of ${interest}`],
      rows: points.map((point) => [
        ...[point.class, String(point.seed), fixed(point.similarity, 4), fixed(point.gain, 4)],
      ]),
    },
  };
}

type Place = Pick<SimilarityPoint, "similarity" | "gain">;

function textOf(
  interest: string,
  points: readonly SimilarityPoint[],
  means: readonly (Place & { readonly class: string })[],
  line: ReturnType<typeof fitted>,
): string {
  const sentences = [
    `A dot for each class that was learned beside ${interest} and each seed: ${points.length} dots, ${means.length} classes, named at their means.`,
  ];
  if (line !== undefined) {
    sentences.push(
      `Least-squares line: gain = ${fixed(line.intercept, 4)} + ${fixed(line.slope, 4)} × similarity.`,
    );
  }
  sentences.push(`Over all dots ${correlation(points)}.`);
  if (means.length < points.length) {
    sentences.push(`Dots of one class are not independent; over the means of classes ${correlation(means)}.`);
  }
  return sentences.join(" ");
}

function correlation(points: readonly Place[]): string {
  const found = pearson(
    points.map(({ similarity }) => similarity),
    points.map(({ gain }) => gain),
  );
  if (found.r === null) return `there is no correlation: ${found.reason}`;
  if (found.p === null) return `Pearson's r = ${fixed(found.r, 3)}, not tested: ${found.reason}`;
  const sure = found.interval === null ? "" : `, 95 % interval ${interval(found.interval, 3)}`;
  return `Pearson's r = ${fixed(found.r, 3)}${sure}, p ${probability(found.p)}`;
}

/** Least squares; undefined where similarities do not vary. */
function fitted(
  points: readonly Place[],
): { readonly intercept: number; readonly slope: number } | undefined {
  const mean = (of: (point: Place) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ similarity }) => similarity), mean(({ gain }) => gain)];
  const squares = mean(({ similarity }) => (similarity - x) ** 2);
  if (!(squares > 0)) return undefined;
  const slope = mean(({ similarity, gain }) => (similarity - x) * (gain - y)) / squares;
  return { intercept: y - slope * x, slope };
}
