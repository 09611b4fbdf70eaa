// Training an encoder of texts on pairs, as a task of the training loop: queries learn to find their own documents.

import { sha256 } from "#sha256";
import {
  aFunction,
  aNumberAbove,
  expectArgument,
  expectOptions,
  listOf,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { permutation } from "../../data/assembly/order.ts";
import { randomStream } from "../../data/random-stream.ts";
import { concat, reshape } from "../../functions/movement.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { JudgedPart, Judgement, JudgeOptions, Task } from "../../training/task.ts";
import { contrastiveLoss } from "./contrastive-loss.ts";
import { encodeTokens } from "./encode-tokens.ts";
import { judgePairs, unitVectors } from "./neighbours.ts";
import { pairBuckets, PairBatches, type PlannedBatch, type TokenPairs } from "./pair-batches.ts";
import { expectEncoder, type TokenEncoder } from "./token-encoder.ts";
import {
  aTokeniser,
  firstAlike,
  lengthOf,
  paddedTexts,
  tokenLists,
  tokensWithin,
  type Tokeniser,
} from "./token-lists.ts";

/** A query, and a document that answers it. */
export interface TextPair {
  readonly query: string;
  readonly document: string;
}

export interface EncoderTaskOptions<Encoder extends TokenEncoder = TokenEncoder> {
  /** Pairs of a step: each query is held against as many documents. Default 64. */
  readonly batch?: number;
  /** Of the order of the pairs, and of which are held out. Default 0. */
  readonly seed?: number;
  /** tau of `contrastiveLoss`. Default .05. */
  readonly temperature?: number;
  /** The most tokens of a query; longer ones are cut. Default 32. */
  readonly queryTokens?: number;
  /** The most tokens of a document; longer ones are cut. Default 128. */
  readonly documentTokens?: number;
  /** Pairs that are not trained on, for validation. Default one in twenty, 500 at most, and none of fewer than 40. */
  readonly heldOut?: number;
  /** Makes another encoder as the given one began, where the loop keeps a moving average of weights. Default: there is none. */
  readonly twin?: () => Encoder;
}

const textPairs = listOf("pairs { query, document } of strings", {
  words: "a pair",
  fits: (value) => {
    const { query, document } = (value ?? {}) as Partial<TextPair>;
    return typeof query === "string" && typeof document === "string";
  },
});

const taskOptions: OptionChecks<EncoderTaskOptions> = {
  batch: wholeFrom(2),
  seed: wholeFrom(0),
  temperature: aNumberAbove(0),
  queryTokens: wholeFrom(1),
  documentTokens: wholeFrom(1),
  heldOut: wholeFrom(0),
  twin: aFunction,
};

/** What a query found, nearest first; of long texts the beginning. */
export interface FoundTexts {
  readonly query: string;
  readonly documents: readonly string[];
  /** Which of these is its own document, from 0; null where none is. */
  readonly own: number | null;
}

export interface EncoderReport {
  /** The mean of 1 / rank of the own document of queries that were held out, among the documents held out. */
  readonly mrr: number;
  /** The share of them that find their own document first. */
  readonly first: number;
  /** The nearest documents of a few queries. */
  readonly nearest: readonly FoundTexts[];
}

/** What changes from step to step. */
export interface EncoderInputs {
  readonly queries: ReturnType<typeof paddedTexts>;
  readonly documents: ReturnType<typeof paddedTexts>;
  /** [B * B], as `contrastiveLoss` takes them. */
  readonly others: Float32Array<ArrayBuffer>;
}

export interface EncoderTask<Encoder extends TokenEncoder = TokenEncoder> extends Task<
  EncoderInputs,
  Judgement<EncoderReport>,
  Encoder
> {
  /** Pairs that are trained on, held out, and left out since one of their texts has no token. */
  readonly counts: { readonly trained: number; readonly heldOut: number; readonly empty: number };
  /** Texts, of queries and documents together, that are longer than a text may be, and are cut. */
  readonly cut: number;
  /** Pairs of a step. */
  readonly batch: number;
  /** The most tokens of a text, of queries and documents: what the encoder is trained to read. */
  readonly longest: number;
}

/** In the order of `terms`. */
const terms = ["total", "queries", "documents", "misses"] as const;
const [shownQueries, shownDocuments] = [3, 3];

/**
 * The task of training an encoder on pairs, for `train` and `trainTask`. A step's batch follows from its number alone. Beside
 * the total, `queries` and `documents` are the losses of the two directions, and `misses` the share of queries in the batch that
 * have another document at least as near as their own: 1 minus the accuracy in the batch.
 *
 * A pair of which a text has no token is left out. Pairs whose queries, or whose documents, have the same tokens are no wrong
 * answers to each other.
 *
 * @param encoder is trained; its owner disposes it
 * @throws UsageError when there are fewer pairs to train on than a batch has, or the tokeniser knows more tokens than the encoder
 */
export function encoderTask<Encoder extends TokenEncoder>(
  encoder: Encoder,
  tokeniser: Tokeniser,
  pairs: readonly TextPair[],
  options: EncoderTaskOptions<Encoder> = {},
): EncoderTask<Encoder> {
  expectVocabulary("encoderTask", encoder, tokeniser);
  expectArgument("encoderTask", "the pairs", pairs, textPairs);
  expectOptions("encoderTask", options, taskOptions);
  const { batch = 64, seed = 0, temperature = 0.05, twin } = options;
  const { queryTokens = 32, documentTokens = 128 } = options;
  const tokens = { queries: shorter(queryTokens, encoder), documents: shorter(documentTokens, encoder) };
  let cut = 0;
  const tokensOf = (text: string, most: number): ArrayLike<number> => {
    const { tokens, isCut } = tokensWithin(tokeniser, text, most);
    if (isCut) cut++;
    return tokens;
  };
  const lists: TokenPairs = {
    queries: tokenLists(pairs.map(({ query }) => tokensOf(query, tokens.queries))),
    documents: tokenLists(pairs.map(({ document }) => tokensOf(document, tokens.documents))),
  };
  const whole = [...pairs.keys()].filter(
    (pair) => lengthOf(lists.queries, pair) > 0 && lengthOf(lists.documents, pair) > 0,
  );
  const { heldOut: asked = whole.length < 40 ? 0 : Math.min(500, Math.floor(whole.length / 20)) } = options;
  const order = permutation(whole.length, randomStream(seed, "pairs held out")).map((i) => whole[i]);
  const [heldOut, trained] = [order.slice(0, asked), order.slice(asked).sort()];
  if (trained.length < batch) {
    throw new UsageError(
      `encoderTask: a batch of ${batch} needs as many pairs to train on, and there ${trained.length === 1 ? "is" : "are"} ` +
        `${counted(trained.length, "pair")}; take a smaller batch, or more texts`,
    );
  }
  const buckets = pairBuckets(lists, trained, batch, Math.max(tokens.queries, tokens.documents));
  const batches = new PairBatches(buckets, batch, seed);
  const alike = { queries: firstAlike(lists.queries), documents: firstAlike(lists.documents) };
  const isRight = (a: number, b: number): boolean =>
    alike.queries[a] === alike.queries[b] || alike.documents[a] === alike.documents[b];
  const { engine } = encoder;
  const parts: readonly JudgedPart[] = heldOut.length < 2 ? [] : ["validation"];
  return {
    module: encoder,
    twin: () => {
      if (twin === undefined) {
        throw new UsageError("encoderTask: a moving average of weights needs the option twin");
      }
      return twin();
    },
    terms,
    stepsPerEpoch: batches.stepsPerEpoch,
    variantAt: (step) => batches.at(step).bucket.name,
    variants: buckets.map(({ name }) => name),
    losses(variant, inputs) {
      const bucket = buckets.find(({ name }) => name === variant);
      if (bucket === undefined) throw new Error(`no pairs have the lengths ${variant}`);
      const encode = (part: "queries" | "documents"): Tensor => {
        const shape = [batch, bucket[part]];
        const numbers = engine.feed(() => inputs()[part].tokens, shape, "u32");
        const mask = engine.feed(() => inputs()[part].mask, shape);
        return encoder.forward(numbers, "training", { mask });
      };
      const found = contrastiveLoss(encode("queries"), encode("documents"), {
        temperature,
        others: engine.feed(() => inputs().others, [batch, batch]),
      });
      return {
        total: found.total,
        losses: concat(
          terms.map((term) => reshape(found[term], [1])),
          0,
        ),
      };
    },
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is that of data which is read from a disk
    async *inputs(first, count) {
      for (let step = first; step < first + count; step++) {
        yield inputsOf(lists, batches.at(step), encoder.padding, isRight);
      }
    },
    rowNames: (step) => Array.from(batches.at(step).pairs, (pair) => `pair ${pair}`),
    parts,
    judge: async (module, _, judging) => {
      const report = await judged(module, pairs, lists, heldOut, isRight, judging);
      return { score: report.mrr, report };
    },
    settings: { ...encoder.configuration, batch, temperature, tokens, heldOut: asked, textSeed: seed },
    data: digestOf(lists),
    counts: { trained: trained.length, heldOut: heldOut.length, empty: pairs.length - whole.length },
    ...{ cut, batch, longest: Math.max(tokens.queries, tokens.documents) },
  };
}

const shorter = (most: number, { mostTokens }: TokenEncoder): number => Math.min(most, mostTokens);

/** @throws UsageError when a tokeniser has tokens for which an encoder has no row */
export function expectVocabulary(what: string, encoder: TokenEncoder, tokeniser: Tokeniser): void {
  expectEncoder(what, encoder);
  expectArgument(what, "the tokeniser", tokeniser, aTokeniser);
  if (tokeniser.vocabulary <= encoder.vocabulary) return;
  throw new UsageError(
    `${what}: the tokeniser has ${tokeniser.vocabulary} tokens, and the encoder rows for ${encoder.vocabulary}; ` +
      "take the tokeniser that the encoder was made with",
  );
}

function inputsOf(
  lists: TokenPairs,
  { bucket, pairs }: PlannedBatch,
  padding: number,
  isRight: (a: number, b: number) => boolean,
): EncoderInputs {
  const others = new Float32Array(pairs.length ** 2);
  pairs.forEach((query, row) => {
    pairs.forEach((document, column) => {
      if (row !== column && isRight(query, document)) others[row * pairs.length + column] = 1;
    });
  });
  return {
    queries: paddedTexts(lists.queries, pairs, bucket.queries, padding),
    documents: paddedTexts(lists.documents, pairs, bucket.documents, padding),
    others,
  };
}

async function judged(
  encoder: TokenEncoder,
  pairs: readonly TextPair[],
  lists: TokenPairs,
  heldOut: Uint32Array,
  isRight: (a: number, b: number) => boolean,
  { signal, progress }: JudgeOptions,
): Promise<EncoderReport> {
  const { width } = encoder;
  const total = 2 * heldOut.length;
  const encode = async (part: keyof TokenPairs, before: number): Promise<Float32Array> => {
    const { tokens, starts } = lists[part];
    const own = tokenLists(Array.from(heldOut, (pair) => tokens.subarray(starts[pair], starts[pair + 1])));
    const told = (done: number): void => progress?.(before + done, total);
    const nameOf = (text: number): string => `the ${part} of pair ${heldOut[text]}`;
    return unitVectors(await encodeTokens(encoder, own, { signal, progress: told, nameOf }), width);
  };
  const queries = await encode("queries", 0);
  const documents = await encode("documents", heldOut.length);
  const found = judgePairs(queries, documents, width, (a, b) => isRight(heldOut[a], heldOut[b]), {
    shownQueries,
    shown: shownDocuments,
  });
  const nearest = found.nearest.map((numbers, query) => ({
    query: beginningOf(pairs[heldOut[query]].query),
    documents: numbers.map((each) => beginningOf(pairs[heldOut[each]].document)),
    own: numbers.includes(query) ? numbers.indexOf(query) : null,
  }));
  return { mrr: found.meanReciprocalRank, first: found.first, nearest };
}

/** A text in a line, of a length that a report can show. */
const beginningOf = (text: string): string => text.slice(0, 400).replace(/\s+/gu, " ").trim().slice(0, 200);

function digestOf({ queries, documents }: TokenPairs): string {
  const hash = sha256();
  for (const { tokens, starts } of [queries, documents]) hash.update(starts).update(tokens);
  return hash.hex();
}
