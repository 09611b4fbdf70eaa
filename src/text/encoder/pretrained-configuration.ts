// config.json of BERT, RoBERTa and XLM-R as Hugging Face's transformers writes it, and which encoder it is of.

import { z } from "zod";
import { ModelError } from "../../errors/training-errors.ts";
import type { TransformerConfiguration } from "./transformer-encoder.ts";

const whole = z.int().min(1);
const schema = z.looseObject({
  model_type: z.string(),
  vocab_size: whole,
  hidden_size: whole,
  num_hidden_layers: whole,
  num_attention_heads: whole,
  intermediate_size: whole,
  hidden_act: z.string().default("gelu"),
  hidden_dropout_prob: z.number().min(0).lt(1).default(0.1),
  max_position_embeddings: whole,
  type_vocab_size: z.int().min(0),
  layer_norm_eps: z.number().positive(),
  pad_token_id: z.int().min(0).nullish(),
  position_embedding_type: z.string().default("absolute"),
  is_decoder: z.boolean().default(false),
});

/** Kinds of models, and the padding that their places are counted from where config.json leaves it out. */
const kinds: Readonly<Record<string, { readonly padding: number; readonly placesBehindPadding: boolean }>> = {
  bert: { padding: 0, placesBehindPadding: false },
  roberta: { padding: 1, placesBehindPadding: true },
  "xlm-roberta": { padding: 1, placesBehindPadding: true },
};

/**
 * @param file its name, for messages
 * @param text its content
 * @throws ModelError naming the field that is missing, or that asks for what the encoder does not have
 */
export function pretrainedConfiguration(file: string, text: string): TransformerConfiguration {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(file, "is no JSON; take the config.json that was saved with the model", { cause });
  }
  const found = schema.safeParse(json);
  if (!found.success) {
    const [{ path, message }] = found.error.issues;
    const field = path.length === 0 ? "" : `${path.join(".")}: `;
    throw new ModelError(file, `${field}${message}; take the config.json of BERT, RoBERTa or XLM-R`);
  }
  const config = found.data;
  const refuse = (field: string, value: unknown, known: string): never => {
    throw new ModelError(file, `${field} is ${JSON.stringify(value)}, and what is read is ${known}`);
  };
  const { model_type: type, hidden_act: activation } = config;
  if (!Object.hasOwn(kinds, type)) refuse("model_type", type, Object.keys(kinds).join(", "));
  if (activation !== "gelu" && activation !== "relu") {
    return refuse("hidden_act", activation, '"gelu" and "relu"');
  }
  if (config.position_embedding_type !== "absolute") {
    refuse("position_embedding_type", config.position_embedding_type, '"absolute"');
  }
  if (config.is_decoder) refuse("is_decoder", true, "encoders, which see the whole text");
  if (config.hidden_size % config.num_attention_heads !== 0) {
    refuse(
      "num_attention_heads",
      config.num_attention_heads,
      `a divisor of hidden_size ${config.hidden_size}`,
    );
  }
  const kind = kinds[type];
  const padding = config.pad_token_id ?? kind.padding;
  if (padding >= config.vocab_size) refuse("pad_token_id", padding, `below vocab_size ${config.vocab_size}`);
  // RoBERTa counts places on from the row of the padding, which no token has.
  const firstPlace = kind.placesBehindPadding ? padding + 1 : 0;
  const mostTokens = config.max_position_embeddings - firstPlace;
  if (mostTokens < 1) {
    refuse("max_position_embeddings", config.max_position_embeddings, `above ${firstPlace}`);
  }
  return {
    kind: "transformer",
    vocabulary: config.vocab_size,
    width: config.hidden_size,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    hidden: config.intermediate_size,
    ...{ mostTokens, padding, firstPlace, activation },
    segments: config.type_vocab_size,
    epsilon: config.layer_norm_eps,
    dropout: config.hidden_dropout_prob,
  };
}
