// Encoders as bytes, file by file: those of this engine, and BERT, RoBERTa and XLM-R as Hugging Face's transformers saves them.

import { aRecord, aString, bytes as aByteArray, described, expectArgument } from "../../errors/arguments.ts";
import { TesseraError, UsageError } from "../../errors/errors.ts";
import { ModelError } from "../../errors/training-errors.ts";
import { joinBytes } from "../../files/join-bytes.ts";
import { textOfBytes } from "../../files/text-of-bytes.ts";
import { modelKind, parseTensorFile, tensorFileParts } from "../../interchange/tensor-file.ts";
import { decodedWeights, storedWeights } from "../../interchange/weight-bytes.ts";
import { Initialiser } from "../../nn/initialise.ts";
import { difference, loadWeights, readWeights, writeWeights } from "../../nn/weights.ts";
import type { Weights } from "../../tensor/held.ts";
import type { Engine } from "../../runtime/engine.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import { parseTokeniser } from "../vocabulary/tokeniser.ts";
import { BagEncoder } from "./bag-encoder.ts";
import { encoderFiles, encoderRecord, parsedRecord, pretrainedFiles } from "./encoder-record.ts";
import { createEncoder, type AnyEncoder, type EncoderConfiguration } from "./encoders.ts";
import { pretrainedConfiguration } from "./pretrained-configuration.ts";
import { pretrainedWeights } from "./pretrained-weights.ts";
import { SentenceEncoder } from "./sentence-encoder.ts";
import type { TokenEncoder } from "./token-encoder.ts";
import { TransformerEncoder } from "./transformer-encoder.ts";

/** Contents of files, by their names in the encoder's folder. */
export type EncoderFiles = Readonly<Partial<Record<string, Uint8Array>>>;

export interface OpenedEncoder {
  readonly encoder: SentenceEncoder;
  /** Tensors of the file that the encoder does not have: heads and poolers. */
  readonly leftOver: readonly string[];
}

/**
 * An encoder from the contents of its files, for pages, which have no folders: encoder.json, tokenizer.json and model.safetensors of
 * one that was trained here; config.json, tokenizer.json and model.safetensors or pytorch_model.bin of BERT, RoBERTa and XLM-R.
 * Vectors are means over the tokens.
 *
 *     const names = ["encoder.json", "tokenizer.json", "model.safetensors"];
 *     const bytes = async (name) => [name, new Uint8Array(await (await fetch(`encoder/${name}`)).arrayBuffer())];
 *     using encoder = await encoderOfBytes(engine, Object.fromEntries(await Promise.all(names.map(bytes))));
 *
 * @param folder what the files are in, for messages
 * @throws ModelError naming file and field when something is missing, damaged, or of another kind: weights that do not fit are
 *   listed; DataError and CheckpointError for a file that is damaged
 */
export async function encoderOfBytes(
  engine: Engine,
  files: EncoderFiles,
  folder = "the encoder",
): Promise<SentenceEncoder> {
  const what = "encoderOfBytes";
  expectEngine(what, engine);
  expectArgument(what, "the files", files, aRecord);
  expectArgument(what, "the folder", folder, aString);
  for (const [name, bytes] of Object.entries(files)) {
    if (bytes !== undefined) expectArgument(what, `the file ${JSON.stringify(name)}`, bytes, aByteArray);
  }
  return (await openedEncoder(engine, new EncoderContents(folder, files))).encoder;
}

/**
 * The files of an encoder, from which `encoderOfBytes` makes it again; in a folder they are what `fromFolder`, `tessera index --model`
 * and `tessera encode train --init` take.
 *
 * @throws UsageError for one with a tokeniser that is not of a tokenizer.json, or with an encoder of your own
 */
export async function encoderBytes(
  encoder: SentenceEncoder<TokenEncoder>,
): Promise<Record<(typeof encoderFiles)[keyof typeof encoderFiles], Uint8Array<ArrayBuffer>>> {
  if (!(encoder instanceof SentenceEncoder))
    throw new UsageError(`encoderBytes: takes a SentenceEncoder, got ${described(encoder)}`);
  const { module, tokeniser, mostTokens } = encoder;
  if (tokeniser.file === undefined) {
    throw new UsageError(
      "encoderBytes: the encoder's tokeniser is of no tokenizer.json; make one with trainVocabulary and parseTokeniser",
    );
  }
  if (!(module instanceof BagEncoder || module instanceof TransformerEncoder)) {
    throw new UsageError(
      `encoderBytes: files are of a BagEncoder or a TransformerEncoder, got ${described(module)}; keep the weights of others by readWeights`,
    );
  }
  const { configuration } = module;
  const parts = tensorFileParts(modelKind, { record: configuration, tensors: await readWeights(module) });
  const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
  return {
    [encoderFiles.own]: bytesOf(encoderRecord(configuration, mostTokens)),
    [encoderFiles.tokeniser]: bytesOf(tokeniser.file),
    [encoderFiles.weights]: joinBytes(parts),
  };
}

/** Files by name, and what they are called in messages. */
export class EncoderContents {
  readonly folder: string;
  readonly #files: EncoderFiles;

  constructor(folder: string, files: EncoderFiles) {
    this.folder = folder.replace(/(?<=.)\/+$/u, "");
    this.#files = files;
  }

  has(name: string): boolean {
    return this.#files[name] !== undefined;
  }

  pathOf(name: string): string {
    return `${this.folder}/${name}`;
  }

  /** @throws ModelError when there is no such file */
  bytes(name: string): Uint8Array {
    const found = this.#files[name];
    if (found === undefined)
      throw new ModelError(this.pathOf(name), "is missing; put back the one that was saved with the encoder");
    return found;
  }

