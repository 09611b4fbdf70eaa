// A profile of a training run's step: on the run's own images, with a network of its own that is thrown away.

import { concatenate, epochOrder, type Assembly } from "../data/index.ts";
import { Adam } from "../optim/index.ts";
import { profile, type Profile, type ProfileOptions } from "../profiling/index.ts";
import type { Engine } from "../runtime/index.ts";
import { Classifier } from "./classifier.ts";
import { gather, trainingStep, type StepInputs } from "./step.ts";
import { usesBothViews } from "./trace.ts";
import { stepsPerEpoch, stepShape, type TrainingSettings } from "./trainer.ts";

export interface StepProfile {
  readonly profile: Profile;
  /** 1 when all epochs compute the weak view alone. */
  readonly views: 1 | 2;
  /** Images of the step. */
  readonly batch: number;
}

/**
 * Profiles the step that most epochs of a run take. What the run itself computes stays as it is, bit for bit.
 * @throws UsageError on the reference backend
 */
export async function profileTraining(
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
  options: ProfileOptions = {},
): Promise<StepProfile> {
  const { network, seed, learningRate } = settings;
  const classifier = new Classifier(engine, { network, classes: assembly.classes.length, seed });
  try {
    using optimiser = new Adam(classifier.parameters().values(), { learningRate });
    const images = concatenate("assembly", assembly.sources);
    const batch = Math.min(settings.batch, images.count);
    const unsupervised = usesBothViews(settings);
    const order = epochOrder(images.count, seed, 0);
    const inputsOf = (step: number): StepInputs => {
      const first = (step % stepsPerEpoch(images.count, batch)) * batch;
      return {
        batch: gather(images, order.subarray(first, first + batch)),
        step: step + 1,
        lambdaPseudo: unsupervised ? settings.lambdaPseudo : 0,
        lambdaConsistency: unsupervised ? settings.lambdaConsistency : 0,
      };
    };
    let step = 0;
    let current = inputsOf(step);
    const shape = { ...stepShape(settings, images, batch), unsupervised };
    using program = await engine.record(() =>
      trainingStep(engine, classifier, optimiser, shape, () => current),
    );
    const measured = await profile(program, {
      ...options,
      onReplay: () => {
        current = inputsOf(++step);
        options.onReplay?.();
      },
    });
    return { profile: measured, views: unsupervised ? 2 : 1, batch };
  } finally {
    classifier.dispose();
  }
}
