// What training would need on an adapter, worked out without a device: launches of each phase, and bytes by purpose.

import type { AdapterTraits } from "../../device/traits.ts";
import type { StepPlan } from "../../runtime/step-plan.ts";
import type { LabelSpace } from "../label-space.ts";
import type { ViewsChoice } from "./both-at-once.ts";
import { PlannedTraining, type ImageShape } from "./planned-training.ts";
import type { TrainingSettings } from "../training-settings.ts";

export interface TrainingPlan {
  /** Weights, frozen ones among them. */
  readonly parameterCount: number;
  readonly parameterBytes: number;
  /** What the optimiser keeps: two moments of each value that is trained for Adam. */
  readonly momentBytes: number;
  /** What is carried along untrained: running means and variances of batch norm, constants of a head. */
  readonly statisticBytes: number;
  /** Images and label states that stay on the device for the whole run; 0 where steps are fed. */
  readonly residentBytes: number;
  /** The step that computes the weak view alone, and the one with both views; see `takesStrongView` for which is taken. */
  readonly steps: readonly {
    readonly views: 1 | 2;
    readonly plan: StepPlan;
    readonly perImageBytes: number;
  }[];
  /** How both views go through the network. */
  readonly views: ViewsChoice;
}

/**
 * Plans both steps of a training run for batches of `batch` images.
 * @param images of all sources; without, steps are fed
 */
export async function planTraining(
  traits: AdapterTraits,
  settings: TrainingSettings,
  image: ImageShape,
  labels: LabelSpace,
  batch: number,
  images?: number,
): Promise<TrainingPlan> {
  using training = new PlannedTraining(traits, settings, image, labels, images);
  const { engine, model } = training;
  const choice = training.views(batch);
  const planOf = async (count: number, bothViews: boolean): Promise<StepPlan> => {
    using program = await engine.record(() => training.step(count, bothViews, choice.atOnce));
    if (program.plan === undefined) throw new Error("a planning engine gives a plan");
    return program.plan;
  };
  const steps = [];
  for (const views of [1, 2] as const) {
    const plan = await planOf(batch, views === 2);
    // Of another batch, and a smaller one where there is one: a larger may be more than a buffer holds.
    const other = batch > 1 ? Math.floor(batch / 2) : 2;
    const { reusedBytes } = await planOf(other, views === 2);
    steps.push({ views, plan, perImageBytes: (reusedBytes - plan.reusedBytes) / (other - batch) });
  }
  const bytes = (trained: boolean): number =>
    [...model.state().values()].reduce(
      (sum, each) => sum + ((each.kind === "parameter") === trained ? 4 * each.tensor.size : 0),
      0,
    );
  return {
    parameterCount: model.parameterCount,
    parameterBytes: bytes(true),
    momentBytes: training.moments * 4 * training.trainedCount,
    statisticBytes: bytes(false),
    residentBytes: training.residentBytes,
    steps,
    views: choice,
  };
}
