// The steps of an epoch, as fast as the device takes them, with their losses as they come back.

import { described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { NonFiniteError } from "../errors/training-errors.ts";
import { stepsOf } from "./budget.ts";
import { saveCheckpoint, type Checkpoints, type Resumable, type RunState } from "./checkpoint.ts";
import { added, lossesOf, type Losses } from "./loss-terms.ts";
import type { RecordedSteps } from "./recorded-steps.ts";
import type { Task } from "./task.ts";
import type { TrainedParts } from "./trained-parts.ts";
import type { TrainingListener } from "./training-reports.ts";

/** A run as its steps see it. */
export interface SteppedRun<Inputs> extends Resumable, RunState {
  readonly task: Task<Inputs>;
  readonly steps: RecordedSteps<Inputs>;
  readonly parts: Pick<TrainedParts, "phaseAt">;
  readonly listener: Pick<TrainingListener, "step">;
  readonly signal: AbortSignal | undefined;
  readonly checkpoints: Checkpoints | undefined;
  /** Asked after each step, counted from 1. */
  readonly isDue: (step: number) => boolean;
  /** A step in whose place `look` is called; the run ends there. */
  readonly looked?: {
    readonly step: number;
    look(variant: string, phase: number, inputs: Inputs): Promise<never>;
  };
}

/** A person watches the losses; the device would rather not be asked too often. */
const millisecondsBetweenReadings = 250;

/** The rest of an epoch's steps, or those before the signal; whether a checkpoint is due after the last. */
export async function trainOneEpoch<Inputs>(run: SteppedRun<Inputs>, epoch: number): Promise<boolean> {
  const { task, budget, course, signal } = run;
  const before = (epoch - 1) * budget.stepsPerEpoch;
  const steps = stepsOf(budget, epoch);
  const variantOf = (step: number): string => task.variantAt(before + step);
  let due = false;
  // The variant may change within an epoch.
  while (course.steps < steps && signal?.aborted !== true) {
    const variant = variantOf(course.steps + 1);
    if (typeof variant !== "string") {
      throw new UsageError(`task: variantAt must give a name, got ${described(variant)}`);
    }
    let end = course.steps + 1;
    while (end < steps && variantOf(end + 1) === variant) end++;
    due = await trainSteps(run, epoch, end, variant);
  }
  return due;
}

/** Steps of an epoch up to `end`, all of one variant, or those before the signal; the course counts them as their losses land. */
async function trainSteps<Inputs>(
  run: SteppedRun<Inputs>,
  epoch: number,
  end: number,
  variant: string,
): Promise<boolean> {
  const { steps: recorded, task, budget } = run;
  const { course, schedule, listener, signal, checkpoints, isDue, looked } = run;
  let due = false;
  const recordedStep = await recorded.of(variant, run.parts.phaseAt(epoch));
  const silentTerms = task.silentTerms?.(variant) ?? [];
  const unknown = silentTerms.find((term) => !task.terms.includes(term));
  if (unknown !== undefined) {
    throw new UsageError(
      `task: silentTerms names "${unknown}", which is none of its terms (${task.terms.join(", ")})`,
    );
  }
  const silent = Object.fromEntries(silentTerms.map((term) => [term, 0]));
  const first = (epoch - 1) * budget.stepsPerEpoch + 1;
  const begun = course.steps;
  const { readings } = recordedStep;
  let landed = first + begun;
  // Losses of several steps come back together: one step's at first, then those of a quarter of a second. At most two
  // such groups are under way, so that a signal is heard and a person sees the losses soon, however slow a step is.
  let groupSize = 1;
  let unread = 0;
  let since = { step: landed, time: performance.now() };
  const receiveLosses = async (most: number): Promise<void> => {
    while (readings.pending > 0 && readings.batches > most) {
      const groups = readings.batches;
      const read = lossesOf(task.terms, await readings.next());
      checkFinite(read, epoch, landed);
      const losses = { ...read, ...silent };
      course.steps++;
      course.sums = added(course.sums, losses);
      listener.step?.({ epoch, step: landed, losses });
      landed++;
      if (readings.batches === groups) continue;
      const now = performance.now();
      const each = (now - since.time) / (landed - since.step);
      groupSize = Math.min(16, Math.max(1, Math.floor(millisecondsBetweenReadings / each)));
      since = { step: landed, time: now };
    }
  };
  const taken = task.inputs(first + begun, end - begun);
  if (typeof (taken as Partial<typeof taken> | undefined)?.next !== "function") {
    throw new UsageError(`task: inputs must be an async generator (async *inputs), got ${described(taken)}`);
  }
  try {
    for (let i = begun; i < end && signal?.aborted !== true; i++) {
      const next = await taken.next();
      if (next.done === true) {
        throw new UsageError(
          `task: inputs(${first + begun}, ${end - begun}) ended before step ${first + i}; it gives the inputs of each step`,
        );
      }
      if (looked?.step === first + i) {
        readings.ask();
        await receiveLosses(0);
        schedule.beforeStep(first + i, budget.steps);
        return await looked.look(variant, run.parts.phaseAt(epoch), next.value);
      }
      if (course.skipped.includes(first + i)) {
        // Its place in the epoch stays its own.
        readings.ask();
        await receiveLosses(0);
        course.steps++;
        landed++;
        unread = 0;
        continue;
      }
      schedule.beforeStep(first + i, budget.steps);
      recordedStep.run(next.value);
      if (++unread >= groupSize) {
        readings.ask();
        unread = 0;
      }
      await receiveLosses(1);
      due = isDue(first + i);
      // After an epoch's last step the trainer validates first, then saves.
      if (due && i + 1 < stepsOf(budget, epoch)) {
        readings.ask();
        unread = 0;
        await receiveLosses(0);
        await saveCheckpoint(run, checkpoints);
      }
    }
    readings.ask();
    await receiveLosses(0);
    return due;
  } finally {
    // After an error or a listener that threw, what is under way comes to its end first.
    await (taken as Partial<typeof taken>).return?.(undefined);
    while (readings.pending > 0) await readings.next().catch(() => undefined);
  }
}

/** @throws NonFiniteError */
function checkFinite(losses: Losses, epoch: number, step: number): void {
  for (const [name, value] of Object.entries(losses)) {
    if (Number.isFinite(value)) continue;
    throw new NonFiniteError(
      `epoch ${epoch}, step ${step}: the ${name} loss is ${value}; lower the learning rate or check the data`,
      { step },
    );
  }
}
