// Weights that a run begins with: those of a run of one's own by the names of its classes, and those of other makers.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { wholeLabelSpace } from "../../src/assemble/label-space.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { plainSafetensors } from "../../src/interchange/tensor-file.ts";
import { fitting, type Beginning } from "../../src/runs/beginnings.ts";
import { readInitialWeights } from "../../src/runs/initial-weights.ts";
import { smallSettings } from "../assemble/settings.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";
import {
  headsByClass,
  logitsBy,
  movedClasses as old,
  movedImage as image,
  movedModel,
  withHead,
} from "./moved-models.ts";
import { useEngine } from "../engines.ts";

describe("weights to begin with", () => {
  const engine = useEngine({ device: "reference" });
  const begun = (of: Beginning, classes: readonly string[], settings: TrainingSettings) =>
    of.weights(engine(), { classes, settings }, wholeLabelSpace(classes.length, 2));

  for (const head of headsByClass) {
    test(`of a run give its classes their logits, ${JSON.stringify(head)}, among more and among fewer`, async () => {
      const model = await movedModel(engine(), head);
      const before = await logitsBy(engine(), model.weights, old, head);
      for (const classes of [
        ["edema", "effusion", "nodule", "mass"],
        ["effusion", "edema", "mass"],
        ["nodule"],
      ]) {
        const { weights, told } = await begun(fitting(model), classes, withHead(head));
        const now = await logitsBy(engine(), weights, classes, head);
        const kept = classes.filter((name) => old.includes(name));
        // The rows of queries are mixed in f32 where a class is gone; else not a bit differs.
        for (const name of kept) {
          expect(now.get(name)).toHaveLength(3);
          for (const [i, logit] of (now.get(name) ?? []).entries())
            expect(logit).toBeCloseTo(before.get(name)?.[i] ?? NaN, kept.length === 3 ? 12 : 4);
        }
        expect(told.find((line) => line.startsWith("head: "))).toContain("as learned there");
      }
    });
  }

  test("of a run with another head, or without a class of the manifest, leave the head as it begins", async () => {
    const model = await movedModel(engine(), { kind: "linear" });
    for (const [classes, head] of [
      [old, { kind: "queries", bias: "fc" }],
      [["edema"], { kind: "linear" }],
    ] as const) {
      const { told } = await begun(fitting(model), classes, withHead(head));
      expect(told.join("\n")).toMatch(
        /head: begins anew; theirs has no class of the manifest, or is of another kind/u,
      );
    }
    const of = fitting({ ...model, record: { ...model.record, task: "segmentation" } });
    expect(() => {
      of.check({ classes: old, image, settings: smallSettings }, wholeLabelSpace(old.length, 2));
    }).toThrow(/is of task: segmentation, and the manifest's is classification/u);
  });

  test("of another network are refused before a device is opened", async () => {
    const of = fitting(await movedModel(engine(), { kind: "linear" }));
    const labels = wholeLabelSpace(old.length, 2);
    const settings = withHead({ kind: "linear" });
    of.check({ classes: old, image, settings }, labels);
    const wider = { ...settings, network: { ...smallSettings.network, growth: 8 } };
    expect(() => {
      of.check({ classes: old, image, settings: wider }, labels);
    }).toThrow(
      /of the \d+ tensors .* are in this file: in another shape .*Name the network of the weights under model/u,
    );
  });

  test("of another maker come from a file, with what is left out and how images were shown", async () => {
    const model = await movedModel(engine(), { kind: "linear" });
    const file = join(temporaryFolder(), "theirs.safetensors");
    const theirs = new Map(
      [...model.weights]
        .filter(([name]) => name.startsWith("features."))
        .map(([name, { shape, data }]) => {
          if (shape.length !== 4) return [name, { shape, data: Float32Array.from(data) }] as const;
          const [height, width, inputs, outputs] = shape;
          const swapped = Float32Array.from({ length: data.length }, (_, at) => {
            const [o, i, p] = [
              Math.floor(at / (inputs * height * width)),
              Math.floor(at / (height * width)) % inputs,
              at % (height * width),
            ];
            return data[(p * inputs + i) * outputs + o];
          });
          return [name, { shape: [outputs, inputs, height, width], data: swapped }] as const;
        }),
    );
    theirs.set("classifier.weight", { shape: [18, 4], data: new Float32Array(72) });
    theirs.set("op_threshs", { shape: [18], data: new Float32Array(18).fill(NaN) });
    writeFileSync(file, Buffer.concat(plainSafetensors(theirs, { format: "pt" })));
    const of = fitting(await readInitialWeights(file));
    expect(of.sha256).toMatch(/^[0-9a-f]{64}$/u);
    const { weights, told, warnings } = await begun(of, old, withHead({ kind: "linear" }));
    for (const [name, { data }] of model.weights) {
      if (name.startsWith("features."))
        expect([...(weights.get(name)?.data ?? [])]).toEqual([...Float32Array.from(data)]);
    }
    const text = [...told, ...warnings].join("\n");
    expect(text).toMatch(
      /head: begins anew; theirs is of other classes and is left out \(classifier\.weight\)/u,
    );
    expect(text).toMatch(/left out: op_threshs/u);
    expect(text).toMatch(
      /warning: the weights were made with images of mean 0\.5 .* say image: \{ normalise: xray \}/u,
    );
  });
});
