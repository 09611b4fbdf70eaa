// Fine-tuning: parts of a model keep their bits, join in later, and learn at rates of their own.

import { describe, expect, test } from "vitest";
import { Classifier } from "../../src/assemble/classifier.ts";
import { labelSpaceOf, wholeLabelSpace } from "../../src/assemble/label-space.ts";
import { planTraining } from "../../src/assemble/planning/training-plan.ts";
import { traceTraining } from "../../src/assemble/planning/traced-steps.ts";
import { taskOf } from "../../src/assemble/tasks.ts";
import { trainModel } from "../../src/assemble/train-classifier.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import type { BackboneConfiguration } from "../../src/nn/backbones.ts";
import type { Assembly } from "../../src/data/assembly/assembly.ts";
import { readWeights } from "../../src/nn/weights.ts";
import type { Weights } from "../../src/tensor/held.ts";
import { TrainedParts, type PartSettings } from "../../src/training/trained-parts.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";
import { shapeAssembly, shapeSettings } from "../assemble/shapes.ts";

const resnet: BackboneConfiguration = {
  kind: "resnet",
  inputChannels: 1,
  stem: { features: 4, kernel: 3, stride: 1, pool: false },
  blocks: [1, 1],
  block: "basic",
};

describe("names of parts", () => {
  const open = useEngine({ device: "reference" });
  const parts = (
    settings: PartSettings,
    network: BackboneConfiguration = smallSettings.network,
  ): TrainedParts => new TrainedParts(new Classifier(open(), { network, classes: 3, seed: 1 }), settings);
  const names = (of: TrainedParts, phase: number): string[] =>
    of.all.filter((part) => of.isTrained(part, phase)).flatMap((part) => part.names);

  test.each([
    ["features.denseblock1", "features.denseblock1", smallSettings.network],
    ["denseblock1", "features.denseblock1", smallSettings.network],
    [
      "module.features.denseblock1.denselayer2.norm.1",
      "features.denseblock1.denselayer2.norm1",
      smallSettings.network,
    ],
    ["backbone", "features", smallSettings.network],
    ["layer1", "features.layer1", resnet],
    ["layer2.0.downsample", "features.layer2.0.downsample", resnet],
    ["fc", "head", resnet],
  ])("%s is %s", (name, own, network) => {
    const whole = names(parts({}, network), 0);
    expect(whole.some((each) => each.startsWith(`${own}.`))).toBe(true);
    expect(names(parts({ freeze: [name] }, network), 0)).toEqual(
      whole.filter((each) => !each.startsWith(`${own}.`)),
    );
  });

  test("the longer of two names counts, and a part that joins in later is frozen before", () => {
    const made = parts({
      freeze: ["features"],
      unfreeze: { "features.denseblock2": 3, "features.norm3": 2, "features.denseblock2.denselayer2": 5 },
      rates: { features: 0.1, "features.denseblock2": 0.5, head: 2 },
    });
    expect(made.starts).toEqual([1, 2, 3, 5]);
    expect([1, 2, 3, 4, 5, 99].map((epoch) => made.phaseAt(epoch))).toEqual([0, 1, 2, 2, 3, 3]);
    expect(names(made, 0).every((name) => name.startsWith("head."))).toBe(true);
    expect(names(made, 2)).not.toContain("features.denseblock2.denselayer2.norm1.weight");
    expect(names(made, 3)).toContain("features.denseblock2.denselayer2.norm1.weight");
    expect(names(made, 3)).not.toContain("features.conv0.weight");
    const rateOf = (name: string): number | undefined =>
      made.all.find((part) => part.names.includes(name))?.rate;
    expect(
      ["head.queries", "features.norm3.weight", "features.denseblock2.denselayer1.conv1.weight"].map(rateOf),
    ).toEqual([2, 0.1, 0.5]);
  });

  test.each<[string, PartSettings, string]>([
    [
      "an unknown name",
      { freeze: ["features.denseblok1"] },
      'train.freeze: the model has no part "features.denseblok1"; did you mean "features.denseblock1"? there are ' +
        "features.conv0, features.denseblock1, features.transition1, features.denseblock2, features.norm3, head.queries, head.fc",
    ],
    ["half a name", { rates: { feat: 2 } }, 'train.rates: the model has no part "feat"'],
    ["no name", { unfreeze: { "": 2 } }, 'train.unfreeze: the model has no part ""'],
    [
      "everything",
      { freeze: ["features", "head"] },
      "train.freeze: all of the model is frozen, so that nothing is trained",
    ],
    [
      "everything at first",
      { freeze: ["features"], unfreeze: { head: 2 } },
      "train.freeze: all of the model is frozen before epoch 2, so that nothing is trained",
    ],
    [
      "a rate of what is frozen",
      { freeze: ["features"], rates: { features: 2 } },
      'train.rates: all of "features" is frozen',
    ],
    [
      "a rate of nothing",
      { rates: { head: 0 } },
      'train.rates: "head" must say a multiple of the learning rate',
    ],
    [
      "no epoch",
      { unfreeze: { head: 0.5 } },
      'train.unfreeze: "head" must say an epoch, a whole number from 1 up',
    ],
    ["no list", { freeze: "head" as never }, "train.freeze: must be a list of parts of the model"],
  ])("%s is one line", (_, settings, message) => {
    let said = "";
    try {
      parts(settings);
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said.startsWith(message), said).toBe(true);
    expect(said).not.toContain("\n");
  });
});

