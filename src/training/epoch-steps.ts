// The steps of an epoch, as fast as the device takes them, with their losses as they come back.

import type { Sampler } from "../data/assembly/sampler.ts";
import { stepsOf, type Budget } from "./budget.ts";
import { saveCheckpoint, type Checkpoints, type Resumable } from "./checkpoint.ts";
import { NonFiniteError } from "../errors/training-errors.ts";
import { added, type Losses } from "./loss-terms.ts";
import type { RecordedSteps } from "./recorded-steps.ts";
import { takesStrongView } from "../assemble/training-step.ts";
import type { TrainingImages } from "../assemble/training-images.ts";
import type { TrainingListener } from "./training-reports.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";

/** A run as its steps see it. */
export interface SteppedRun extends Resumable {
  /** Of all sources. */
  readonly images: TrainingImages;
  readonly sampler: Sampler;
  readonly steps: RecordedSteps;
  readonly budget: Budget;
  readonly listener: TrainingListener;
  readonly signal: AbortSignal | undefined;
  readonly checkpoints: Checkpoints | undefined;
  /** Asked after each step, counted from 1. */
  readonly isDue: (step: number) => boolean;
}

/** A person watches the losses; the device would rather not be asked too often. */
const millisecondsBetweenReadings = 250;

/** The rest of an epoch's steps, or those before the signal; whether a checkpoint is due after the last. */
export async function trainOneEpoch(run: SteppedRun, epoch: number): Promise<boolean> {
  const { settings, budget, course, signal } = run;
  const before = (epoch - 1) * budget.stepsPerEpoch;
  const steps = stepsOf(budget, epoch);
  // Warm-up may end within an epoch.
  const warm = Math.min(steps, Math.max(0, budget.warmup - before));
  const phases = [
    { end: warm, lambdaPseudo: 0, lambdaConsistency: 0 },
    { end: steps, lambdaPseudo: settings.lambdaPseudo, lambdaConsistency: settings.lambdaConsistency },
  ];
  let due = false;
  for (const { end, ...weights } of phases) {
    if (course.steps < end && signal?.aborted !== true) due = await trainSteps(run, epoch, end, weights);
  }
  return due;
}

/** Steps of an epoch up to `end`, or those before the signal; the course counts them as their losses land. */
async function trainSteps(
  run: SteppedRun,
  epoch: number,
  end: number,
  weights: Pick<TrainingSettings, "lambdaPseudo" | "lambdaConsistency">,
): Promise<boolean> {
  const { steps: recorded, settings, images, sampler, budget } = run;
  const { course, listener, signal, checkpoints, isDue } = run;
  let due = false;
  const strong = takesStrongView({ ...settings, ...weights });
  const recordedStep = await recorded.of(strong);
  const first = (epoch - 1) * budget.stepsPerEpoch + 1;
  const begun = course.steps;
  const { readings } = recordedStep;
  let landed = first + begun;
  // Losses of several steps come back together: one step's at first, then those of a quarter of a second. At most two
  // such groups are under way, so that a signal is heard and a person sees the losses soon, however slow a step is.
  let together = 1;
  let waiting = 0;
  let since = { step: landed, time: performance.now() };
  const land = async (most: number): Promise<void> => {
    while (readings.pending > 0 && readings.batches > most) {
      const groups = readings.batches;
      const told = finite(await readings.next(), `epoch ${epoch}, step ${landed}`);
      // Without a strong view, its place is taken by the weak one, and there is nothing to be consistent with.
      const losses = strong ? told : { ...told, consistency: 0 };
      course.steps++;
      course.sums = added(course.sums, losses);
      listener.step?.({ epoch, step: landed, losses });
      landed++;
      if (readings.batches === groups) continue;
      const now = performance.now();
      const each = (now - since.time) / (landed - since.step);
      together = Math.min(16, Math.max(1, Math.floor(millisecondsBetweenReadings / each)));
      since = { step: landed, time: now };
    }
  };
  const taken = images.steps(sampler.steps(first - 1 + begun, end - begun));
  try {
    for (let i = begun; i < end && signal?.aborted !== true; i++) {
      const { value } = await taken.next();
      if (value === undefined) throw new Error("the sampler has no images for a step");
      recordedStep.run({ images: value, step: first + i, ...weights });
      if (++waiting >= together) {
        readings.ask();
        waiting = 0;
      }
      await land(1);
      due = isDue(first + i);
      // After the last step of an epoch there is more to do before.
      if (due && i + 1 < stepsOf(budget, epoch)) {
        readings.ask();
        waiting = 0;
        await land(0);
        await saveCheckpoint(run, checkpoints);
      }
    }
    readings.ask();
    await land(0);
    return due;
  } finally {
    // After an error or a listener that threw, what is under way comes to its end first.
    await taken.return(undefined);
    while (readings.pending > 0) await readings.next().catch(() => undefined);
  }
}

/** @throws NonFiniteError */
function finite(values: ArrayLike<number>, where: string): Losses {
  const [total = NaN, bce = NaN, pseudo = NaN, consistency = NaN] = Array.from(values);
  const losses: Losses = { total, bce, pseudo, consistency };
  for (const [name, value] of Object.entries(losses)) {
    if (!Number.isFinite(value)) {
      throw new NonFiniteError(
        `${where}: the ${name} loss is ${value}; lower the learning rate or check the data`,
      );
    }
  }
  return losses;
}
