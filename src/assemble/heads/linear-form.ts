// Heads as linear layers: what a head makes its logits of is folded into one matrix and one bias.

import type { HeldTensor, Weights } from "../../tensor/held.ts";
import { isInFc, type HeadSettings } from "./head.ts";

/** z = F weight' + bias, in float64. */
export interface LinearForm {
  /** [K, D] */
  readonly weight: HeldTensor;
  /** [K] */
  readonly bias: HeldTensor;
}

/** Every head but the dynamic one, whose logits are not linear in the features. */
export type LinearHeadSettings = Exclude<HeadSettings, { readonly kind: "dynamic" }>;

/**
 * The linear layer that a head comes to on images that are new to it. Class queries: Theta = Q W + b. Linear layers per source: the
 * mean of those whose sources know the class.
 *
 * @param weights of the whole model
 */
export function linearForm(settings: LinearHeadSettings, weights: Weights): LinearForm {
  const tensor = (name: string): HeldTensor => tensorOf(weights, name);
  switch (settings.kind) {
    case "linear":
      return { weight: tensor("weight"), bias: tensor("bias") };
    case "queries": {
      const weight = queryRows(weights);
      if (isInFc(settings.bias)) addToRows(weight, tensor("fc.bias"));
      return { weight, bias: tensor("bias") };
    }
    case "per-source": {
      const [bias, weight] = [tensor("bias"), tensor("weight")];
      const average = tensor("average");
      const column = product(average, { shape: [bias.data.length, 1], data: bias.data });
      return { weight: product(average, weight), bias: { shape: [average.shape[0]], data: column.data } };
    }
  }
}

/** What class queries [K, K] make of the rows [K, D] behind them, without the bias of their fc. */
export const queryRows = (weights: Weights): Product =>
  product(tensorOf(weights, "queries"), tensorOf(weights, "fc.weight"));

function tensorOf(weights: Weights, name: string): HeldTensor {
  const found = weights.get(`head.${name}`);
  if (found === undefined) throw new Error(`there is no tensor head.${name}`);
  return found;
}

interface Product {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** a [M, N] times b [N, P], in float64. */
function product(a: HeldTensor, b: HeldTensor): Product {
  const [rows, inner] = a.shape;
  const columns = b.shape[1];
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < inner; i++) {
      const factor = a.data[row * inner + i];
      for (let column = 0; column < columns; column++)
        data[row * columns + column] += factor * b.data[i * columns + column];
    }
  }
  return { shape: [rows, columns], data };
}

function addToRows({ data }: { readonly data: Float64Array }, row: HeldTensor): void {
  for (let i = 0; i < data.length; i++) data[i] += row.data[i % row.data.length];
}
