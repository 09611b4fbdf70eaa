// Channels that are no multiple of four: the blocked kernels work on groups of four, so zeros are added and cut off
// again. Two copies cost little beside a convolution by one value at a time.

import type { AdapterTraits } from "../../device/index.ts";
import { input, output, temporary, type Candidate, type Operator } from "../../runtime/operator.ts";
import type { TensorSpec } from "../../tensor/index.ts";
import { compose } from "../compose.ts";
import { pad } from "../movement/pad.ts";
import { slice } from "../movement/slice.ts";

/** How many zeros make a number of channels a multiple of four. */
export const missing = (channels: number): number => (4 - (channels % 4)) % 4;

/**
 * The preferred candidate for the operator with `zeros` more channels along one axis of one input, and with the
 * attributes that go with them; what they add at the end of the output's last axis is cut off.
 */
export function padded<A>(
  operator: Operator<A>,
  inputs: readonly TensorSpec[],
  widened: { readonly index: number; readonly axis: number; readonly zeros: number; readonly attributes: A },
  outputShape: readonly number[],
  adapter: AdapterTraits,
): Candidate {
  const { index, axis, zeros, attributes } = widened;
  const { shape, dtype } = inputs[index];
  const along = (count: number): number[] => shape.map((_, at) => (at === axis ? count : 0));
  const wide: TensorSpec = { shape: shape.map((extent, at) => extent + along(zeros)[at]), dtype };
  const wideInputs = inputs.map((spec, at) => (at === index ? wide : spec));
  const wideOutputs = operator.infer(wideInputs, attributes);
  const preferred = <B>(part: Operator<B>, specs: readonly TensorSpec[], its: B): Candidate => {
    const candidates = part.candidates(specs, its, adapter);
    return candidates[candidates.length - 1];
  };
  return compose(
    "padded",
    [wide, ...wideOutputs],
    [
      {
        candidate: preferred(pad, [inputs[index]], { before: along(0), after: along(zeros) }),
        inputs: [input(index)],
        outputs: [temporary(0)],
      },
      {
        candidate: preferred(operator, wideInputs, attributes),
        inputs: inputs.map((_, at) => (at === index ? temporary(0) : input(at))),
        outputs: [temporary(1)],
      },
      {
        candidate: preferred(slice, wideOutputs, { begin: outputShape.map(() => 0), size: outputShape }),
        inputs: [temporary(1)],
        outputs: [output(0)],
      },
    ],
  );
}
