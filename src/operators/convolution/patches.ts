// Convolutions whose windows lie side by side: images in patches, 2x2 with a stride of 2 above all. A patch is then a pixel
// with more channels, and the convolution, and both its gradients, are products of matrices: of patches where they lie, or
// with a copy before or behind.

import type { AdapterTraits } from "../../device/traits.ts";
import { sizeOf, stridesOf, type Shape, type TensorSpec } from "../../tensor/shape.ts";
import { compose, preferred, type Step } from "../compose.ts";
import { copyCandidates, stridedCopy, type StridedCopy } from "../movement/strided-copy.ts";
import { input, output, temporary, type Candidate, type Operator } from "../operator.ts";
import type { Extents, Sliding } from "./extents.ts";
import { patchProduct, patchWeightGradient, takesPatchesInPlace } from "./patches-in-place.ts";

/** As windows of one pixel have it. */
const plain: Sliding = { stride: [1, 1], padding: [0, 0], dilation: [1, 1] };

/** Whether every pixel of x lies in one window, and the windows have more than one pixel. */
function arePatches(extents: Extents, { stride, padding, dilation }: Sliding): boolean {
  const { height, width, filterHeight, filterWidth, outputHeight, outputWidth } = extents;
  return (
    filterHeight * filterWidth > 1 &&
    [...padding, dilation[0] - 1, dilation[1] - 1].every((each) => each === 0) &&
    stride[0] === filterHeight &&
    stride[1] === filterWidth &&
    height === outputHeight * filterHeight &&
    width === outputWidth * filterWidth
  );
}

/** The shapes of a patched convolution: y is what it was, and images and filter are of one pixel a window. */
interface Patched {
  readonly image: Shape;
  readonly filter: Shape;
  readonly y: Shape;
  /** From images to patches, and back. */
  readonly gather: StridedCopy;
  readonly scatter: StridedCopy;
}

function patched(extents: Extents): Patched {
  const { batch, channels, filterHeight, filterWidth } = extents;
  const { outputHeight, outputWidth, outputChannels } = extents;
  // The pixels of one line of a window are neighbours in both.
  const run = filterWidth * channels;
  const walked = [batch * outputHeight, outputWidth, filterHeight, run];
  const inPatches = stridesOf(walked);
  const [lines, rows] = [filterHeight * outputWidth * run, outputWidth * run];
  const inImages = [lines, run, rows, 1];
  return {
    image: [batch, outputHeight, outputWidth, filterHeight * run],
    filter: [1, 1, filterHeight * run, outputChannels],
    y: [batch, outputHeight, outputWidth, outputChannels],
    gather: stridedCopy(walked, { strides: inImages }, { strides: inPatches }),
    scatter: stridedCopy(walked, { strides: inPatches }, { strides: inImages }),
  };
}

const copyStep = (copy: StridedCopy): Candidate => preferred(copyCandidates([copy]));
const float = (shape: Shape): TensorSpec => ({ shape, dtype: "f32" });

/** The candidates, of which there are two or more, with `mine` among them: last, so that it is taken, or behind the first. */
export function placed(
  [first, ...others]: readonly Candidate[],
  mine: Candidate,
  isPreferred: boolean,
): readonly Candidate[] {
  return isPreferred ? [first, ...others, mine] : [first, mine, ...others];
}

/**
 * Whether the gradient of a strided convolution's images is worth launches that copy: with fewer multiply-adds each launch costs
 * as much as all. A filter of 3x3 at a stride of 2 takes in phases three times as long as "blocked" at 2^15 of them, as long at
 * 2^18, and a third and a quarter of it at 2^20 and 2^22 (lavapipe, 2 cores, 2026).
 */
export function isWorthCopies(extents: Extents): boolean {
  const { batch, outputHeight, outputWidth, outputChannels, filterHeight, filterWidth, channels } = extents;
  return (
    sizeOf([batch, outputHeight, outputWidth, outputChannels, filterHeight, filterWidth, channels]) >= 2 ** 18
  );
}

/**
 * The candidates of windows anywhere, and where x lies in patches those of patches among them: with copies, and in their
 * places by a subgroup a workgroup, which suits lavapipe only.
 */
function inPatches(
  others: readonly Candidate[],
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
  isPreferred: boolean,
  inPlace: (extents: Extents) => Candidate,
  stepsOf: (patches: Patched) => readonly Step[],
): readonly Candidate[] {
  if (!arePatches(extents, sliding)) return others;
  const patches = patched(extents);
  const mine = compose("patches", [float(patches.image)], stepsOf(patches));
  const all = placed(others, mine, isPreferred && isWorthCopies(extents));
  return takesPatchesInPlace(extents, adapter) ? placed(all, inPlace(extents), adapter.isSoftware) : all;
}

/**
 * The candidates of conv2d, `others`, and one that gathers the patches of x. Where the values do not go in fours the copy gains
 * nothing: as fast as "blocked" from 2^21 to 2^23 multiply-adds (lavapipe, 2 cores, 2026).
 */
export function patchedForward(
  conv2d: Operator<Sliding>,
  others: readonly Candidate[],
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly Candidate[] {
  const inPlace = (each: Extents): Candidate => patchProduct(each, false);
  return inPatches(others, extents, sliding, adapter, false, inPlace, ({ image, filter, gather }) => [
    { candidate: copyStep(gather), inputs: [input(0)], outputs: [temporary(0)] },
    {
      candidate: preferred(conv2d.candidates([float(image), float(filter)], plain, adapter)),
      inputs: [temporary(0), input(1)],
      outputs: [output(0)],
    },
  ]);
}

/**
 * The candidates of conv2dInputGradient, `others`, and one that computes patches of dx and puts them in their places: a third or
 * a quarter of the time of "blocked" and of "phases" from 2^21 multiply-adds, for channels not in fours.
 */
export function patchedInputGradient(
  conv2dInputGradient: Operator<Sliding & { readonly inputShape: Shape }>,
  others: readonly Candidate[],
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly Candidate[] {
  const inPlace = (each: Extents): Candidate => patchProduct(each, true);
  return inPatches(others, extents, sliding, adapter, true, inPlace, ({ image, filter, y, scatter }) => [
    {
      candidate: preferred(
        conv2dInputGradient.candidates([float(y), float(filter)], { ...plain, inputShape: image }, adapter),
      ),
      inputs: [input(0), input(1)],
      outputs: [temporary(0)],
    },
    { candidate: copyStep(scatter), inputs: [temporary(0)], outputs: [output(0)] },
  ]);
}

/** The candidates of conv2dWeightGradient, `others`, and one that gathers the patches of x: as `patchedForward` has it. */
export function patchedWeightGradient(
  conv2dWeightGradient: Operator<Sliding & { readonly filterShape: Shape }>,
  others: readonly Candidate[],
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly Candidate[] {
  return inPatches(
    others,
    extents,
    sliding,
    adapter,
    false,
    patchWeightGradient,
    ({ image, filter, y, gather }) => [
      { candidate: copyStep(gather), inputs: [input(0)], outputs: [temporary(0)] },
      {
        candidate: preferred(
          conv2dWeightGradient.candidates(
            [float(image), float(y)],
            { ...plain, filterShape: filter },
            adapter,
          ),
        ),
        inputs: [temporary(0), input(1)],
        outputs: [output(0)],
      },
    ],
  );
}
