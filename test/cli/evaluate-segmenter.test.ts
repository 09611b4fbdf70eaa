// `tessera evaluate` of a segmenter: the figures of its run, on its own images and on others, and where its thresholds come from.

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { evaluateCommand } from "../../src/cli/commands/evaluate.ts";
import { testOverlap } from "../../src/assemble/overlap-metrics.ts";
import { overlapTable, type EvaluateOptions } from "../../src/cli/segmenter-evaluation.ts";
import { auc } from "../../src/metrics/auc.ts";
import { noOverlaps } from "../../src/metrics/overlap.ts";
import { beginRun, type RunOptions } from "../../src/runs/run-start.ts";
import type { Summary } from "../../src/runs/summary.ts";
import { readOverlaps } from "../../src/runs/test-overlaps.ts";
import { readPredictions } from "../../src/runs/predictions-table.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { outlinedShapes } from "./outlined-shapes.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
afterEach(() => vi.restoreAllMocks());
const at = (...path: string[]): string => join(folder.path, ...path);

// Each image is a patient of its own, so that enough of them show no disc.
const text = outlinedShapes(folder.path, {
  ...{ images: 16, tested: 30, validated: 90 },
  train: "batch: 8, epochs: 4, warmupEpochs: 4, learningRate: 0.02, lambdaPseudo: 0, lambdaConsistency: 0",
}).replace("    patient: patient\n", "");
writeFileSync(at("shapes.yaml"), text);
writeFileSync(at("without.yaml"), text.replace(/^validation: .*\n/mu, ""));
const options: EvaluateOptions = {
  ...{
    dataRoot: folder.path,
    cache: at("cache"),
    device: "reference",
    part: "test",
    mapThreshold: 0.5,
    at: 0.95,
  },
  ...{ json: false, quiet: true, skipBad: false },
};
let summary: Summary;
beforeAll(async () => {
  const where = { dataRoot: folder.path, cache: at("cache"), out: at("run") };
  const run: RunOptions = { ...where, device: "reference", seed: 1, tuning: "none" };
  summary = await trainRun(await beginRun(at("shapes.yaml"), run));
});

async function printed(run: string, manifest?: string, more: Partial<EvaluateOptions> = {}): Promise<string> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  write.mockClear();
  await evaluateCommand(run, manifest, { ...options, ...more });
  return write.mock.calls.map(([part]) => String(part)).join("");
}
const found = async (run: string, manifest?: string, more: Partial<EvaluateOptions> = {}) =>
  JSON.parse(await printed(run, manifest, { ...more, json: true })) as Pick<
    Summary,
    "overlap" | "overlapIntervals" | "patients" | "sources" | "auc"
  > & { readonly thresholdsOf: string | null; readonly images: number };

