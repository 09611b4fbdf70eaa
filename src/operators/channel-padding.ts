// Channel counts that are no multiple of four, for kernels that take four at a time: channels of zeros go in, the
// kernels work on the wider tensors, and the zeros are taken out of what they give. A few copies cost little beside what
// is gained, and no kernel needs a twin for single channels.

import { input, output, temporary, type Candidate, type Launch, type Slot } from "./operator.ts";
import { sizeOf, type TensorSpec } from "../tensor/shape.ts";
import { compose, type Step } from "./compose.ts";
import { storedAs } from "./stored.ts";

/** Zero channels behind the first `split`. */
export interface ChannelPadding {
  readonly split: number;
  readonly zeros: number;
}

/** The zeros that make a number of channels a multiple of four. */
export const paddingToFours = (channels: number): ChannelPadding => ({
  split: channels,
  zeros: (4 - (channels % 4)) % 4,
});

/** A tensor, and the axis along which the zeros go, if there are any. */
export interface PaddedTensor extends TensorSpec {
  readonly axis?: number;
}

/** Tensors with their axes, undefined where the padding does not go. */
export function alongAxes(
  specs: readonly TensorSpec[],
  axes: readonly (number | undefined)[],
): PaddedTensor[] {
  return specs.map(({ shape, dtype }, i) =>
    axes[i] === undefined ? { shape, dtype } : { shape, dtype, axis: axes[i] },
  );
}

/** The tensor with the padding in it. */
export function widened({ shape, dtype, axis }: PaddedTensor, { zeros }: ChannelPadding): TensorSpec {
  return { shape: shape.map((extent, i) => (i === axis ? extent + zeros : extent)), dtype };
}

/** Writes `shape` [.., channels, ..] with the padding put in, or taken out. */
function paddingStep(
  from: Slot,
  to: Slot,
  { shape, dtype, axis }: TensorSpec & { readonly axis: number },
  { split, zeros }: ChannelPadding,
  how: "in" | "out",
): Step {
  const launch: Launch = {
    kernel: "channelPadding",
    knobs: storedAs(dtype, "X", "Y"),
    bind: { x: input(0), y: output(0) },
    sizes: {
      outer: sizeOf(shape.slice(0, axis)),
      channels: shape[axis],
      inner: sizeOf(shape.slice(axis + 1)),
      split,
      added: how === "in" ? zeros : 0,
      removed: how === "out" ? zeros : 0,
    },
  };
  return { candidate: { name: "channelPadding", launches: [launch] }, inputs: [from], outputs: [to] };
}

/**
 * `wide`, a candidate for the widened tensors, as one for the tensors as they are.
 * @param updates inputs that `wide` overwrites
 */
export function withChannelPadding(
  wide: Candidate,
  padding: ChannelPadding,
  inputs: readonly PaddedTensor[],
  outputs: readonly PaddedTensor[],
  updates: readonly number[] = [],
): Candidate {
  if (padding.zeros === 0) return wide;
  const temporaries: TensorSpec[] = [];
  const before: Step[] = [];
  const after: Step[] = [];
  const place = (tensor: PaddedTensor, slot: Slot, isRead: boolean, isWritten: boolean): Slot => {
    const { shape, dtype, axis } = tensor;
    if (axis === undefined) return slot;
    const spec = widened(tensor, padding);
    const inside = temporary(temporaries.length);
    temporaries.push(spec);
    if (isRead) before.push(paddingStep(slot, inside, { ...spec, axis }, padding, "in"));
    if (isWritten) after.push(paddingStep(inside, slot, { shape, dtype, axis }, padding, "out"));
    return inside;
  };
  const read = inputs.map((tensor, i) => place(tensor, input(i), true, updates.includes(i)));
  const made = outputs.map((tensor, i) => place(tensor, output(i), false, true));
  return compose(wide.name, temporaries, [
    ...before,
    { candidate: wide, inputs: read, outputs: made },
    ...after,
  ]);
}
