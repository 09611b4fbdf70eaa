// From the scores of a study to its results: means over seeds, and comparisons with tests. A value that cannot be computed
// is null, with the reason in words. Imported by those who compare and not through the
// index of assemble, which training loads: behind the tests are 430 files of distributions.

import { expectArgument, madeWith, oneOf } from "../errors/arguments.ts";
import { measureNames, measures, type ByClass, type Measure, type MeasureName } from "../metrics/measures.ts";
import { detectableDifference } from "../statistics/detectable-difference.ts";
import { holmAdjusted } from "../statistics/holm.ts";
import { meanInterval } from "../statistics/sample.ts";
import { pairedEquivalence, welchEquivalence } from "../statistics/equivalence.ts";
import { pairedTTest, pooledTTest, welchTTest } from "../statistics/t-tests.ts";
import { checkScores } from "./check-scores.ts";
import { alpha, mean, resolvedPower } from "./study-numbers.ts";
import { counted } from "../errors/counted.ts";
import type {
  ClassResult,
  ComparisonResult,
  GroupResult,
  StudyAnalysis,
  Tested,
  UncorrectedComparison,
} from "./results.ts";
import {
  byClassOf,
  measuresOf,
  type ClassGroup,
  type Comparison,
  type Score,
  type StudyScores,
} from "./scores.ts";
import { verdictOf } from "./verdict.ts";

const level = 0.95;
/** A paired test of four seeds has three degrees of freedom: a difference has to be 3.2 standard errors large. */
const fewSeeds = 5;

const studyScores = madeWith("the scores of a study, as studyScores gives them", [
  ...["study", "classes", "groups", "arms", "comparisons", "scores"],
]);

/**
 * Means over seeds with Student's intervals, and every comparison of the study in every group of classes.
 *
 * Seeds differ in initialisation, order and what else the study draws; intervals and tests are about those, not about
 * other test images.
 *
 * @param measure what is compared; default: the study's first, which is the AUC unless it says another
 * @throws UsageError for scores that do not fit the study: see `checkScores`
 */
export function analyse(scores: StudyScores, measure?: MeasureName): StudyAnalysis {
  expectArgument("analyse", "the scores", scores, studyScores);
  const [first] = measuresOf(scores);
  if (measure !== undefined) expectArgument("analyse", "the measure", measure, oneOf(measureNames));
  return analysisBy(measure ?? first, scores);
}

/** Analyses by the study's further measures, in their order, of those that some run has a value of. */
export function furtherAnalyses(scores: StudyScores): StudyAnalysis[] {
  return measuresOf(scores)
    .slice(1)
    .filter((measure) => hasAny(scores, measure))
    .map((measure) => analyse(scores, measure));
}

const hasAny = ({ scores }: Pick<StudyScores, "scores">, measure: MeasureName): boolean =>
  scores.some((score) => Object.values(byClassOf(score, measure)).some((value) => value !== null));

/** Why further measures have no analysis, a sentence each. */
function withoutAny(scores: StudyScores): string[] {
  if (scores.scores.length === 0) return [];
  return measuresOf(scores)
    .slice(1)
    .filter((measure) => !hasAny(scores, measure))
    .map((measure) => {
      const { one, lacking }: Measure = measures[measure];
      return `No run has ${one}${lacking === undefined ? "" : `: ${lacking}`}.`;
    });
}

/** A score as one measure sees it. */
interface Measured extends Pick<Score, "seed"> {
  readonly values: ByClass;
}

function analysisBy(measure: MeasureName, scores: StudyScores): StudyAnalysis {
  checkScores(scores);
  const { study, arms, groups, classes, comparisons } = scores;
  const byArm = new Map(
    arms.map(({ name }) => [
      name,
      scores.scores
        .filter(({ arm }) => arm === name)
        .sort((a, b) => a.seed - b.seed)
        .map((score): Measured => ({ seed: score.seed, values: byClassOf(score, measure) })),
    ]),
  );
  const of = (arm: string): readonly Measured[] => byArm.get(arm) ?? [];
  return {
    study,
    measure,
    level,
    alpha,
    groups: arms.flatMap(({ name }) => groups.map((group) => groupResult(name, group, of(name)))),
    classes: arms.flatMap(({ name }) => classes.map((each) => classResult(name, each, of(name)))),
    comparisons: groups.flatMap((group) =>
      corrected(
        comparisons.map((comparison) => compare(comparison, group, of, measures[measure])),
        scores,
      ),
    ),
    notes: [
      ...scores.notes,
      ...missing(scores, of, measures[measure]),
      ...(measure === measuresOf(scores)[0] ? withoutAny(scores) : []),
    ],
  };
}