/** The weights that a training ends with, and those that its model begins with. */
async function weightsOf(
  engine: ReturnType<ReturnType<typeof useEngine>>,
  assembly: Assembly,
  settings: TrainingSettings,
): Promise<{ readonly begun: Weights; readonly ended: Weights }> {
  const fresh = taskOf(settings).modelOf(engine, settings, labelSpaceOf(assembly));
  const begun = await readWeights(fresh);
  fresh.dispose();
  const { model } = await trainModel(engine, assembly, settings);
  const ended = await readWeights(model);
  model.dispose();
  return { begun, ended };
}

describe.each(["webgpu", "reference"] as const)("on %s", (device) => {
  const open = useEngine({ device });
  const short = { batch: 8, epochs: 1, warmupEpochs: 0, learningRate: 1e-2, evaluate: "end" } as const;
  const decayed = { optimiser: { by: "adamw" }, clipNorm: 1 } as const;

  test.each<[string, TrainingSettings, Assembly]>([
    [
      "the first half of a DenseNet, under a moving average",
      {
        ...{ ...smallSettings, ...short, ...decayed, ema: 0.5 },
        freeze: ["features.conv0", "features.denseblock1", "features.transition1"],
      },
      smallAssembly(8),
    ],
    [
      "a part in the middle, which gradients go through, and one layer of a block",
      {
        ...{ ...smallSettings, ...short, ...decayed },
        freeze: ["features.denseblock1", "features.denseblock2.denselayer1"],
      },
      smallAssembly(8),
    ],
    [
      "a stage of a ResNet",
      { ...smallSettings, ...short, network: resnet, freeze: ["layer1"] },
      smallAssembly(8),
    ],
    ["the way down of a U-Net", { ...shapeSettings, ...short, freeze: ["down1", "down2"] }, shapeAssembly(8)],
  ])(
    "%s keeps its weights and statistics to the last bit, and the rest learns",
    async (_, settings, assembly) => {
      const { begun, ended } = await weightsOf(open(), assembly, settings);
      const { freeze = [] } = settings;
      const frozen = [...ended.keys()].filter((name) =>
        freeze.some((part) => name.startsWith(`${part}.`) || name.startsWith(`features.${part}.`)),
      );
      expect(frozen.some((name) => name.endsWith("running_var"))).toBe(true);
      for (const [name, { data }] of ended) {
        const before = begun.get(name)?.data;
        if (frozen.includes(name)) expect(data, name).toEqual(before);
        else if (name !== "head.bias") expect(data, name).not.toEqual(before);
      }
    },
  );

  test("a rate of one's own multiplies the learning rate of a part, and leaves that of the rest", async () => {
    // The first step of gradient descent moves each weight by rate times gradient, which is the same for both runs.
    const settings: TrainingSettings = {
      ...{ ...smallSettings, ...short, steps: 1 },
      optimiser: { by: "sgd", momentum: 0 },
    };
    const plain = await weightsOf(open(), smallAssembly(8), settings);
    const scaled = await weightsOf(open(), smallAssembly(8), { ...settings, rates: { head: 4 } });
    for (const name of ["head.queries", "head.fc.weight", "features.conv0.weight"]) {
      const moved = ({ begun, ended }: typeof plain): number[] => {
        const from = begun.get(name)?.data ?? [];
        return Array.from(ended.get(name)?.data ?? [], (value, i) => value - from[i]);
      };
      const [one, other] = [moved(plain), moved(scaled)];
      const factor = name.startsWith("head") ? 4 : 1;
      expect(Math.max(...one.map(Math.abs))).toBeGreaterThan(1e-6);
      one.forEach((value, i) => expect(other[i]).toBeCloseTo(factor * value, 6));
    }
  });
});

describe("what a step computes", () => {
  const open = useEngine({});
  const image = { height: 16, width: 16, channels: 1 };
  const calls = (settings: Partial<TrainingSettings>): Map<string, number> => {
    const all = { ...smallSettings, warmupEpochs: 0, ...settings };
    const [{ recording }] = traceTraining(open().traits, all, image, wholeLabelSpace(3, 2), 8);
    const counts = new Map<string, number>();
    for (const { operator } of recording.calls)
      counts.set(operator.name, (counts.get(operator.name) ?? 0) + 1);
    return counts;
  };

  test("below the last frozen part no gradient is computed, and frozen blocks take the kernel of inference", () => {
    const whole = calls({});
    expect(whole.get("denseBlockGradient")).toBe(2); // two blocks, of both views at once
    const tuned = calls({ freeze: ["features.conv0", "features.denseblock1", "features.transition1"] });
    expect(tuned.get("denseBlockGradient")).toBe(1);
    expect(tuned.get("denseBlockInference")).toBe(1);
    expect(tuned.get("conv2dWeightGradient")).toBeUndefined();
    const head = calls({ freeze: ["features"] });
    expect(
      [...head.keys()].filter((name) => /denseBlockGradient|conv2d.*Gradient|batchNorm$/u.test(name)),
    ).toEqual([]);
    // Only the head is packed, and its parameters updated.
    expect(head.get("adam")).toBe(1);
    expect(calls({ rates: { head: 2 } }).get("adam")).toBe(2);
  });

  test("is planned with the moments of what is trained", async () => {
    const planOf = (settings: Partial<TrainingSettings>) =>
      planTraining(open().traits, { ...smallSettings, ...settings }, image, wholeLabelSpace(3, 2), 8);
    const [whole, tuned, later] = await Promise.all(
      [{}, { freeze: ["features"] }, { freeze: ["features"], unfreeze: { features: 3 } }].map(planOf),
    );
    expect(whole.momentBytes).toBe(2 * whole.parameterBytes);
    expect(tuned.momentBytes).toBeLessThan(whole.momentBytes / 2);
    expect(later.momentBytes).toBe(whole.momentBytes);
    expect(tuned.steps[1].plan.reusedBytes).toBeLessThan(whole.steps[1].plan.reusedBytes);
  });
});
