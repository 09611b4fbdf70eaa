// Convolutions in groups: each group of channels of y sees a group of channels of x alone. With as many groups as channels
// the convolution is depthwise.

import { ShapeError } from "../../errors/errors.ts";
import { showShape, type Shape } from "../../tensor/shape.ts";
import { directSizes, eachRunOfTaps, extentsOf, type Extents, type Sliding } from "./extents.ts";

export interface Grouped extends Sliding {
  /** Into how many groups the channels of x and those of y are divided, in order; divides both numbers. */
  readonly groups: number;
}

/** Extents of a grouped convolution; `channels` are those of x, of all groups. */
export interface GroupedExtents extends Extents {
  readonly groups: number;
  /** Channels of x that a group reads, C / groups: the filter is [R, S, C / groups, K]. */
  readonly members: number;
  /** Channels of y that a group makes, K / groups. */
  readonly outputMembers: number;
}

/**
 * All extents of a convolution of x [N, H, W, C] with a filter [R, S, C / groups, K].
 * @throws ShapeError naming the operator and both shapes
 */
export function groupedExtentsOf(
  operator: string,
  x: Shape,
  filter: Shape,
  attributes: Grouped,
): GroupedExtents {
  const { groups } = attributes;
  if (!Number.isInteger(groups) || groups < 1) {
    throw new ShapeError(`${operator}: groups must be a whole number from 1 up, got ${String(groups)}`);
  }
  const [channels = 0, members = 0, outputChannels = 0] = [x[3], filter[2], filter[3]];
  if (x.length === 4 && filter.length === 4) {
    const shapes = `x ${showShape(x)} and the filter ${showShape(filter)}`;
    if (channels % groups !== 0 || outputChannels % groups !== 0) {
      throw new ShapeError(
        `${operator}: ${groups} groups must divide the channels of both; ${shapes} have ${channels} channels and ` +
          `${outputChannels} output channels`,
      );
    }
    if (members * groups !== channels) {
      throw new ShapeError(
        `${operator}: ${shapes} do not fit: with ${groups} groups a filter is [height, width, ${channels / groups}, ` +
          "output channels], its channels those of one group",
      );
    }
  }
  const ofOneGroup = extentsOf(
    operator,
    [...x.slice(0, 3), ...x.slice(3).map(() => members)],
    filter,
    attributes,
  );
  return { ...ofOneGroup, channels, groups, members, outputMembers: outputChannels / groups };
}

/** Extents and attributes as the uniforms of the direct shaders. */
export function groupedSizes(
  { members: _, outputMembers: __, ...extents }: GroupedExtents,
  sliding: Sliding,
): Readonly<Record<string, number>> {
  return directSizes(extents, sliding);
}

/**
 * Calls `visit` for every value of x, weight and value of y that meet, in runs along the output channels of a group: with
 * the place of the value of x, and the places of the first weight and of the first value of y of the run.
 */
export function eachRunOfMembers(
  extents: GroupedExtents,
  sliding: Sliding,
  visit: (xAt: number, weightAt: number, yAt: number) => void,
): void {
  const { channels, outputChannels, members, outputMembers } = extents;
  eachRunOfTaps(extents, sliding, (xPixel, yPixel, firstTap, taps) => {
    for (let t = 0; t < taps; t++) {
      for (let c = 0; c < channels; c++) {
        const firstOutput = Math.floor(c / members) * outputMembers;
        const row = (firstTap + t) * members + (c % members);
        visit(
          (xPixel + t) * channels + c,
          row * outputChannels + firstOutput,
          yPixel * outputChannels + firstOutput,
        );
      }
    }
  });
}
