// Encoders in folders: those of this engine, and BERT, RoBERTa and XLM-R as Hugging Face's transformers saves them.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { aString, expectArgument } from "../../errors/arguments.ts";
import { ModelError } from "../../errors/training-errors.ts";
import { TesseraError, UsageError } from "../../errors/errors.ts";
import { readText } from "../../files/bytes.ts";
import { modelKind } from "../../interchange/tensor-file.ts";
import { readTensorFile } from "../../interchange/safetensors.ts";
import { readWeightFile } from "../../interchange/weight-file.ts";
import { Initialiser } from "../../nn/initialise.ts";
import { difference, loadWeights, writeWeights } from "../../nn/weights.ts";
import type { Engine } from "../../runtime/engine.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import { encoderKinds } from "./encoder-kinds.ts";
import { createEncoder, type AnyEncoder, type EncoderConfiguration } from "./encoders.ts";
import { pretrainedConfiguration } from "./pretrained-configuration.ts";
import { pretrainedWeights } from "./pretrained-weights.ts";
import { SentenceEncoder } from "./sentence-encoder.ts";
import { readTokeniser } from "../vocabulary/read-tokeniser.ts";

/** Files of an encoder's folder. */
export const encoderFiles = {
  /** Of an encoder of this engine: what `encoderRecord` writes. */
  own: "encoder.json",
  tokeniser: "tokenizer.json",
  weights: "model.safetensors",
} as const;
const theirs = {
  configuration: "config.json",
  pickled: "pytorch_model.bin",
  pooling: "1_Pooling/config.json",
};

const format = "tessera text encoder 1";
const count = z.int().min(1);
const number = z.number();
const shared = { vocabulary: count, width: count, padding: z.int().min(0).exactOptional() };
const recordSchema = z.strictObject({
  format: z.literal(format),
  encoder: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal(encoderKinds[0]), ...shared }),
    z.strictObject({
      kind: z.literal(encoderKinds[1]),
      ...shared,
      ...{ layers: count, heads: count, hidden: count, mostTokens: count },
      firstPlace: z.int().min(0).exactOptional(),
      segments: z.int().min(0).exactOptional(),
      normFirst: z.boolean().exactOptional(),
      activation: z.enum(["gelu", "relu"]).exactOptional(),
      epsilon: number.exactOptional(),
      dropout: number.exactOptional(),
      weighted: z.boolean().exactOptional(),
    }),
  ]),
  /** The most tokens of a text. */
  mostTokens: count,
});

export interface EncoderFolder {
  readonly encoder: SentenceEncoder;
  /** Tensors of the file that the encoder does not have: heads and poolers. */
  readonly leftOver: readonly string[];
}

/** The text of `encoder.json`. */
export function encoderRecord(encoder: EncoderConfiguration, mostTokens: number): string {
  return `${JSON.stringify({ format, encoder, mostTokens }, null, 2)}\n`;
}

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
export async function openFolder(engine: Engine, folder: string): Promise<EncoderFolder> {
  expectEngine("fromFolder", engine);
  expectArgument("fromFolder", "the folder", folder, aString);
  const file = (name: string): string => join(folder, name);
  const isOwn = existsSync(file(encoderFiles.own));
  if (!isOwn && !existsSync(file(theirs.configuration))) {
    throw new ModelError(
      folder,
      `holds no encoder, neither ${encoderFiles.own} nor ${theirs.configuration}; name the folder that tessera encode train, or ` +
        "save_pretrained in Python, has written",
    );
  }
  const tokeniser = await readTokeniser(file(encoderFiles.tokeniser));
  const { module, mostTokens, leftOver } = await (isOwn ? ownEncoder : pretrainedEncoder)(engine, folder);
  try {
    return { encoder: new SentenceEncoder(module, tokeniser, mostTokens), leftOver };
  } catch (cause) {
    module.dispose();
    if (!(cause instanceof UsageError)) throw cause;
    throw new ModelError(
      file(encoderFiles.tokeniser),
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

async function ownEncoder(engine: Engine, folder: string): Promise<OpenedModule> {
  const file = join(folder, encoderFiles.own);
  const { encoder, mostTokens } = parsedRecord(file, await readText(file));
  const weightsFile = join(folder, encoderFiles.weights);
  const { tensors } = await readTensorFile(weightsFile, modelKind);
  const module = made(file, engine, encoder);
  try {
    const wrong = difference(module, tensors);
    if (wrong !== undefined) throw new ModelError(weightsFile, `is not of the encoder beside it: ${wrong}`);
    writeWeights(module, tensors);
  } catch (error) {
    module.dispose();
    throw error;
  }
  return { module, mostTokens, leftOver: [] };
}

/** What `encoder.json` says. @throws ModelError naming the field */
export function parsedRecord(
  file: string,
  text: string,
): { readonly encoder: EncoderConfiguration; readonly mostTokens: number } {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const reason =
      issue === undefined ? "is no JSON" : `${issue.path.map(String).join(".")}: ${issue.message}`;
    throw new ModelError(file, `${reason.replace(/^: /u, "")}; take the one that training has written`, {
      cause,
    });
  }
}

async function pretrainedEncoder(engine: Engine, folder: string): Promise<OpenedModule> {
  const file = (name: string): string => join(folder, name);
  const configuration = pretrainedConfiguration(
    file(theirs.configuration),
    await readText(file(theirs.configuration)),
  );
  await expectMeans(file(theirs.pooling));
  const [safe, pickled] = [file(encoderFiles.weights), file(theirs.pickled)];
  const weightsFile = !existsSync(safe) && existsSync(pickled) ? pickled : safe;
  const { tensors, skipped } = await readWeightFile(weightsFile);
  const module = made(file(theirs.configuration), engine, configuration);
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
async function expectMeans(file: string): Promise<void> {
  if (!existsSync(file)) return;
  let pooling: unknown;
  try {
    pooling = JSON.parse(await readText(file));
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

/** @throws ModelError naming the file that the configuration is of */
function made(file: string, engine: Engine, configuration: EncoderConfiguration): AnyEncoder {
  try {
    return createEncoder(engine, new Initialiser(engine, 0), configuration);
  } catch (cause) {
    if (!(cause instanceof TesseraError)) throw cause;
    throw new ModelError(file, cause.message, { cause });
  }
}
