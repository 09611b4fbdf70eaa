// Reductions over rows in the way that GPUs want them: the lanes of a workgroup share the rows of a chunk, and then those of
// another share the chunks of a channel.

import type { AdapterTraits } from "../../device/traits.ts";
import type { Candidate } from "../operator.ts";
import { byElement, type Element } from "../strided-iteration.ts";
import { chunksOf, type Rows } from "./channels.ts";

/** Knobs of the kernels whose workgroups of WIDTH invocations share what belongs to a channel among LANES of them. */
export type Lanes = Readonly<Record<"LANES" | "WIDTH", number>>;

/** Nothing is shared: an invocation has a chunk of its own, or a channel. */
export const alone: Lanes = { LANES: 1, WIDTH: 64 };

/** What joins the chunks of a channel: eight neighbouring channels a workgroup, 32 bytes of a chunk at a time. */
export const joiningLanes: Lanes = { LANES: 32, WIDTH: 256 };

const width = 256;
/** Rows that a lane loads before it looks at the first. */
const rowsAtOnce = 4;
/**
 * Workgroups that a GPU should get: four for each of the 132 multiprocessors of a large one (H100), which so has four times as
 * many bytes in flight as its memory needs to be busy. Computed, not measured.
 */
const wantedWorkgroups = 528;
/** Chunks of a channel: with more of them a lane of `joiningLanes` takes more than two turns. */
const mostChunks = 256;

/** What shares chunks of so many steps along the channels, of `bytes` each: 128 neighbouring bytes of a row, or all there are. */
export function chunkLanes(steps: number, bytes: 4 | 16): Lanes {
  const span = Math.min(128 / bytes, 2 ** Math.ceil(Math.log2(steps)));
  return { LANES: width / span, WIDTH: width };
}

/**
 * Splits the rows of each of some groups into chunks for such lanes: enough to fill a GPU, and each with four rows for every
 * lane if there are so many.
 * @param channels in the steps that the lanes take
 */
export function sharedChunks(
  { rows, channels }: Rows,
  groups: number,
  { LANES, WIDTH }: Lanes,
): { readonly chunk: number; readonly chunks: number } {
  const workgroupsPerChunk = (groups * channels * LANES) / WIDTH;
  const wanted = Math.min(mostChunks, Math.max(1, Math.floor(wantedWorkgroups / workgroupsPerChunk)));
  const block = rowsAtOnce * LANES;
  const chunk = Math.ceil(rows / wanted / block) * block;
  return { chunk, chunks: Math.ceil(rows / chunk) };
}

/** How a batch norm is computed in one of its ways. */
interface Way {
  readonly Element: Element;
  /** Channels in Elements. */
  readonly steps: number;
  readonly chunks: { readonly chunk: number; readonly chunks: number };
  /** Knobs of what takes the rows of chunks. */
  readonly lanes: Lanes;
  /** Knobs of what joins chunks. */
  readonly joining: Lanes;
}

/**
 * The ways of a batch norm: by channel or by four of them, each chunk an invocation's; or with chunks that the lanes of whole
 * workgroups share, as a GPU wants it.
 */
export function byChunks(
  { rows, channels }: Rows,
  groups: number,
  adapter: Pick<AdapterTraits, "isSoftware">,
  make: (name: string, way: Way) => Candidate,
): Candidate[] {
  const chunks = chunksOf({ rows, channels }, adapter);
  const each = byElement(channels, (name, Element, steps) =>
    make(name, { Element, steps, chunks, lanes: alone, joining: alone }),
  );
  const [Element, steps] =
    channels % 4 === 0 ? (["vec4f", channels / 4] as const) : (["f32", channels] as const);
  const lanes = chunkLanes(steps, Element === "vec4f" ? 16 : 4);
  const shared = sharedChunks({ rows, channels: steps }, groups, lanes);
  const workgroups = make("workgroups", { Element, steps, chunks: shared, lanes, joining: joiningLanes });
  return adapter.isSoftware ? [workgroups, ...each] : [...each, workgroups];
}
