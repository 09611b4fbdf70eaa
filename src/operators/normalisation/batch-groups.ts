// Batches whose images fall into groups with statistics of their own, as the two views of a step do: what batch norm and the
// operators that it is folded into make of them.

import { ShapeError } from "../../errors/errors.ts";
import type { HostTensor } from "../../tensor/host.ts";
import type { Shape } from "../../tensor/shape.ts";

export interface BatchGroups {
  /**
   * Groups of neighbouring images, all of the same size. Each is normalised with its own mean and variance; running
   * statistics follow the first. What is kept for each group is [groups, ..], for one group without that axis. Default 1.
   */
  readonly groups?: number;
}

/** @throws ShapeError unless the images make so many groups of the same size */
export function expectBatchGroups(operator: string, { groups = 1 }: BatchGroups, images: number): void {
  if (!(Number.isInteger(groups) && groups >= 1)) {
    throw new ShapeError(`${operator}: groups must be a whole number from 1, got ${groups}`);
  }
  if (images % groups === 0) return;
  throw new ShapeError(`${operator}: ${images} images do not make ${groups} groups of the same size`);
}

/** The shape of what there is of each group: [groups, ...shape], or for one group as it is. */
export const ofEachGroup = (shape: Shape, { groups = 1 }: BatchGroups): Shape =>
  groups === 1 ? shape : [groups, ...shape];

/** The attribute for so many groups: none for one, so that works are told apart as they always were. */
export const groupsAttribute = (groups: number): BatchGroups => (groups === 1 ? {} : { groups });

/** One group of a batch, on the host. Parts are views: what is written to them is written to the whole. */
export interface BatchGroup {
  readonly index: number;
  /** Its images of [N, ...]. */
  readonly images: (tensor: HostTensor) => HostTensor;
  /** Its part of what there is of each group, see `ofEachGroup`. */
  readonly own: (tensor: HostTensor) => HostTensor;
}

/** The groups of a batch, in their order. */
export function batchGroups({ groups = 1 }: BatchGroups): BatchGroup[] {
  return Array.from({ length: groups }, (_, index) => {
    const part = ({ dtype, data }: HostTensor, shape: Shape): HostTensor => {
      const size = data.length / groups;
      return { shape, dtype, data: data.subarray(index * size, (index + 1) * size) };
    };
    return {
      index,
      images: (tensor) => part(tensor, [tensor.shape[0] / groups, ...tensor.shape.slice(1)]),
      own: (tensor) => (groups === 1 ? tensor : part(tensor, tensor.shape.slice(1))),
    };
  });
}

/**
 * Gradients that all groups add to, on the host: those of the last group first, which is the order in which a tape adds up what
 * passes over the groups one by one would give.
 * @param of gives them for one group, with buffers of zeros to write to
 */
export function sumOverGroups(
  sums: readonly HostTensor[],
  groups: BatchGroups,
  of: (group: BatchGroup, parts: readonly HostTensor[]) => void,
): void {
  batchGroups(groups)
    .toReversed()
    .forEach((group, turn) => {
      if (turn === 0) {
        of(group, sums);
        return;
      }
      const parts = sums.map((sum) => ({ ...sum, data: new Float64Array(sum.data.length) }));
      of(group, parts);
      sums.forEach(({ data }, i) => {
        for (let at = 0; at < data.length; at++) data[at] += parts[i].data[at];
      });
    });
}
