// Models read back: the classifier that was written, or one line that says why not.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CheckpointError, ModelError } from "../../src/errors/training-errors.ts";
import { Classifier } from "../../src/assemble/classifier.ts";
import { readModel } from "../../src/runs/model-file.ts";
import type { ModelRecord } from "../../src/runs/model-record.ts";
import { readWeights } from "../../src/nn/weights.ts";
import { writeTensorFile } from "../../src/interchange/safetensors.ts";
import { modelKind } from "../../src/interchange/tensor-file.ts";
import type { BackboneConfiguration } from "../../src/nn/backbones.ts";
import type { HeadSettings } from "../../src/assemble/heads/head.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";
import { smallSettings } from "../assemble/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-models-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const classes = ["mass", "nodule", "effusion"];
const { network, normalisation } = smallSettings;
const recordOf = (head: HeadSettings, of: BackboneConfiguration = network): unknown => ({
  ...{ classes, network: of, head, normalisation, epoch: 3 },
  image: { height: 16, width: 16, channels: 1, fit: "stretch", ...normalisation },
});
const heads: readonly HeadSettings[] = [
  { kind: "queries", bias: "class" },
  { kind: "linear" },
  {
    kind: "per-source",
    known: [
      [0, 1],
      [1, 2],
    ],
  },
  { kind: "dynamic" },
];

describe("a model", () => {
  const engine = useEngine({ device: "webgpu" });
  const logits = async (classifier: Classifier): Promise<number[]> => {
    const images: Tensor = engine().tensor(normal([2, 16, 16, 1]).data, [2, 16, 16, 1]);
    return Array.from(await classifier.forward(images, "inference").read());
  };

  /** Writes a run folder with a model of random weights, and gives its logits. */
  async function write(
    name: string,
    head: HeadSettings,
    record = recordOf(head),
    of: BackboneConfiguration = network,
  ): Promise<number[]> {
    const classifier = new Classifier(engine(), { network: of, classes: 3, seed: 9, head });
    mkdirSync(join(folder, name));
    await writeTensorFile(join(folder, name, "model.safetensors"), modelKind, {
      record,
      tensors: await readWeights(classifier),
    });
    writeFileSync(join(folder, name, "summary.json"), JSON.stringify({ interrupted: false }));
    return logits(classifier);
  }

  test.each(heads)("with a head $kind is read back, from its folder or file", async (head) => {
    const expected = await write(head.kind, head);
    for (const path of [join(folder, head.kind), join(folder, head.kind, "model.safetensors")]) {
      const { classifier, record } = await readModel(engine(), path);
      expect(await logits(classifier)).toEqual(expected);
      expect(record).toEqual(recordOf(head));
      expect(classifier.head.settings).toEqual(head);
      classifier.dispose();
    }
  });

  test("has the tree of its classes, where there is one", async () => {
    const head: HeadSettings = { kind: "linear" };
    const parents = [-1, 0, 0];
    await write("tree", head, { ...(recordOf(head) as ModelRecord), parents });
    const { classifier, record } = await readModel(engine(), join(folder, "tree"));
    expect(record.parents).toEqual(parents);
    expect(classifier.parents).toEqual(parents);
    classifier.dispose();
    await write("circle", head, { ...(recordOf(head) as ModelRecord), parents: [-1, 2, 1] });
    await expect(readModel(engine(), join(folder, "circle"))).rejects.toThrow(
      /its tree of classes puts class 1 above itself; take a copy of this file, or train the model again/,
    );
  });

  test("with another backbone is read back, too", async () => {
    const head: HeadSettings = { kind: "linear" };
    const resnet: BackboneConfiguration = {
      kind: "resnet",
      inputChannels: 1,
      stem: { features: 4, kernel: 3, stride: 2, pool: true },
      blocks: [1, 2],
      block: "bottleneck",
    };
    const expected = await write("resnet", head, recordOf(head, resnet), resnet);
    const { classifier, record } = await readModel(engine(), join(folder, "resnet"));
    expect(await logits(classifier)).toEqual(expected);
    expect(record).toEqual(recordOf(head, resnet));
    classifier.dispose();

    await write("unknown", head, { ...(recordOf(head) as ModelRecord), network: { ...resnet, kind: "vgg" } });
    await expect(readModel(engine(), join(folder, "unknown"))).rejects.toThrow(
      /is not of this version of Tessera \(network\.kind: /,
    );
    await write("mistaken", head, recordOf(head, resnet));
    await expect(readModel(engine(), join(folder, "mistaken"))).rejects.toThrow(
      /its weights are of another network than it says: it has no tensor "features\.conv1/,
    );
  });

  test("that cannot be used is refused, by what is wrong with it", async () => {
    const said = async (name: string, kind: typeof ModelError | typeof CheckpointError): Promise<string> => {
      const before = engine().memory().tensors;
      const error: unknown = await readModel(engine(), join(folder, name)).catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(kind);
      expect(engine().memory().tensors).toBe(before);
      return (error as Error).message;
    };
    const linear: HeadSettings = { kind: "linear" };
    await write("damaged", linear);
    const file = join(folder, "damaged", "model.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 5] ^= 1;
    writeFileSync(file, bytes);
    expect(await said("damaged", CheckpointError)).toMatch(/model\.safetensors: is damaged: its checksum/);

    mkdirSync(join(folder, "empty"));
    expect(await said("empty", ModelError)).toMatch(/empty: holds no run: there is no run\.json/);
    writeFileSync(join(folder, "empty", "run.json"), "{}");
    expect(await said("empty", ModelError)).toMatch(/has not come to its end; go on with it/);
    expect(await said("nowhere", ModelError)).toMatch(/nowhere: is not there; name the folder of a run/);

    await write("later", linear, { ...(recordOf(linear) as ModelRecord), more: 1 });
    expect(await said("later", ModelError)).toMatch(/is not of this version of Tessera/);
    await write("other", linear, recordOf({ kind: "queries", bias: "none" }));
    expect(await said("other", ModelError)).toMatch(
      /another network than it says: it has no tensor "head\.que/,
    );
    const forgetful = {
      ...(recordOf(heads[2]) as ModelRecord),
      head: { kind: "per-source", known: [[0, 1]] },
    };
    await write("forgetful", heads[2], forgetful);
    expect(await said("forgetful", ModelError)).toMatch(/says of no source that it knows "effusion"/);
  });
});
