// Which words stand in which texts, and how often: what BM25 ranks by, and what LSA is fitted to.
import { madeWith, type Requirement } from "../../errors/arguments.ts";
import { stemsOf } from "../texts/words.ts";

/** Texts by their words. Word w stands in documents[starts[w]] .. documents[starts[w + 1] - 1], ascending. */
export interface WordIndex {
  /** [W] stems, in the order in which they first occur. */
  readonly words: readonly string[];
  /** [W + 1] */
  readonly starts: Uint32Array;
  /** Numbers of texts. */
  readonly documents: Uint32Array;
  /** How often the word stands in the text of the same place. */
  readonly counts: Uint32Array;
  /** [n] words of each text. */
  readonly lengths: Uint32Array;
  /** The number of each word. */
  readonly places: ReadonlyMap<string, number>;
}

/** What `indexWords` gives. */
export const aWordIndex: Requirement = madeWith("an index of words, the field words of an index of texts", [
  "starts",
  "documents",
  "counts",
  "lengths",
  "places",
]);

/** How often each stem stands in a text. */
export function stemCounts(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const stem of stemsOf(text)) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return counts;
}

/** @param texts [n] */
export function indexWords(texts: readonly string[]): WordIndex {
  const places = new Map<string, number>();
  const [of, documents, counts]: number[][] = [[], [], []];
  const lengths = new Uint32Array(texts.length);
  for (const [i, text] of texts.entries()) {
    for (const [stem, count] of stemCounts(text)) {
      const known = places.get(stem);
      const place = known ?? places.size;
      if (known === undefined) places.set(stem, place);
      of.push(place);
      documents.push(i);
      counts.push(count);
      lengths[i] += count;
    }
  }
  // A counting sort by word keeps the texts of each in order.
  const starts = new Uint32Array(places.size + 1);
  for (const place of of) starts[place + 1]++;
  for (let w = 0; w < places.size; w++) starts[w + 1] += starts[w];
  const next = starts.slice();
  const sorted = { documents: new Uint32Array(of.length), counts: new Uint32Array(of.length) };
  for (const [i, place] of of.entries()) {
    const at = next[place]++;
    sorted.documents[at] = documents[i];
    sorted.counts[at] = counts[i];
  }
  return { words: [...places.keys()], starts, ...sorted, lengths, places };
}
