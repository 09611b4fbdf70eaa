// From scores to comparisons: against SciPy, by properties, and what is said where there is nothing to test.
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import { analyse } from "../../src/studies/analysis.ts";
import type { ComparisonResult } from "../../src/studies/results.ts";
import type { Score, StudyScores } from "../../src/studies/scores.ts";
import { armScores, base, comparing, similar, smallStudy, worse } from "./small-study.ts";

const three = smallStudy(
  [...armScores("base", base), ...armScores("worse", worse), ...armScores("similar", similar)],
  [comparing("base", "worse"), comparing("base", "similar", 0.003)],
);

function only(study: StudyScores): ComparisonResult {
  const { comparisons } = analyse(study);
  expect(comparisons).toHaveLength(1);
  return comparisons[0];
}

/** One comparison of arms whose mean AUC by seed is given. */
const pairOf = (first: number[], second: number[], margin?: number): ComparisonResult =>
  only(smallStudy([...armScores("a", first), ...armScores("b", second)], [comparing("a", "b", margin)]));

describe("three arms of five seeds, as SciPy has them", () => {
  const analysis = analyse(three);

  test("mean, deviation and t interval of an arm", () => {
    const [{ arm, group, seeds, values, estimate, leftOut }] = analysis.groups;
    expect([arm, group, seeds, leftOut]).toEqual(["base", "all", [0, 1, 2, 3, 4], []]);
    expect(estimate?.count).toBe(5);
    for (const [i, value] of base.entries()) expect(values[i]).toBeCloseTo(value, 14);
    expect(estimate?.mean).toBeCloseTo(0.95048, 14);
    expect(estimate?.standardDeviation).toBeCloseTo(0.0019485892332659505, 13);
    expect(estimate?.interval?.low).toBeCloseTo(0.9480605069017661, 13);
    expect(estimate?.interval?.high).toBeCloseTo(0.9528994930982339, 13);
  });

  test("mean and deviation of an arm by class", () => {
    expect(analysis.classes.map((each) => [each.arm, each.class])).toEqual(
      ["base", "worse", "similar"].flatMap((arm) => ["u", "v"].map((name) => [arm, name])),
    );
    const [u, v] = analysis.classes;
    expect(u.estimate?.mean).toBeCloseTo(0.96048, 14);
    expect(v.estimate?.mean).toBeCloseTo(0.94048, 14);
    expect(v.estimate?.standardDeviation).toBeCloseTo(0.0019485892332659505, 13);
  });

  test("paired, Welch's and pooled tests with the interval, and Holm's correction of the paired ones", () => {
    const [worse, similar] = analysis.comparisons;
    expect(worse.difference).toBeCloseTo(0.00164, 14);
    expect(worse.paired.p).toBeCloseTo(0.04588552943916123, 10);
    expect(worse.interval?.low).toBeCloseTo(4.8440531137017686e-5, 12);
    expect(worse.interval?.high).toBeCloseTo(0.0032315594688629764, 12);
    expect(worse.welch.p).toBeCloseTo(0.16272580992670327, 10);
    expect(worse.pooled.p).toBeCloseTo(0.15751360714733242, 10);
    expect(similar.paired.p).toBeCloseTo(0.5646330918804847, 10);
    expect([worse.holm, worse.family]).toEqual([2 * (worse.paired.p ?? NaN), 2]);
    expect(similar.holm).toBe(similar.paired.p);
    expect(worse.equivalence).toBeNull();
  });

  test("equivalence, paired and by Welch, where a margin is given", () => {
    const { equivalence } = analysis.comparisons[1];
    expect(equivalence?.paired.p).toBeCloseTo(0.0050213543772976415, 11);
    expect(equivalence?.welch.p).toBeCloseTo(0.017728870254441365, 11);
    expect(equivalence?.paired).toMatchObject({ equivalent: true });
  });

  test("the verdicts claim what is left after correction, and equality only where it is shown", () => {
    expect(analysis.comparisons.map(({ verdict }) => verdict)).toEqual([
      "+0.0016 [0.0000, 0.0032], p = .046 (Holm .092, 5 seeds): not significant once corrected for 2 comparisons.",
      "no significant difference: +0.0004 [-0.0012, 0.0020], p = .565 (Holm .565, 5 seeds); equality within ±0.003 shown (p = .005).",
    ]);
    const alone = { ...three, comparisons: [comparing("worse", "base", 0.001)] };
    expect(only(alone).verdict).toBe(
      "loss of 0.0016 [0.0000, 0.0032], p = .046 (5 seeds): arm worse is worse than arm base; equality within ±0.001 not shown (p = .837).",
    );
    expect(only({ ...three, comparisons: [comparing("base", "worse", 0.005)] }).verdict).toMatch(
      /^gain of 0\.0016 .*: arm base is better than arm worse; yet the difference is shown to be smaller than 0\.005 \(p = \.00\d\)\.$/,
    );
    expect(only({ ...three, comparisons: [comparing("base", "similar", 0.0005)] }).verdict).toMatch(
      /^no significant difference: .*; equality within ±0\.0005 not shown \(p = \.\d{3}\)\.$/,
    );
  });
});