/** Null, too, for a class that the score does not name. */
function valueOf({ values }: Measured, className: string): number | null {
  return values[className] ?? null;
}

/** Mean over the classes that have a value; null where none has. */
function meanOver(classes: readonly string[], score: Measured): number | null {
  const defined = classes.map((name) => valueOf(score, name)).filter((value) => value !== null);
  return defined.length === 0 ? null : mean(defined);
}

function groupResult(arm: string, { name, classes }: ClassGroup, scores: readonly Measured[]): GroupResult {
  return {
    arm,
    group: name,
    ...overSeeds(scores, (score) => meanOver(classes, score)),
    leftOut: classes.filter((each) => scores.some((score) => valueOf(score, each) === null)),
  };
}

function classResult(arm: string, className: string, scores: readonly Measured[]): ClassResult {
  return { arm, class: className, ...overSeeds(scores, (score) => valueOf(score, className)) };
}

function overSeeds(
  scores: readonly Measured[],
  valueAt: (score: Measured) => number | null,
): Pick<GroupResult, "seeds" | "values" | "estimate"> {
  const seeds: number[] = [];
  const values: number[] = [];
  for (const score of scores) {
    const value = valueAt(score);
    if (value === null) continue;
    seeds.push(score.seed);
    values.push(value);
  }
  return { seeds, values, estimate: values.length === 0 ? null : meanInterval(values, level) };
}

function compare(
  comparison: Comparison,
  group: ClassGroup,
  of: (arm: string) => readonly Measured[],
  words: Measure,
): UncorrectedComparison {
  const [first, second] = [of(comparison.first), of(comparison.second)];
  const classes = group.classes.filter((name) =>
    [...first, ...second].every((score) => valueOf(score, name) !== null),
  );
  const [a, b] = [first, second].map((scores) => overSeeds(scores, (score) => meanOver(classes, score)));
  const seeds = a.seeds.filter((seed) => b.seeds.includes(seed));
  const pick = ({ seeds: own, values }: typeof a): number[] => seeds.map((seed) => values[own.indexOf(seed)]);
  const pairs = [pick(a), pick(b)] as const;
  const differences = pairs[0].map((value, i) => value - pairs[1][i]);
  const empty = whyNothing(comparison, group, first, second, classes, words);
  const apart = empty ?? (seeds.length === 0 ? "the arms have no seed in common" : null);
  const test = <Made>(reason: string | null, make: () => Tested<Made>): Tested<Made> =>
    reason === null ? make() : { p: null, reason };
  const paired = test(apart, () => pairedTTest(...pairs, level));
  const { margin } = comparison;
  return {
    ...comparison,
    group: group.name,
    classes,
    seeds,
    differences,
    means: { first: a.estimate?.mean ?? null, second: b.estimate?.mean ?? null },
    difference: differences.length === 0 ? null : mean(differences),
    interval: paired.reason === null ? paired.interval : null,
    resolution: paired.reason === null ? detectableDifference(paired, { alpha, power: resolvedPower }) : null,
    paired,
    welch: test(empty, () => welchTTest(a.values, b.values, level)),
    pooled: test(empty, () => pooledTTest(a.values, b.values, level)),
    equivalence:
      margin === undefined
        ? null
        : {
            margin,
            paired: test(apart, () => pairedEquivalence(...pairs, margin, alpha)),
            welch: test(empty, () => welchEquivalence(a.values, b.values, margin, alpha)),
          },
    notes: [...leftOutNotes(group, classes, empty, words), ...seedNotes(comparison, a.seeds, b.seeds, seeds)],
  };
}

