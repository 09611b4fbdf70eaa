// What a list of times says: the middle one, and how far they spread.

export interface Spread {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  /** Number of times behind the others. */
  readonly samples: number;
}

/** The mean of the two middle values where there is no middle one. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("no values have no median");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The lower and the upper quartile, between values where they lie between them (Hyndman and Fan's type 7). */
export function quartiles(values: readonly number[]): [number, number] {
  if (values.length === 0) throw new RangeError("no values have no quartiles");
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return [at(0.25), at(0.75)];
}

/** @param times in milliseconds */
export function spreadOf(times: readonly number[]): Spread {
  return {
    medianMs: median(times),
    minMs: Math.min(...times),
    maxMs: Math.max(...times),
    samples: times.length,
  };
}
