// How a batch-normalised tensor is seen: rows of channels, and the chunks of rows that its reductions are split into.

import { ShapeError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import { showShape, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import type { HostArray } from "../../tensor/host.ts";

/** A tensor [..., C] as `rows` rows of `channels` channels. */
export interface Rows {
  readonly rows: number;
  readonly channels: number;
}

/** The rows and channels of a tensor [..., C]. */
export function rowsOf({ shape }: TensorSpec): Rows {
  const channels = shape.at(-1) ?? 1;
  return { rows: sizeOf(shape) / channels, channels };
}

/** @throws ShapeError unless there is a batch axis before the channels */
export function expectChannels(operator: string, x: TensorSpec | undefined): void {
  if (x !== undefined && x.shape.length < 2) {
    throw new ShapeError(
      `${operator}: x ${showShape(x.shape)} must be [..., channels] with two axes or more`,
    );
  }
}

/** @throws ShapeError unless epsilon is positive: a constant channel divides by its square root */
export function expectEpsilon(operator: string, epsilon: number): void {
  if (Number.isFinite(epsilon) && epsilon > 0) return;
  throw new ShapeError(`${operator}: epsilon must be positive, got ${epsilon}`);
}

/**
 * Splits a reduction over rows: enough chunks for some ten thousand invocations together with the channels, or for a
 * few CPU cores, where longer ones take less time (1.2 times less with 24 channels, 2 cores of lavapipe, 2026); few
 * enough that adding them up in order stays short; and whole blocks of the rows the kernels read at a time.
 */
export function chunksOf(
  { rows, channels }: Rows,
  { isSoftware }: Pick<AdapterTraits, "isSoftware">,
): { readonly chunk: number; readonly chunks: number } {
  const most = isSoftware ? 128 : Math.min(Math.max(Math.floor(16384 / channels), 64), 1024);
  const wanted = Math.min(Math.ceil(rows / 32), most);
  const chunk = Math.ceil(rows / wanted / 8) * 8;
  return { chunk, chunks: Math.ceil(rows / chunk) };
}

/** (x - mean) / sqrt(variance + epsilon) * gamma + beta into `y`, on the host; the channel is the last axis. */
export function normaliseRows(
  x: HostArray,
  mean: HostArray,
  variance: HostArray,
  gamma: HostArray,
  beta: HostArray,
  epsilon: number,
  y: HostArray,
): void {
  const channels = mean.length;
  const scale = Float64Array.from(gamma, (value, channel) => value / Math.sqrt(variance[channel] + epsilon));
  for (let i = 0; i < x.length; i += channels) {
    for (let channel = 0; channel < channels; channel++) {
      y[i + channel] = (x[i + channel] - mean[channel]) * scale[channel] + beta[channel];
    }
  }
}
