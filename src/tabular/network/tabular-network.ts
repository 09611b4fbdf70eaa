// The network that learns a table in codes: it predicts each column from any of the others, whichever are known, so that rows can be drawn
// in any order of the columns.

import {
  aNumber,
  expectOptions,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { add, multiply, relu } from "../../functions/elementwise.ts";
import { concat, reshape, slice, split, takeRows } from "../../functions/movement.ts";
import { matmul } from "../../functions/products.ts";
import { dropout } from "../../functions/random-tensors.ts";
import { Initialiser } from "../../nn/initialise.ts";
import { Dropout } from "../../nn/layers/dropout-layer.ts";
import { Module, type Mode } from "../../nn/module.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CodedColumn } from "../coded-table.ts";
import { logitGroups, type LogitGroup } from "./logit-groups.ts";

export interface TabularNetworkOptions {
  /** Numbers that stand for a code; a multiple of four. Default 16. */
  readonly embedding?: number;
  /** Hidden units of each column; a multiple of four. Default 96. */
  readonly hidden?: number;
  /** The share of hidden units that training drops. Default .1. */
  readonly dropout?: number;
  /** Of the initial weights, and of what is dropped. Default 1. */
  readonly seed?: number;
}

const aWidth: Requirement = {
  words: "a multiple of 4 above 0",
  fits: (value) => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) % 4 === 0,
};
const networkOptions: OptionChecks<TabularNetworkOptions> = {
  embedding: aWidth,
  hidden: aWidth,
  dropout: aNumber,
  seed: wholeFrom(0),
};

/**
 * The logit of codes that only fill up a column's logits to the width of its group. They have probability 0 and gradient 0, to the bit,
 * so it stays what it is.
 */
const noCode = -1e4;

/** The output layer of columns that share a product. */
interface OutputLayer extends LogitGroup {
  /** [G, hidden, width] */
  readonly weights: Tensor;
  /** [G, 1, width] */
  readonly biases: Tensor;
}

/**
 * Logits of every column's codes from the codes of those columns that are known: for column j, with m_i = 1 where column i is known
 *
 *     h_j = ReLU(sum over i of m_i (E_i[k_i] A_ij + a_ij) + c_j[n]),    n = sum of m
 *     z_j = h_j V_j + b_j
 *
 * with a bias for each number n of known columns: with one for all numbers a prediction from half of the columns is too sure of
 * frequent codes (docs/tables.md). Masked columns are multiplied by 0 before the product, so no bit of a prediction depends on them.
 * All tables E_i lie in one, `embeddings`; A_j, a_j and c_j are one matrix, `weights[j]`, for the row [m_i E_i[k_i] for each i, m, n as
 * one-hot]; and columns whose numbers of codes are near each other share one product for their logits (see `logitGroups`).
 *
 * `targets` is the order of the columns as the hidden layers and logits have them; E, m and the codes are in the order of the table.
 */
export class TabularNetwork extends Module {
  static override readonly name: string = "TabularNetwork";
  /** Codes of each column. */
  readonly counts: readonly number[];
  /** Where the codes of each column begin in `embeddings`. */
  readonly firsts: readonly number[];
  /** Numbers that stand for a code. */
  readonly embedding: number;
  /** Hidden units of each column. */
  readonly hidden: number;
  /** Length of a row of `known`: a mask of the columns, a 1 at their number, and zeros up to a multiple of four. */
  readonly knownWidth: number;
  /** The column of each hidden layer. */
  readonly targets: readonly number[];
  /** [codes of all columns, embedding] */
  readonly embeddings: Tensor;
  /** [C, C * embedding + knownWidth, hidden], by target */
  readonly weights: Tensor;
  readonly outputs: readonly OutputLayer[];
  readonly dropout: Dropout;

