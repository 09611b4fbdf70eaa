// A run of segmentation from a manifest to its folder: what is in it, and that a stopped one goes on to the same end.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Segmenter } from "../../src/assemble/segmenter.ts";
import { ModelError } from "../../src/errors/training-errors.ts";
import { readMetrics } from "../../src/runs/metrics-file.ts";
import { readModel, readModelFile, readSegmenter } from "../../src/runs/model-file.ts";
import { runRecordSchema } from "../../src/runs/run-record.ts";
import { beginRun, resumeRun, type RunOptions } from "../../src/runs/run-start.ts";
import { summarySchema } from "../../src/runs/summary.ts";
import { overlapsText, readOverlaps } from "../../src/runs/test-overlaps.ts";
import { readPredictions } from "../../src/runs/predictions-table.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { useEngine } from "../engines.ts";
import { outlinedShapes } from "../cli/outlined-shapes.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const shapes = { images: 12, tested: 10, validated: 6 };
const train = "batch: 8, epochs: 4, warmupEpochs: 2, learningRate: 0.01, classWeights: { disc: 2 }";
const manifest = join(folder.path, "shapes.yaml");
writeFileSync(manifest, outlinedShapes(folder.path, { ...shapes, train }));
const options = (out: string): RunOptions => ({
  ...{ dataRoot: folder.path, out: join(folder.path, out), device: "reference", seed: 3 },
  ...{ cache: join(folder.path, "cache"), tuning: "none" },
});
const file = (out: string, name: string): string => join(folder.path, out, name);
const text = (out: string, name: string): string => readFileSync(file(out, name), "utf8");
const classes = ["disc", "square"];

describe("a run", () => {
  const engine = useEngine({ device: "reference" });

  test("leaves its metrics, its Dice, its segmenter and its counts of pixels", async () => {
    const summary = await trainRun(await beginRun(manifest, options("first")));
    expect(summarySchema.parse(JSON.parse(text("first", "summary.json")))).toEqual(summary);
    const { overlap } = summary;
    expect(Object.keys(overlap?.dice ?? {})).toEqual(classes);
    const record = runRecordSchema.parse(JSON.parse(text("first", "run.json")));
    expect(record.settings).toMatchObject({
      ...{ task: "segmentation", lambdaDice: 0.3, classWeights: { disc: 2 } },
      network: { kind: "unet", inputChannels: 1, width: 4, levels: 2 },
    });
    const { steps, epochs } = readMetrics(file("first", "metrics.jsonl"));
    expect(Object.keys(steps[0]?.losses ?? {})).toEqual(["total", "bce", "dice", "pseudo", "consistency"]);
    const scores = epochs.map(({ validation }) => validation?.["overlap"] as { readonly meanDice: number });
    // The best epoch's weights are kept, by Dice.
    expect(summary.validation).toBe(Math.max(...scores.map(({ meanDice }) => meanDice)));
    expect(summary.kept).toBe(scores.findIndex(({ meanDice }) => meanDice === summary.validation) + 1);

    // The Dice of the summary follows from the table.
    const overlaps = readOverlaps(file("first", "test-overlaps.csv"), classes);
    const predictions = readPredictions(file("first", "test-predictions.csv"), classes);
    expect(overlaps.images).toEqual(predictions.images);
    expect(overlapsText(predictions, overlaps)).toBe(text("first", "test-overlaps.csv"));
    const sum = (counts: Uint32Array, k: number): number =>
      counts.reduce((all, count, at) => (at % 2 === k ? all + count : all), 0);
    for (const [k, name] of classes.entries()) {
      const [given, predicted, both] = [overlaps.given, overlaps.predicted, overlaps.both].map((each) =>
        sum(each, k),
      );
      expect(overlap?.dice[name]).toBe((2 * both) / (given + predicted));
    }

    const { segmenter, record: model } = await readSegmenter(engine(), file("first", ""));
    expect(segmenter).toBeInstanceOf(Segmenter);
    expect(segmenter.exclusive).toEqual([[0, 1]]);
    expect(model).toMatchObject({
      task: "segmentation",
      classes,
      exclusive: [[0, 1]],
      head: { kind: "queries" },
    });
    segmenter.dispose();
    await expect(readModel(engine(), file("first", ""))).rejects.toThrow(ModelError);
    await expect(readModel(engine(), file("first", ""))).rejects.toThrow(
      "is a segmenter, of task: segmentation, and this takes a classifier",
    );
  });

  test("that a signal stopped ends as one that was not stopped", async () => {
    const controller = new AbortController();
    const begun = await trainRun(
      await beginRun(manifest, { ...options("second"), checkpointEvery: { steps: 1 } }),
      {
        training: () => ({
          step: ({ step }) => {
            if (step === 5) controller.abort();
          },
        }),
      },
      controller.signal,
    );
    expect(begun.interrupted).toBe(true);
    const summary = await trainRun(
      await resumeRun(file("second", ""), { dataRoot: folder.path, memory: 9000 }),
    );
    expect(summary.interrupted).toBe(false);
    for (const name of ["metrics.jsonl", "test-overlaps.csv", "test-predictions.csv"]) {
      expect(text("second", name)).toBe(text("first", name));
    }
    const [one, two] = [await readModelFile(file("first", "")), await readModelFile(file("second", ""))];
    expect(two.weights).toEqual(one.weights);
  });

  test("is not gone on with where a mask was changed", async () => {
    const controller = new AbortController();
    await trainRun(
      await beginRun(manifest, { ...options("third"), checkpointEvery: { steps: 1 } }),
      { training: () => ({ step: () => controller.abort() }) },
      controller.signal,
    );
    const mask = join(folder.path, "masks", "test-0.png");
    const before = readFileSync(mask);
    writeFileSync(mask, readFileSync(join(folder.path, "masks", "test-1.png")));
    await expect(trainRun(await resumeRun(file("third", "")))).rejects.toThrow(
      "the pixels of its images, or their label maps, are not those that the run was begun with",
    );
    writeFileSync(mask, before);
  });

  test("begins with a segmenter that learns one more class", async () => {
    const more = join(folder.path, "more.yaml");
    const grown = readFileSync(manifest, "utf8")
      .replace("classes: [disc, square]", "classes: [disc, square, other]")
      .replaceAll("2: square }", "2: square, 3: other }")
      .replace("knows: [square], where", "knows: [square, other], where")
      .replace(", classWeights: { disc: 2 }", ", freeze: [features]");
    writeFileSync(more, grown);
    const summary = await trainRun(
      await beginRun(more, { ...options("grown"), model: file("first", ""), steps: 2 }),
    );
    expect(Object.keys(summary.overlap?.dice ?? {})).toEqual(["disc", "square", "other"]);
    // The head alone learns it.
    const [old, learned] = await Promise.all(
      ["first", "grown"].map((out) => readModelFile(file(out, "model.safetensors"))),
    );
    for (const [name, { data }] of learned.weights) {
      if (name.startsWith("features.")) expect(data, name).toEqual(old.weights.get(name)?.data);
    }
  });
});
