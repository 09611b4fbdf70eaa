import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { predict } from "../../src/assemble/evaluation.ts";
import { trainClassifier, trainSegmenter } from "../../src/assemble/train-classifier.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { Linear } from "../../src/nn/layers/linear-layer.ts";
import { readWeights } from "../../src/nn/weights.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { classifierOfBytes, modelBytes, segmenterOfBytes } from "../../src/runs/model-bytes.ts";
import { readModel, readSegmenter } from "../../src/runs/model-file.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";
import { shapeAssembly, shapeSettings } from "../assemble/shapes.ts";

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = await openEngine({ device: "reference" });
  folder = mkdtempSync(join(tmpdir(), "tessera-model-bytes-"));
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const settings = { ...smallSettings, epochs: 1, steps: 2, warmupSteps: 1 };

describe("a classifier as bytes", () => {
  const assembly = smallAssembly(8);

  test("is what a model file holds: read back from either it predicts the same, bit for bit", async () => {
    const { classifier, kept } = await trainClassifier(engine, assembly, settings);
    const bytes = await modelBytes(classifier, { assembly, settings, kept, fit: "pad" });
    const file = join(folder, "model.safetensors");
    writeFileSync(file, bytes);
    const [fromBytes, fromFile] = [classifierOfBytes(engine, bytes), await readModel(engine, file)];
    expect(fromBytes.record).toEqual(fromFile.record);
    expect(fromBytes.record).toMatchObject({
      classes: assembly.classes,
      image: { height: 16, width: 16, channels: 1, fit: "pad" },
      epoch: kept,
    });
    expect((fromBytes.record.examples ?? []).map(({ source }) => source)).toEqual(
      assembly.sources.map(({ source }) => source),
    );
    const logits = await predict(engine, classifier, assembly.test, settings.normalisation, 16);
    for (const read of [fromBytes, fromFile]) {
      expect(await predict(engine, read.classifier, assembly.test, settings.normalisation, 16)).toEqual(
        logits,
      );
      read.classifier.dispose();
    }
    classifier.dispose();
  });

  test("is refused where a byte is another, where it is cut, and where a segmenter is asked for", async () => {
    const { classifier, kept } = await trainClassifier(engine, assembly, settings);
    const bytes = await modelBytes(classifier, { assembly, settings, kept });
    classifier.dispose();
    const damaged = bytes.slice();
    damaged[damaged.length - 5] ^= 1;
    expect(() => classifierOfBytes(engine, damaged, "it")).toThrow(
      /^it: is damaged: its checksum is another/u,
    );
    expect(() => classifierOfBytes(engine, bytes.subarray(0, 5000), "it")).toThrow(/^it: is damaged/u);
    expect(() => segmenterOfBytes(engine, bytes, "it")).toThrow(/^it: is a classifier/u);
  });

  test("cannot be made of another module, nor without what it was trained with", async () => {
    const linear = new Linear(engine, new Initialiser(engine, 1), 1, 1);
    await expect(modelBytes(linear as never, { assembly, settings, kept: 1 })).rejects.toThrow(
      "modelBytes: the model must be a classifier or a segmenter",
    );
    linear.dispose();
  });
});

test("a segmenter is read back with all that its pixels are decided by", async () => {
  const assembly = shapeAssembly(4);
  const ofPixels = { ...shapeSettings, epochs: 1, steps: 1, warmupSteps: 1, batch: 4 };
  const { segmenter, kept } = await trainSegmenter(engine, assembly, ofPixels);
  const bytes = await modelBytes(segmenter, { assembly, settings: ofPixels, kept });
  const file = join(folder, "segmenter.safetensors");
  writeFileSync(file, bytes);
  for (const read of [segmenterOfBytes(engine, bytes), await readSegmenter(engine, file)]) {
    expect(read.record.task).toBe("segmentation");
    expect(read.segmenter.exclusive).toEqual([[0, 1]]);
    expect(await readWeights(read.segmenter)).toEqual(await readWeights(segmenter));
    read.segmenter.dispose();
  }
  expect(() => classifierOfBytes(engine, bytes, "it")).toThrow(/^it: is a segmenter/u);
  segmenter.dispose();
});
