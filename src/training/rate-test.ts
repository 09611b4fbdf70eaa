// The learning-rate range test: losses of steps whose rate rises, and which rate they speak for. Smith 2017, Cyclical learning rates for
// training neural networks.

/** A step of the test. */
export interface RateStep {
  readonly rate: number;
  /** Of the step's batch. */
  readonly loss: number;
}

export interface RatePoint extends RateStep {
  readonly smoothed: number;
}

/** What the losses speak for. */
export interface RateFinding {
  readonly points: readonly RatePoint[];
  /**
   * The rate at which the smoothed loss falls fastest over the logarithm of the rate, before it is least; null where it falls by no more
   * than the noise of single steps.
   */
  readonly suggested: number | null;
  /** The rate at which the smoothed loss is least; a tenth of it is another common choice. */
  readonly least: number;
}

/** Of the exponential mean that watches for divergence. */
const decay = 0.9;
/** How many times its least value a loss has to reach to have diverged. */
const divergence = 4;

/** Watches a loss, step by step, for the point from which larger rates only make it worse. */
export class DivergenceWatch {
  #mean = 0;
  #steps = 0;
  #least = Infinity;

  /** Takes the loss of the next step in. @returns whether the running mean is over four times its least value, or no number */
  hasDiverged(loss: number): boolean {
    this.#steps++;
    this.#mean = decay * this.#mean + (1 - decay) * loss;
    const mean = this.#mean / (1 - decay ** this.#steps);
    this.#least = Math.min(this.#least, mean);
    return !(mean <= divergence * this.#least);
  }
}

/**
 * The finding of a test.
 * @param steps in their order, at least one; rates rise by the same factor
 */
export function rateFinding(steps: readonly RateStep[]): RateFinding {
  const smooth = smoothedLosses(steps.map(({ loss }) => loss));
  const points = steps.map((step, i) => ({ ...step, smoothed: smooth[i] }));
  const bottom = smooth.indexOf(Math.min(...smooth));
  // The logarithm of the rate rises evenly, so that a slope over steps is one over it.
  const slopes = smooth.map(
    (_, i) => smooth[Math.min(i + 1, smooth.length - 1)] - smooth[Math.max(i - 1, 0)],
  );
  const before = slopes.slice(0, bottom);
  const steepest = before.indexOf(Math.min(...before));
  const noise = Math.sqrt(
    mean(points.slice(0, bottom + 1).map(({ loss, smoothed }) => (loss - smoothed) ** 2)),
  );
  const fall = Math.max(...smooth.slice(0, bottom + 1)) - smooth[bottom];
  return {
    points,
    suggested: before.length > 0 && fall > noise ? points[steepest].rate : null,
    least: points[bottom].rate,
  };
}

/** Means with the weights of a normal distribution around each step, whose deviation is a thirtieth of the test. */
function smoothedLosses(losses: readonly number[]): number[] {
  const deviation = Math.max(1, losses.length / 30);
  const reach = Math.ceil(3 * deviation);
  return losses.map((_, i) => {
    let [sum, weights] = [0, 0];
    for (let j = Math.max(0, i - reach); j <= Math.min(losses.length - 1, i + reach); j++) {
      const weight = Math.exp(-(((j - i) / deviation) ** 2) / 2);
      sum += weight * losses[j];
      weights += weight;
    }
    return sum / weights;
  });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
