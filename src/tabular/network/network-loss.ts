// The loss of the network on rows, for its training and for its validation.

import { add, affine } from "../../functions/elementwise.ts";
import { crossEntropy } from "../../functions/losses.ts";
import type { Mode } from "../../nn/module.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { NetworkRows } from "./network-rows.ts";
import type { TabularNetwork } from "./tabular-network.ts";

/**
 * The mean over rows of the sum over columns of the cross entropy of a column's codes, in nats; with each row's columns in a random order
 * it is a bound of the rows' negative log likelihood.
 *
 * @param batch rows of the batch
 * @param rows asked for when the step runs
 * @returns []
 */
export function networkLoss(
  network: TabularNetwork,
  batch: number,
  rows: () => NetworkRows,
  mode: Mode,
): Tensor {
  const { engine, counts, knownWidth, outputs } = network;
  const places = engine.feed(() => rows().places, [batch, counts.length], "u32");
  const known = engine.feed(() => rows().known, [counts.length, batch, knownWidth]);
  const logits = network.logits(network.forward(network.inputs(places, known), mode));
  return outputs
    .map(({ columns }, g) => {
      const classes = engine.feed(() => rows().classes[g], [columns.length, batch], "u32");
      return affine(crossEntropy(logits[g], classes), columns.length);
    })
    .reduce((sum, loss) => add(sum, loss));
}
