// A model with a class more: what it knew it still knows, and a training begins with that.

import { describe, expect, test } from "vitest";
import { ModelError } from "../../src/errors/training-errors.ts";
import { checkGrowth, grownWeights, type GrownModel } from "../../src/runs/grow.ts";
import { classifierOf, type TrainingSettings } from "../../src/assemble/training-settings.ts";
import { labelSpaceOf, wholeLabelSpace } from "../../src/assemble/label-space.ts";
import { readWeights } from "../../src/nn/weights.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import type { HeadChoice } from "../../src/assemble/heads/head.ts";
import {
  headsByClass,
  logitsBy,
  movedClasses as old,
  movedImage as image,
  movedModel,
  withHead,
} from "./moved-models.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";

describe("a grown model", () => {
  const engine = useEngine({ device: "webgpu" });
  test.each(headsByClass)("%o gives the old classes their logits, wherever new ones stand", async (head) => {
    const model = await movedModel(engine(), head);
    const before = await logitsBy(engine(), model.weights, old, head);
    for (const classes of [
      [...old, "edema"],
      ["effusion", "edema", "mass", "cardiomegaly", "nodule"],
    ]) {
      const settings = withHead(head);
      checkGrowth(model, { classes, image, settings });
      const labels = wholeLabelSpace(classes.length, 2);
      const grown = await grownWeights(engine(), model, { classes, settings }, labels);
      const after = await logitsBy(engine(), grown, classes, head);
      for (const name of old) {
        before.get(name)?.forEach((value, row) => {
          const now = after.get(name)?.[row] ?? NaN;
          if (classes.length === 4) expect(now).toBe(value);
          else expect(Math.abs(now - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)));
        });
      }
      expect(after.get("edema")).not.toEqual(after.get("mass"));
    }
  });

  test("of class queries has an identity row and column for each new class", async () => {
    const head: HeadChoice = { kind: "queries", bias: "fc" };
    const model = await movedModel(engine(), head);
    const classes = ["mass", "edema", "nodule", "effusion"];
    const labels = wholeLabelSpace(4, 2);
    const grown = await grownWeights(engine(), model, { classes, settings: withHead(head) }, labels);
    const [queries, was] = [grown, model.weights].map((weights) =>
      Array.from(weights.get("head.queries")?.data ?? []),
    );
    expect(queries.slice(4, 8)).toEqual([0, 1, 0, 0]);
    expect([1, 9, 13].map((at) => queries[at])).toEqual([0, 0, 0]);
    expect([0, 2, 3, 8, 10, 11, 12, 14, 15].map((at) => queries[at])).toEqual(was);
  });

  test("is what a training begins with, its average too", async () => {
    const settings = { ...smallSettings, epochs: 1, warmupEpochs: 0 };
    const assembly = smallAssembly(8);
    const begun = classifierOf(engine(), { ...settings, seed: 99 }, labelSpaceOf(assembly));
    const initial = await readWeights(begun);
    begun.dispose();
    const after = async (more: Partial<TrainingSettings>, weights = initial): Promise<number[]> => {
      const { classifier } = await trainClassifier(
        engine(),
        assembly,
        { ...settings, ...more },
        {},
        undefined,
        undefined,
        weights,
      );
      const found = await readWeights(classifier);
      classifier.dispose();
      return Array.from(found.get("features.conv0.weight")?.data ?? []);
    };
    const first = Array.from(initial.get("features.conv0.weight")?.data ?? []);
    // So small a step changes a weight by less than one in a million.
    for (const ema of [null, 0.5]) {
      const moved = await after({ learningRate: 1e-9, ema });
      moved.forEach((value, i) => expect(value).toBeCloseTo(first[i], 6));
    }
    expect(await after({ learningRate: 1e-2 })).not.toEqual(first);
  });

  test("is refused with what stands against it", async () => {
    const head: HeadChoice = { kind: "queries", bias: "fc" };
    const model = await movedModel(engine(), head);
    const asked: GrownModel = { classes: [...old, "edema"], image, settings: withHead(head) };
    const refusal = (changed: Partial<typeof asked>, of = model): string => {
      try {
        checkGrowth(of, { ...asked, ...changed });
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError);
        return (error as Error).message;
      }
      return "";
    };
    expect(refusal({})).toBe("");
    expect(refusal({ classes: ["mass", "nodule", "edema"] })).toMatch(
      /knows the class "effusion", which the manifest/,
    );
    expect(refusal({ classes: ["nodule", "mass", "effusion"] })).toMatch(
      /names no class that the model does not know/,
    );
    expect(refusal({ settings: withHead({ kind: "linear" }) })).toMatch(
      /its head has kind "queries", and the manifest's has "linear"/,
    );
    expect(refusal({ image: { ...image, width: 32 } })).toMatch(
      /its image has width 16, and the manifest's has 32/,
    );
    const withTree = { ...model, record: { ...model.record, parents: [-1, 0, -1] } };
    expect(refusal({}, withTree)).toMatch(
      /has "nodule" below "mass", and the manifest has not; write its classes as a tree/,
    );
    expect(refusal({ parents: [2, -1, -1, -1] }, withTree)).toMatch(/has "nodule" below "mass"/);
    // New classes below old ones, and one between two old ones.
    expect(refusal({ parents: [-1, 0, -1, 0] }, withTree)).toBe("");
    expect(refusal({ parents: [-1, 3, -1, 0] }, withTree)).toBe("");
    const dynamic = { ...model, record: { ...model.record, head: { kind: "dynamic" as const } } };
    expect(refusal({}, dynamic)).toMatch(/head is dynamic, and only queries and linear heads grow/);
  });
});
