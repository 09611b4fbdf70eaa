// The table of loss terms, and what follows from it for a run.

import { expect, test } from "vitest";
import {
  assembleTerms,
  hasUnsupervisedLosses,
  lambdaNames,
  lambdasOf,
  lossTerms,
  noLambdas,
  strongViewTerms,
  supervisedTerm,
  takesStrongView,
  teaches,
  withoutIdleLambdas,
  type LossTerm,
} from "../../src/assemble/assemble-terms.ts";
import { recipeFields } from "../../src/assemble/train-fields.ts";
import { reproducibleSettings } from "../../src/assemble/training-settings.ts";
import { smallSettings } from "./settings.ts";

/** The table with a term that a run may leave out. */
const longer: readonly LossTerm[] = [
  ...lossTerms,
  { name: "spread", title: "spread", lambda: "lambdaSpread", optional: true },
];

test("names are told apart, and none is a word that a line of metrics has for something else", () => {
  const names = lossTerms.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const taken of ["total", "loss", "kind", "epoch", "step", "learningRate", "validation"]) {
    expect(names).not.toContain(taken);
  }
});

test("every weight of the table is a setting of manifests", () => {
  for (const name of lambdaNames) expect(recipeFields[name].parse(0.5)).toBe(0.5);
});

test("a run tells the total and each term, also those that teach nothing", () => {
  expect(assembleTerms(smallSettings)).toEqual(["total", "bce", "pseudo", "consistency"]);
  expect(assembleTerms(noLambdas)).toEqual(["total", "bce", "pseudo", "consistency"]);
  expect(supervisedTerm(smallSettings)).toBe("bce");
  expect(strongViewTerms).toEqual(["consistency"]);
});

test("segmentation tells the Dice loss, too, where it has a weight; a softmax is a term of its own", () => {
  const segmentation = { task: "segmentation", ...noLambdas } as const;
  expect(assembleTerms(segmentation)).toEqual(["total", "bce", "dice", "pseudo", "consistency"]);
  expect(assembleTerms({ ...segmentation, lambdaDice: 0 })).toEqual(assembleTerms(noLambdas));
  expect(teaches("dice", segmentation)).toBe(true);
  const softmax = { ...segmentation, loss: "softmax-marginal" } as const;
  expect(assembleTerms(softmax)).toEqual(["total", "marginal"]);
  expect(supervisedTerm(softmax)).toBe("marginal");
});

test("a term that may be left out is told only by runs that give it a weight", () => {
  const without = assembleTerms(smallSettings);
  expect(assembleTerms({ ...smallSettings }, longer)).toEqual(without);
  expect(assembleTerms({ ...smallSettings, ...{ lambdaSpread: 0 } }, longer)).toEqual(without);
  expect(assembleTerms({ ...smallSettings, ...{ lambdaSpread: 0.1 } }, longer)).toEqual([
    ...without,
    "spread",
  ]);
});

test("a weight of 0 that may be left out is the same as none, in what tells runs apart", () => {
  const idle = { ...smallSettings, lambdaSpread: 0, lambdaPseudo: 0 };
  expect(withoutIdleLambdas(idle, longer)).toEqual({ ...smallSettings, lambdaPseudo: 0 });
  const weighed = { ...idle, lambdaSpread: 2 };
  expect(withoutIdleLambdas(weighed, longer)).toEqual(weighed);
  // Those of today are always told.
  const supervised = { ...smallSettings, lambdaPseudo: 0, lambdaConsistency: 0 };
  expect(reproducibleSettings({ ...supervised, memory: 1 })).toEqual(supervised);
});

test("weights are those of the settings, and all of them 0 in warm-up", () => {
  expect(lambdasOf({ lambdaPseudo: 0.5 })).toEqual({ ...noLambdas, lambdaPseudo: 0.5 });
  expect(noLambdas).toMatchObject({ lambdaPseudo: 0, lambdaConsistency: 0 });
  expect(Object.values(noLambdas)).toEqual(lambdaNames.map(() => 0));
  expect(
    [{ lambdaPseudo: 0.1 }, { lambdaConsistency: 0.1 }, noLambdas, {}].map(hasUnsupervisedLosses),
  ).toEqual([...[true, true, false, false]]);
  const settings = { lambdaPseudo: 0, lambdaConsistency: 1 };
  expect(["bce", "pseudo", "consistency", "total"].map((name) => teaches(name, settings))).toEqual([
    ...[true, false, true, true],
  ]);
});

test("the strong view is computed for consistency, and where given labels teach it", () => {
  const looks = (settings: Parameters<typeof takesStrongView>[0]): boolean => takesStrongView(settings);
  expect(looks({ lambdaPseudo: 1, lambdaConsistency: 0 })).toBe(false);
  expect(looks({ lambdaPseudo: 0, lambdaConsistency: 0.1 })).toBe(true);
  expect(looks({ ...noLambdas, supervised: "both" })).toBe(true);
  expect(looks({ ...noLambdas, supervised: "weak" })).toBe(false);
});