/** The reason why two arms cannot be compared; null where they can. */
function whyNothing(
  comparison: Comparison,
  group: ClassGroup,
  first: readonly Measured[],
  second: readonly Measured[],
  classes: readonly string[],
  { one }: Measure,
): string | null {
  if (group.classes.length === 0) return "the group has no classes";
  if (first.length === 0) return `arm "${comparison.first}" has no score yet`;
  if (second.length === 0) return `arm "${comparison.second}" has no score yet`;
  if (classes.length === 0) return `no class of the group has ${one} in every seed of both arms`;
  return null;
}

function leftOutNotes(
  group: ClassGroup,
  classes: readonly string[],
  empty: string | null,
  { name: value }: Measure,
): string[] {
  const without = group.classes.filter((name) => !classes.includes(name));
  if (without.length === 0 || empty !== null) return [];
  const which = without.length === 1 ? "which has" : "which have";
  return [`Without ${without.join(", ")}, ${which} no ${value} in some seed of an arm.`];
}

function seedNotes(
  { first, second }: Comparison,
  firstSeeds: readonly number[],
  secondSeeds: readonly number[],
  seeds: readonly number[],
): string[] {
  if (firstSeeds.length === 0 || secondSeeds.length === 0) return [];
  const lacks = (arm: string, own: readonly number[], other: readonly number[]): string[] => {
    const gone = other.filter((seed) => !own.includes(seed));
    return gone.length === 0 ? [] : [`"${arm}" lacks ${seedList(gone)}`];
  };
  const lacking = [...lacks(first, firstSeeds, secondSeeds), ...lacks(second, secondSeeds, firstSeeds)];
  const notes: string[] = [];
  if (lacking.length > 0 && seeds.length > 0) {
    notes.push(
      `Paired over the ${counted(seeds.length, "seed")} that both arms have (${lacking.join(", ")}); the two-sample tests take all.`,
    );
  }
  if (seeds.length > 1 && seeds.length < fewSeeds) {
    notes.push(
      `Only ${seeds.length} seeds: none but a large and steady difference can come out significant.`,
    );
  }
  return notes;
}

/** Adds Holm's correction, over the tests of one group that could be made, and the verdicts that follow from it. */
function corrected(
  comparisons: readonly UncorrectedComparison[],
  { arms }: StudyScores,
): readonly ComparisonResult[] {
  const tested = comparisons.flatMap(({ paired: { p } }, at) => (p === null ? [] : [{ at, p }]));
  const adjusted = new Map(
    holmAdjusted(tested.map(({ p }) => p)).map((holm, i) => [tested[i].at, holm] as const),
  );
  const labels = new Map(arms.map(({ name, label }) => [name, label]));
  return comparisons.map((comparison, at) => {
    const result = { ...comparison, holm: adjusted.get(at) ?? null, family: tested.length };
    return { ...result, verdict: verdictOf(result, (arm) => labels.get(arm) ?? arm) };
  });
}

/** Arms without scores, arms with fewer seeds than others, and classes without an AUC, a sentence each. */
function missing(
  { arms, classes, scores }: StudyScores,
  of: (arm: string) => readonly Measured[],
  { name: value }: Measure,
): readonly string[] {
  const all = [...new Set(scores.map(({ seed }) => seed))].sort((a, b) => a - b);
  const notes: string[] = [];
  for (const { name } of arms) {
    const seeds = of(name).map(({ seed }) => seed);
    const gone = all.filter((seed) => !seeds.includes(seed));
    if (seeds.length === 0) notes.push(`Arm "${name}" has no score yet.`);
    else if (gone.length > 0) notes.push(`Arm "${name}" has no score of ${seedList(gone)} yet.`);
  }
  const scored = arms.filter(({ name }) => of(name).length > 0);
  for (const each of classes) {
    const where = arms.flatMap(({ name }) => {
      const own = of(name);
      const without = own.filter((score) => valueOf(score, each) === null);
      if (without.length === 0) return [];
      const seeds = without.map(({ seed }) => seed);
      return [without.length === own.length ? `"${name}"` : `"${name}" (${seedList(seeds)})`];
    });
    const everywhere = scored.length > 1 && scored.every(({ name }) => where.includes(`"${name}"`));
    if (where.length > 0) {
      const there = everywhere ? "any arm" : where.join(", ");
      notes.push(`Class "${each}" has no ${value} in ${there}; means there are without it.`);
    }
  }
  return notes;
}

function seedList(seeds: readonly number[]): string {
  return `${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}`;
}
