// Schedules that set the learning rate before each step, from the number of the step alone: a run that goes on from a
// checkpoint has the same rates.

import {
  aFunction,
  aNumber,
  described,
  expectArgument,
  expectOptions,
  required,
  wholeFrom,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { expectTarget, type Schedule, type Scheduled, type ScheduleState } from "./schedule.ts";

/** Sets the rate before each step as a function of the rate there was when it began. */
abstract class RateByStep implements Schedule {
  readonly #target: Scheduled;
  #base: number;

  constructor(name: string, target: Scheduled) {
    expectTarget(name, target);
    this.#target = target;
    this.#base = target.learningRate;
  }

  /** @param base the rate there was @param step from 1 @param steps of the run */
  protected abstract rateAt(base: number, step: number, steps: number): number;

  get state(): ScheduleState {
    return { base: this.#base };
  }

  set state({ base }: ScheduleState) {
    this.#base = base;
  }

  beforeStep(step: number, steps: number): void {
    this.#target.learningRate = this.rateAt(this.#base, step, steps);
  }

  afterEpoch(): void {
    return;
  }
}

/**
 * Half a wave of the cosine, from the rate there was to `minimum` (Loshchilov and Hutter 2017; as torch's CosineAnnealingLR
 * called once a step). Step s of S has
 *
 *     minimum + (base - minimum) (1 + cos(pi (s - 1) / S)) / 2
 */
export class CosineRate extends RateByStep {
  readonly #minimum: number;

  /** @throws UsageError when the target's rate is below the minimum already */
  constructor(target: Scheduled, options: { readonly minimum?: number } = {}) {
    super("cosine", target);
    expectOptions<{ readonly minimum?: number }>("cosine", options, { minimum: aNumber });
    const { minimum = 0 } = options;
    if (target.learningRate < minimum) {
      throw new UsageError(
        `cosine: the minimum ${minimum} is above the learning rate ${target.learningRate} that it begins with`,
      );
    }
    this.#minimum = minimum;
  }

  protected rateAt(base: number, step: number, steps: number): number {
    const wave = (1 + Math.cos((Math.PI * (step - 1)) / steps)) / 2;
    return this.#minimum + (base - this.#minimum) * wave;
  }
}

/**
 * From the rate there was to `final`, by the same factor at each step (as torch's ExponentialLR called once a step). Step s of S has
 *
 *     base (final / base)^((s - 1) / (S - 1))
 *
 * A final rate above the first one makes the learning-rate range test of Smith (2017).
 */
export class GeometricRate extends RateByStep {
  readonly #final: number;

  /** @throws UsageError for a final rate that is not above 0 */
  constructor(target: Scheduled, options: { readonly final: number }) {
    super("geometric", target);
    expectOptions<{ readonly final: number }>("geometric", options, { final: required(aNumber) });
    const { final } = options;
    if (!(final > 0)) throw new UsageError(`geometric: final must be a number above 0, got ${final}`);
    this.#final = final;
  }

  protected rateAt(base: number, step: number, steps: number): number {
    return base * (this.#final / base) ** (steps > 1 ? (step - 1) / (steps - 1) : 0);
  }
}

/**
 * Raises the learning rate from step to step in equal parts, before another schedule: step s of `steps` has s / steps of the
 * other one's rate. That one counts its steps from the end of the warm-up, and its epochs from the beginning.
 */
export class WarmUp implements Schedule {
  readonly #target: Scheduled;
  readonly #steps: number;
  /** Stands for the target: the rate that the other schedule moves. */
  readonly #full: Scheduled;
  readonly #after: Schedule;

  /** @param after makes the schedule that follows, of the target it is handed */
  constructor(target: Scheduled, steps: number, after: (target: Scheduled) => Schedule) {
    expectTarget("WarmUp", target);
    expectArgument("WarmUp", "the steps", steps, wholeFrom(1));
    expectArgument("WarmUp", "what follows", after, aFunction);
    this.#target = target;
    this.#steps = steps;
    this.#full = { learningRate: target.learningRate };
    this.#after = after(this.#full);
    if (typeof (this.#after as Partial<Schedule> | undefined)?.beforeStep !== "function") {
      throw new UsageError(`WarmUp: what follows must give a schedule, got ${described(this.#after)}`);
    }
  }

  get state(): ScheduleState {
    return { ...this.#after.state, fullRate: this.#full.learningRate };
  }

  set state({ fullRate, ...after }: ScheduleState) {
    this.#full.learningRate = fullRate;
    this.#after.state = after;
  }

  beforeStep(step: number, steps: number): void {
    const warm = this.#steps;
    if (step > warm) this.#after.beforeStep(step - warm, steps - warm);
    this.#target.learningRate = this.#full.learningRate * Math.min(1, step / warm);
  }

  afterEpoch(metric: number): void {
    this.#after.afterEpoch(metric);
  }
}
