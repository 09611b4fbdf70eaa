// Recipes: what each preset says, and how a manifest changes it.
import { describe, expect, test } from "vitest";
import { recipeNames, recipes } from "../../src/assemble/recipes.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";

const trainedBy = (section: string) =>
  parseTrainingManifest(
    `
classes: [mass]
image: { height: 32, width: 32 }
sources: [{ name: A, format: phantoms, site: A, count: 10, knows: [mass] }]
test: { format: phantoms, site: B, count: 10 }
train: ${section}
`,
    "recipe.yaml",
  ).train;
const beside = { batch: 64, sampling: "proportional" };

describe("a manifest's training", () => {
  test("without a preset is what it always was", () => {
    expect(trainedBy("{}")).toEqual({
      ...beside,
      epochs: 8,
      warmupEpochs: 2,
      absent: "ignored",
      learningRate: 1e-3,
      schedule: { by: "plateau", patience: 5 },
      lambdaPseudo: 1,
      lambdaConsistency: 1,
      tau: 0.5,
      temperature: 4,
      stopGradient: true,
      unsupervisedOn: "absent",
      normalise: "entries",
      head: { kind: "queries", bias: "fc" },
      ...{ earlyStopping: 10, keep: "best", ema: null, supervised: "weak", bnViews: "separate" },
    });
  });

  test("with a preset is the preset, and each change replaces one thing of it", () => {
    for (const preset of recipeNames) {
      expect(trainedBy(`{ preset: ${preset} }`)).toEqual({ ...beside, ...recipes[preset] });
      const changed = `{ preset: ${preset}, batch: 7, learningRate: 0.5, normalise: batch, warmupEpochs: 0 }`;
      expect(trainedBy(changed)).toEqual({
        ...beside,
        ...recipes[preset],
        batch: 7,
        learningRate: 0.5,
        normalise: "batch",
        warmupEpochs: 0,
      });
    }
  });

  test("in the released code takes the unsupervised losses on labelled entries, unstopped, from the first epoch", () => {
    expect(trainedBy("{ preset: released-code }")).toMatchObject({
      epochs: 64,
      warmupEpochs: 0,
      absent: "ignored",
      learningRate: 2e-4,
      schedule: { by: "halving", every: 3 },
      stopGradient: false,
      unsupervisedOn: "labelled",
      normalise: "entries",
      head: { kind: "linear" },
    });
  });

  test("may be counted in steps, but not in steps and epochs at once", () => {
    expect(trainedBy("{ steps: 140, warmupSteps: 20 }")).toMatchObject({ steps: 140, warmupSteps: 20 });
    expect(() => trainedBy("{ steps: 140, epochs: 3 }")).toThrow(
      /^recipe\.yaml:6: train\.steps says in steps what epochs says in epochs; leave one of them out/,
    );
    expect(() => trainedBy("{ preset: paper, warmupSteps: 4, warmupEpochs: 0 }")).toThrow(
      /train\.warmupSteps says in steps what warmupEpochs says in epochs/,
    );
  });

  test("has an average that forgets: a decay of 1 never takes a step in", () => {
    expect(trainedBy("{ ema: 0.999 }").ema).toBe(0.999);
    expect(() => trainedBy("{ ema: 1 }")).toThrow("recipe.yaml:6: train.ema must be less than 1, not 1");
  });

  test("has a schedule by its name alone, or with its number", () => {
    expect(trainedBy("{ schedule: constant }").schedule).toEqual({ by: "constant" });
    expect(trainedBy("{ schedule: halving }").schedule).toEqual({ by: "halving", every: 3 });
    expect(trainedBy("{ schedule: { by: plateau, patience: 0 } }").schedule).toEqual({
      by: "plateau",
      patience: 0,
    });
  });

  test("has the head it asks for; a preset's bias does not follow it to another kind", () => {
    expect(trainedBy("{ head: linear }").head).toEqual({ kind: "linear" });
    expect(trainedBy("{ head: per-source }").head).toEqual({ kind: "per-source" });
    expect(trainedBy("{ preset: paper, head: dynamic }").head).toEqual({ kind: "dynamic" });
    expect(trainedBy("{ headBias: class }").head).toEqual({ kind: "queries", bias: "class" });
    expect(trainedBy("{ preset: paper, head: linear }").head).toEqual({ kind: "linear" });
    expect(trainedBy("{ preset: released-code, head: queries }").head).toEqual({
      kind: "queries",
      bias: "fc",
    });
    expect(trainedBy("{ preset: released-code, head: queries, headBias: none }").head).toEqual({
      kind: "queries",
      bias: "none",
    });
  });

  test.each([
    [
      "{ preset: papers }",
      'preset must be one of paper, small, released-code, not "papers"; did you mean "paper"?',
    ],
    ["{ unsupervisedOn: absnt }", "unsupervisedOn must be one of absent, all, labelled"],
    ["{ normalise: image }", "normalise must be one of entries, batch"],
    ["{ supervised: strong }", "supervised must be one of weak, both"],
    ["{ bnViews: shared }", "bnViews must be one of separate, joint"],
    ["{ schedule: halvng }", "schedule.by must be one of plateau, cosine, step, halving, constant"],
    ["{ schedule: { by: plateau, every: 3 } }", "schedule.every is not known here"],
    ["{ schedule: { by: halving, every: 0 } }", "schedule.every must be at least 1"],
    ["{ head: query }", "head must be one of queries, linear, per-source, dynamic"],
    ["{ headBias: bias }", "headBias must be one of none, fc, class"],
    [
      "{ preset: released-code, headBias: fc }",
      "headBias is for class queries; a linear head always has a bias",
    ],
    [
      "{ head: dynamic, headBias: fc }",
      "headBias is for class queries; a dynamic head has biases of its own",
    ],
  ])("%s is refused, with the field and its line", (section, complaint) => {
    expect(() => trainedBy(section)).toThrow(`recipe.yaml:6: train.${complaint}`);
  });
});
