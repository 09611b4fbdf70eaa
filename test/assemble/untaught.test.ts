// What a person is told of classes that nothing teaches: it depends on every switch that lets absent labels teach.

import { expect, test } from "vitest";
import { untaughtNote } from "../../src/assemble/untaught.ts";
import { smallAssembly } from "./settings.ts";

const assembly = smallAssembly(12);
const more = {
  ...assembly,
  classes: [...assembly.classes, "new"],
  sources: assembly.sources.map((set) => ({
    ...set,
    states: Uint8Array.from({ length: set.count * (assembly.classes.length + 1) }, (_, at) => {
      const width = assembly.classes.length;
      const k = at % (width + 1);
      return k === width ? 255 : set.states[Math.floor(at / (width + 1)) * width + k];
    }),
  })),
};
const losses = { lambdaPseudo: 1, lambdaConsistency: 0 };
const budget = { warmup: 2, steps: 6 };

test("nothing is said where every class is taught", () => {
  expect(untaughtNote(assembly, losses, budget)).toBeUndefined();
});

test.each([
  ["unsupervised losses keep it", losses, budget, /label of new: what .* kept by the unsupervised losses/],
  [
    "no loss has a weight",
    { ...losses, lambdaPseudo: 0 },
    budget,
    /nothing keeps .* give train\.lambdaPseudo/,
  ],
  [
    "losses are over labelled entries",
    { ...losses, unsupervisedOn: "labelled" as const },
    budget,
    /nothing keeps .* set train\.unsupervisedOn to absent or all/,
  ],
  ["losses never join in", losses, { warmup: 6, steps: 6 }, /nothing keeps .* warm-up takes the whole run/],
  [
    "absent labels are negative ones",
    { ...losses, absent: "negative" as const },
    budget,
    /teaches that no image shows them/,
  ],
])("a class that no source knows: %s", (_, settings, of, text) => {
  expect(untaughtNote(more, settings, of)).toMatch(text);
});
