// An index of texts as bytes, in the layout of safetensors: every number of it is a tensor, the rest is JSON in the metadata.
import { sha256 } from "#sha256";
import { z } from "zod";
import { aString, bytes as aByteArray, expectArgument } from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { plainSafetensors } from "../../interchange/tensor-file.ts";
import { parseSafetensors } from "../../interchange/safetensors-header.ts";
import type { HeldTensor } from "../../tensor/held.ts";
import type { HostArray } from "../../tensor/host.ts";
import type { WordIndex } from "../lexical/word-index.ts";
import type { LsaModel } from "../lsa/lsa.ts";
import { standardisations, type Standardised } from "./standardisation.ts";
import type { TextIndex } from "./text-index.ts";

const format = "tessera index 1";

/** What made the vectors of an index, and makes those of queries. */
export type IndexEncoder =
  | { readonly kind: "lsa"; readonly model: LsaModel }
  /** An encoder in a folder of its own; the digest is of its weights and its tokeniser. */
  | {
      readonly kind: "folder";
      readonly folder: string;
      readonly digest: string;
      readonly standardised: Standardised;
    };

/** Texts ready to be searched, and what makes the vectors of queries. */
export interface IndexedTexts {
  readonly index: TextIndex;
  /** None where the index has words alone. */
  readonly encoder?: IndexEncoder | undefined;
}

/** All that a search needs beside the texts themselves. */
export interface StoredIndex extends IndexedTexts {
  /** [n + 1] where the line of each text begins in the file of texts, in bytes, and where the last ends. */
  readonly offsets: Float64Array;
  /** Texts without a letter or digit. */
  readonly empty: number;
}

const recordSchema = z.strictObject({
  texts: z.int().min(1),
  empty: z.int().min(0),
  encoder: z.union([
    z.null(),
    z.strictObject({ kind: z.literal("lsa"), width: z.int().min(1) }),
    z.strictObject({
      kind: z.literal("folder"),
      folder: z.string(),
      digest: z.string(),
      standardise: z.enum(standardisations),
      width: z.int().min(1),
    }),
  ]),
});

const bytesOf = (texts: readonly string[]): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(texts));

/** The parts of a file, in order. */
export function indexBytes({ index, encoder, offsets, empty }: StoredIndex): Uint8Array[] {
  const { ids, words, vectors } = index;
  const tensors = new Map<string, HeldTensor>();
  const hold = (name: string, data: HostArray, shape: readonly number[] = [data.length]): void =>
    void tensors.set(name, { shape, data });
  hold("offsets", offsets);
  hold("ids", bytesOf(ids));
  hold("words", bytesOf(words.words));
  hold("words.starts", words.starts);
  hold("words.texts", words.documents);
  hold("words.counts", words.counts);
  hold("lengths", words.lengths);
  const width = vectors?.width ?? 0;
  if (vectors !== undefined) hold("vectors", vectors.values, [ids.length, width]);
  if (encoder?.kind === "lsa") {
    const { model } = encoder;
    hold(
      "lsa.words",
      Uint32Array.from(model.words, (word) => words.places.get(word) ?? 0),
    );
    hold("lsa.weights", model.weights);
    hold("lsa.directions", model.directions, [model.words.length, model.width]);
  }
  if (encoder?.kind === "folder" && encoder.standardised.how === "corpus") {
    hold("mean", encoder.standardised.mean);
    hold("deviation", encoder.standardised.deviation);
  }
  const made =
    encoder === undefined
      ? null
      : encoder.kind === "lsa"
        ? { kind: encoder.kind, width }
        : {
            ...{ kind: encoder.kind, folder: encoder.folder, digest: encoder.digest, width },
            standardise: encoder.standardised.how,
          };
  const record = JSON.stringify({ texts: ids.length, empty, encoder: made });
  const digest = digestOf(
    record,
    [...tensors].map(([name, { data }]) => [name, data]),
  );
  return plainSafetensors(tensors, { format, record, sha256: digest });
}

function digestOf(record: string, parts: readonly (readonly [string, ArrayBufferView])[]): string {
  const hash = sha256().update(record);
  for (const [name, bytes] of parts) hash.update(name).update(bytes);
  return hash.hex();
}

/**
 * The index that bytes hold, checked whole, its checksum too.
 *
 * @param file its name, for messages
 * @throws DataError when it is damaged, or no index
 */
export function parseIndex(file: string, bytes: Uint8Array): StoredIndex {
  expectArgument("parseIndex", "the file's name", file, aString);
  expectArgument("parseIndex", "the bytes", bytes, aByteArray);
  const damaged = (why: string, cause?: unknown): DataError =>
    new DataError(file, `is damaged: ${why}; make the index again`, { cause });
  const { metadata, entries } = parseSafetensors(bytes, damaged);
  if (metadata.format !== format) {
    const found = metadata.format === undefined ? "no index of texts" : `"${metadata.format}"`;
    throw new DataError(file, `is ${found}, and this needs "${format}"; make the index again`);
  }
  const checksum = digestOf(
    metadata.record ?? "",
    entries.map((entry) => [entry.name, entry.bytes]),
  );
  if (checksum !== metadata.sha256) throw damaged("its checksum is another");
  const tensors = new Map(entries.map((entry) => [entry.name, entry]));
  const held = (name: string): Uint8Array<ArrayBuffer> => {
    const found = tensors.get(name);
    if (found === undefined) throw damaged(`it has no ${name}`);
    return Uint8Array.from(found.bytes); // views need the alignment of a buffer of their own
  };
  const u32 = (name: string): Uint32Array<ArrayBuffer> => new Uint32Array(held(name).buffer);
  const f32 = (name: string): Float32Array<ArrayBuffer> => new Float32Array(held(name).buffer);
  const strings = (name: string): string[] =>
    z.array(z.string()).parse(JSON.parse(new TextDecoder().decode(held(name))));
  try {
    const record = recordSchema.parse(JSON.parse(metadata.record ?? ""));
    const names = strings("words");
    const words: WordIndex = {
      words: names,
      starts: u32("words.starts"),
      documents: u32("words.texts"),
      counts: u32("words.counts"),
      lengths: u32("lengths"),
      places: new Map(names.map((word, place) => [word, place])),
    };
    const { encoder } = record;
    const vectors = encoder === null ? undefined : { width: encoder.width, values: f32("vectors") };
    return {
      index: { ids: strings("ids"), words, vectors },
      offsets: new Float64Array(held("offsets").buffer),
      empty: record.empty,
      encoder:
        encoder === null
          ? undefined
          : encoder.kind === "folder"
            ? {
                ...{ kind: "folder", folder: encoder.folder, digest: encoder.digest },
                standardised:
                  encoder.standardise === "corpus"
                    ? { how: "corpus", mean: f32("mean"), deviation: f32("deviation") }
                    : { how: encoder.standardise },
              }
            : {
                kind: "lsa",
                model: lsaOf(
                  encoder.width,
                  Array.from(u32("lsa.words"), (place) => names[place]),
                ),
              },
    };
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw damaged("its record is not one that Tessera writes", cause);
  }

  function lsaOf(width: number, names: readonly string[]): LsaModel {
    return { width, words: names, weights: f32("lsa.weights"), directions: f32("lsa.directions") };
  }
}
