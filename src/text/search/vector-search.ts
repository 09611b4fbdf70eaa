// Vectors of texts on a device, and the texts nearest to many queries at once: those that the host finds, in its order.

import "../../errors/disposal.ts";
import { largestBinding } from "../../device/traits.ts";
import {
  expectArgument,
  expectOptions,
  listOf,
  strings,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { topRows } from "../../functions/indices.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { bestTexts, type RankedTexts } from "./fusion.ts";
import { expectIndex, hitsOf, isAskedFor, type Hit, type TextIndex } from "./text-index.ts";
import { euclideanLength, innerProduct, innerProducts, isNowhere, type Vectors } from "./vectors.ts";

export interface VectorSearchOptions {
  /** How many texts to find for each query, at most 128. Default 10. */
  readonly top?: number | undefined;
  /** For each query, ids of texts that are left out of its ranking. Default: none. */
  readonly without?: readonly (readonly string[])[] | undefined;
}

const searchOptions: OptionChecks<VectorSearchOptions> = {
  top: wholeFrom(1),
  without: listOf("lists of ids", strings),
};

/** The most texts that are found for a query: as many as `topRows` keeps. */
export const mostNearest = 128;

/** Texts beyond those asked for that the device looks for: sums in float32 may put neighbours in another order. */
const spare = 8;

/** Queries of a launch. */
const atOnce = 512;

/** Rows that are one tensor. */
interface Part {
  readonly rows: Tensor;
  /** [n] the text of each. */
  readonly places: Uint32Array;
}

/** What a device found in one part, for some queries. */
interface Found {
  /** [Q, k] */
  readonly values: Float32Array;
  /** [Q, k] rows. */
  readonly rows: Uint32Array;
  readonly k: number;
  readonly part: Part;
}

/**
 * The vectors of an index, held on a device, for many queries at a time.
 *
 *     using search = new VectorSearch(engine, index);
 *     const [first] = await search.search(await encoder.encode(["wing in a slipstream"]), { top: 5 });
 *
 * Exact: the device looks for a few more texts than are asked for, the host computes their inner products in float64, and where those
 * that the device left out could still be among the best, for its rounding, the host looks at all. No score but those of
 * the best is stored.
 */
export class VectorSearch implements Disposable {
  readonly #engine: Engine;
  readonly #index: TextIndex;
  readonly #vectors: Vectors;
  readonly #parts: readonly Part[];
  /** Numbers of a row on the device: a multiple of four, as the kernels take them. */
  readonly #width: number;
  /** The length of the longest vector. */
  readonly #longest: number;
  #decidedByHost = 0;

  /** @throws UsageError for an index without vectors; OutOfMemoryError when the device has no room for them */
  constructor(engine: Engine, index: TextIndex) {
    expectEngine("VectorSearch", engine);
    expectIndex("VectorSearch", index);
    if (index.vectors === undefined)
      throw new UsageError("VectorSearch: the index has words alone; index with an encoder");
    this.#engine = engine;
    this.#index = index;
    this.#vectors = index.vectors;
    const { width } = index.vectors;
    this.#width = 4 * Math.ceil(width / 4);
    let longest = 0;
    const places: number[] = [];
    for (let place = 0; place < index.ids.length; place++) {
      const vector = vectorAt(index.vectors, place);
      // Rows of zeros are never found.
      if (isNowhere(vector)) continue;
      places.push(place);
      longest = Math.max(longest, euclideanLength(vector));
    }
    this.#longest = longest;
    const most = Math.floor(largestBinding(engine.traits) / (4 * this.#width));
    const parts: Part[] = [];
    try {
      for (let at = 0; at < places.length; at += most)
        parts.push(this.#upload(Uint32Array.from(places.slice(at, at + most))));
    } catch (error) {
      for (const { rows } of parts) rows.dispose();
      throw error;
    }
    this.#parts = parts;
  }

  /** How many queries so far the host had to decide, by looking at all texts: among float32's roundings the device could not. */
  get decidedByHost(): number {
    return this.#decidedByHost;
  }

  /**
   * The texts nearest to each of some queries.
   *
   * @param queries f32 [Q, width], as the index's encoder makes them
   * @returns for each query what `searchTexts` finds with the mode `dense`, of the same scores to the bit
   * @throws UsageError for vectors of another width, or more than 128 texts for a query
   */
  async search(queries: Float32Array, options: VectorSearchOptions = {}): Promise<Hit[][]> {
    const what = "VectorSearch.search";
    expectArgument(what, "the queries", queries, {
      words: "a Float32Array",
      fits: (value) => value instanceof Float32Array,
    });
    expectOptions(what, options, searchOptions);
    const { top = 10, without = [] } = options;
    if (top > mostNearest) {
      throw new UsageError(
        `${what}: finds at most ${mostNearest} texts for a query, got top ${top}; searchTexts finds more`,
      );
    }
    const { width } = this.#vectors;
    const count = queries.length / width;
    if (!Number.isInteger(count)) {
      throw new UsageError(
        `${what}: ${queries.length} numbers are no vectors of ${width}, as those of the index are`,
      );
    }
    if (options.without !== undefined && without.length !== count) {
      throw new UsageError(
        `${what}: without has ${without.length} lists for ${count} queries; give one for each`,
      );
    }
    const hits: Hit[][] = [];
    for (let at = 0; at < count; at += atOnce) {
      const some = queries.subarray(at * width, Math.min(at + atOnce, count) * width);
      hits.push(...(await this.#nearest(some, top, without.slice(at, at + atOnce))));
    }
    return hits;
  }

  async #nearest(
    queries: Float32Array,
    top: number,
    without: readonly (readonly string[])[],
  ): Promise<Hit[][]> {
    const { width } = this.#vectors;
    const count = queries.length / width;
    const most = top + Math.max(0, ...without.map(({ length }) => length)) + spare;
    // All parts are launched before the first is waited for.
    const found = await Promise.all(this.#parts.map((part) => this.#launched(part, queries, count, most)));
    return Array.from({ length: count }, (_, q) => {
      const query = queries.subarray(q * width, (q + 1) * width);
      return hitsOf(this.#index, "dense", this.#decided(found, q, query, top, without[q] ?? []));
    });
  }

  async #launched(part: Part, queries: Float32Array, count: number, most: number): Promise<Found> {
    const k = Math.min(most, mostNearest, part.places.length);
    const { values, indices } = this.#engine.scope(() => {
      const padded = this.#padded(queries, count, (q) => q);
      return topRows(this.#engine.tensor(padded, [count, this.#width]), part.rows, k);
    });
    try {
      const [products, rows] = await Promise.all([values.read(), indices.read()]);
      return { values: products as Float32Array, rows: rows as Uint32Array, k, part };
    } finally {
      values.dispose();
      indices.dispose();
    }
  }

  /** The best of what was found for a query, or of all texts where that does not hold them for certain. */
  #decided(
    found: readonly Found[],
    q: number,
    query: Float32Array,
    top: number,
    without: readonly string[],
  ): RankedTexts {
    if (isNowhere(query)) return { places: new Uint32Array(0), scores: new Float64Array(0) };
    const isAsked = isAskedFor(this.#index, without);
    const places: number[] = [];
    // No text that was left out has a larger inner product.
    let limit = -Infinity;
    for (const { values, rows, k, part } of found) {
      for (let i = q * k; i < (q + 1) * k; i++) places.push(part.places[rows[i]]);
      if (k < part.places.length) limit = Math.max(limit, values[(q + 1) * k - 1] + this.#rounding(query));
    }
    // Of equal scores that with the lower number comes first.
    places.sort((a, b) => a - b);
    const scores = Float64Array.from(places, (place) => innerProduct(this.#vectors, place, query));
    const isNumber = query.every(Number.isFinite);
    const best = bestTexts(scores, top, (i) => !Number.isNaN(scores[i]) && isAsked(places[i]));
    const isCertain =
      isNumber && (limit === -Infinity || (best.places.length === top && best.scores[top - 1] > limit));
    if (isCertain) return { places: best.places.map((i) => places[i]), scores: best.scores };
    this.#decidedByHost++;
    const all = innerProducts(this.#vectors, query);
    return bestTexts(all, top, (place) => !Number.isNaN(all[place]) && isAsked(place));
  }

  /**
   * How far an inner product in float32 may be from the true one (Higham, "Accuracy and stability of numerical algorithms", 2002, section
   * 3.1), subnormal products that a device takes for 0 included.
   */
  #rounding(query: Float32Array): number {
    const steps = this.#width + 2;
    const unit = 2 ** -24;
    return ((steps * unit) / (1 - steps * unit)) * euclideanLength(query) * this.#longest + steps * 2 ** -125;
  }

  #upload(places: Uint32Array): Part {
    const data = this.#padded(this.#vectors.values, places.length, (row) => places[row]);
    return { rows: this.#engine.tensor(data, [places.length, this.#width]), places };
  }

  /** Rows of `width` numbers, filled up with zeros. */
  #padded(values: Float32Array, count: number, placeOf: (row: number) => number): Float32Array {
    const { width } = this.#vectors;
    const padded = new Float32Array(count * this.#width);
    for (let row = 0; row < count; row++)
      padded.set(vectorAt({ width, values }, placeOf(row)), row * this.#width);
    return padded;
  }

  dispose(): void {
    for (const { rows } of this.#parts) rows.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

const vectorAt = ({ width, values }: Vectors, place: number): Float32Array =>
  values.subarray(place * width, (place + 1) * width);
