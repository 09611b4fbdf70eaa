// Schedules that change the learning rate at the ends of epochs, from what it is then.

import {
  aNumber,
  expectOptions,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { given } from "../functions/run.ts";
import { expectTarget, type Schedule, type Scheduled, type ScheduleState } from "./schedule.ts";

/** Leaves the learning rate alone. */
export class ConstantRate implements Schedule {
  readonly state: ScheduleState = {};

  beforeStep(): void {
    return;
  }

  afterEpoch(): void {
    return;
  }
}

interface StepOptions {
  readonly every: number;
  readonly factor?: number;
}

const stepOptions: OptionChecks<StepOptions> = { every: required(wholeFrom(1)), factor: aNumber };

/** Lowers the learning rate every so many epochs (as torch's StepLR). */
export class StepLR implements Schedule {
  readonly #target: Scheduled;
  readonly #every: number;
  readonly #factor: number;
  #epochs = 0;

  /** @param options a whole number of epochs, and what the rate is multiplied with then; default .5 */
  constructor(target: Scheduled, options: StepOptions) {
    expectTarget("StepLR", target);
    expectOptions("StepLR", options, stepOptions);
    const { every, factor = 0.5 } = options;
    this.#target = target;
    this.#every = every;
    this.#factor = factor;
  }

  get state(): ScheduleState {
    return { epochs: this.#epochs };
  }

  set state({ epochs }: ScheduleState) {
    this.#epochs = epochs;
  }

  beforeStep(): void {
    return;
  }

  afterEpoch(): void {
    if (++this.#epochs % this.#every === 0) this.#target.learningRate *= this.#factor;
  }
}

export interface PlateauOptions {
  /** What the rate is multiplied with; default .5. */
  readonly factor?: number;
  /** Epochs without improvement that are tolerated; default 5. */
  readonly patience?: number;
  /** Relative improvement that counts; default 1e-4. */
  readonly threshold?: number;
  /** Whether the metric should fall or rise; default "min". */
  readonly mode?: "min" | "max";
  /** The rate never falls below it; default 0. */
  readonly minimum?: number;
  /** A change of the rate that is not larger than this is not made (torch's eps); default 1e-8. */
  readonly epsilon?: number;
}

const plateauOptions: OptionChecks<PlateauOptions> = {
  factor: aNumber,
  patience: wholeFrom(0),
  threshold: aNumber,
  mode: oneOf(["min", "max"]),
  minimum: aNumber,
  epsilon: aNumber,
};

/** Lowers the learning rate when a metric stops improving (as torch's ReduceLROnPlateau). */
export class ReduceLROnPlateau implements Schedule {
  readonly #target: Scheduled;
  readonly #options: Required<PlateauOptions>;
  #best: number | undefined;
  #badEpochs = 0;

  constructor(target: Scheduled, options: PlateauOptions = {}) {
    expectTarget("ReduceLROnPlateau", target);
    expectOptions("ReduceLROnPlateau", options, plateauOptions);
    this.#target = target;
    const defaults = {
      factor: 0.5,
      patience: 5,
      threshold: 1e-4,
      mode: "min",
      minimum: 0,
      epsilon: 1e-8,
    } as const;
    this.#options = { ...defaults, ...given(options) };
  }

  get state(): ScheduleState {
    return { badEpochs: this.#badEpochs, ...(this.#best === undefined ? {} : { best: this.#best }) };
  }

  set state({ badEpochs, best }: ScheduleState) {
    this.#badEpochs = badEpochs;
    this.#best = best;
  }

  beforeStep(): void {
    return;
  }

  /** Reports the metric of an epoch; a metric that is not a number counts as no improvement. */
  afterEpoch(metric: number): void {
    if (this.#improves(metric)) {
      this.#best = metric;
      this.#badEpochs = 0;
      return;
    }
    this.#badEpochs++;
    if (this.#badEpochs <= this.#options.patience) return;
    this.#badEpochs = 0;
    const { factor, minimum, epsilon } = this.#options;
    const rate = this.#target.learningRate;
    const lowered = Math.max(rate * factor, minimum);
    if (rate - lowered > epsilon) this.#target.learningRate = lowered;
  }

  #improves(metric: number): boolean {
    if (Number.isNaN(metric)) return false;
    if (this.#best === undefined) return true;
    const margin = this.#options.threshold * Math.abs(this.#best);
    return this.#options.mode === "min" ? metric < this.#best - margin : metric > this.#best + margin;
  }
}
