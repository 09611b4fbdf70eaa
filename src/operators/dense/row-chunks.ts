// Slices of the rows of a dense block, and how its reductions over rows are split.

import type { AdapterTraits } from "../../device/traits.ts";
import { allocate, type HostTensor } from "../../tensor/host.ts";
import type { Shape } from "../../tensor/shape.ts";
import { partLanes } from "../convolution/chunks.ts";
import { alone, chunkLanes, joiningLanes, sharedChunks, type Lanes } from "../normalisation/shared-chunks.ts";

/** Rows that are normalised in groups. */
export interface GroupRows {
  readonly groups: number;
  /** Of a group. */
  readonly rows: number;
}

/** The chunks that a reduction over rows is split into. */
export interface Chunks {
  /** Rows per chunk; the last one may have fewer. */
  readonly chunk: number;
  readonly chunks: number;
}

/**
 * How sums over rows are taken: in chunks and then over the chunks, or by one workgroup that looks at all rows of its
 * channels. "Wide" are those for GPUs, with workgroups whose lanes share rows, and chunks. The others are for CPU Vulkan,
 * where nobody waits for anybody: one invocation for each chunk, or a single subgroup of eight for all rows.
 */
export type Reductions = "chunks" | "chunksWide" | "wholeWide" | "wholeNarrow";

/** Whether one workgroup looks at all rows where what is read belongs to one batch norm alone. */
export const isWhole = (reductions: Reductions): boolean => !reductions.startsWith("chunks");

const isWide = (reductions: Reductions): boolean => reductions.endsWith("Wide");

/**
 * Splits the rows of each group into chunks. Of "chunks", invocations take four channels of one chunk each, and a single
 * invocation adds up the chunks of a channel, so that they are few: what fills two cores on CPU Vulkan. Whole blocks of four
 * rows.
 */
export function chunksOf({ groups, rows }: GroupRows, channels: number, reductions: Reductions): Chunks {
  if (isWide(reductions)) {
    const steps = channels / 4;
    return sharedChunks({ rows, channels: steps }, groups, chunkLanes(steps, 16));
  }
  const wanted = Math.min(Math.ceil(rows / 16), 128, Math.ceil(4096 / channels));
  const chunk = Math.ceil(rows / wanted / 4) * 4;
  return { chunk, chunks: Math.ceil(rows / chunk) };
}

/** Knobs of the kernels that take the rows of chunks. */
export const rowKnobs = (channels: number, reductions: Reductions): Lanes =>
  isWide(reductions) ? chunkLanes(channels / 4, 16) : alone;

/** Knobs of the kernels that join chunks. */
export const joinKnobs = (reductions: Reductions): Lanes => (isWide(reductions) ? joiningLanes : alone);

/** Knobs of denseGradientTerms, which joins chunks and adds up the parts of a weight gradient. */
export function termsKnobs(reductions: Reductions): Lanes & { readonly PART_LANES: number } {
  return { ...joinKnobs(reductions), PART_LANES: isWide(reductions) ? partLanes : 1 };
}

/**
 * All ways, the preferred one last: a few thousand rows are one workgroup's work, and launches count; with more, too few
 * workgroups would have too much to do. On CPU Vulkan the way back takes chunks: there its one launch saves less than
 * the second and a half that it takes to compile.
 */
export function reductionsFor(
  rows: number,
  { isSoftware }: AdapterTraits,
  way: "forward" | "back",
): readonly Reductions[] {
  const chunks = isSoftware ? "chunks" : "chunksWide";
  const whole = isSoftware ? (way === "forward" ? "wholeNarrow" : "chunks") : "wholeWide";
  const preferred = rows <= 4096 ? whole : chunks;
  const all = ["chunks", "chunksWide", "wholeWide", "wholeNarrow"] as const;
  return [...all.filter((each) => each !== preferred), preferred];
}

/** Knobs of the kernels that look at all rows. */
export function wholeKnobs(reductions: Reductions): { readonly SPAN: number; readonly WIDTH: number } {
  return { SPAN: 2, WIDTH: reductions === "wholeNarrow" ? 8 : 256 };
}

/** The first channels of images [N, H, W, C] on the host, contiguous. */
export function firstChannels({ shape, data }: HostTensor, channels: number, from = 0): HostTensor {
  const stride = shape[3];
  const rows = data.length / stride;
  const taken = allocate("f32", rows * channels, true);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < channels; c++) taken[row * channels + c] = data[row * stride + from + c];
  }
  return { shape: [...shape.slice(0, 3), channels], dtype: "f32", data: taken };
}

/** Puts contiguous channels back into wider rows: what they held is replaced, or added to. */
export function putChannels(
  { shape, data }: HostTensor,
  into: HostTensor,
  from: number,
  how: "replace" | "add" = "replace",
): void {
  const channels = shape[3];
  const stride = into.shape[3];
  for (let i = 0; i < data.length; i++) {
    const at = Math.floor(i / channels) * stride + from + (i % channels);
    into.data[at] = how === "add" ? into.data[at] + data[i] : data[i];
  }
}

/** Zeros on the host, in float64. */
export function zeros(shape: Shape): HostTensor {
  return {
    shape,
    dtype: "f32",
    data: allocate(
      "f32",
      shape.reduce((size, extent) => size * extent, 1),
      true,
    ),
  };
}
