// `tessera index`: makes the texts of a file ready to be searched.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { shellWord } from "../../errors/shell-words.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import type { Engine } from "../../runtime/engine.ts";
import { indexByFolder } from "../../text/search/index-by-folder.ts";
import { indexByLsa } from "../../text/search/index-by-lsa.ts";
import { indexFiles, writeIndex } from "../../text/search/index-folder.ts";
import type { Standardisation } from "../../text/search/standardisation.ts";
import type { IndexedTexts } from "../../text/search/stored-index.ts";
import { indexTexts } from "../../text/search/text-index.ts";
import { textKeys } from "../../text/texts/json-lines.ts";
import type { Text } from "../../text/texts/text.ts";
import { onEngine } from "../on-engine.ts";
import { Counter } from "../terminal/counter.ts";
import { expectNoInput, makeFolder } from "../terminal/output-files.ts";
import { readTextLines } from "../text-options.ts";

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
  const { texts, empty, faults } = await readTextLines(file, keys, options.skipBad);
  makeFolder("--out", out);
  // The texts of an index are indexed again in its place; a file of another's may have more than an index keeps.
  if (!existsSync(join(out, indexFiles.index))) expectNoInput("--out", join(out, indexFiles.texts), [file]);
  const made =
    model === undefined
      ? await withoutModel(texts, encoder ?? "lsa", options.width, quiet)
      : await onEngine(where, (engine) => withModel(engine, model, texts, options.standardise, quiet));
  const bytes = await writeIndex(out, texts, made);
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
    `Search it: tessera search ${shellWord(out)} "..."`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

interface Made extends IndexedTexts {
  /** Texts that are longer than the model reads. */
  readonly cut: number | null;
}

async function withoutModel(
  texts: readonly Text[],
  kind: (typeof indexEncoders)[number],
  width: number | undefined,
  quiet: boolean,
): Promise<Made> {
  if (kind === "none") return { index: await indexTexts(texts), cut: null };
  using counter = new Counter("indexing", texts.length, quiet);
  const indexed = await indexByLsa(texts, {
    ...(width === undefined ? {} : { width }),
    progress: (done) => counter.update(done, texts.length),
  });
  return { ...indexed, cut: null };
}

async function withModel(
  engine: Engine,
  model: string,
  texts: readonly Text[],
  how: Standardisation | undefined,
  quiet: boolean,
): Promise<Made> {
  using counter = new Counter("indexing", texts.length, quiet);
  const progress = (done: number): void => counter.update(done, texts.length);
  return await indexByFolder(engine, model, texts, { standardise: how, progress });
}
