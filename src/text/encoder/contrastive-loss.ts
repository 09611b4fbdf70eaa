// The loss by which queries find their own documents among those of the batch.

import { aNumberAbove, anything, expectOptions, type OptionChecks } from "../../errors/arguments.ts";
import { ShapeError } from "../../errors/errors.ts";
import { noGradient } from "../../autograd/functions.ts";
import { add, affine, greaterEqual, multiply } from "../../functions/elementwise.ts";
import { oneHot } from "../../functions/indices.ts";
import { crossEntropy } from "../../functions/losses.ts";
import { transpose } from "../../functions/movement.ts";
import { rmsNorm } from "../../functions/normalisation.ts";
import { matmul } from "../../functions/products.ts";
import { max, mean, sum } from "../../functions/reduction.ts";
import type { Engine } from "../../runtime/engine.ts";
import { engineOf } from "../../runtime/engine-of.ts";
import { expectTensor } from "../../runtime/expect-tensor.ts";
import { equalShapes, showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

export interface ContrastiveLossOptions {
  /** What inner products of the normalised vectors are divided by, tau. Default .05. */
  readonly temperature?: number;
  /**
   * f32 [B, B], 1 where document j answers query i beside document i, and 0 elsewhere: such a document is neither right nor wrong.
   * Default: there are none.
   */
  readonly others?: Tensor | undefined;
}

const contrastiveLossOptions: OptionChecks<ContrastiveLossOptions> = {
  temperature: aNumberAbove(0),
  others: anything,
};

/** What `contrastiveLoss` computes; each is []. */
export interface ContrastiveLoss {
  /** The mean of the two below: what to differentiate. */
  readonly total: Tensor;
  /** Cross entropy of each query's own document among all documents. */
  readonly queries: Tensor;
  /** Cross entropy of each document's own query among all queries. */
  readonly documents: Tensor;
  /** The share of queries that have another document at least as near as their own. For reports: it has no gradient. */
  readonly misses: Tensor;
}

/** Rows of length 1, x / sqrt(|x|^2 + 1e-24), f32 [B, d] to the same; a row of zeros stays one. */
function unitRows(engine: Engine, x: Tensor): Tensor {
  const [, width] = x.shape;
  // The norm divides by the root of the mean square, which is |x| / sqrt(width).
  return rmsNorm(x, engine.full([width], 1 / Math.sqrt(width)), { epsilon: 1e-24 / width });
}

/**
 * The contrastive loss with the batch's other documents as wrong answers (InfoNCE, van den Oord et al. 2018, in both directions
 * as CLIP has it, Radford et al. 2021): S = F_q F_d' / tau of rows of length 1, and (CE(S, diagonal) + CE(S', diagonal)) / 2.
 *
 * @param queries f32 [B, d]; row i belongs to row i of the documents
 * @param documents f32 [B, d]
 * @throws ShapeError when the shapes do not fit
 */
export function contrastiveLoss(
  queries: Tensor,
  documents: Tensor,
  options: ContrastiveLossOptions = {},
): ContrastiveLoss {
  const name = "contrastiveLoss";
  expectOptions(name, options, contrastiveLossOptions);
  const { temperature = 0.05, others } = options;
  [queries, documents].forEach((each, i) => {
    expectTensor(name, i, 2, each);
  });
  if (others !== undefined) expectTensor(`${name}: others`, 0, 1, others);
  const engine = engineOf([queries, documents, ...(others === undefined ? [] : [others])], name);
  const { shape } = queries;
  if (shape.length !== 2 || !equalShapes(shape, documents.shape)) {
    throw new ShapeError(
      `${name}: takes queries and documents [batch, width], got ${showShape(shape)} and ${showShape(documents.shape)}`,
    );
  }
  const [batch] = shape;
  if (others !== undefined && !equalShapes(others.shape, [batch, batch])) {
    throw new ShapeError(
      `${name}: others must be ${showShape([batch, batch])}, got ${showShape(others.shape)}`,
    );
  }
  const products = matmul(unitRows(engine, queries), unitRows(engine, documents), { transposeB: true });
  const scaled = affine(products, 1 / temperature);
  const scores = others === undefined ? scaled : add(scaled, affine(others, -1e9));
  const own = engine.feed(() => Uint32Array.from({ length: batch }, (_, i) => i), [batch], "u32");
  const ofQueries = crossEntropy(scores, own);
  const ofDocuments = crossEntropy(transpose(scores), own);
  const misses = noGradient(engine, () => {
    const diagonal = oneHot(own, batch);
    const right = sum(multiply(scores, diagonal), { axes: 1 });
    return mean(greaterEqual(max(add(scores, affine(diagonal, -1e9)), { axes: 1 }), right));
  });
  return {
    total: affine(add(ofQueries, ofDocuments), 0.5),
    queries: ofQueries,
    documents: ofDocuments,
    misses,
  };
}
