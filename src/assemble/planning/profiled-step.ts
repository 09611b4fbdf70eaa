// A profile of a training run's step: on the run's own images, with a network of its own that is thrown away.

import type { Assembly } from "../../data/assembly/assembly.ts";
import { optimiserOf } from "../../optim/optimiser-table.ts";
import { optimiserSettingsOf } from "../../training/loop-settings.ts";
import { TrainedParts } from "../../training/trained-parts.ts";
import { profile, type Profile, type ProfileOptions } from "../../profiling/profile.ts";
import type { Engine } from "../../runtime/engine.ts";
import { labelSpaceOf, statesForHead } from "../label-space.ts";
import type { StepInputs } from "../assemble-step.ts";
import { lambdasOf, noLambdas } from "../assemble-terms.ts";
import { bothAtOnce } from "./both-at-once.ts";
import { bothViewsOf } from "./steps-taken.ts";
import { taskOf } from "../tasks.ts";
import { namedLabels, samplerOf, stepShape, type TrainingSettings } from "../training-settings.ts";
import { stepInputs } from "../step-inputs.ts";
import { trainingStep } from "../training-step.ts";
import { TrainingImages, type StepImages } from "../../training/training-images.ts";

export interface StepProfile {
  readonly profile: Profile;
  /** 1 when all epochs compute the weak view alone. */
  readonly views: 1 | 2;
  /** Images of the step. */
  readonly batch: number;
}

/** A profile shows the first so many batches again and again: it cannot wait for others to be read. */
const mostBatches = 4;

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
  const task = taskOf(settings);
  task.check(assembly, settings);
  const model = task.modelOf(engine, settings, labelSpaceOf(assembly));
  const sampler = samplerOf(assembly, settings);
  const { batch } = sampler;
  const taught = statesForHead(model.head, assembly.sources);
  const images = new TrainingImages(engine, taught, batch, settings.memory);
  try {
    using parts = new TrainedParts(model, settings);
    const { lastPhase } = parts;
    using optimiser = optimiserOf(parts.groups, optimiserSettingsOf(settings));
    const { inWarmUp, after } = bothViewsOf(settings);
    const isWarm = after === undefined;
    const bothViews = (after ?? inWarmUp) === true;
    const taken: StepImages[] = [];
    for await (const each of images.steps(sampler.steps(0, mostBatches))) {
      taken.push(each);
      if (taken.length === mostBatches) break;
    }
    const lambdas = isWarm ? noLambdas : lambdasOf(settings);
    const inputsOf = (step: number): StepInputs =>
      stepInputs(settings, images, taken[step % taken.length], step + 1, lambdas);
    let step = 0;
    let current = inputsOf(step);
    const named = stepShape(settings, images, batch, namedLabels(assembly, settings));
    const shape = { ...named, resident: images.resident, bothViews };
    parts.enter(lastPhase);
    const parameters = parts.parametersIn(lastPhase);
    const both = { ...shape, bothViews: true };
    const { atOnce } = bothAtOnce(engine, settings, () =>
      trainingStep(engine, model, { step: () => undefined }, both, () => current, parameters),
    );
    using program = await engine.record(() =>
      trainingStep(engine, model, optimiser, { ...shape, atOnce }, () => current, parameters),
    );
    const measured = await profile(program, {
      ...options,
      onReplay: () => {
        current = inputsOf(++step);
        options.onReplay?.();
      },
    });
    return { profile: measured, views: bothViews ? 2 : 1, batch };
  } finally {
    await images.close();
    model.dispose();
  }
}
