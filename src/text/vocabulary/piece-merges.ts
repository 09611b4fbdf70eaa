// Byte pair encoding, the learning half: which neighbouring pieces of words to join, the most frequent pair first (Sennrich, Haddow
// and Birch, "Neural machine translation of rare words with subword units", 2016).

export interface Pieces {
  /** [V] pieces, single letters first. */
  readonly pieces: readonly string[];
  /** Pairs that become one piece, in the order in which they are joined. */
  readonly merges: readonly (readonly [string, string])[];
}

export interface MergeOptions {
  /** V, at most. */
  readonly size: number;
  /** Pairs that occur more rarely than this stay apart. */
  readonly leastCount: number;
  /** The most letters that are pieces by themselves: the most frequent; other letters are unknown. */
  readonly mostLetters: number;
}

/** Pairs as one number: pieces are numbered below this. */
const most = 2 ** 24;

/** A word as the numbers of its pieces, and how often it stands in the texts. */
interface SplitWord {
  pieces: number[];
  readonly count: number;
}

/**
 * Learns pieces from words. Of equally frequent pairs the one of lower numbers is joined first, so that the order of the words does
 * not matter, nor the machine.
 *
 * @param words how often each stands in the texts
 */
export function learnMerges(
  words: ReadonlyMap<string, number>,
  { size, leastCount, mostLetters }: MergeOptions,
): Pieces {
  const { letters, split } = splitWords(words, Math.min(mostLetters, size));
  const pieces = [...letters];
  const numbers = new Map(pieces.map((piece, i) => [piece, i]));
  const merges: [string, string][] = [];
  const pairs = new Map<number, { count: number; readonly words: Set<number> }>();
  const heap = new PairHeap();
  const add = (pair: number, count: number, word: number): void => {
    const known = pairs.get(pair);
    if (known === undefined) {
      pairs.set(pair, { count, words: new Set([word]) });
      return;
    }
    known.count += count;
    known.words.add(word);
  };
  for (const [w, { pieces: parts, count }] of split.entries()) {
    for (let i = 1; i < parts.length; i++) add(parts[i - 1] * most + parts[i], count, w);
  }
  for (const [pair, { count }] of pairs) heap.push(pair, count);
  while (pieces.length < size) {
    const top = heap.pop();
    if (top === undefined || top.count < leastCount) break;
    const known = pairs.get(top.pair);
    if (known === undefined || known.count <= 0) continue;
    if (known.count !== top.count) {
      heap.push(top.pair, known.count); // joined with others since it was pushed
      continue;
    }
    const [left, right] = [Math.floor(top.pair / most), top.pair % most];
    // "ab" and "c" make the same piece as "a" and "bc".
    const text = pieces[left] + pieces[right];
    const joined = numbers.get(text) ?? pieces.push(text) - 1;
    numbers.set(text, joined);
    merges.push([pieces[left], pieces[right]]);
    pairs.delete(top.pair);
    const changed = new Set<number>();
    for (const w of known.words) {
      const { pieces: parts, count } = split[w];
      const after: number[] = [];
      for (let i = 0; i < parts.length; i++) {
        const isPair = parts[i] === left && parts[i + 1] === right;
        after.push(isPair ? joined : parts[i]);
        if (isPair) i++;
      }
      if (after.length === parts.length) continue; // another merge has taken the pair apart
      for (let i = 1; i < parts.length; i++) {
        const pair = parts[i - 1] * most + parts[i];
        const other = pairs.get(pair);
        if (other !== undefined) other.count -= count;
      }
      for (let i = 1; i < after.length; i++) {
        const pair = after[i - 1] * most + after[i];
        add(pair, count, w);
        changed.add(pair);
      }
      split[w].pieces = after;
    }
    for (const pair of changed) heap.push(pair, pairs.get(pair)?.count ?? 0);
  }
  return { pieces, merges };
}

/** Letters that become pieces, in the order of their code points, and the words made of them: an unknown letter parts a word. */
function splitWords(
  words: ReadonlyMap<string, number>,
  mostLetters: number,
): { readonly letters: readonly string[]; readonly split: SplitWord[] } {
  const counts = new Map<string, number>();
  for (const [word, count] of words)
    for (const letter of word) counts.set(letter, (counts.get(letter) ?? 0) + count);
  const order = (a: string, b: string): number => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0);
  const frequent = [...counts].sort(([a, m], [b, n]) => n - m || order(a, b)).slice(0, mostLetters);
  const letters = frequent.map(([letter]) => letter).sort(order);
  const numbers = new Map(letters.map((letter, i) => [letter, i]));
  const split: SplitWord[] = [];
  for (const [word, count] of words) {
    let parts: number[] = [];
    for (const letter of word) {
      const number = numbers.get(letter);
      if (number !== undefined) parts.push(number);
      else {
        if (parts.length > 1) split.push({ pieces: parts, count });
        parts = [];
      }
    }
    if (parts.length > 1) split.push({ pieces: parts, count });
  }
  return { letters, split };
}

/** Pairs with their counts when they were pushed, the most frequent on top. */
class PairHeap {
  readonly #pairs: number[] = [];
  readonly #counts: number[] = [];

  #isBefore(a: number, b: number): boolean {
    const difference = this.#counts[a] - this.#counts[b];
    return difference > 0 || (difference === 0 && this.#pairs[a] < this.#pairs[b]);
  }

  #swap(a: number, b: number): void {
    [this.#pairs[a], this.#pairs[b]] = [this.#pairs[b], this.#pairs[a]];
    [this.#counts[a], this.#counts[b]] = [this.#counts[b], this.#counts[a]];
  }

  push(pair: number, count: number): void {
    let at = this.#pairs.push(pair) - 1;
    this.#counts.push(count);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(at, above)) return;
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): { readonly pair: number; readonly count: number } | undefined {
    const last = this.#pairs.length - 1;
    if (last < 0) return undefined;
    this.#swap(0, last);
    const [pair, count] = [this.#pairs.pop() ?? 0, this.#counts.pop() ?? 0];
    for (let at = 0; ;) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < last && this.#isBefore(child, first)) first = child;
      }
      if (first === at) return { pair, count };
      this.#swap(at, first);
      at = first;
    }
  }
}
