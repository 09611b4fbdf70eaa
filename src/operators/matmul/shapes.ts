// Which tile of a kernel fits an extent and an adapter: what products and convolutions share. Few different answers,
// for each is a pipeline of its own.

import type { AdapterTraits } from "../../device/traits.ts";

/** Whether 8 invocations are one subgroup, or a part of one: the kernels with subgroups exchange values among 8. */
export function hasSubgroupsOfEight({ features, subgroupSize }: AdapterTraits): boolean {
  return features.has("subgroups") && subgroupSize.minimum >= 8;
}

/**
 * How many groups of four channels one invocation of a blocked kernel takes: up to four, and as many as leave the
 * fewest idle when all invocations take the same.
 */
export function quadsPerInvocation(channels: number): number {
  const quads = Math.ceil(channels / 4);
  return Math.ceil(quads / Math.ceil(quads / 4));
}

/**
 * How many groups of four channels a subgroup of the kernels with subgroups takes: 3, as fits growth 12, or 4, a sixth
 * faster (lavapipe, 2 cores, 2026), where that leaves none idle and 3 leave more than a few. Each is a pipeline of its
 * own: one layer of 80 channels among many is not worth it.
 */
export function quadsPerSubgroup(channels: number): number {
  const quads = Math.ceil(channels / 4);
  const idleOfThree = (3 - (quads % 3)) % 3;
  return quads % 4 === 0 && (quads >= 32 || idleOfThree > quads / 16) ? 4 : 3;
}

/** Knobs of conv2dTile: ROWS * DOWN pixels by 4 QUADS output channels, computed by DOWN * QUADS invocations. */
export type Tile = Readonly<Record<"ROWS" | "DOWN" | "QUADS", number>>;

/**
 * The tiles of conv2dTile for so many output channels, the largest first. That one has as many channels across as there are, up
 * to 64, with 128 invocations and at most 11 KiB of workgroup memory: the fewer channels, the more pixels, for each loaded one is
 * used less. The others have half as many pixels, or channels, each.
 */
export function tilesOf(channels: number): readonly [Tile, Tile, ...Tile[]] {
  if (channels <= 16) {
    return [
      { ROWS: 4, DOWN: 32, QUADS: 4 },
      { ROWS: 4, DOWN: 16, QUADS: 4 },
    ];
  }
  const largest = channels <= 32 ? { ROWS: 8, DOWN: 16, QUADS: 8 } : { ROWS: 8, DOWN: 8, QUADS: 16 };
  return [largest, { ROWS: 4, DOWN: 16, QUADS: 8 }, { ROWS: 4, DOWN: 8, QUADS: 8 }];
}
