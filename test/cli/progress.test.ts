// What is told of losses while a run is under way.

import { expect, test } from "vitest";
import { bracketedTerms, weightsOfSteps } from "../../src/cli/terminal/loss-words.ts";

const losses = { total: 0.9039, bce: 0.6275, dice: 0.9214, pseudo: 0.25, consistency: 0.5 };

test("a loss is told as the sum of the terms that count, with their weights", () => {
  const settings = { task: "segmentation", lambdaDice: 0.3, lambdaPseudo: 2, lambdaConsistency: 0 } as const;
  const weights = weightsOfSteps(settings, 10);
  expect(bracketedTerms(losses, weights(10))).toBe(" (bce 0.6275 + 0.3 x dice 0.9214)");
  expect(bracketedTerms(losses, weights(11))).toBe(" (bce 0.6275 + 0.3 x dice 0.9214 + 2 x pseudo 0.2500)");
  expect(bracketedTerms(losses, weights(12), weights(9))).toBe(
    " (bce 0.6275 + 0.3 x dice 0.9214 + 2 x pseudo 0.2500 after warm-up)",
  );
});

test("the terms of a classifier count with their weights, too, and a loss without terms is told alone", () => {
  const weights = weightsOfSteps({ lambdaPseudo: 1, lambdaConsistency: 0.5 }, 0);
  expect(bracketedTerms(losses, weights(1))).toBe(" (bce 0.6275 + pseudo 0.2500 + 0.5 x consistency 0.5000)");
  expect(bracketedTerms({ total: 1 }, {})).toBe("");
});
