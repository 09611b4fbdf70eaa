// Small classifiers of three classes, each weight of whose head is moved from where it starts.

import { wholeLabelSpace } from "../../src/assemble/label-space.ts";
import { classifierOf, type TrainingSettings } from "../../src/assemble/training-settings.ts";
import type { HeadChoice } from "../../src/assemble/heads/head.ts";
import { readWeights, writeWeights } from "../../src/nn/weights.ts";
import type { ModelFile } from "../../src/runs/model-file.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Weights } from "../../src/tensor/held.ts";
import { smallSettings } from "../assemble/settings.ts";
import { normal } from "../operators/sample.ts";

export const movedClasses = ["mass", "nodule", "effusion"];
export const movedImage = {
  height: 16,
  width: 16,
  channels: 1 as const,
  fit: "stretch" as const,
  ...smallSettings.normalisation,
};
/** The heads that have tensors of single classes. */
export const headsByClass: readonly HeadChoice[] = [
  { kind: "linear" },
  { kind: "queries", bias: "none" },
  { kind: "queries", bias: "fc" },
  { kind: "queries", bias: "class" },
  { kind: "queries", bias: "both" },
];

export const withHead = (head: HeadChoice): TrainingSettings => ({ ...smallSettings, head });

export async function movedModel(engine: Engine, head: HeadChoice): Promise<ModelFile> {
  const classifier = classifierOf(engine, { ...withHead(head), seed: 11 }, wholeLabelSpace(3, 2));
  for (const [name, tensor] of classifier.parameters()) {
    if (name.startsWith("head.")) engine.write(tensor, normal(tensor.shape, name.length).data);
  }
  const { settings } = classifier.head;
  const weights = await readWeights(classifier);
  classifier.dispose();
  const { network, normalisation } = smallSettings;
  const record = {
    classes: movedClasses,
    image: movedImage,
    network,
    normalisation,
    head: settings,
    epoch: 1,
  } as ModelFile["record"];
  return { file: "model", sha256: "", record, weights };
}

/** Logits of three images by class. */
export async function logitsBy(
  engine: Engine,
  weights: Weights,
  classes: readonly string[],
  head: HeadChoice,
): Promise<Map<string, number[]>> {
  const classifier = classifierOf(engine, withHead(head), wholeLabelSpace(classes.length, 2));
  writeWeights(classifier, weights);
  const images = engine.tensor(normal([3, 16, 16, 1], 5).data, [3, 16, 16, 1]);
  const logits = await classifier.forward(images, "inference").read();
  classifier.dispose();
  return new Map(classes.map((name, k) => [name, [0, 1, 2].map((row) => logits[row * classes.length + k])]));
}
