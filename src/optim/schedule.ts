// Learning-rate schedules: plain state, told a metric once per epoch.

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
}

/** What a schedule remembers between epochs. */
export type ScheduleState = Readonly<Record<string, number>>;

/** A rule for the learning rate of an optimiser. */
export interface Schedule {
  /** Set to what another schedule of the same settings had, it goes on as that one; the rate itself is the optimiser's. */
  state: ScheduleState;
  /** Reports the metric of an epoch, after its steps. */
  step(metric: number): void;
}

/** Which rule, by name. */
export type ScheduleSettings =
  /** Halved after more than `patience` epochs without improvement. */
  | { readonly by: "plateau"; readonly patience: number }
  /** Halved after `every` epochs, and again, whatever happens. */
  | { readonly by: "halving"; readonly every: number }
  | { readonly by: "constant" };

/** @param target whose learning rate follows the schedule, from what it is now */
export function scheduleOf(target: { learningRate: number }, settings: ScheduleSettings): Schedule {
  switch (settings.by) {
    case "plateau":
      return new ReduceLROnPlateau(target, { patience: settings.patience });
    case "halving":
      return new StepLR(target, { every: settings.every });
    case "constant":
      return { state: {}, step: () => undefined };
  }
}

/** Lowers the learning rate every so many epochs (as torch's StepLR). */
export class StepLR implements Schedule {
  readonly #target: { learningRate: number };
  readonly #every: number;
  readonly #factor: number;
  #epochs = 0;

  /** @param options a whole number of epochs, and what the rate is multiplied with then; default .5 */
  constructor(
    target: { learningRate: number },
    { every, factor = 0.5 }: { readonly every: number; readonly factor?: number },
  ) {
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

  step(): void {
    if (++this.#epochs % this.#every === 0) this.#target.learningRate *= this.#factor;
  }
}

/** Lowers the learning rate when a metric stops improving (as torch's ReduceLROnPlateau). */
export class ReduceLROnPlateau implements Schedule {
  readonly #target: { learningRate: number };
  readonly #options: Required<PlateauOptions>;
  #best: number | undefined;
  #badEpochs = 0;

  constructor(target: { learningRate: number }, options: PlateauOptions = {}) {
    this.#target = target;
    this.#options = { factor: 0.5, patience: 5, threshold: 1e-4, mode: "min", minimum: 0, ...options };
  }

  get state(): ScheduleState {
    return { badEpochs: this.#badEpochs, ...(this.#best === undefined ? {} : { best: this.#best }) };
  }

  set state({ badEpochs, best }: ScheduleState) {
    this.#badEpochs = badEpochs;
    this.#best = best;
  }

  /** Reports the metric of an epoch; a metric that is not a number counts as no improvement. */
  step(metric: number): void {
    if (this.#improves(metric)) {
      this.#best = metric;
      this.#badEpochs = 0;
      return;
    }
    this.#badEpochs++;
    if (this.#badEpochs <= this.#options.patience) return;
    this.#badEpochs = 0;
    const { factor, minimum } = this.#options;
    this.#target.learningRate = Math.max(this.#target.learningRate * factor, minimum);
  }

  #improves(metric: number): boolean {
    if (Number.isNaN(metric)) return false;
    if (this.#best === undefined) return true;
    const margin = this.#options.threshold * Math.abs(this.#best);
    return this.#options.mode === "min" ? metric < this.#best - margin : metric > this.#best + margin;
  }
}
