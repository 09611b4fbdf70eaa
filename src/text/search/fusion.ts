// Ranks from scores, and one score of two.

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

/**
 * How much words count beside meaning. BM25 alone loses to vectors on some corpora by little and wins on others by much, so that it
 * leads; docs/search.md has the figures of other weights.
 */
const [ofWords, ofMeaning] = [2 / 3, 1 / 3];

/**
 * One score of both: each is told in standard deviations from its mean over all texts (Montague and Aslam, "Relevance score
 * normalization for metasearch", 2001), and words count twice. A shift or another scale of either makes no difference, and a part says
 * the more, the fewer texts it lifts above the others: a word that stands in one text of thousands decides.
 *
 * @param lexical [n], 0 for texts without a word of the query
 * @param dense [n], NaN for texts that have nothing to compare; they count as the mean of the others
 * @param isFound of which texts there is a score at all; the others have no part in means and deviations
 * @returns [n]
 */
export function fusedScores(
  lexical: Float64Array,
  dense: Float64Array,
  isFound: (place: number) => boolean,
): Float64Array {
  const words = inDeviations(lexical, isFound);
  const meaning = inDeviations(dense, (place) => !Number.isNaN(dense[place]) && isFound(place));
  return words.map((value, place) => ofWords * value + ofMeaning * meaning[place]);
}

/** In standard deviations from the mean; 0 for what is left out, and where all are the same. */
function inDeviations(scores: Float64Array, isCounted: (place: number) => boolean): Float64Array {
  const found = new Float64Array(scores.length);
  let [count, sum, squares] = [0, 0, 0];
  for (let place = 0; place < scores.length; place++) {
    if (!isCounted(place)) continue;
    sum += scores[place];
    count++;
  }
  const mean = sum / count;
  for (let place = 0; place < scores.length; place++) {
    if (!isCounted(place)) continue;
    found[place] = scores[place] - mean;
    squares += found[place] ** 2;
  }
  const deviation = Math.sqrt(squares / count);
  // Of equal scores the mean is off by a rounding, and that is no deviation.
  const scale = deviation > 1e-9 * Math.abs(mean) ? 1 / deviation : 0;
  return found.map((difference) => difference * scale);
}

/**
 * The ranks of some texts among all, counted from 1; of equal scores the text with the lower number comes first.
 *
 * @param scores [n]
 * @param isFound which texts have a rank
 * @returns one for each place; undefined where the text is not found
 */
export function ranksOf(
  places: ArrayLike<number>,
  scores: Float64Array,
  isFound: (place: number) => boolean,
): (number | undefined)[] {
  const isBefore = (a: number, b: number): boolean =>
    scores[a] > scores[b] || (scores[a] === scores[b] && a < b);
  const sorted = Array.from(places)
    .filter(isFound)
    .sort((a, b) => (isBefore(a, b) ? -1 : 1));
  // Of every text, before how many of those it comes: it is behind the first `low` of them.
  const before = new Uint32Array(sorted.length + 1);
  for (let place = 0; place < scores.length; place++) {
    if (!isFound(place)) continue;
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(place, sorted[middle])) high = middle;
      else low = middle + 1;
    }
    before[low]++;
  }
  const ranks = new Map<number, number>();
  let rank = 1;
  for (const [i, place] of sorted.entries()) {
    rank += before[i];
    ranks.set(place, rank);
  }
  return Array.from(places, (place) => ranks.get(place));
}