describe("what must not matter", () => {
  test("exchanging the arms turns every sign and leaves every p", () => {
    const forth = analyse(three).comparisons;
    const back = analyse({
      ...three,
      comparisons: three.comparisons.map((each) => ({ ...each, first: each.second, second: each.first })),
    }).comparisons;
    for (const [i, { difference, interval, paired, welch, pooled, holm, equivalence }] of back.entries()) {
      expect(difference).toBe(-(forth[i].difference ?? NaN));
      expect(interval).toEqual({
        low: -(forth[i].interval?.high ?? NaN),
        high: -(forth[i].interval?.low ?? NaN),
      });
      expect([paired.p, welch.p, pooled.p, holm]).toEqual(
        [forth[i].paired, forth[i].welch, forth[i].pooled].map(({ p }) => p).concat(forth[i].holm),
      );
      expect(equivalence?.paired.p).toBe(forth[i].equivalence?.paired.p);
    }
  });

  test("the order in which runs finished", () => {
    expect(analyse({ ...three, scores: three.scores.toReversed() })).toEqual(analyse(three));
    const shuffled = [7, 2, 11, 0, 14, 5, 9, 3, 13, 1, 6, 12, 4, 10, 8].map((at) => three.scores[at]);
    expect(analyse({ ...three, scores: shuffled })).toEqual(analyse(three));
  });

  test("which seed was hard: the same shift of both arms leaves paired tests, and not the others", () => {
    const shift = [0.01, -0.02, 0.005, 0.03, -0.04];
    const moved = [base, worse].map((means) => means.map((mean, i) => mean + shift[i]));
    const [before, after] = [pairOf(base, worse, 0.003), pairOf(moved[0], moved[1], 0.003)];
    expect(after.paired.p).toBeCloseTo(before.paired.p ?? NaN, 9);
    expect(after.equivalence?.paired.p).toBeCloseTo(before.equivalence?.paired.p ?? NaN, 9);
    expect(after.welch.p).toBeGreaterThan((before.welch.p ?? NaN) + 0.1);
  });

  test("another group: Holm corrects within each", () => {
    const groups = [...three.groups, { name: "u alone", classes: ["u"] }];
    const { comparisons } = analyse({ ...three, groups });
    expect(comparisons.map(({ group, family }) => [group, family])).toEqual([
      ["all", 2],
      ["all", 2],
      ["u alone", 2],
      ["u alone", 2],
    ]);
    expect(comparisons.slice(0, 2)).toEqual(analyse(three).comparisons);
  });
});

