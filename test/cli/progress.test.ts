// What is told of losses while a run is under way.

import { expect, test } from "vitest";
import { bracketedTerms } from "../../src/cli/terminal/progress.ts";

test("a loss is told with its terms, and one that has none alone", () => {
  expect(bracketedTerms({ total: 1, bce: 0.5, pseudo: 0.25 })).toBe(" (bce 0.5000, pseudo 0.2500)");
  expect(bracketedTerms({ total: 1 })).toBe("");
});
