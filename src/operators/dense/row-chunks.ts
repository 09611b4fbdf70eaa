// Slices of the rows of a dense block, and how its reductions over rows are split.

import type { AdapterTraits } from "../../device/traits.ts";
import { allocate, type HostTensor } from "../../tensor/host.ts";
import type { Shape } from "../../tensor/shape.ts";

/** The chunks that a reduction over rows is split into. */
export interface Chunks {
  /** Rows per chunk; the last one may have fewer. */
  readonly chunk: number;
  readonly chunks: number;
}

/**
 * Splits rows into chunks, for kernels whose invocations take four channels of one chunk each. A single invocation adds
 * up the chunks of a channel, so they are few: what fills two cores on CPU Vulkan, at most 256 on a GPU. Whole blocks
 * of four rows.
 */
export function chunksOf(rows: number, channels: number, { isSoftware }: AdapterTraits): Chunks {
  const invocations = isSoftware ? 1024 : 16384;
  const most = isSoftware ? 128 : 256;
  const wanted = Math.min(Math.ceil(rows / 16), most, Math.ceil((4 * invocations) / channels));
  const chunk = Math.ceil(rows / wanted / 4) * 4;
  return { chunk, chunks: Math.ceil(rows / chunk) };
}

/**
 * How sums over rows are taken: in chunks and then over the chunks, or by one workgroup that looks at all rows of its
 * channels. That workgroup is wide, for GPUs; or a single subgroup of eight, which waits for nobody, for CPU Vulkan.
 */
export type Reductions = "chunks" | "wholeWide" | "wholeNarrow";

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
  const whole = isSoftware ? (way === "forward" ? "wholeNarrow" : "chunks") : "wholeWide";
  const preferred = rows <= 4096 ? whole : "chunks";
  const all = ["chunks", "wholeWide", "wholeNarrow"] as const;
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