describe("what is missing or does not vary", () => {
  test("a single seed has a difference, and no test", () => {
    const { difference, paired, holm, family, interval, verdict, equivalence } = pairOf(
      [0.95],
      [0.94],
      0.003,
    );
    expect(difference).toBeCloseTo(0.01, 14);
    expect([paired.p, holm, family, interval]).toEqual([null, null, 0, null]);
    expect(paired.reason).toBe("1 pair; a paired test needs at least 2");
    expect(equivalence?.paired.reason).toBe(paired.reason);
    expect(verdict).toBe("+0.0100 in a single seed, from which no test can be made.");
  });

  test("differences that are all the same, up to rounding, are said and not tested", () => {
    const shifted = base.map((mean) => mean + 0.01);
    const { paired, verdict, holm } = pairOf(shifted, base);
    expect([paired.p, holm]).toEqual([null, null]);
    expect(verdict).toBe("+0.0100 in each of the 5 seeds: a difference without any spread cannot be tested.");
    expect(pairOf(base, base, 0.003)).toMatchObject({
      difference: 0,
      verdict: "the same in each of the 5 seeds: there is nothing to test.",
    });
  });

  test("where both arms are at 1, there is no room for a difference", () => {
    const perfect = ["a", "b"].flatMap((arm) =>
      [0, 1].map((seed) => ({ ...{ arm, seed, steps: 1, seconds: 1 }, auc: { u: 1, v: 1 } })),
    );
    const study = smallStudy(perfect, [comparing("a", "b", 0.003)]);
    const { verdict, welch, equivalence } = only(study);
    expect(verdict).toBe(
      "both are 1 in each of the 2 seeds: these test images leave no room for a difference.",
    );
    expect([welch.p, welch.reason, equivalence?.welch.p]).toEqual([null, "neither sample varies", null]);
    const { estimate } = analyse(study).groups[0];
    expect(estimate).toEqual({
      ...{ count: 2, mean: 1, standardDeviation: 0, interval: null },
      note: "all values are equal",
    });
  });

  test("an arm without a score is not compared, and the others are corrected without it", () => {
    const { comparisons, groups, notes } = analyse({
      ...three,
      scores: three.scores.filter(({ arm }) => arm !== "similar"),
    });
    expect(comparisons[1]).toMatchObject({
      ...{ difference: null, interval: null, holm: null, means: { second: null } },
      paired: { p: null, reason: 'arm "similar" has no score yet' },
      equivalence: { margin: 0.003, welch: { p: null } },
      verdict: 'not compared: arm "similar" has no score yet.',
    });
    expect(comparisons[0]).toMatchObject({ family: 1, holm: comparisons[0].paired.p });
    expect(groups[2]).toMatchObject({ arm: "similar", seeds: [], estimate: null });
    expect(notes).toEqual(['Arm "similar" has no score yet.']);
  });

  test("a study that has not begun has no numbers, and says so", () => {
    const { groups, comparisons, notes } = analyse({ ...three, scores: [] });
    expect(groups.every(({ estimate }) => estimate === null)).toBe(true);
    expect(comparisons.every(({ difference, holm }) => difference === null && holm === null)).toBe(true);
    expect(notes).toHaveLength(3);
  });

  test("seeds that only one arm has are not paired, but are among the two samples", () => {
    const scores = [...armScores("a", base), ...armScores("b", [...worse.slice(1), 0.99], [1, 2, 3, 4, 9])];
    const study = smallStudy(scores, [comparing("a", "b")]);
    const result = only(study);
    expect(result.seeds).toEqual([1, 2, 3, 4]);
    expect(result.paired.p).toBeCloseTo(pairOf(base.slice(1), worse.slice(1)).paired.p ?? NaN, 14);
    expect(result.welch.p).toBe(pairOf(base, [...worse.slice(1), 0.99]).welch.p);
    expect(result.notes).toEqual([
      'Paired over the 4 seeds that both arms have ("a" lacks seed 9, "b" lacks seed 0); the two-sample tests take all.',
      "Only 4 seeds: none but a large and steady difference can come out significant.",
    ]);
    expect(analyse(study).notes).toEqual([
      'Arm "a" has no score of seed 9 yet.',
      'Arm "b" has no score of seed 0 yet.',
    ]);
  });

  test("arms without a seed in common are two samples and no pairs", () => {
    const scores = [...armScores("a", base), ...armScores("b", worse, [5, 6, 7, 8, 9])];
    const result = only(smallStudy(scores, [comparing("a", "b", 0.003)]));
    expect(result).toMatchObject({ difference: null, holm: null, notes: [] });
    expect(result.welch.p).toBeCloseTo(0.16272580992670327, 10);
    expect(result.equivalence?.welch.p).toBeCloseTo(0.11843156825206348, 10);
    expect(result.verdict).toBe(
      "the arms have no seed in common, so that there is no paired test; their means differ by +0.0016, Welch's p = .163.",
    );
  });

  test("a class without an AUC is left out of means, and of both arms in a comparison", () => {
    const without = (score: Score): Score => ({ ...score, auc: { u: score.auc["u"], v: null } });
    const scores = [...armScores("a", base), ...armScores("b", worse).map(without)];
    const study = smallStudy(scores, [comparing("a", "b")]);
    const { groups, classes, notes, comparisons } = analyse(study);
    expect(groups.map(({ leftOut }) => leftOut)).toEqual([[], ["v"]]);
    expect(groups[1].estimate?.mean).toBeCloseTo(0.94884 + 0.01, 13);
    expect(classes[3]).toMatchObject({ arm: "b", class: "v", estimate: null });
    expect(notes).toEqual(['Class "v" has no AUC in "b"; means there are without it.']);
    expect(comparisons[0].classes).toEqual(["u"]);
    // Not .0064, which a mean over u and v less a mean over u would give.
    expect(comparisons[0].difference).toBeCloseTo(0.00164, 13);
    expect(comparisons[0].notes).toEqual(["Without v, which has no AUC in some seed of an arm."]);
  });

  test("a class without an AUC anywhere is said once", () => {
    const without = (score: Score): Score => ({ ...score, auc: { ...score.auc, v: null } });
    const scores = [...armScores("a", base), ...armScores("b", worse)].map(without);
    expect(analyse(smallStudy(scores, [comparing("a", "b")])).notes).toEqual([
      'Class "v" has no AUC in any arm; means there are without it.',
    ]);
  });

  test("a class that lacks an AUC in one seed is named with that seed; an arm may leave it out of its record", () => {
    const scores = armScores("a", base).map((score, i) => (i === 3 ? { ...score, auc: { u: 0.9 } } : score));
    const study = smallStudy([...scores, ...armScores("b", worse)], [comparing("a", "b")]);
    expect(analyse(study).notes).toEqual([
      'Class "v" has no AUC in "a" (seed 3); means there are without it.',
    ]);
    expect(only(study).classes).toEqual(["u"]);
  });

  test("arms that share no class, and a group without classes, are not compared", () => {
    const knows = (arm: string, own: "u" | "v"): Score[] =>
      armScores(arm, base).map((score) => ({ ...score, auc: { u: null, v: null, [own]: score.auc[own] } }));
    const study = smallStudy([...knows("a", "u"), ...knows("b", "v")], [comparing("a", "b")]);
    expect(only(study).verdict).toBe(
      "not compared: no class of the group has an AUC in every seed of both arms.",
    );
    const empty = { ...study, groups: [{ name: "known to several", classes: [] }] };
    expect(only(empty).verdict).toBe("not compared: the group has no classes.");
    expect(analyse(empty).groups[0]).toMatchObject({ estimate: null, leftOut: [] });
  });

  test("the study's own notes come first", () => {
    expect(analyse({ ...three, notes: ["The control was not run."] }).notes).toEqual([
      "The control was not run.",
    ]);
  });
});

