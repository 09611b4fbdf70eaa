// The arms of a manifest: what they take over from its training, and what is said of their mistakes.
import { describe, expect, test } from "vitest";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { ManifestError } from "../../src/errors/data-errors.ts";
import { recipes } from "../../src/assemble/recipes.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";

const textOf = (train: string, arms: string): string => `
classes: [mass]
image: { height: 32, width: 32 }
sources: [{ name: A, format: phantoms, site: A, count: 10, knows: [mass] }]
test: { format: phantoms, site: B, count: 10 }
train: ${train}
arms: ${arms}
`;
const armsOf = (train: string, arms: string) => {
  const manifest = parseTrainingManifest(textOf(train, arms), "arms.yaml");
  return { train: manifest.train, arms: manifest.arms ?? {} };
};

describe("arms of a manifest", () => {
  test("are its training with what they say in place of it; one that says nothing is its training", () => {
    const { train, arms } = armsOf(
      "{ batch: 16, learningRate: 1e-3, init: w.pth }",
      "{ plain: , fast: { learningRate: 1e-2 }, fresh: { init: null }, 01: {} }",
    );
    expect(arms["plain"]).toEqual(train);
    expect(arms["fast"]).toEqual({ ...train, learningRate: 0.01 });
    expect(arms["fresh"]).toEqual({ ...train, init: undefined });
    expect(Object.keys(arms).sort()).toEqual(["01", "fast", "fresh", "plain"]);
  });

  test("say a length, or a head, without taking the training's other words for it away first", () => {
    const { arms } = armsOf(
      "{ epochs: 3, warmupSteps: 4, head: queries, headBias: class }",
      "{ long: { steps: 90 }, warm: { warmupEpochs: 1 }, linear: { head: linear } }",
    );
    expect(arms["long"]).toMatchObject({ steps: 90, warmupSteps: 4 });
    expect(arms["warm"]).toMatchObject({ epochs: 3, warmupEpochs: 1 });
    expect(arms["warm"]).not.toHaveProperty("warmupSteps");
    expect(arms["linear"].head).toEqual({ kind: "linear" });
  });

  test("leave a field of the training out where they say null, and keep a null that is a value", () => {
    const { train, arms } = armsOf(
      "{ preset: small, learningRate: 1e-2, focus: 2, steps: 9, batch: 16 }",
      "{ plain: , bare: { learningRate: null, focus: null, batch: null, rates: null }, by: { steps: null, ema: null } }",
    );
    const { focus: _, ...others } = train;
    expect(arms["bare"]).toEqual({ ...others, learningRate: recipes.small.learningRate, batch: 64 });
    const { steps: _steps, ...unbounded } = train;
    expect(arms["by"]).toEqual({ ...unbounded, ema: null });
  });

  test.each([
    ["{ a: { learningRat: null } }", "arms.a.learningRat", /is not known here/u],
    ["{ a: { learningRat: 1 } }", "arms.a.learningRat", /is not known here; .*did you mean "learningRate"/u],
    ["{ a: {}, b: { learningRate: -1 } }", "arms.b.learningRate", /must be more than 0, not -1/u],
    ["{ a: { steps: 3, epochs: 2 } }", "arms.a.steps", /leave one of them out/u],
    ["{ a: { lambdaDice: 1 } }", "arms.a.lambdaDice", /is for task: segmentation/u],
    ["[a, b]", "arms", /must be a group of keys, not a list/u],
    ["{ a: 3 }", "arms.a", /must be a group of keys, not 3/u],
  ])("%s is refused where it stands", (arms, field, message) => {
    const made = (): unknown => armsOf("{}", arms);
    expect(made).toThrow(ManifestError);
    expect(made).toThrow(message);
    expect(made).toThrow(`arms.yaml:7: ${field}`);
  });

  test("are not looked into by those who only read images and labels", () => {
    expect(parseManifest(textOf("{}", "{ a: { learningRat: 1 } }"), "arms.yaml").classes).toEqual(["mass"]);
  });
});
