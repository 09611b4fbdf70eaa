// A ResNet-18 learns real images by `tessera train`, and its run is used like any other.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTensorFile } from "../../src/interchange/safetensors.ts";
import { dataRoot, repository, withData } from "../data/real-data.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";

withData(["cifar10"], "a ResNet-18 on CIFAR-10", () => {
  const folder = workingFolder();

  test("of an eighth of the width learns in 120 steps, is evaluated and predicts", async () => {
    const example = readFileSync(join(repository, "examples/cifar-resnet18.yaml"), "utf8");
    const stem = "stem: { features: 8, kernel: 3, stride: 2, pool: false }";
    const narrow = example
      .replace(/stem: \{.*?\}(?= \}\n)/u, stem)
      .replace(/train: .*/u, "train: { batch: 32, steps: 120, warmupSteps: 100, learningRate: 0.003 }");
    expect(narrow).toContain(stem);
    const file = join(folder, "narrow.yaml");
    writeFileSync(file, narrow);
    const use = (...parameters: string[]): Promise<Ended> => runBuilt(folder, [...parameters, "--quiet"]);
    const meanOf = ({ code, output, errors }: Ended): number => {
      expect(code, own(errors)).toBe(0);
      return Number(/^mean +(0\.\d+)/mu.exec(output)?.[1]);
    };

    const trained = meanOf(await use("train", file, "--data-root", dataRoot, "--seed", "1", "--out", "run"));
    // Chance is .5; two seeds came to .72 on a CPU (llvmpipe, 2026-11).
    expect(trained).toBeGreaterThan(0.65);
    expect(meanOf(await use("evaluate", "run", "--data-root", dataRoot))).toBe(trained);
    const predicted = await use("predict", "run", "--data-root", dataRoot, "--out", "table.csv");
    expect(predicted.code, own(predicted.errors)).toBe(0);
    expect(readFileSync(join(folder, "table.csv"), "utf8").trim().split("\n")).toHaveLength(1001);

    const { tensors } = await readTensorFile(join(folder, "run/model.safetensors"), "tessera model 1");
    expect(tensors.get("features.layer4.0.downsample.0.weight")?.shape).toEqual([1, 1, 32, 64]);
  }, 300_000);
});