  /**
   * @param columns of the table; their shares are the network's first guess
   * @throws UsageError for a table without columns, and for options that do not fit
   */
  constructor(
    engine: Engine,
    columns: readonly Pick<CodedColumn, "shares">[],
    options: TabularNetworkOptions = {},
  ) {
    expectEngine("TabularNetwork", engine);
    expectOptions("TabularNetwork", options, networkOptions);
    super(engine);
    const { embedding = 16, hidden = 96, dropout = 0.1, seed = 1 } = options;
    const counts = columns.map(({ shares }) => shares.length);
    if (counts.length === 0 || counts.includes(0)) {
      throw new UsageError("TabularNetwork: takes one column or more, each with one code or more");
    }
    this.counts = counts;
    this.firsts = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0));
    this.embedding = embedding;
    this.hidden = hidden;
    this.knownWidth = Math.ceil((2 * counts.length) / 4) * 4;
    const groups = logitGroups(counts);
    this.targets = groups.flatMap(({ columns: those }) => those);
    const init = new Initialiser(engine, seed);
    const codes = counts.reduce((sum, count) => sum + count, 0);
    const inputs = counts.length * embedding;
    this.embeddings = this.parameter("embeddings", init.normal([codes, embedding], 1));
    this.weights = this.parameter("weights", withZeroRows(engine, init, this, inputs));
    this.outputs = groups.map((group, g) => {
      const bound = 1 / Math.sqrt(hidden);
      const weights = init.uniform([group.columns.length, hidden, group.width], bound);
      const biases = engine.tensor(firstBiases(columns, group), [group.columns.length, 1, group.width]);
      return {
        ...group,
        weights: this.parameter(`outputs.${g}.weights`, weights),
        biases: this.parameter(`outputs.${g}.biases`, biases),
      };
    });
    this.dropout = this.child("dropout", new Dropout(engine, init, { rate: dropout }));
  }

  /**
   * What the hidden layers read.
   *
   * @param places u32 [B, C], the rows of `embeddings`: a column's code plus its `firsts`; any where it is not known
   * @param known f32 [T, B, knownWidth]: for each of T targets the columns that are known, then a 1 at their number
   * @returns [T, B, C * embedding + knownWidth]
   */
  inputs(places: Tensor, known: Tensor): Tensor {
    const [rows, columns] = places.shape;
    const [targets] = known.shape;
    const mask = reshape(slice(known, [0, 0, 0], [targets, rows, columns]), [targets, rows, columns, 1]);
    const masked = multiply(takeRows(this.embeddings, places), mask);
    return concat([reshape(masked, [targets, rows, columns * this.embedding]), known], 2);
  }

  /**
   * @param inputs [C, B, C * embedding + knownWidth], as `inputs` gives them for all targets
   * @returns the hidden layers [C, B, hidden], by target
   */
  forward(inputs: Tensor, mode: Mode): Tensor {
    return this.dropout.forward(relu(matmul(inputs, this.weights)), mode);
  }

  /**
   * @param hidden [C, B, hidden], by target
   * @returns for each of `outputs` the logits of its columns, [G, B, width]
   */
  logits(hidden: Tensor): Tensor[] {
    const parts = split(
      hidden,
      this.outputs.map(({ columns }) => columns.length),
    );
    return this.outputs.map(({ weights, biases }, g) => add(matmul(parts[g], weights), biases));
  }

  /**
   * The logits of one column.
   *
   * @param inputs [1, B, C * embedding + knownWidth]
   * @param seed u32 [4], of what is dropped; undefined drops nothing
   * @returns [B, K], K codes of the column
   */
  logitsOf(column: number, inputs: Tensor, seed?: Tensor): Tensor {
    const target = this.targets.indexOf(column);
    const [, rows, features] = inputs.shape;
    const weights = slice(this.weights, [target, 0, 0], [1, features, this.hidden]);
    const g = this.outputs.findIndex(({ columns }) => columns.includes(column));
    const output = this.outputs[g];
    const at = output.columns.indexOf(column);
    const count = this.counts[column];
    const [own, bias] = [
      slice(output.weights, [at, 0, 0], [1, this.hidden, count]),
      slice(output.biases, [at, 0, 0], [1, 1, count]),
    ];
    const units = relu(matmul(inputs, weights));
    const kept = seed === undefined ? units : dropout(units, seed, { rate: this.dropout.rate });
    return reshape(add(matmul(kept, own), bias), [rows, count]);
  }
}

/** He et al. 2015 for the rows of embeddings; masks, the bias and what fills up begin at 0. */
function withZeroRows(
  engine: Engine,
  init: Initialiser,
  { counts, hidden, knownWidth }: TabularNetwork,
  inputs: number,
): Tensor {
  return engine.scope(() =>
    concat(
      [
        init.heNormal([counts.length, inputs, hidden], inputs),
        engine.full([counts.length, knownWidth, hidden], 0),
      ],
      1,
    ),
  );
}

/** Logits of columns that nothing is known of: their codes' shares. */
function firstBiases(
  columns: readonly Pick<CodedColumn, "shares">[],
  { columns: those, width }: LogitGroup,
): Float32Array {
  const biases = new Float32Array(those.length * width).fill(noCode);
  those.forEach((column, i) => {
    columns[column].shares.forEach((share, code) => (biases[i * width + code] = Math.log(share)));
  });
  return biases;
}
