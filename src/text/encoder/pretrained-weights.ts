// The tensors of BERT, RoBERTa and XLM-R by the names of their files, in those of TransformerEncoder.

import { ModelError } from "../../errors/training-errors.ts";
import type { HeldTensor, Weights } from "../../tensor/held.ts";
import { showShape } from "../../tensor/shape.ts";
import type { TransformerConfiguration } from "./transformer-encoder.ts";

export interface PretrainedWeights {
  /** By the names of the encoder. */
  readonly weights: Weights;
  /** What of the file the encoder does not have, by the names of the file: heads, and the pooler. */
  readonly leftOver: readonly string[];
}

/** Prefixes of names in files of a model with a head. */
const prefixes = ["bert.", "roberta.", "model.", "encoder_model.", ""];
/** What no encoder needs: heads, the pooler behind the first token, and numbers of places. */
const idle =
  /^(?:pooler|cls|lm_head|classifier|qa_outputs|score|dropout)(?:\.|$)|(?:^|\.)position_ids$|^embeddings\.token_type_ids$/u;

/** The names of the file that make a tensor, one below the other. */
function sources({ layers, segments = 0 }: TransformerConfiguration): Map<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  const both = (own: string, theirs: string): void => {
    for (const kind of ["weight", "bias"]) names.set(`${own}.${kind}`, [`${theirs}.${kind}`]);
  };
  names.set("words.weight", ["embeddings.word_embeddings.weight"]);
  names.set("places.weight", ["embeddings.position_embeddings.weight"]);
  if (segments > 0) names.set("segments.weight", ["embeddings.token_type_embeddings.weight"]);
  both("norm", "embeddings.LayerNorm");
  for (let i = 0; i < layers; i++) {
    const [own, theirs] = [`blocks.${i}`, `encoder.layer.${i}`];
    for (const kind of ["weight", "bias"]) {
      const parts = ["query", "key", "value"].map((part) => `${theirs}.attention.self.${part}.${kind}`);
      names.set(`${own}.self_attn.in_proj_${kind}`, parts);
    }
    both(`${own}.self_attn.out_proj`, `${theirs}.attention.output.dense`);
    both(`${own}.norm1`, `${theirs}.attention.output.LayerNorm`);
    both(`${own}.linear1`, `${theirs}.intermediate.dense`);
    both(`${own}.linear2`, `${theirs}.output.dense`);
    both(`${own}.norm2`, `${theirs}.output.LayerNorm`);
  }
  return names;
}

/** Files of the first years call a norm's weight gamma and its bias beta. */
const modern = (name: string): string =>
  name.replace(/LayerNorm\.gamma$/u, "LayerNorm.weight").replace(/LayerNorm\.beta$/u, "LayerNorm.bias");

/** Names in a message. */
const shown = 3;
const listed = (names: readonly string[]): string =>
  `${names.slice(0, shown).join(", ")}${names.length > shown ? ` and ${names.length - shown} more` : ""}`;

/**
 * Finds the encoder's tensors in a file.
 *
 * @param file its name, for messages
 * @param shapes of the encoder's parameters, by name
 * @throws ModelError listing what is missing, of another shape, or left over beside heads and pooler
 */
export function pretrainedWeights(
  file: string,
  given: Weights,
  configuration: TransformerConfiguration,
  shapes: ReadonlyMap<string, { readonly shape: readonly number[] }>,
): PretrainedWeights {
  const isWords = (name: string): boolean => name.endsWith("embeddings.word_embeddings.weight");
  const words = [...given.keys()].find(isWords);
  const prefix = prefixes.find((each) => words === `${each}embeddings.word_embeddings.weight`) ?? "";
  const bare = new Map<string, { readonly name: string; readonly tensor: HeldTensor }>();
  for (const [name, tensor] of given) {
    bare.set(modern(name.startsWith(prefix) ? name.slice(prefix.length) : name), { name, tensor });
  }
  const weights = new Map<string, HeldTensor>();
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const [own, names] of sources(configuration)) {
    const parts = names.map((name) => bare.get(name)?.tensor);
    missing.push(...names.filter((_, i) => parts[i] === undefined).map((name) => prefix + name));
    const there = parts.filter((part) => part !== undefined);
    if (there.length < parts.length) continue;
    const tensor = oneBelowTheOther(there);
    const want = shapes.get(own)?.shape ?? [];
    if (tensor.shape.join() === want.join()) weights.set(own, tensor);
    else misshapen.push(`${names[0]} ${showShape(there[0].shape)}, of ${showShape(want)} in all`);
    for (const name of names) bare.delete(name);
  }
  const rest = [...bare].map(([name, { name: theirs }]) => [name, theirs] as const);
  const unknown = rest.filter(([name]) => !idle.test(name)).map(([, theirs]) => theirs);
  const problems = [
    ...(missing.length === 0 ? [] : [`missing ${listed(missing)}`]),
    ...(misshapen.length === 0 ? [] : [`of another shape ${listed(misshapen)}`]),
    ...(unknown.length === 0 ? [] : [`left over ${listed(unknown)}`]),
  ];
  if (problems.length > 0) {
    throw new ModelError(file, `is not of the model that config.json describes: ${problems.join("; ")}`);
  }
  return { weights, leftOver: rest.map(([, theirs]) => theirs) };
}

function oneBelowTheOther(parts: readonly HeldTensor[]): HeldTensor {
  const [first] = parts;
  if (parts.length === 1) return first;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 1), 0);
  return { shape: [rows, ...first.shape.slice(1)], data };
}
