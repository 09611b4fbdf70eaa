// A few lengths to which texts are filled up, so that a recorded step has one shape for each and little of it is filling.

/** The most lengths: each is a program of its own, with its pipelines and its memory. */
const mostBuckets = 4;
/** Lengths are multiples of it. */
const step = 8;

export interface LengthBucket {
  /** T, to which its texts are filled up. */
  readonly length: number;
  /** Which texts, in the order they came. */
  readonly texts: Uint32Array<ArrayBuffer>;
}

/**
 * Sorts texts into at most four lengths, such that the fewest tokens are filled up.
 *
 * @param lengths tokens of each text
 * @param most the longest length there is; longer texts are cut to it
 * @param least texts of a bucket at least, as long as there are so many
 * @returns shortest first, none empty
 */
export function lengthBuckets(lengths: ArrayLike<number>, most: number, least = 1): LengthBucket[] {
  const rounded = Uint32Array.from(lengths, (length) =>
    Math.min(most, step * Math.max(1, Math.ceil(length / step))),
  );
  const counts = new Map<number, number>();
  for (const length of rounded) counts.set(length, (counts.get(length) ?? 0) + 1);
  const kinds = [...counts].sort(([a], [b]) => a - b);
  const chosen = cheapest(kinds, least);
  const bucketOf = new Map(kinds.map(([length]) => [length, chosen.findIndex((end) => end >= length)]));
  const members: number[][] = chosen.map(() => []);
  rounded.forEach((length, text) => {
    members[bucketOf.get(length) ?? 0].push(text);
  });
  return chosen.map((length, i) => ({ length, texts: Uint32Array.from(members[i]) }));
}

interface Plan {
  readonly cost: number;
  readonly ends: readonly number[];
}

/** The lengths, by dynamic programming over where a bucket ends. */
function cheapest(kinds: readonly (readonly [length: number, count: number])[], least: number): number[] {
  const before = [0];
  for (const [, count] of kinds) before.push(before[before.length - 1] + count);
  const all = before[kinds.length];
  if (all === 0) return [];
  /** plans[i]: the best for the first i lengths, of the number of buckets that is under way. */
  let plans: (Plan | undefined)[] = kinds.map(() => undefined);
  plans.unshift({ cost: 0, ends: [] });
  let best: Plan | undefined;
  for (let buckets = 1; buckets <= Math.min(mostBuckets, kinds.length); buckets++) {
    plans = [undefined, ...kinds.map(([length], end) => bestEnd(plans, end + 1, length))];
    const whole = plans[kinds.length];
    if (whole !== undefined && (best === undefined || whole.cost < best.cost)) best = whole;
  }
  // Fewer texts than a bucket needs: all in one.
  return [...(best?.ends ?? [kinds[kinds.length - 1][0]])];

  function bestEnd(earlier: readonly (Plan | undefined)[], end: number, length: number): Plan | undefined {
    let found: Plan | undefined;
    for (let start = 0; start < end; start++) {
      const plan = earlier[start];
      const members = before[end] - before[start];
      if (plan === undefined || members < least) continue;
      const cost = plan.cost + members * length;
      if (found === undefined || cost < found.cost) found = { cost, ends: [...plan.ends, length] };
    }
    return found;
  }
}
