// Whether a class gains more from classes whose queries are like its own (Label-Assemble, Fig. 1C).

import { described, expectArgument, listOf, madeWith } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { meanInterval, type MeanEstimate } from "../statistics/sample.ts";
import { pearson, type Correlation } from "../statistics/correlation.ts";
import { counted } from "../errors/counted.ts";
import type { SimilarityPoint } from "./scores.ts";

/** The points of a class. */
export interface ClassSimilarity {
  readonly class: string;
  /** Ascending. */
  readonly seeds: readonly number[];
  /** Over seeds. */
  readonly similarity: MeanEstimate;
  readonly gain: MeanEstimate;
}

export interface SimilarityAnalysis {
  /** In the order in which the points name the classes. */
  readonly classes: readonly ClassSimilarity[];
  /** Over the means of the classes: its count is the number of classes. */
  readonly correlation: Correlation;
  /** Number of points, over all seeds. */
  readonly points: number;
  /** What the correlation leaves out or assumes, one sentence for each. */
  readonly notes: readonly string[];
}

const somePoints = listOf("points", madeWith("a point", ["class", "seed", "similarity", "gain"]));

/**
 * Pearson's r of gain against similarity over classes, each class the mean of its seeds. Points of one class are not
 * independent, so a p over all points would be far too small.
 *
 * @throws UsageError for no point at all, a class's seed given twice, or a number that is not finite
 */
export function similarityOf(points: readonly SimilarityPoint[]): SimilarityAnalysis {
  expectArgument("similarityOf", "the points", points, somePoints);
  if (points.length === 0) throw new UsageError("similarityOf: there is no point to correlate");
  const seen = new Set<string>();
  for (const { class: name, seed, similarity, gain } of points) {
    const where = `similarity of class "${name}", seed ${seed}`;
    const key = JSON.stringify([name, seed]);
    if (seen.has(key)) throw new UsageError(`${where}: given twice`);
    seen.add(key);
    if (!Number.isFinite(similarity) || !Number.isFinite(gain)) {
      throw new UsageError(
        `${where}: similarity ${described(similarity)} and gain ${described(gain)} have to be finite`,
      );
    }
  }
  const classes = [...new Set(points.map(({ class: name }) => name))].map((name) => {
    const own = points.filter((point) => point.class === name).sort((a, b) => a.seed - b.seed);
    return {
      class: name,
      seeds: own.map(({ seed }) => seed),
      similarity: meanInterval(own.map(({ similarity }) => similarity)),
      gain: meanInterval(own.map(({ gain }) => gain)),
    };
  });
  const correlation = pearson(
    classes.map(({ similarity }) => similarity.mean),
    classes.map(({ gain }) => gain.mean),
  );
  return { classes, correlation, points: points.length, notes: notesOn(classes, points.length) };
}

function notesOn(classes: readonly ClassSimilarity[], points: number): string[] {
  const notes: string[] = [];
  if (points > classes.length) {
    notes.push(
      `r and p are over the means of ${counted(classes.length, "class", "classes")}, not over the ${points} points: ` +
        "seeds of one class are not independent of each other.",
    );
  }
  const lists = new Set(classes.map(({ seeds }) => seeds.join(", ")));
  if (lists.size > 1) {
    const each = classes.map(({ class: name, seeds }) => `${name} ${seeds.join(", ")}`);
    notes.push(`Classes have different seeds (${each.join("; ")}): their means are not over the same runs.`);
  }
  return notes;
}