test("scores that do not fit the study are errors that say what and where", () => {
  const [score] = three.scores;
  const cases: [Partial<StudyScores>, string][] = [
    [{ scores: [score, score] }, 'study "small": the score of "base, seed 0" is given twice'],
    [{ scores: [{ ...score, arm: "bsae" }] }, 'names arm "bsae"; there are base, worse, similar'],
    [{ scores: [{ ...score, auc: { w: 1 } }] }, 'of arm "base" names class "w"; there are u, v'],
    [{ scores: [{ ...score, auc: { u: 1.5 } }] }, 'the AUC of "u" is 1.5, not in [0, 1]'],
    [{ scores: [{ ...score, auc: { u: NaN } }] }, "is NaN"],
    [{ comparisons: [comparing("base", "x")] }, 'comparison "base" with "x" names arm "x"'],
    [{ comparisons: [comparing("base", "base")] }, "compares an arm with itself"],
    [{ comparisons: [comparing("base", "worse", -1)] }, "a margin is a number above 0, not -1"],
    [{ groups: [{ name: "all", classes: ["w"] }] }, 'group "all" names class "w"'],
    [{ groups: [{ name: "all", classes: ["u", "u"] }] }, 'in group "all", class "u" is given twice'],
    [{ groups: [...three.groups, ...three.groups] }, 'group "all" is given twice'],
    [{ classes: ["u", "v", "u"] }, 'class "u" is given twice'],
  ];
  for (const [change, message] of cases) {
    expect(() => analyse({ ...three, ...change })).toThrow(UsageError);
    expect(() => analyse({ ...three, ...change })).toThrow(message);
  }
});
