// What training would need on an adapter, worked out without a device: launches of each phase, and bytes by purpose.

import type { AdapterTraits } from "../../device/traits.ts";
import type { RunMemory } from "../../training/run-memory.ts";
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
  /** What the run needs on the device in all, evaluation and checkpoints among it. */
  readonly memory: PlannedMemory;
}

/** `RunMemory`, and what its tensors are. */
export interface PlannedMemory extends RunMemory {
  /** Weights, running statistics and counters, as they lie side by side. */
  readonly model: number;
  readonly moments: number;
  /** The moving average of the weights; 0 without one. */
  readonly average: number;
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
  await Promise.resolve(); // errors come as rejections
  using training = new PlannedTraining(traits, settings, image, labels, images);
  const { engine, model } = training;
  const choice = training.views(batch);
  const planOf = (count: number, bothViews: boolean): StepPlan => {
    const plan = engine.plan(() => training.step(count, bothViews, choice.atOnce));
    if (plan === undefined) throw new Error("a planning engine gives a plan");
    return plan;
  };
  const steps = [];
  for (const views of [1, 2] as const) {
    const plan = planOf(batch, views === 2);
    // Of another batch, and a smaller one where there is one: a larger may be more than a buffer holds.
    const other = batch > 1 ? Math.floor(batch / 2) : 2;
    const { reusedBytes } = planOf(other, views === 2);
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
    memory: { ...training.memory(batch, choice.atOnce).memory, ...training.tensorBytes },
  };
}

/** What a run needs on the device in all, and its largest step; parameters are those of `planTraining`. */
export function plannedMemory(
  ...[traits, settings, image, labels, batch, images]: Parameters<typeof planTraining>
): { readonly memory: RunMemory; readonly largest: StepPlan } {
  using training = new PlannedTraining(traits, settings, image, labels, images);
  return training.memory(batch, training.views(batch).atOnce);
}
