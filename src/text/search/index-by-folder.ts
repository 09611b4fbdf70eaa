// An index whose vectors an encoder in a folder makes, and the same encoder for its queries.
import "../../errors/disposal.ts";
import { resolve } from "node:path";
import {
  aFunction,
  aRecord,
  aString,
  expectArgument,
  expectOptions,
  oneOf,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import type { Engine } from "../../runtime/engine.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import { encodeTokens } from "../encoder/encode-tokens.ts";
import { fromFolder } from "../encoder/encoder-folder.ts";
import { tokenLists, tokensWithin } from "../encoder/token-lists.ts";
import { lsaEncoder } from "../lsa/lsa.ts";
import type { Encoder, Text } from "../texts/text.ts";
import { encoderDigest } from "./encoder-digest.ts";
import { standardise, standardisations, standardisedBy, type Standardisation } from "./standardisation.ts";
import type { IndexedTexts, IndexEncoder } from "./stored-index.ts";
import { encodeTexts, indexTexts } from "./text-index.ts";

export interface FolderIndexOptions {
  /** What is done to the numbers of vectors before they are compared. Default "none". */
  readonly standardise?: Standardisation | undefined;
  /** Told how many of the texts are encoded. */
  readonly progress?: ((done: number) => void) | undefined;
}

const folderIndexOptions: OptionChecks<FolderIndexOptions> = {
  standardise: oneOf(standardisations),
  progress: aFunction,
};

export interface FolderIndex extends IndexedTexts {
  /** Texts that are longer than the encoder reads, whose ends it has not seen. */
  readonly cut: number;
}

/**
 * Indexes texts by their words, and by vectors of an encoder in a folder, as `fromFolder` opens it.
 *
 * @param texts with an id each that no other has
 * @throws what `fromFolder` throws; DataError for a vector that is not finite, naming the text
 */
export async function indexByFolder(
  engine: Engine,
  folder: string,
  texts: readonly Text[],
  options: FolderIndexOptions = {},
): Promise<FolderIndex> {
  expectEngine("indexByFolder", engine);
  expectArgument("indexByFolder", "the folder", folder, aString);
  expectOptions("indexByFolder", options, folderIndexOptions);
  const words = await indexTexts(texts);
  using opened = await fromFolder(engine, folder);
  const digest = await encoderDigest(folder);
  const { mostTokens, tokeniser, width } = opened;
  let cut = 0;
  const encoder: Encoder = {
    width,
    encode: (some, named) => {
      const lists = some.map((text) => {
        const { tokens, isCut } = tokensWithin(tokeniser, text, mostTokens);
        if (isCut) cut++;
        return tokens;
      });
      return encodeTokens(opened.module, tokenLists(lists), named);
    },
  };
  const vectors = await encodeTexts(texts, encoder, options.progress);
  const standardised = standardisedBy(options.standardise ?? "none", vectors.values, width);
  standardise(vectors.values, width, standardised);
  const made: IndexEncoder = { kind: "folder", folder: resolve(folder), digest, standardised };
  return { index: { ...words, vectors }, encoder: made, cut };
}

/** What made an index in a folder. */
type OfFolder = Extract<IndexEncoder, { readonly kind: "folder" }>;

/** @throws DataError when the folder has another encoder than an index was made with, or none */
export async function expectSameEncoder({ digest }: OfFolder, folder: string): Promise<void> {
  const advice = "name the folder of the one that the index was made with (--model), or index again";
  const found = await encoderDigest(folder).catch((error: unknown) => {
    throw error instanceof DataError ? error.advising(advice) : error;
  });
  if (found !== digest) throw new DataError(folder, `holds another encoder; ${advice}`);
}

/** Opens the encoder in a folder for queries, whatever the folder has. */
export async function openedForQueries(
  engine: Engine,
  { standardised }: OfFolder,
  folder: string,
): Promise<Encoder & Disposable> {
  const opened = await fromFolder(engine, folder);
  const { width } = opened;
  return {
    width,
    encode: async (queries) => {
      const vectors = await opened.encode(queries, { normalise: false });
      standardise(vectors, width, standardised);
      return vectors;
    },
    [Symbol.dispose]: () => {
      opened.dispose();
    },
  };
}

export interface QueryEncoderOptions {
  /** The folder of the encoder, where it is not the one that the index names. */
  readonly folder?: string | undefined;
}

const queryEncoderOptions: OptionChecks<QueryEncoderOptions> = { folder: aString };

/**
 * Opens what made the vectors of an index, to encode queries for `searchTexts`.
 *
 *     using encoder = await queryEncoder(engine, open);
 *     const hits = searchTexts(open.index, query, await encoder.encode([query]));
 *
 * @throws UsageError for an index of words alone; DataError when the folder has another encoder than that of the index; what
 *   `fromFolder` throws
 */
export async function queryEncoder(
  engine: Engine,
  index: Pick<IndexedTexts, "encoder">,
  options: QueryEncoderOptions = {},
): Promise<Encoder & Disposable> {
  expectEngine("queryEncoder", engine);
  expectArgument("queryEncoder", "the index", index, aRecord);
  expectOptions("queryEncoder", options, queryEncoderOptions);
  const { encoder } = index;
  if (encoder === undefined)
    throw new UsageError("queryEncoder: the index has words alone, for which queries need no vectors");
  if (encoder.kind === "lsa") return { ...lsaEncoder(encoder.model), [Symbol.dispose]: () => undefined };
  const folder = options.folder ?? encoder.folder;
  await expectSameEncoder(encoder, folder);
  return openedForQueries(engine, encoder, folder);
}