  /** @throws ModelError when there is no such file; DataError when it is no text */
  text(name: string): string {
    return textOfBytes(this.pathOf(name), this.bytes(name));
  }
}

/** @throws as `encoderOfBytes` */
export async function openedEncoder(engine: Engine, files: EncoderContents): Promise<OpenedEncoder> {
  const isOwn = files.has(encoderFiles.own);
  if (!isOwn && !files.has(pretrainedFiles.configuration)) {
    throw new ModelError(
      files.folder,
      `holds no encoder, neither ${encoderFiles.own} nor ${pretrainedFiles.configuration}; name the folder that tessera encode train, ` +
        "or save_pretrained in Python, has written",
    );
  }
  const tokeniserFile = files.pathOf(encoderFiles.tokeniser);
  const tokeniser = parseTokeniser(tokeniserFile, files.text(encoderFiles.tokeniser));
  const { module, mostTokens, leftOver } = await (isOwn ? ownEncoder : pretrainedEncoder)(engine, files);
  try {
    return { encoder: new SentenceEncoder(module, tokeniser, mostTokens), leftOver };
  } catch (cause) {
    module.dispose();
    if (!(cause instanceof UsageError)) throw cause;
    throw new ModelError(
      tokeniserFile,
      `has ${tokeniser.vocabulary} tokens, and the encoder beside it rows for ${module.vocabulary}; put back the one that ` +
        "was saved with it",
      { cause },
    );
  }
}

interface OpenedModule {
  readonly module: AnyEncoder;
  readonly mostTokens: number;
  readonly leftOver: readonly string[];
}

function ownEncoder(engine: Engine, files: EncoderContents): Promise<OpenedModule> {
  const file = files.pathOf(encoderFiles.own);
  const { encoder, mostTokens } = parsedRecord(file, files.text(encoderFiles.own));
  const weightsFile = files.pathOf(encoderFiles.weights);
  const { tensors } = parseTensorFile(files.bytes(encoderFiles.weights), weightsFile, modelKind);
  expectPlausible(file, encoder, tensors);
  const module = made(file, engine, encoder);
  try {
    const wrong = difference(module, tensors);
    if (wrong !== undefined) throw new ModelError(weightsFile, `is not of the encoder beside it: ${wrong}`);
    writeWeights(module, tensors);
  } catch (error) {
    module.dispose();
    throw error;
  }
  return Promise.resolve({ module, mostTokens, leftOver: [] });
}

/** Where the weights of a pretrained encoder are. */
const weightFiles = [encoderFiles.weights, pretrainedFiles.pickled, pretrainedFiles.pieces];

async function pretrainedEncoder(engine: Engine, files: EncoderContents): Promise<OpenedModule> {
  const file = files.pathOf(pretrainedFiles.configuration);
  const configuration = pretrainedConfiguration(file, files.text(pretrainedFiles.configuration));
  expectMeans(files);
  const weightsName = weightFiles.find((name) => files.has(name)) ?? encoderFiles.weights;
  const [weightsFile, bytes] = [files.pathOf(weightsName), files.bytes(weightsName)];
  const { tensors, skipped } = decodedWeights(
    weightsFile,
    bytes.length,
    storedWeights(weightsFile, bytes),
    {},
  );
  expectPlausible(file, configuration, tensors);
  const module = made(file, engine, configuration);
  try {
    const found = pretrainedWeights(weightsFile, tensors, configuration, module.parameters());
    await loadWeights(module, found.weights);
    return { module, mostTokens: module.mostTokens, leftOver: [...found.leftOver, ...skipped.keys()] };
  } catch (error) {
    module.dispose();
    throw error;
  }
}

/** What sentence-transformers says of how tokens become a vector. @throws ModelError unless it is their mean */
function expectMeans(files: EncoderContents): void {
  if (!files.has(pretrainedFiles.pooling)) return;
  const file = files.pathOf(pretrainedFiles.pooling);
  let pooling: unknown;
  try {
    pooling = JSON.parse(files.text(pretrainedFiles.pooling));
  } catch (cause) {
    throw new ModelError(file, "is no JSON; take the one that was saved with the model", { cause });
  }
  const asked = Object.entries(pooling ?? {}).filter(
    ([name, value]) => name.startsWith("pooling_mode_") && value === true,
  );
  if (asked.length === 1 && asked[0][0] === "pooling_mode_mean_tokens") return;
  const names = asked.map(([name]) => name).join(", ");
  throw new ModelError(
    file,
    `asks for ${names === "" ? "no pooling" : names}, and vectors here are means (pooling_mode_mean_tokens alone)`,
  );
}

/** @throws ModelError for a configuration of far more weights than there are, before memory is asked for */
function expectPlausible(file: string, configuration: EncoderConfiguration, tensors: Weights): void {
  const there = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  const { vocabulary, width } = configuration;
  let described = vocabulary * width;
  if (configuration.kind === "transformer") {
    const { layers, hidden, mostTokens, segments = 0, firstPlace = 0 } = configuration;
    described += (firstPlace + mostTokens + segments) * width + layers * (4 * width + 2 * hidden) * width;
  }
  if (described <= 4 * there + 2 ** 20) return;
  throw new ModelError(
    file,
    `describes an encoder of some ${described.toPrecision(3)} weights, and the file beside it has ${there}; take the one that was saved with it`,
  );
}

/** @throws ModelError naming the file that the configuration is of */
function made(file: string, engine: Engine, configuration: EncoderConfiguration): AnyEncoder {
  try {
    return createEncoder(engine, new Initialiser(engine, 0), configuration);
  } catch (cause) {
    if (!(cause instanceof TesseraError)) throw cause;
    throw new ModelError(file, cause.message, { cause });
  }
}
