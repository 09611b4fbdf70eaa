// What the head alone and the head fused into Label-Assemble's loss have in common.

import { ShapeError } from "../../errors/errors.ts";
import type { Launch, Slot } from "../operator.ts";
import { showShape, type TensorSpec } from "../../tensor/shape.ts";
import type { HostArray } from "../../tensor/host.ts";

/** Sizes of the head: images, classes, features. */
export interface HeadSizes {
  readonly batch: number;
  readonly classes: number;
  readonly features: number;
}

/** @throws ShapeError unless features are [batch, features] and theta [classes, features] */
export function headSizes(operator: string, features?: TensorSpec, theta?: TensorSpec): HeadSizes {
  const [batch, depth] = features?.shape ?? [];
  const [classes, width] = theta?.shape ?? [];
  if (features?.shape.length !== 2 || theta?.shape.length !== 2 || depth !== width) {
    throw new ShapeError(
      `${operator}: features ${showShape(features?.shape ?? [])} and theta ${showShape(theta?.shape ?? [])} ` +
        `must be [batch, features] and [classes, features], with as many features in both`,
    );
  }
  return { batch, classes, features: depth };
}

/** The slots of one head: logits = features theta' + bias. */
export interface HeadSlots {
  readonly features: Slot;
  readonly theta: Slot;
  readonly bias: Slot;
  readonly logits: Slot;
}

/**
 * The launch of one head. On a CPU a block of four images per invocation pays, because it halves the loads; a GPU
 * would rather have the four times more invocations.
 */
export function headLaunch({ batch, classes, features }: HeadSizes, bind: HeadSlots, rows: 1 | 4): Launch {
  return {
    kernel: "queryInnerProduct",
    knobs: { ROWS: rows },
    bind: { ...bind },
    sizes: { batch, classes, features },
  };
}

/** logits = features theta' + bias on the host. */
export function multiplyHead(
  { batch, classes, features }: HeadSizes,
  image: HostArray,
  theta: HostArray,
  bias: HostArray,
  logits: HostArray,
): void {
  for (let b = 0; b < batch; b++) {
    for (let k = 0; k < classes; k++) {
      const [row, query] = [b * features, k * features];
      let sum = bias[k];
      for (let d = 0; d < features; d++) sum += image[row + d] * theta[query + d];
      logits[b * classes + k] = sum;
    }
  }
}
