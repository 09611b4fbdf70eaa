// What training would need, worked out without computing: bounds that a change to kernels or operators must not break.

import { describe, expect, test } from "vitest";
import { planTraining } from "../../../src/assemble/planning/training-plan.ts";
import { stepShape, type TrainingSettings } from "../../../src/assemble/training-settings.ts";
import { traceTraining } from "../../../src/assemble/planning/traced-steps.ts";
import { wholeLabelSpace } from "../../../src/assemble/label-space.ts";
import { trainingStep } from "../../../src/assemble/training-step.ts";
import type { AdapterTraits } from "../../../src/device/traits.ts";
import { densenet121Configuration } from "../../../src/nn/densenet.ts";
import { Adam } from "../../../src/optim/adam.ts";
import { launchesOf } from "../../../src/runtime/step-plan.ts";
import { openEngine } from "../../../src/runtime/open-engine.ts";
import { taskOf } from "../../../src/assemble/tasks.ts";
import { shapeSettings } from "../shapes.ts";
import { smallSettings } from "../settings.ts";

const software: AdapterTraits = {
  name: "a software adapter",
  vendor: "",
  architecture: "",
  description: "",
  isSoftware: true,
  features: new Set(["subgroups", "timestamp-query"]),
  subgroupSize: { minimum: 8, maximum: 8 },
  maxWorkgroupsPerDimension: 65_535,
  maxInvocationsPerWorkgroup: 1024,
  maxStorageBuffers: 16,
  maxBindingBytes: 2 ** 27,
  maxBufferBytes: 2 ** 31,
};
const joint = { supervised: "both", bnViews: "joint" } as const;
const hardware: AdapterTraits = {
  ...software,
  name: "a graphics card",
  isSoftware: false,
  features: new Set(["timestamp-query"]),
  subgroupSize: { minimum: 0, maximum: 0 },
};

describe.each([software, hardware])("DenseNet-121 on 224 x 224 x 3, on $name", (traits) => {
  test("a training step takes at most 1,000 launches, tens of pipelines and 31 MiB an image", async () => {
    const settings = {
      ...smallSettings,
      network: densenet121Configuration,
      normalisation: { mean: [0.5, 0.5, 0.5], deviation: [0.25, 0.25, 0.25] },
    };
    const plan = await planTraining(
      traits,
      settings,
      { height: 224, width: 224, channels: 3 },
      wholeLabelSpace(14, 2),
      16,
    );
    expect(plan.parameterCount).toBe(6_953_856 + 14 * 14 + 14 * 1024 + 1024);
    const [step, both] = plan.steps;
    expect(launchesOf(step.plan)).toBeLessThanOrEqual(1000);
    // Both views are one batch: hardly more launches than the weak one takes.
    expect(plan.views).toEqual({ atOnce: true });
    expect(launchesOf(both.plan)).toBeLessThanOrEqual(1050);
    expect(step.plan.pipelines).toBeLessThan(100);
    expect(step.perImageBytes / 2 ** 20).toBeLessThanOrEqual(31);
    // The plan stays near what no plan can beat.
    expect(step.plan.reusedBytes).toBeLessThan(1.1 * step.plan.peakBytes);
  });
});

test("where a buffer does not hold both views, they are planned one after the other, and the plan says why", async () => {
  const image = { height: 16, width: 16, channels: 1 };
  const small = { ...software, maxBindingBytes: 2 ** 20 };
  const plan = await planTraining(small, smallSettings, image, wholeLabelSpace(6, 2), 160);
  expect(plan.views.atOnce).toBe(false);
  expect(plan.views.why).toBe(
    "as one batch they need a buffer of 2 MiB, and one holds 1 MiB on a software adapter",
  );
  const [weak, both] = plan.steps.map((step) => launchesOf(step.plan));
  expect(both).toBeGreaterThan(1.9 * weak);
  const roomy = await planTraining(software, smallSettings, image, wholeLabelSpace(6, 2), 160);
  expect(roomy.views).toEqual({ atOnce: true });
  expect(launchesOf(roomy.steps[1].plan)).toBeLessThan(1.2 * weak);
  const together = { ...smallSettings, bnViews: "joint" } as const;
  expect((await planTraining(software, together, image, wholeLabelSpace(6, 2), 160)).views.atOnce).toBe(true);
});

const planned: readonly [string, TrainingSettings][] = [
  ["each view with statistics of its own", smallSettings],
  ["both views supervised, with joint statistics", { ...smallSettings, ...joint }],
  ["segmentation", shapeSettings],
  [
    "segmentation with joint statistics and weights of classes",
    { ...shapeSettings, ...joint, classWeights: { disc: 2 } },
  ],
];

test.each(planned)("%s: the plan is what the device then allocates and launches", async (_, settings) => {
  using engine = await openEngine({ device: "webgpu" });
  const image = { height: 16, width: 16, channels: 1 };
  const labels = {
    ...wholeLabelSpace(6, 2),
    names: ["disc", "square", "c", "d", "e", "f"],
    exclusive: [[0, 1]],
  };
  const { steps } = await planTraining(engine.traits, settings, image, labels, 16);
  const model = taskOf(settings).modelOf(engine, settings, labels);
  const optimiser = new Adam(model.parameters().values(), { learningRate: 1e-3 });
  for (const { views, plan } of steps) {
    const shape = { ...stepShape(settings, image, 16, labels), bothViews: views === 2 };
    const before = engine.memory().bytes;
    using program = await engine.record(() =>
      trainingStep(engine, model, optimiser, shape, () => {
        throw new Error("not run");
      }),
    );
    expect(engine.memory().bytes - before).toBe(plan.bytes);
    expect(program.plan?.launches).toEqual(plan.launches);
  }
});

test.each([
  [{ warmupEpochs: 1 }, ["both views", "weak view only"]],
  [{ warmupEpochs: 0 }, ["both views"]],
  [{ warmupEpochs: 2 }, ["weak view only"]],
  [{ lambdaPseudo: 0, lambdaConsistency: 0 }, ["weak view only"]],
  [{ lambdaConsistency: 0 }, ["weak view only"]],
  [{ steps: 30, warmupSteps: 20 }, ["both views", "weak view only"]],
  [{ steps: 20, warmupSteps: 20 }, ["weak view only"]],
  [{ steps: 30 }, ["both views", "weak view only"]],
  [{ lambdaPseudo: 0, lambdaConsistency: 0, supervised: "both" }, ["both views"]],
  [{ warmupEpochs: 2, supervised: "both" }, ["both views"]],
  [{ warmupEpochs: 1, supervised: "both" }, ["both views"]],
] as const)("%o: the steps that are traced are those that 2 epochs take", (changes, names) => {
  const settings = { ...smallSettings, epochs: 2, ...changes };
  const traced = traceTraining(
    software,
    settings,
    { height: 16, width: 16, channels: 1 },
    wholeLabelSpace(6, 2),
    4,
  );
  expect(traced.map(({ name }) => name)).toEqual([...names, "inference"]);
});