describe("tessera evaluate of a segmenter", () => {
  test("gives the summary of its run again", async () => {
    const { thresholdsOf, ...result } = await found(at("run"));
    const { overlap, overlapIntervals, patients, auc: byImage } = summary;
    expect(result).toMatchObject({ overlap, overlapIntervals, patients, auc: byImage, images: 30 });
    expect(thresholdsOf).toBe("validation images");
    expect(patients?.byClass["disc"].threshold).not.toBeNull();
    const table = await printed(at("run"));
    const dice = overlap?.dice["disc"]?.toFixed(4) ?? "";
    const { auc: byScore, areaAuc } = patients?.byClass["disc"] ?? {};
    expect(patients?.areaUnit).toBe("pixels");
    expect(table).toContain("in all of their images, in pixels.\n");
    expect(table).toMatch(
      new RegExp(`^disc .* ${byScore?.value?.toFixed(4)} .* ${areaAuc?.toFixed(4)} `, "mu"),
    );
    expect(table).toMatch(new RegExp(`^disc +\\d+ +${dice} `, "mu"));
    expect(table).toContain("at thresholds that hold a specificity of 95 % on the validation patients.\n");
  });

  test("takes the thresholds of its run where a manifest has no validation images, and says so", async () => {
    const result = await found(at("run"), at("without.yaml"));
    expect(result.thresholdsOf).toBe("run");
    expect(result.patients).toEqual(summary.patients);
    expect(await printed(at("run"), at("without.yaml"))).toContain(
      "on the validation patients of the run (its summary.json).",
    );
  });

  test("has no threshold where nobody chose one: at another specificity, or for a model without its run", async () => {
    copyFileSync(at("run", "model.safetensors"), at("alone.safetensors"));
    for (const [run, rate] of [
      [at("run"), 0.9],
      [at("alone.safetensors"), 0.95],
    ] as const) {
      const { thresholdsOf, patients } = await found(run, at("without.yaml"), { at: rate });
      expect(thresholdsOf).toBeNull();
      expect(patients?.byClass["disc"]).toMatchObject({
        ...{ threshold: null, sensitivity: null, specificity: null },
        note: "no threshold: there are no validation images",
      });
      expect(patients?.byClass["disc"].auc).toEqual(summary.patients?.byClass["disc"].auc);
    }
    const { thresholdsOf, patients } = await found(at("run"), undefined, { at: 0.9 });
    expect(thresholdsOf).toBe("validation images");
    expect(patients?.byClass["disc"].threshold).toBeLessThan(
      summary.patients?.byClass["disc"].threshold ?? 0,
    );
  });

  test("tells two sources apart, and judges the validation images where they are asked for", async () => {
    const part = "train";
    const { sources } = await found(at("run"), undefined, { part });
    expect(Object.keys(sources ?? {})).toEqual(["discs", "squares"]);
    // A source that does not outline a class has no Dice of it.
    expect(sources?.["discs"].overlap?.dice).toEqual({ disc: expect.any(Number) as number, square: null });
    expect(sources?.["squares"].overlap?.dice).toEqual({ disc: null, square: expect.any(Number) as number });
    expect(await printed(at("run"), undefined, { part })).toMatch(/^Dice by source\n.*discs.*squares/mu);
    expect((await found(at("run"), undefined, { part: "validation" })).images).toBe(90);
  });

  test("measures no sensitivity on validation images, since they choose the thresholds", async () => {
    const part = "validation";
    const note = "no threshold: validation images choose thresholds, and are not judged at them";
    const { thresholdsOf, patients } = await found(at("run"), undefined, { part });
    expect(thresholdsOf).toBeNull();
    for (const name of ["disc", "square"]) {
      expect(patients?.byClass[name]).toMatchObject({
        ...{ threshold: null, sensitivity: null, specificity: null, located: null, note },
      });
    }
    expect(patients?.byClass["disc"].auc.value).not.toBeNull();
    const shown = await printed(at("run"), undefined, { part });
    expect(shown).toContain("Patients: found or not; without thresholds there is the AUC alone.\n");
    expect(shown).toContain(note);
  });

  test("tells of patients who have a class and no pixel of it beside those who do not have it", () => {
    const counts = noOverlaps(3, 1);
    counts.given[0] = counts.predicted[0] = counts.both[0] = 3;
    counts.predicted.set([5, 7], 1);
    const shown = overlapTable(testOverlap(counts, { states: Uint8Array.of(1, 1, 0) }, ["pole"]), ["pole"]);
    expect(shown).toMatch(/^pole +1 .* 1 of 1, 7\.0$/mu);
    expect(shown).toContain(
      "left out: 1 patient with the class and without a pixel of it at the network's size",
    );
  });

  test("the second score of a patient follows from the table of the run", () => {
    const classes = ["disc", "square"];
    const overlaps = readOverlaps(at("run", "test-overlaps.csv"), classes);
    const { states } = readPredictions(at("run", "test-predictions.csv"), classes);
    for (const [k, name] of classes.entries()) {
      const column = (values: Uint32Array | Uint8Array): number[] =>
        [...values].filter((_, i) => i % 2 === k);
      expect(summary.patients?.byClass[name].areaAuc).toBe(auc(column(overlaps.predicted), column(states)));
      // So do the detections that lie in the outline.
      const { probabilities } = readPredictions(at("run", "test-predictions.csv"), classes);
      const threshold = summary.patients?.byClass[name].threshold ?? 1;
      const detected = column(states).map((state, i) => state === 1 && probabilities[2 * i + k] > threshold);
      const hits = column(overlaps.located).filter((each, i) => each === 1 && detected[i]).length;
      expect(summary.patients?.byClass[name].located).toMatchObject({
        ...{ hits, of: detected.filter(Boolean).length },
      });
    }
  });

  test("is refused for a manifest of another task", async () => {
    const classify = `
classes: [disc, square]
image: { height: 16, width: 16 }
test: { name: T, format: table, table: shapes.csv, images: images, image: image, columns: { set: disc } }
`;
    writeFileSync(
      at("classify.yaml"),
      classify.replace("columns: { set: disc }", "label: set, mapping: { test: disc }"),
    );
    await expect(printed(at("run"), at("classify.yaml"))).rejects.toThrow(
      /model\.safetensors: is a model of task: segmentation, and .*classify\.yaml is of task: classification/u,
    );
  });

  test("the table of pixels is refused where a cell is no number of pixels", () => {
    const before = readFileSync(at("run", "test-overlaps.csv"), "utf8");
    const spoiled = (from: RegExp, to: string): (() => unknown) => {
      writeFileSync(at("spoiled.csv"), before.replace(from, to));
      return () => readOverlaps(at("spoiled.csv"), ["disc", "square"]);
    };
    const first = /^(test,[^,]*,[^,]*),\d+,\d+,\d+,[01]/mu;
    expect(spoiled(first, "$1,4,4,4,2")).toThrow('row 1: "2" is neither 0 nor 1');
    expect(spoiled(first, "$1,4,x,4,1")).toThrow('row 1: "x" is no number of pixels');
    expect(spoiled(first, "$1,4,3,4,1")).toThrow(
      "row 1: 4 pixels of disc are more than are given, or predicted",
    );
  });
});
