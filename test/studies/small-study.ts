// A study small enough to work out by hand: two classes whose mean is a given number.

import type { Comparison, Score, StudyScores } from "../../src/studies/scores.ts";

/** Mean AUC by seed, one arm each: SciPy's tests of them are in analysis.test.ts. */
export const base = [0.9512, 0.9478, 0.953, 0.9495, 0.9509];
export const worse = [0.949, 0.9481, 0.9502, 0.947, 0.9499];
export const similar = [0.9505, 0.949, 0.9511, 0.9502, 0.9498];

/** The seeds 0, 1, ... of an arm; class u is .01 above the mean, class v .01 below. */
export function armScores(arm: string, means: readonly number[], seeds = [...means.keys()]): Score[] {
  return means.map((mean, i) => ({
    ...{ arm, seed: seeds[i], steps: 100, seconds: 1 },
    auc: { u: mean + 0.01, v: mean - 0.01 },
  }));
}

export function smallStudy(
  scores: readonly Score[],
  comparisons: readonly Comparison[],
  more: Partial<StudyScores> = {},
): StudyScores {
  const names = [
    ...new Set([
      ...scores.map(({ arm }) => arm),
      ...comparisons.flatMap((each) => [each.first, each.second]),
    ]),
  ];
  return {
    ...{ study: "small", question: "Is it small?", manifest: "small.yaml", classes: ["u", "v"] },
    groups: [{ name: "all", classes: ["u", "v"] }],
    arms: names.map((name) => ({ name, label: `arm ${name}`, about: `The arm called ${name}.` })),
    ...{ comparisons, scores, notes: [] },
    ...more,
  };
}

export function comparing(first: string, second: string, margin?: number): Comparison {
  return { first, second, question: `Does ${first} differ from ${second}?`, ...(margin && { margin }) };
}
