// What the two views of a step share: the supervised loss, and the statistics of batch norm.

import { describe, expect, test } from "vitest";
import { Classifier } from "../../src/assemble/classifier.ts";
import { ImageReader } from "../../src/data/assembly/image-reader.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { viewFeatures } from "../../src/assemble/assemble-step.ts";
import { trainingStep } from "../../src/assemble/training-step.ts";
import { noLambdas } from "../../src/assemble/assemble-terms.ts";
import { stepShape } from "../../src/assemble/training-settings.ts";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { assembleLoss } from "../../src/functions/losses.ts";
import { Adam } from "../../src/optim/adam.ts";
import { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { normal } from "../operators/sample.ts";
import { WatchingBackend, type Call } from "./calls.ts";
import { smallAssembly, smallSettings } from "./settings.ts";

const joint = { ...smallSettings, bnViews: "joint" } satisfies TrainingSettings;
const batch = 4;

/** The calls of a run of two epochs of two steps, of which one epoch is warm-up. */
async function callsOf(name: string, more: Partial<TrainingSettings>): Promise<Call[]> {
  const backend = new WatchingBackend([name]);
  using engine = new Engine(backend);
  const { classifier } = await trainClassifier(engine, smallAssembly(8), {
    ...{ ...smallSettings, batch: 8, evaluate: "end" },
    ...more,
  });
  classifier.dispose();
  return backend.of(name);
}

const viewsOf = async (more: Partial<TrainingSettings>): Promise<unknown[]> =>
  (await callsOf("augmentImages", more)).map(({ attributes }) => attributes["view"]);

describe("the strong view is computed", () => {
  const none = { lambdaPseudo: 0, lambdaConsistency: 0 };

  test("with both views supervised in warm-up, too, and whatever the weights", async () => {
    const each = [0, 1, 0, 1, 0, 1, 0, 1];
    expect(await viewsOf({ supervised: "both" })).toEqual(each);
    expect(await viewsOf({ supervised: "both", ...none })).toEqual(each);
    expect(await viewsOf({ supervised: "both", bnViews: "joint" })).toEqual(each);
  });

  test("with the weak view supervised after warm-up only, and with both weights 0 never", async () => {
    expect(await viewsOf({})).toEqual([0, 0, 0, 1, 0, 1]);
    expect(await viewsOf({ bnViews: "joint" })).toEqual([0, 0, 0, 1, 0, 1]);
    expect(await viewsOf(none)).toEqual([0, 0, 0, 0]);
  });

  test("and learned from in warm-up: both views have a gradient where a label is given", async () => {
    const [first] = await callsOf("assembleLoss", { supervised: "both" });
    expect(first.attributes).toMatchObject({ strongShare: 0.5 });
    expect(first.inputs[5]).toEqual([0, 0]);
    const [total, [, bce]] = first.outputs;
    expect(total).toEqual([bce]);
    const [weak, strong] = [first.outputs[2].slice(0, 48), first.outputs[2].slice(48)];
    const states = first.inputs[4];
    for (const gradient of [weak, strong]) {
      expect(gradient.map((value) => value !== 0)).toEqual(states.map((state) => state <= 1));
    }
    expect(weak).not.toEqual(strong);
  });
});

describe("joint statistics", () => {
  /** One step on four images, and the calls it made. */
  async function step(settings: TrainingSettings, bothViews = true) {
    const backend = new WatchingBackend(["augmentImages", "conv2d", "assembleLoss"]);
    const engine = new Engine(backend);
    const images = smallAssembly(8).sources[0];
    const classifier = new Classifier(engine, { network: smallSettings.network, classes: 6, seed: 1 });
    const optimiser = new Adam(classifier.parameters().values(), { learningRate: 1e-3 });
    const shape = { ...stepShape(settings, images, batch), bothViews };
    const read = await new ImageReader([images], batch).read(Uint32Array.of(5, 2, 7, 1));
    const lambda = bothViews ? 1 : 0;
    trainingStep(engine, classifier, optimiser, shape, () => ({
      ...{ images: read, step: 1, ...noLambdas, lambdaPseudo: lambda, lambdaConsistency: lambda },
    })).dispose();
    return { backend, engine, classifier };
  }

  const channels = smallSettings.network.stem.features;
  const first = "features.denseblock1.denselayer1.norm1";

  async function buffer(classifier: Classifier, name: string): Promise<number[]> {
    return Array.from((await classifier.state().get(name)?.tensor.read()) ?? []);
  }

  test("are those of the concatenated batch, and the running ones follow them", async () => {
    const { backend, engine, classifier } = await step(joint);
    using _ = engine;
    const [weak, strong] = backend.of("augmentImages").map(({ outputs }) => outputs[0]);
    // The first convolution takes both views as one batch; what it gives is what the first batch norm normalises.
    const [stem] = backend.of("conv2d");
    expect(stem.inputs[0]).toEqual([...weak, ...strong]);
    const [maps] = stem.outputs;
    const rows = maps.length / channels;
    expect(rows).toBe(2 * batch * 8 * 8);
    const [means, variances] = [
      await buffer(classifier, `${first}.running_mean`),
      await buffer(classifier, `${first}.running_var`),
    ];
    for (let channel = 0; channel < channels; channel++) {
      const values = maps.filter((_, i) => i % channels === channel);
      const mean = values.reduce((sum, value) => sum + value, 0) / rows;
      const unbiased = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (rows - 1);
      expect(means[channel]).toBeCloseTo(0.1 * mean, 12);
      expect(variances[channel]).toBeCloseTo(0.9 + 0.1 * unbiased, 12);
    }
  });

  test("normalise both views: their features are the halves of the concatenated batch's", async () => {
    const { backend, engine, classifier } = await step(joint);
    using _ = engine;
    const views = backend.of("augmentImages").flatMap(({ outputs }) => outputs[0]);
    const fresh = new Classifier(engine, { network: joint.network, classes: 6, seed: 1 });
    const together = fresh.features.forward(engine.tensor(views, [2 * batch, 16, 16, 1]), "untracked");
    const [weak, strong] = backend.of("assembleLoss")[0].inputs;
    expect([...weak, ...strong]).toEqual(Array.from(await together.read()));
    // Each view by itself comes out otherwise.
    const alone = fresh.features.forward(
      engine.tensor(views.slice(0, views.length / 2), [batch, 16, 16, 1]),
      "untracked",
    );
    expect(Array.from(await alone.read())).not.toEqual(weak);
    expect(classifier.features.features).toBe(weak.length / batch);
  });

  test("are no others than separate ones where the weak view alone is computed", async () => {
    const states = [];
    for (const settings of [joint, smallSettings]) {
      const { engine, classifier } = await step(settings, false);
      const values = [];
      for (const name of classifier.state().keys()) values.push(await buffer(classifier, name));
      states.push(values);
      engine.close();
    }
    expect(states[0]).toEqual(states[1]);
  });

  test("let each view's gradient through to the other: parameters' gradients are central differences", async () => {
    using engine = new Engine(new WatchingBackend([]));
    const { features, head } = new Classifier(engine, { network: joint.network, classes: 6, seed: 1 });
    const views = [normal([batch, 16, 16, 1], 1), normal([batch, 16, 16, 1], 2)].map(({ data, shape }) =>
      engine.keep(engine.tensor(data, shape)),
    );
    const states = engine.tensor(
      Uint8Array.from({ length: batch * 6 }, (_, i) => [0, 1, 255][i % 3]),
      [batch, 6],
      "u8",
    );
    const weights = engine.tensor([0.7, 1.3]);
    const loss = (): Tensor => {
      const how = { bothViews: true, bnViews: "joint", count: batch } as const;
      const seen = viewFeatures(features, how, (index) => views[index]);
      const { features: taken, theta, bias } = head.factors(seen);
      // The sharpening jumps at its threshold: no prediction is near this one. A stopped gradient is no derivative.
      return assembleLoss(taken[0], taken[1], theta, bias, states, weights, {
        ...{ strongShare: 0.5, stopGradient: false, threshold: 0.99 },
      }).total;
    };
    const watched = ["conv0.weight", "denseblock1.denselayer1.norm1.weight", "norm3.bias"].map((name) => {
      const tensor = features.parameters().get(name);
      if (tensor === undefined) throw new Error(`no parameter ${name}`);
      return tensor;
    });
    const { gradients } = valueAndGradients(loss, watched);
    const by = 1e-6;
    for (const [p, parameter] of watched.entries()) {
      const values = Array.from(await parameter.read());
      const gradient = await gradients[p].read();
      expect(gradient.some((value) => Math.abs(value) > 1e-4)).toBe(true);
      for (const i of [0, values.length - 1]) {
        const at = async (value: number): Promise<number> => {
          engine.write(parameter, Float64Array.from(values.with(i, value)));
          using total = engine.scope(loss);
          return await total.item();
        };
        const slope = ((await at(values[i] + by)) - (await at(values[i] - by))) / (2 * by);
        engine.write(parameter, Float64Array.from(values));
        expect(Math.abs(slope - gradient[i])).toBeLessThan(1e-7 + 1e-5 * Math.abs(slope));
      }
    }
  });
});
