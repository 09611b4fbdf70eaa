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

  test("teaches both views in the preset small alone, and there not a softmax, which has one", () => {
    const chosen = recipeNames.map((preset) => trainedBy(`{ preset: ${preset} }`).supervised);
    expect(Object.fromEntries(recipeNames.map((name, i) => [name, chosen[i]]))).toEqual({
      ...{ paper: "weak", small: "both", "released-code": "weak" },
    });
    expect(trainedBy("{ preset: small, supervised: weak }").supervised).toBe("weak");
    const pixelManifest = (section: string) => () =>
      parseTrainingManifest(
        `
task: segmentation
classes: [mass, effusion]
exclusive: true
image: { height: 32, width: 32 }
sources: [{ name: A, format: phantoms, site: A, count: 10, knows: [mass, effusion] }]
test: { format: phantoms, site: both, count: 10 }
train: ${section}
`,
        "softmax.yaml",
      );
    const softmax = pixelManifest("{ preset: small, loss: softmax-marginal }")();
    expect(softmax.train.supervised).toBe("weak");
    const refused = pixelManifest("{ mixup: 0.2 }");
    expect(refused).toThrow(/train\.mixup is for labels of whole images, and task: segmentation has none/u);
  });

  test("says how given labels teach, each field off where it is left out", () => {
    const { focus, ...rest } = trainedBy(
      "{ positiveWeight: balanced, focus: 2, labelSmoothing: 0.1, mixup: 0.2, lambdaAucMargin: 0.5, reestimate: 200 }",
    );
    expect(focus).toEqual({ positive: 2, negative: 2 });
    expect(rest).toMatchObject({ positiveWeight: "balanced", labelSmoothing: 0.1, mixup: 0.2 });
    expect(rest).toMatchObject({ lambdaAucMargin: 0.5, reestimate: 200 });
    const asymmetric = trainedBy("{ focus: { negative: 4, shift: 0.05 }, positiveWeight: { mass: 3 } }");
    expect(asymmetric).toMatchObject({ focus: { negative: 4, shift: 0.05 }, positiveWeight: { mass: 3 } });
  });

  test.each([
    [
      "{ positiveWeight: equal }",
      /train\.positiveWeight must be balanced, or weights above 0 by class, such as/u,
    ],
    ["{ positiveWeight: { mass: 0 } }", /train\.positiveWeight\.mass must be more than 0, not 0/u],
    [
      "{ positiveWeight: { mas: 2 } }",
      /train\.positiveWeight\.mas weighs "mas", which is not one of the classes \(mass\)/u,
    ],
    [
      "{ focus: { gamma: 2 } }",
      /train\.focus\.gamma is not known here; the keys are positive, negative, shift/u,
    ],
    ["{ focus: -1 }", /train\.focus\.positive/u],
    ["{ focus: { shift: 1 } }", /train\.focus\.shift/u],
    ["{ labelSmoothing: 1 }", /train\.labelSmoothing/u],
    ["{ mixup: 0 }", /train\.mixup/u],
    ["{ lambdaAucMargin: -1 }", /train\.lambdaAucMargin/u],
    ["{ reestimate: 0.5 }", /train\.reestimate/u],
  ])("is refused as %s, in a line that names the field", (section, message) => {
    expect(() => trainedBy(section)).toThrow(message);
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
    [
      "{ schedule: halvng }",
      "schedule.by must be one of plateau, cosine, geometric, step, halving, constant",
    ],
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
