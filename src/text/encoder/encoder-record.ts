// Files that make an encoder, and what encoder.json says of one that this engine has trained.

import { z } from "zod";
import { ModelError } from "../../errors/training-errors.ts";
import { encoderKinds } from "./encoder-kinds.ts";
import type { EncoderConfiguration } from "./encoders.ts";

/** Files of an encoder of this engine. */
export const encoderFiles = {
  /** What `encoderRecord` writes. */
  own: "encoder.json",
  tokeniser: "tokenizer.json",
  weights: "model.safetensors",
} as const;

/** Files of encoders that Python's transformers and sentence-transformers save, beside `tokeniser` and `weights`. */
export const pretrainedFiles = {
  configuration: "config.json",
  pickled: "pytorch_model.bin",
  pieces: "model.safetensors.index.json",
  pooling: "1_Pooling/config.json",
} as const;

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

/** The text of `encoder.json`. */
export function encoderRecord(encoder: EncoderConfiguration, mostTokens: number): string {
  return `${JSON.stringify({ format, encoder, mostTokens }, null, 2)}\n`;
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
