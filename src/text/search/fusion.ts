// Ranks from scores, and one ranking of several.

/** Texts with a score, the best first. */
export interface RankedTexts {
  /** Numbers of texts. */
  readonly places: Uint32Array;
  readonly scores: Float64Array;
}

/**
 * The best of all texts; of equal ones that with the lower number.
 *
 * @param scores [n]
 * @param most how many of them
 * @param isFound which may be among them, default: all
 */
export function bestTexts(
  scores: ArrayLike<number>,
  most: number,
  isFound: (place: number) => boolean = () => true,
): RankedTexts {
  // A heap of the best so far, with the worst of them on top.
  const heap: number[] = [];
  const isWorse = (a: number, b: number): boolean =>
    scores[a] < scores[b] || (scores[a] === scores[b] && a > b);
  const sink = (): void => {
    for (let at = 0; ;) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isWorse(heap[child], heap[worst])) worst = child;
      }
      if (worst === at) return;
      [heap[at], heap[worst]] = [heap[worst], heap[at]];
      at = worst;
    }
  };
  for (let place = 0; place < scores.length; place++) {
    if (!isFound(place)) continue;
    if (heap.length < most) {
      heap.push(place);
      for (let at = heap.length - 1; at > 0;) {
        const above = (at - 1) >> 1;
        if (!isWorse(heap[at], heap[above])) break;
        [heap[at], heap[above]] = [heap[above], heap[at]];
        at = above;
      }
    } else if (most > 0 && isWorse(heap[0], place)) {
      heap[0] = place;
      sink();
    }
  }
  const places = Uint32Array.from(heap.sort((a, b) => (isWorse(b, a) ? -1 : 1)));
  return { places, scores: Float64Array.from(places, (place) => scores[place]) };
}

/** The constant of reciprocal rank fusion: the first few ranks weigh about the same. */
export const fusionConstant = 60;

/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): a text scores the sum over rankings of 1 / (60 + rank), ranks counted
 * from 1 and nothing for one that does not have it. Scores of different kinds need no common scale.
 *
 * @param texts n
 * @returns [n] scores; 0 for a text that no ranking has
 */
export function fusedScores(rankings: readonly RankedTexts[], texts: number): Float64Array {
  const scores = new Float64Array(texts);
  for (const { places } of rankings)
    for (const [i, place] of places.entries()) scores[place] += 1 / (fusionConstant + i + 1);
  return scores;
}
