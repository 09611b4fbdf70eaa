// Whole networks against torchvision: every stage, and the gradients of all parameters, in training and at inference. The files are
// made by scripts/prove-torchvision/reference.py, which says what is in them; TORCHVISION_NETWORKS names a folder of larger ones,
// such as densenet121.pth, for `npm run prove:torchvision`.

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/index.ts";
import { sum } from "../../src/functions/reduction.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { fitWeights } from "../../src/interchange/fit-weights.ts";
import { readWeightFile } from "../../src/interchange/weight-file.ts";
import { createBackbone, type BackboneConfiguration } from "../../src/nn/backbones.ts";
import type { Backbone } from "../../src/nn/backbone.ts";
import { DenseNet, densenetConfigurations } from "../../src/nn/densenet.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { resnetConfigurations } from "../../src/nn/resnet.ts";
import { loadWeights, readWeights } from "../../src/nn/weights.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HeldTensor, Weights } from "../../src/tensor/held.ts";
import { useEngine } from "../engines.ts";

const large = process.env["TORCHVISION_NETWORKS"];
const folder = large ?? fileURLToPath(new URL("networks", import.meta.url));
const narrowStem = { features: 8, kernel: 7, stride: 2, pool: true };

/** By the name of the file. */
const configurations: Readonly<Record<string, BackboneConfiguration>> = {
  ...densenetConfigurations,
  ...resnetConfigurations,
  densenet: {
    ...densenetConfigurations.densenet121,
    stem: narrowStem,
    blocks: [2, 3],
    growth: 4,
    bottleneck: 2,
  },
  resnet: { ...resnetConfigurations.resnet18, stem: narrowStem, blocks: [2, 1] },
};
const files = readdirSync(folder).filter((name) => name.endsWith(".pth"));

/** The largest difference, in units of the largest value. */
function errorOf(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let [largest, worst] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
  }
  return worst / Math.max(largest, 1e-30);
}

/** [N, C, H, W] as [N, H, W, C]. */
function channelsLast({
  shape: [count, channels, height, width],
  data,
}: HeldTensor): HeldTensor & { data: Float32Array<ArrayBuffer> } {
  const out = new Float32Array(data.length);
  const pixels = height * width;
  for (let n = 0, at = 0; n < count; n++) {
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < pixels; p++, at++) out[(n * pixels + p) * channels + c] = data[at];
    }
  }
  return { shape: [count, height, width, channels], data: out };
}

/** The tensors of a file whose names begin so, without that beginning. */
const under = (all: Weights, prefix: string): Map<string, HeldTensor> =>
  new Map(
    [...all].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
    ),
  );

const backends = [{ device: "reference" }, { device: "webgpu" }] as const;
const compositions = ["fused", "plain"] as const;
const cases = files.flatMap((file) =>
  compositions.slice(file.startsWith("densenet") ? 0 : 1).map((composition) => ({ file, composition })),
);

describe.each(large === undefined ? backends : backends.slice(1))("$device", ({ device }) => {
  const engine = useEngine(device === "reference" ? { device } : {});

  test.each(cases)(
    "$file, $composition: stages and gradients are torchvision's",
    async ({ file, composition }) => {
      const { tensors } = await readWeightFile(join(folder, file));
      const found = (name: string): HeldTensor => {
        const tensor = tensors.get(name);
        if (tensor === undefined) throw new Error(`${file} has no ${name}`);
        return tensor;
      };
      const network = await loaded(engine(), basename(file, ".pth"), file, tensors);
      if (network instanceof DenseNet) network.composition = composition;
      const pixels = channelsLast(found("images"));
      const images = engine().tensor(pixels.data, pixels.shape);
      const given = found("upstream");
      const upstream = engine().tensor(given.data, given.shape);
      const worst: Record<string, number> = {};

      const kept = await readWeights(network);
      for (const [theirs, mode] of [
        ["eval", "inference"],
        ["train", "training"],
      ] as const) {
        const untracked = mode === "training" ? "untracked" : mode;
        for (const [i, stage] of network.maps(images, untracked).entries()) {
          const error = errorOf(await stage.read(), channelsLast(found(`${theirs}.stage${i}`)).data);
          worst[`${theirs} stage ${i}`] = error;
          stage.dispose();
        }
        const parameters = [...network.parameters()];
        const { value, gradients } = valueAndGradients(
          () => sum(multiply(network.forward(images, mode), upstream)),
          parameters.map(([, tensor]) => tensor),
        );
        value.dispose();
        // Gradients have the names and layouts of their weights.
        const wanted = fitWeights(network.state(), file, under(tensors, `${theirs}.gradient.`), {
          strict: false,
        }).weights;
        expect([...wanted.keys()].sort()).toEqual(parameters.map(([name]) => name).sort());
        for (const [i, [name]] of parameters.entries()) {
          const error = errorOf(await gradients[i].read(), wanted.get(name)?.data ?? []);
          worst[`${theirs} gradients`] = Math.max(worst[`${theirs} gradients`] ?? 0, error);
          gradients[i].dispose();
        }
        const features = mode === "inference" ? network.forward(images, mode) : undefined;
        if (features !== undefined)
          worst["eval features"] = errorOf(await features.read(), found("eval.features").data);
        features?.dispose();
      }
      const after = await readWeights(network);
      const moved = fitWeights(network.state(), file, under(tensors, "train.after."), {
        strict: false,
      }).weights;
      for (const [name, { data }] of moved) {
        worst["running statistics"] = Math.max(
          worst["running statistics"] ?? 0,
          errorOf(after.get(name)?.data ?? [], data),
        );
        expect(errorOf(kept.get(name)?.data ?? [], data), `${name} before the step`).toBeGreaterThan(1e-4);
      }
      expect(moved.size).toBeGreaterThan(0);
      if (large !== undefined) {
        const told = Object.entries(worst).map(([what, error]) => `  ${what}: ${error.toExponential(1)}`);
        console.log([`${file}, ${composition}`, ...told].join("\n"));
      }
      for (const [what, error] of Object.entries(worst)) {
        expect(error, what).toBeLessThan(what.endsWith("gradients") ? 1e-3 : 2e-5);
      }
      network.dispose();
      images.dispose();
      upstream.dispose();
    },
    300_000,
  );
});

async function loaded(engine: Engine, name: string, file: string, tensors: Weights): Promise<Backbone> {
  const network = createBackbone(engine, new Initialiser(engine, 1), configurations[name]);
  const { weights, missing } = fitWeights(network.state(), file, under(tensors, "weights."));
  expect(missing).toEqual([]);
  await loadWeights(network, weights, { strict: false });
  return network;
}
