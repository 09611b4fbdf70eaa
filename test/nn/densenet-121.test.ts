// What a training step of DenseNet-121 needs, planned without running it.

import { expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { densenet121 } from "../../src/nn/densenet.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { mean } from "../../src/functions/reduction.ts";
import { Adam } from "../../src/optim/adam.ts";
import { CandidateChoice } from "../../src/runtime/webgpu/choice.ts";
import { lower } from "../../src/runtime/webgpu/lowering.ts";
import { planMemory } from "../../src/runtime/webgpu/memory-plan.ts";
import { useEngine } from "../engines.ts";

const open = useEngine({ device: "webgpu" });

test("a step of DenseNet-121 takes fewer than 1,000 launches, 40 pipelines, and 31 MiB an image", () => {
  const engine = open();
  const net = densenet121(engine, new Initialiser(engine, 1));
  const parameters = [...net.parameters().values()];
  using adam = new Adam(parameters, { learningRate: 1e-3 });
  const batch = 8;
  const { recording } = engine.trace(() => {
    const x = engine.feed(() => [], [batch, 224, 224, 3]);
    const { gradients } = valueAndGradients(() => {
      const features = net.forward(x, "training");
      return mean(multiply(features, features));
    }, parameters);
    adam.step(gradients);
  });
  for (const isSoftware of [true, false]) {
    const traits = { ...engine.traits, isSoftware };
    const step = lower(recording, [], new CandidateChoice(traits), traits);
    const plan = planMemory(step);
    expect(step.launches.length).toBeLessThan(980);
    expect(plan.pipelines).toBeLessThanOrEqual(40);
    // Beyond the gradients of the parameters, which are packed, and the images themselves.
    expect(plan.reusedBytes / batch / 2 ** 20).toBeLessThan(31);
  }
});
