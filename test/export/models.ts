// Models whose weights and running statistics are all random, with what their files would say of them.

import { Classifier } from "../../src/assemble/classifier.ts";
import { Segmenter, type SegmenterOptions } from "../../src/assemble/segmenter.ts";
import type { HeadSettings } from "../../src/assemble/heads/head.ts";
import { createBackbone, type BackboneConfiguration } from "../../src/nn/backbones.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Module } from "../../src/nn/module.ts";
import { readWeights } from "../../src/nn/weights.ts";
import type { ModelRecord } from "../../src/runs/model-record.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Weights } from "../../src/tensor/held.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { normal } from "../operators/sample.ts";

export interface Made<Trained extends Module> {
  readonly module: Trained;
  readonly record: ModelRecord;
  readonly weights: Weights;
}

/** Numbers that float32 holds, so that no file rounds them; variances and factors of norms are near one. */
function scatter(engine: Engine, module: Module): void {
  for (const [at, [name, { kind, tensor }]] of [...module.state()].entries()) {
    if (kind === "constant") continue;
    const isFactor = name.endsWith(".weight") && tensor.shape.length === 1;
    const values = [...normal(tensor.shape, at + 1).data].map((value) => {
      if (name.endsWith("running_var")) return Math.exp(value / 4);
      return isFactor ? 1 + value / 4 : value / 4;
    });
    engine.write(tensor, Float64Array.from(values, Math.fround));
  }
}

const imageOf = (size: number, channels: 1 | 3): Pick<ModelRecord, "image" | "normalisation" | "epoch"> => {
  const normalisation = {
    mean: [0.5, 0.4, 0.3].slice(0, channels),
    deviation: [0.25, 0.2, 0.3].slice(0, channels),
  };
  return {
    image: { height: size, width: size, channels, fit: "pad", ...normalisation },
    normalisation,
    epoch: 3,
  };
};

const namesOf = (count: number): string[] => Array.from({ length: count }, (_, k) => `class ${k}, "${k}"`);

export async function madeClassifier(
  engine: Engine,
  size: number,
  network: BackboneConfiguration,
  head: HeadSettings,
  { classes = 4, parents }: { readonly classes?: number; readonly parents?: number[] } = {},
): Promise<Made<Classifier>> {
  const module = new Classifier(engine, { network, classes, parents, seed: 1, head });
  scatter(engine, module);
  const known = head.kind === "per-source" ? { ...head, known: head.known.map((list) => [...list]) } : head;
  const record: ModelRecord = {
    ...{ classes: namesOf(classes), network, head: known },
    ...imageOf(size, network.inputChannels as 1 | 3),
    ...(parents === undefined ? {} : { parents }),
  };
  return { module, record, weights: await readWeights(module) };
}

/** Draws nothing: drawing the weights of a large network takes seconds. */
class BlankInitialiser extends Initialiser {
  readonly #blank: Engine;

  constructor(engine: Engine) {
    super(engine, 0);
    this.#blank = engine;
  }

  override heNormal(shape: readonly number[]): Tensor {
    return this.#blank.zeros(shape);
  }
}

/** A model of a large network whose weights are all 0: for what is said of names and shapes. */
export function blankClassifier(
  engine: Engine,
  network: BackboneConfiguration,
): Omit<Made<Classifier>, "module"> {
  const backbone = createBackbone(engine, new BlankInitialiser(engine), network);
  const shapes = [...backbone.state()].map(
    ([name, { tensor }]) => [`features.${name}`, tensor.shape] as const,
  );
  const head = [["head.weight", [4, backbone.features]] as const, ["head.bias", [4]] as const];
  backbone.dispose();
  const weights = new Map(
    [...shapes, ...head].map(([name, shape]) => {
      return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }] as const;
    }),
  );
  const record = { classes: namesOf(4), network, head: { kind: "linear" as const }, ...imageOf(32, 3) };
  return { record, weights };
}

export async function madeSegmenter(
  engine: Engine,
  size: number,
  network: SegmenterOptions["network"],
  background: boolean,
): Promise<Made<Segmenter>> {
  const head = { kind: "linear" } as const;
  const module = new Segmenter(engine, { network, classes: 2, background, seed: 1, head });
  scatter(engine, module);
  const record: ModelRecord = {
    ...{ task: "segmentation", classes: namesOf(2), network, head },
    ...imageOf(size, network.inputChannels as 1 | 3),
    ...(background ? { background } : {}),
  };
  return { module, record, weights: await readWeights(module) };
}
