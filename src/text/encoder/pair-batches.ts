// Which pairs each step of a training sees: batches of similar length, in an order that follows from seed and step alone.

import { permutation } from "../../data/assembly/order.ts";
import { randomStream } from "../../data/random-stream.ts";
import { lengthBuckets } from "./length-buckets.ts";
import { lengthOf, type TokenLists } from "./token-lists.ts";

/** Queries and the documents that answer them: pair i is query i and document i. */
export interface TokenPairs {
  readonly queries: TokenLists;
  readonly documents: TokenLists;
}

/** Pairs that are filled up to the same lengths. */
export interface PairBucket {
  /** Of the recorded step: "8 x 64", the lengths of queries and documents. */
  readonly name: string;
  readonly queries: number;
  readonly documents: number;
  /** Numbers of the pairs. */
  readonly pairs: Uint32Array<ArrayBuffer>;
}

/**
 * Steps of the same lengths in a row, at most. Another length is another recorded program, whose memory is set up anew, so they
 * come in stretches; and no stretch should be so long that the network forgets the other lengths.
 */
const stretch = 16;

/**
 * Buckets by the lengths of the documents, each of two batches at least: what is left over behind whole batches is little then.
 * @param pairs the numbers of those to train on
 */
export function pairBuckets(
  { queries, documents }: TokenPairs,
  pairs: Uint32Array,
  batch: number,
  mostTokens: number,
): PairBucket[] {
  const lengths = Uint32Array.from(pairs, (pair) => lengthOf(documents, pair));
  return lengthBuckets(lengths, mostTokens, 2 * batch).map(({ length, texts }) => {
    const members = Uint32Array.from(texts, (text) => pairs[text]);
    const longest = Uint32Array.from(members, (pair) => lengthOf(queries, pair));
    const ofQueries = lengthBuckets([longest.reduce((most, each) => Math.max(most, each), 1)], mostTokens);
    const width = ofQueries[0].length;
    return { name: `${width} x ${length}`, queries: width, documents: length, pairs: members };
  });
}

export interface PlannedBatch {
  readonly bucket: PairBucket;
  /** Numbers of the pairs, [batch]. */
  readonly pairs: Uint32Array;
}

/** The batches of a training, by step. */
export class PairBatches {
  readonly stepsPerEpoch: number;
  readonly #buckets: readonly PairBucket[];
  readonly #batch: number;
  readonly #seed: number;
  #planned: { readonly epoch: number; readonly batches: readonly PlannedBatch[] } | undefined;

  constructor(buckets: readonly PairBucket[], batch: number, seed: number) {
    this.#buckets = buckets;
    this.#batch = batch;
    this.#seed = seed;
    this.stepsPerEpoch = buckets.reduce((sum, { pairs }) => sum + Math.floor(pairs.length / batch), 0);
  }

  /** @param step from 1; what is left of a bucket behind its last whole batch is not seen in that epoch */
  at(step: number): PlannedBatch {
    const epoch = Math.floor((step - 1) / this.stepsPerEpoch);
    if (this.#planned?.epoch !== epoch) this.#planned = { epoch, batches: this.#epoch(epoch) };
    return this.#planned.batches[(step - 1) % this.stepsPerEpoch];
  }

  #epoch(epoch: number): PlannedBatch[] {
    const random = randomStream(this.#seed, "text pairs", epoch);
    const stretches: PlannedBatch[][] = [];
    for (const bucket of this.#buckets) {
      const order = permutation(bucket.pairs.length, random).map((i) => bucket.pairs[i]);
      for (let first = 0; first + this.#batch <= order.length; first += this.#batch) {
        const planned = { bucket, pairs: order.subarray(first, first + this.#batch) };
        const last = stretches.at(-1);
        if (last !== undefined && last[0].bucket === bucket && last.length < stretch) last.push(planned);
        else stretches.push([planned]);
      }
    }
    return [...permutation(stretches.length, random)].flatMap((i) => stretches[i]);
  }
}
