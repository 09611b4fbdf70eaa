// Encoders in folders: see encoder-bytes.ts for what is read.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { aString, expectArgument } from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { readBytes } from "../../files/bytes.ts";
import { messageOf } from "../../files/causes.ts";
import { replaceFile } from "../../files/whole-files.ts";
import type { Engine } from "../../runtime/engine.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import {
  encoderBytes,
  EncoderContents,
  openedEncoder,
  type EncoderFiles,
  type OpenedEncoder,
} from "./encoder-bytes.ts";
import { encoderFiles, pretrainedFiles } from "./encoder-record.ts";
import type { SentenceEncoder } from "./sentence-encoder.ts";
import type { TokenEncoder } from "./token-encoder.ts";

/** Of a file of JSON; the largest published tokenizer.json, of 250,000 pieces, has 17 MB. */
const mostText = 2 ** 27;

/**
 * Opens an encoder with its tokeniser: one that `tessera encode train` has trained, or BERT, RoBERTa or XLM-R as
 * `save_pretrained` of Python's transformers leaves it (config.json, tokenizer.json, and model.safetensors or
 * pytorch_model.bin). Vectors are means over the tokens.
 *
 * @throws ModelError naming file and field when something is missing, damaged, or of another kind: weights that do not fit are
 *   listed; DataError and CheckpointError when a file cannot be read
 */
export async function fromFolder(engine: Engine, folder: string): Promise<SentenceEncoder> {
  return (await openFolder(engine, folder)).encoder;
}

/** The same, and what was left over. Errors as `fromFolder`. */
export async function openFolder(engine: Engine, folder: string): Promise<OpenedEncoder> {
  expectEngine("fromFolder", engine);
  expectArgument("fromFolder", "the folder", folder, aString);
  return openedEncoder(engine, new EncoderContents(folder, await filesIn(folder)));
}

async function filesIn(folder: string): Promise<EncoderFiles> {
  const has = (name: string): boolean => existsSync(join(folder, name));
  const { configuration, pickled, pieces, pooling } = pretrainedFiles;
  const weights = [encoderFiles.weights, pickled, pieces].find(has);
  const texts = has(encoderFiles.own)
    ? [encoderFiles.own, encoderFiles.tokeniser]
    : [configuration, pooling, encoderFiles.tokeniser];
  const files: Record<string, Uint8Array> = {};
  for (const name of texts.filter(has)) files[name] = await readBytes(join(folder, name), { most: mostText });
  if (weights !== undefined && Object.keys(files).length > 0)
    files[weights] = await readBytes(join(folder, weights), { why: "read of a file of weights" });
  return files;
}

/**
 * Writes an encoder into a folder, which is made where there is none: encoder.json, tokenizer.json and model.safetensors, which
 * `fromFolder` opens. An earlier file stays whole until the new one is.
 *
 * @throws UsageError as `encoderBytes`; DataError when the folder cannot be written
 */
export async function writeEncoder(folder: string, encoder: SentenceEncoder<TokenEncoder>): Promise<void> {
  expectArgument("writeEncoder", "the folder", folder, aString);
  const files = Object.entries(await encoderBytes(encoder));
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of files)
      await replaceFile(join(folder, name), (handle) => handle.writeFile(bytes));
  } catch (cause) {
    throw new DataError(folder, `cannot be written (${messageOf(cause)})`, { cause });
  }
}
