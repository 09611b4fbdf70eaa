// The minimum of a smooth convex function by L-BFGS (Nocedal 1980; Liu and Nocedal 1989), in float64 on the host.

/** A function at a point. */
export interface FunctionAt {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface Minimum {
  readonly point: Float64Array;
  /** Whether no entry of the gradient is above the tolerance. */
  readonly isReached: boolean;
}

/** Steps that the curvature is estimated from. */
const memory = 10;
/** A line is left where the slope has fallen to this share. */
const leftSlope = 0.9;
/** Of a value in f32, so that noise ends no line. */
const valueNoise = 1e-6;
const mostOnLine = 20;

/**
 * From a starting point to where the gradient is small, or until so many evaluations.
 * @param evaluate may round as f32 does
 * @param tolerance of the largest entry of the gradient
 */
export async function convexMinimum(
  evaluate: (point: Float64Array) => Promise<FunctionAt>,
  start: Float64Array,
  { tolerance, evaluations }: { readonly tolerance: number; readonly evaluations: number },
): Promise<Minimum> {
  let [point, left] = [start, evaluations - 1];
  let at = await evaluate(point);
  const pairs: Pair[] = [];
  const isSmall = (): boolean => at.gradient.every((each) => Math.abs(each) <= tolerance);
  while (!isSmall() && left > 0) {
    const direction = downhill(at.gradient, pairs);
    const slope = dot(at.gradient, direction);
    let [low, high, length] = [0, Infinity, pairs.length === 0 ? 1 / Math.sqrt(-slope) : 1];
    let next: FunctionAt | undefined;
    for (let tried = 0; tried < mostOnLine && left > 0 && next === undefined; tried++, left--) {
      const found = await evaluate(along(point, direction, length));
      const there = dot(found.gradient, direction);
      const isHigher = found.value > at.value + valueNoise * Math.abs(at.value);
      if (!isHigher && Math.abs(there) <= leftSlope * Math.abs(slope)) next = found;
      else {
        if (isHigher || there > 0) high = length;
        else low = length;
        length = high === Infinity ? 4 * length : (low + high) / 2;
      }
    }
    if (next === undefined) break;
    const [step, change] = [scaled(direction, length), along(next.gradient, at.gradient, -1)];
    pairs.push({ step, change, product: dot(step, change) });
    if (pairs.length > memory) pairs.shift();
    [point, at] = [along(point, direction, length), next];
  }
  return { point, isReached: isSmall() };
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** Positive, as the slope has risen along the step. */
  readonly product: number;
}

/** The gradient's opposite, times the estimated inverse of the curvature: the two loops of Nocedal 1980. */
function downhill(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  let direction = scaled(gradient, -1);
  const shares: number[] = [];
  for (const { step, change, product } of pairs.toReversed()) {
    const share = dot(step, direction) / product;
    shares.push(share);
    direction = along(direction, change, -share);
  }
  const last = pairs.at(-1);
  if (last !== undefined) direction = scaled(direction, last.product / dot(last.change, last.change));
  for (const { step, change, product } of pairs) {
    const share = shares.pop() ?? 0;
    direction = along(direction, step, share - dot(change, direction) / product);
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

const scaled = (a: Float64Array, by: number): Float64Array => a.map((each) => by * each);
const along = (a: Float64Array, b: Float64Array, length: number): Float64Array =>
  a.map((each, i) => each + length * b[i]);
