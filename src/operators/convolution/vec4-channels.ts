// The candidates of a convolution and of its two gradients for any number of channels: one value at a time, or four at
// a time with channels of zeros where four do not go in.

import type { AdapterTraits } from "../../device/traits.ts";
import type { Candidate } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { alongAxes, paddingToFours, widened, withChannelPadding } from "../channel-padding.ts";
import type { Extents } from "./extents.ts";

/** The axis of C and that of K in each tensor. */
export interface ChannelAxes {
  readonly channels: readonly (number | undefined)[];
  readonly outputChannels: readonly (number | undefined)[];
}

/**
 * Odd numbers of channels with fewer multiply-adds than this are not worth their copies: lavapipe takes two
 * milliseconds for so many, one value at a time (2 cores, 2026).
 */
const littleWork = 2 ** 20;

/** Candidates that take any C, as long as K goes in fours. */
export interface OfAnyC {
  readonly names: readonly string[];
  /**
   * From how many multiply-adds on one or two channels are worth their pipeline on lavapipe, where no copies and few zeros are
   * needed; by the name of the candidate that is preferred otherwise.
   */
  readonly worthFrom: (otherwise: string | undefined) => number;
}

/**
 * `direct` and the candidates in fours, by preference.
 * @param tensors inputs, then the output
 * @param vec4Candidates candidates for channel counts that are multiples of four, and those of `anyC` for any C
 * @param anyC those that need it of K only: they are spared the copies with the zeros in C
 */
export function anyChannels(
  direct: Candidate,
  vec4Candidates: (extents: Extents) => readonly Candidate[],
  extents: Extents,
  tensors: readonly TensorSpec[],
  axes: ChannelAxes,
  { isSoftware }: AdapterTraits,
  anyC: OfAnyC = { names: [], worthFrom: () => Infinity },
): readonly Candidate[] {
  const { batch, outputHeight, outputWidth, outputChannels, filterHeight, filterWidth, channels } = extents;
  const paddings = [paddingToFours(channels), paddingToFours(outputChannels)] as const;
  const split = <T>(list: readonly T[]): [T[], T[]] => [list.slice(0, -1), list.slice(-1)];
  const inner = alongAxes(tensors, axes.channels).map((tensor) => widened(tensor, paddings[0]));
  const wideK = { ...extents, outputChannels: outputChannels + paddings[1].zeros };
  const ofAnyC = vec4Candidates(wideK).filter(({ name }) => anyC.names.includes(name));
  const others = vec4Candidates({ ...wideK, channels: channels + paddings[0].zeros }).map((candidate) => {
    const whole = ofAnyC.find(({ name }) => name === candidate.name);
    if (whole !== undefined)
      return withChannelPadding(whole, paddings[1], ...split(alongAxes(tensors, axes.outputChannels)));
    return withChannelPadding(
      withChannelPadding(candidate, paddings[1], ...split(alongAxes(inner, axes.outputChannels))),
      paddings[0],
      ...split(alongAxes(tensors, axes.channels)),
    );
  });
  const work = batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels;
  const isOdd = paddings.some(({ zeros }) => zeros > 0);
  if (isSoftware && isOdd && work < littleWork) return [...others, direct];
  const isOfAnyC = ({ name }: Candidate): boolean => anyC.names.includes(name);
  if (isSoftware && paddings[0].zeros >= channels && work >= anyC.worthFrom(others.at(-1)?.name)) {
    return [direct, ...others.filter((each) => !isOfAnyC(each)), ...others.filter(isOfAnyC)];
  }
  return [direct, ...others];
}
