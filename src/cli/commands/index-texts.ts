// `tessera index`: makes the texts of a file ready to be searched.

import { resolve } from "node:path";
import { counted } from "../../errors/counted.ts";
import type { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { openFolder } from "../../text/encoder/encoder-folder.ts";
import { fitLsa, lsaEncoder } from "../../text/lsa/lsa.ts";
import { encoderDigest } from "../../text/search/encoder-digest.ts";
import { writeIndex } from "../../text/search/index-folder.ts";
import { standardise, standardisedBy, type Standardisation } from "../../text/search/standardisation.ts";
import type { IndexEncoder } from "../../text/search/stored-index.ts";
import { encodeTexts, indexTexts, type TextIndex } from "../../text/search/text-index.ts";
import { textKeys } from "../../text/texts/json-lines.ts";
import { readTexts } from "../../text/texts/read-texts.ts";
import type { Text } from "../../text/texts/text.ts";
import { onEngine } from "../on-engine.ts";
import { Counter } from "../terminal/counter.ts";
import { makeFolder } from "../terminal/output-files.ts";

export const indexEncoders = ["lsa", "none"] as const;

export interface IndexOptions extends DeviceOptions {
  readonly out: string;
  /** Folder of a trained encoder. */
  readonly model?: string;
  /** Without a model: what makes vectors. */
  readonly encoder?: (typeof indexEncoders)[number];
  readonly width?: number;
  readonly standardise?: Standardisation;
  readonly keys?: string;
  readonly skipBad: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/**
 * Prints what was indexed, or with --json one object:
 *
 *     texts, empty    number of texts, and of those without a letter or digit, which no search finds
 *     skipped         [sentence]: lines that were left out, with --skip-bad
 *     words           different stems
 *     encoder         "none", "lsa" or the folder of the model; width: numbers of a vector, 0 without
 *     cut             texts that are longer than the model reads, null without a model
 *     out, bytes      the folder, and the size of its files
 *     seconds
 */
export async function indexCommand(file: string, options: IndexOptions): Promise<void> {
  const { out, model, encoder, quiet } = options;
  const where = engineOptions(options);
  if (model !== undefined && encoder !== undefined) {
    throw new UsageError("--model makes the vectors, and so does --encoder; leave one of them out");
  }
  if (model === undefined && options.standardise !== undefined) {
    throw new UsageError(
      "--standardise is for the vectors of a model; give one with --model, or leave it out",
    );
  }
  if (options.width !== undefined && (model !== undefined || encoder === "none")) {
    throw new UsageError("--width is the number of directions of LSA; leave it out");
  }
  const keys = options.keys === undefined ? undefined : textKeys("--keys", options.keys);
  const started = performance.now();
  const faults: DataError[] = [];
  const bad = options.skipBad ? (fault: DataError): void => void faults.push(fault) : undefined;
  const { texts, empty } = await readTexts(file, { keys, bad });
  makeFolder("--out", out);
  const made =
    model === undefined
      ? await withoutModel(texts, encoder ?? "lsa", options.width, quiet)
      : await onEngine(where, (engine) =>
          withModel(engine, model, texts, options.standardise ?? "none", quiet),
        );
  const bytes = await writeIndex(out, texts, made.index, made.encoder, empty);
  const seconds = (performance.now() - started) / 1000;
  const words = made.index.words.words.length;
  const width = made.index.vectors?.width ?? 0;
  const name = model ?? made.encoder?.kind ?? "none";
  const { cut } = made;
  if (options.json) {
    const report = {
      texts: texts.length,
      empty,
      skipped: faults.map(({ message }) => message),
      words,
      encoder: name,
      width,
      cut,
      out,
      bytes,
      seconds,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const vectors = width === 0 ? "no vectors" : `vectors of ${width} numbers (${name})`;
  const lines = [
    `${counted(texts.length, "text")}, ${counted(words, "different word")}, ${vectors}: ${out}, ${(bytes / 2 ** 20).toFixed(1)} MiB, in ${seconds.toFixed(1)} s`,
    ...(faults.length === 0
      ? []
      : [`${counted(faults.length, "line")} left out; the first: ${faults[0].message}`]),
    ...(empty === 0 ? [] : [`${counted(empty, "text")} without a word: kept, but never found`]),
    ...(cut === null || cut === 0
      ? []
      : [
          `${counted(cut, "text")} (${((100 * cut) / texts.length).toFixed(0)} %) longer than the model reads: cut at the end`,
        ]),
    `Search it: tessera search ${out} "..."`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

interface Made {
  readonly index: TextIndex;
  readonly encoder: IndexEncoder | undefined;
  readonly cut: number | null;
}

async function withoutModel(
  texts: readonly Text[],
  kind: (typeof indexEncoders)[number],
  width: number | undefined,
  quiet: boolean,
): Promise<Made> {
  const index = await indexTexts(texts);
  if (kind === "none") return { index, encoder: undefined, cut: null };
  if (!quiet) process.stderr.write("fitting lsa ...\n");
  const model = fitLsa(index.words, width === undefined ? {} : { width });
  // No two texts have a word in common: there is nothing to fit.
  if (model === undefined) return { index, encoder: undefined, cut: null };
  using counter = new Counter("encoding", texts.length, quiet);
  const vectors = await encodeTexts(texts, lsaEncoder(model), (done) => counter.update(done, texts.length));
  return { index: { ...index, vectors }, encoder: { kind: "lsa", model }, cut: null };
}

async function withModel(
  engine: Parameters<typeof openFolder>[0],
  model: string,
  texts: readonly Text[],
  how: Standardisation,
  quiet: boolean,
): Promise<Made> {
  const digest = await encoderDigest(model);
  using opened = (await openFolder(engine, model)).encoder;
  using counter = new Counter("encoding", texts.length, quiet);
  const { mostTokens, tokeniser, width } = opened;
  let cut = 0;
  const encoder = {
    width,
    encode: (some: readonly string[]): Promise<Float32Array> => {
      for (const text of some) if (tokeniser.encode(text, mostTokens + 1).length > mostTokens) cut++;
      return opened.encode(some, { normalise: false });
    },
  };
  const words = await indexTexts(texts);
  const vectors = await encodeTexts(texts, encoder, (done) => counter.update(done, texts.length));
  const standardised = standardisedBy(how, vectors.values, width);
  standardise(vectors.values, width, standardised);
  const made: IndexEncoder = { kind: "folder", folder: resolve(model), digest, standardised };
  return { index: { ...words, vectors }, encoder: made, cut };
}
