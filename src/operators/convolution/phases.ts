// The gradient of a strided convolution's images, phase by phase: the pixels of dx whose row and column leave the same
// remainders, divided by the strides, meet the same taps of the filter, and each such phase is the gradient of a convolution
// of stride 1 with these taps. No tap is tried that meets nothing, and the kernels of stride 1 do the work.

import { stridesOf, type Shape, type TensorSpec } from "../../tensor/shape.ts";
import { compose, preferred, type Step } from "../compose.ts";
import { copyCandidates, stridedCopy } from "../movement/strided-copy.ts";
import { input, output, temporary, type Candidate } from "../operator.ts";
import type { Extents, Sliding } from "./extents.ts";

/** The pixels of dx that leave one remainder along one axis, and the taps that meet them. */
interface PhaseAlong {
  readonly remainder: number;
  /** Pixels in the phase. */
  readonly extent: number;
  readonly firstTap: number;
  readonly taps: number;
  readonly padding: number;
}

/** The phases along an axis that has pixels in them; undefined where a tap would be asked for in front of dy. */
function phasesAlong(
  extent: number,
  taps: number,
  stride: number,
  padding: number,
): PhaseAlong[] | undefined {
  const phases = Array.from({ length: Math.min(stride, extent) }, (_, remainder): PhaseAlong => {
    const firstTap = (remainder + padding) % stride;
    return {
      remainder,
      extent: Math.ceil((extent - remainder) / stride),
      firstTap,
      taps: Math.ceil((taps - firstTap) / stride),
      padding: Math.floor((remainder + padding) / stride),
    };
  });
  return phases.every((phase) => phase.padding < phase.taps) ? phases : undefined;
}

/** Gives the candidates of the gradient of a convolution of stride 1. */
export type UnstridedCandidates = (
  extents: Extents,
  sliding: Sliding,
  tensors: readonly TensorSpec[],
) => readonly Candidate[];

/**
 * The candidate of conv2dInputGradient in phases; undefined where the stride is 1, or the dilation is not, or some pixels
 * of dx meet no tap.
 */
export function phasedInputGradient(
  extents: Extents,
  { stride, padding, dilation }: Sliding,
  unstrided: UnstridedCandidates,
): Candidate | undefined {
  const { batch, height, width, channels, filterHeight, filterWidth } = extents;
  const { outputHeight, outputWidth, outputChannels } = extents;
  if (Math.max(...stride) === 1 || Math.max(...dilation) > 1) return undefined;
  const down = phasesAlong(height, filterHeight, stride[0], padding[0]);
  const across = phasesAlong(width, filterWidth, stride[1], padding[1]);
  if (down === undefined || across === undefined) return undefined;
  const temporaries: TensorSpec[] = [];
  const room = (shape: Shape): number => temporaries.push({ shape, dtype: "f32" }) - 1;
  const matrix = channels * outputChannels;
  const [imageStride, lineStride] = stridesOf([batch, height, width, channels]);
  const steps: Step[] = [];
  for (const vertical of down) {
    for (const horizontal of across) {
      const [R, S] = [vertical.taps, horizontal.taps];
      const filterShape = [R, S, channels, outputChannels];
      const filterAt = room(filterShape);
      const filterCopy = stridedCopy(
        [R, S, matrix],
        {
          start: (vertical.firstTap * filterWidth + horizontal.firstTap) * matrix,
          strides: [stride[0] * filterWidth * matrix, stride[1] * matrix, 1],
        },
        { strides: stridesOf([R, S, matrix]) },
      );
      const part = [batch, vertical.extent, horizontal.extent, channels];
      const partAt = room(part);
      const partCopy = stridedCopy(
        part,
        { strides: stridesOf(part) },
        {
          start: vertical.remainder * lineStride + horizontal.remainder * channels,
          strides: [imageStride, stride[0] * lineStride, stride[1] * channels, 1],
        },
      );
      const candidate = preferred(
        unstrided(
          { ...extents, height: vertical.extent, width: horizontal.extent, filterHeight: R, filterWidth: S },
          { stride: [1, 1], padding: [vertical.padding, horizontal.padding], dilation: [1, 1] },
          [[batch, outputHeight, outputWidth, outputChannels], filterShape, part].map((shape) => ({
            shape,
            dtype: "f32" as const,
          })),
        ),
      );
      steps.push(
        {
          candidate: preferred(copyCandidates([filterCopy])),
          inputs: [input(1)],
          outputs: [temporary(filterAt)],
        },
        { candidate, inputs: [input(0), temporary(filterAt)], outputs: [temporary(partAt)] },
        {
          candidate: preferred(copyCandidates([partCopy])),
          inputs: [temporary(partAt)],
          outputs: [output(0)],
        },
      );
    }
  }
  return compose("phases", temporaries, steps);
}
