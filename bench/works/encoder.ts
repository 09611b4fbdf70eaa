// A training step of an encoder of texts: a transformer of two blocks whose vectors are to be found by queries.

import {
  add,
  affine,
  divide,
  matmul,
  multiply,
  reshape,
  rmsNorm,
  slice,
  softmaxCrossEntropy,
  sum,
  transpose,
  type Engine,
  type Tensor,
} from "@tessera-gpu/tessera";
import { Embedding, Initialiser, LayerNorm, TransformerBlock } from "@tessera-gpu/tessera/nn";
import { normal, oneHotClasses, type HostInput } from "../harness/data.ts";
import { byAdam, type Problem } from "./training-step.ts";

const [batch, tokens, vocabulary, width, heads, layers] = [64, 64, 8000, 128, 4, 2];
const epsilon = 1e-5;
const temperature = 0.05;

/** Rows divided by their lengths. */
const unitRows = (engine: Engine, x: Tensor): Tensor =>
  rmsNorm(x, engine.full([width], 1 / Math.sqrt(width)), { epsilon: 1e-12 });

/** Texts of 33 to 64 words each, filled up with word 0, and 1 for a word and 0 for what fills up. */
function texts(): [words: HostInput, mask: HostInput] {
  const shape = [batch, tokens];
  const isWord = (i: number): boolean => i % tokens < tokens - ((7 * Math.floor(i / tokens)) % 32);
  const all = Array.from({ length: batch * tokens }, (_, i) => i);
  return [
    {
      shape,
      dtype: "u32",
      data: Uint32Array.from(all, (i) => (isWord(i) ? 1 + ((i * 7919) % (vocabulary - 1)) : 0)),
    },
    { shape, dtype: "f32", data: Float32Array.from(all, (i) => Number(isWord(i))) },
  ];
}

/**
 * Words and places, a norm, two blocks of attention as BERT's, the mean over the words, and the contrastive loss against a query for
 * each text. Nothing is dropped: everyone would drop other values.
 */
export async function encoderOn(engine: Engine): Promise<Problem> {
  const init = new Initialiser(engine, 7);
  const words = new Embedding(engine, init, vocabulary, width, { padding: 0 });
  const places = new Embedding(engine, init, tokens, width);
  const norm = new LayerNorm(engine, width, { epsilon });
  const blocks = Array.from(
    { length: layers },
    () =>
      new TransformerBlock(engine, init, { width, heads, hidden: 4 * width, activation: "gelu", epsilon }),
  );
  const parts = {
    words,
    places,
    norm,
    ...Object.fromEntries(blocks.map((block, i) => [`blocks.${i}`, block])),
  };
  const encoded = (numbers: Tensor, mask: Tensor): Tensor => {
    const place = slice(places.weight, [0, 0], [tokens, width]);
    let x = norm.forward(add(words.forward(numbers), place));
    const options = { mask: reshape(affine(mask, 1e9, -1e9), [batch, 1, 1, tokens]) };
    for (const block of blocks) x = block.forward(x, "training", options);
    const weights = divide(mask, sum(mask, { axes: -1, keepDimensions: true }));
    return reshape(matmul(reshape(weights, [batch, 1, tokens]), x), [batch, width]);
  };
  return {
    parameters: new Map(
      Object.entries(parts).flatMap(([part, module]) =>
        [...module.parameters()].map(([name, tensor]) => [`${part}.${name}`, tensor] as const),
      ),
    ),
    loss: ([numbers, mask, queries, own]) => {
      const found = unitRows(engine, encoded(numbers, mask));
      const products = matmul(unitRows(engine, queries), found, { transposeB: true });
      const scores = affine(products, 1 / temperature);
      const both = add(softmaxCrossEntropy(scores, own), softmaxCrossEntropy(transpose(scores), own));
      return multiply(both, 0.5);
    },
    inputs: [...texts(), await normal([batch, width], 33), oneHotClasses(batch, batch)],
    update: byAdam,
  };
}
