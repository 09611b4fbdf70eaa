// Latent semantic analysis: vectors of texts from the words of a corpus itself, with nothing trained. On small corpora of its own
// kind it is hard to beat.
import {
  expectArgument,
  expectOptions,
  madeWith,
  strings,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { euclideanLength } from "../search/vectors.ts";
import { aWordIndex, stemCounts, type WordIndex } from "../lexical/word-index.ts";
import type { Encoder } from "../texts/text.ts";
import type { SparseMatrix } from "./sparse-matrix.ts";
import { truncatedSvd } from "./truncated-svd.ts";

/** What is fitted: the directions, and the words that have a say in them. */
export interface LsaModel {
  readonly width: number;
  /** [V] stems. */
  readonly words: readonly string[];
  /** [V] their inverse document frequencies. */
  readonly weights: Float32Array;
  /** [V, width] */
  readonly directions: Float32Array;
}

export interface LsaOptions {
  /** Numbers in a vector, at most; fewer where the corpus has fewer directions. Default 200, or a fifth of the texts if that is less. */
  readonly width?: number;
  readonly seed?: number;
  /** Words that stand in fewer texts than this have no say. Default 2. */
  readonly leastTexts?: number;
  /** Directions are fitted to at most so many texts, evenly spread over the corpus; all are encoded by them. Default 50,000. */
  readonly mostTexts?: number;
}

export const lsaOptions: OptionChecks<LsaOptions> = {
  width: wholeFrom(1),
  seed: wholeFrom(0),
  leastTexts: wholeFrom(1),
  mostTexts: wholeFrom(1),
};

/** Of a word that stands `count` times in a text: a second time says less than the first. */
const dampened = (count: number): number => 1 + Math.log(count);

/**
 * Fits LSA (Deerwester et al., "Indexing by latent semantic analysis", 1990): the right singular vectors of the matrix of texts and
 * words, with (1 + ln f) ln((n + 1) / m) for a word that stands f times in the text and in m of n texts, and rows of length 1.
 *
 * @param index of words, as `indexTexts` gives it in `words`
 * @returns undefined where no word stands in as many texts as it must
 */
export function fitLsa(index: WordIndex, options: LsaOptions = {}): LsaModel | undefined {
  expectArgument("fitLsa", "the index", index, aWordIndex);
  expectOptions("fitLsa", options, lsaOptions);
  const { width, seed = 0, leastTexts = 2, mostTexts = 50_000 } = options;
  const { starts, documents, counts, lengths } = index;
  const texts = lengths.length;
  const within = (place: number): number => starts[place + 1] - starts[place];
  const chosen = index.words
    .map((_, place) => place)
    .filter((place) => within(place) >= Math.min(leastTexts, texts));
  if (chosen.length === 0) return undefined;
  const weights = Float32Array.from(chosen, (place) => Math.log((texts + 1) / within(place)));
  // By rows of texts, out of the lists of words: every `stride`th text.
  const stride = Math.ceil(texts / mostTexts);
  const rows = Math.ceil(texts / stride);
  const rowStarts = new Uint32Array(rows + 1);
  const each = (use: (row: number, word: number, at: number) => void): void => {
    for (const [word, place] of chosen.entries()) {
      for (let at = starts[place]; at < starts[place + 1]; at++) {
        if (documents[at] % stride === 0) use(documents[at] / stride, word, at);
      }
    }
  };
  each((row) => rowStarts[row + 1]++);
  for (let i = 0; i < rows; i++) rowStarts[i + 1] += rowStarts[i];
  const next = rowStarts.slice();
  const indices = new Uint32Array(rowStarts[rows]);
  const values = new Float64Array(rowStarts[rows]);
  each((row, word, at) => {
    const to = next[row]++;
    indices[to] = word;
    values[to] = dampened(counts[at]) * weights[word];
  });
  const matrix: SparseMatrix = { rows, columns: chosen.length, starts: rowStarts, indices, values };
  normaliseRows(matrix);
  const { values: singular, vectors } = truncatedSvd(
    matrix,
    width ?? Math.min(200, Math.ceil(texts / 5)),
    seed,
  );
  if (singular.length === 0) return undefined;
  return {
    width: singular.length,
    words: chosen.map((place) => index.words[place]),
    weights,
    directions: Float32Array.from(vectors),
  };
}

function normaliseRows({ rows, starts, values }: SparseMatrix): void {
  for (let i = 0; i < rows; i++) {
    const row = values.subarray(starts[i], starts[i + 1]);
    const length = euclideanLength(row);
    if (length > 0) for (let j = 0; j < row.length; j++) row[j] /= length;
  }
}

/** Encodes texts by the directions of LSA, into vectors of length 1; zeros where no word of a text is known. */
export function lsaEncoder(model: LsaModel): Encoder {
  expectArgument(
    "lsaEncoder",
    "the model",
    model,
    madeWith("a model, as fitLsa gives it", ["width", "words", "weights", "directions"]),
  );
  const { width, words, weights, directions } = model;
  const places = new Map(words.map((word, place) => [word, place]));
  return {
    width,
    encode: (texts) => {
      expectArgument("encode", "the texts", texts, strings);
      const vectors = new Float32Array(texts.length * width);
      const sums = new Float64Array(width);
      for (const [i, text] of texts.entries()) {
        sums.fill(0);
        for (const [stem, count] of stemCounts(text)) {
          const place = places.get(stem);
          if (place === undefined) continue;
          const weight = dampened(count) * weights[place];
          for (let j = 0, at = place * width; j < width; j++, at++) sums[j] += weight * directions[at];
        }
        const length = euclideanLength(sums);
        if (length > 0) for (let j = 0; j < width; j++) vectors[i * width + j] = sums[j] / length;
      }
      return Promise.resolve(vectors);
    },
  };
}
