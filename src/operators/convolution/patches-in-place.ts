// The launches of convolutions in patches, and of both gradients, that walk over the patches where they lie: products of
// matrices by subgroups, with no copy before or behind.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, type Candidate, type Launch } from "../operator.ts";
import { hasSubgroupsOfEight, quadsPerInvocation } from "../matmul/shapes.ts";
import type { Extents } from "./extents.ts";
import { divided } from "./chunks.ts";
import { inParts } from "./weight-gradient-parts.ts";

/** One side of the product, in fours of values. */
interface Side {
  /** A window. */
  readonly values: number;
  /** Of them those that lie one behind the other: of one line of the window. */
  readonly run: number;
}

const name = "patchesInPlace";

/** Values go in fours, and round among eight invocations. */
export function takesPatchesInPlace(
  { channels, filterWidth, outputChannels }: Extents,
  adapter: AdapterTraits,
): boolean {
  return hasSubgroupsOfEight(adapter) && (filterWidth * channels) % 4 === 0 && outputChannels % 4 === 0;
}

function sidesOf({ filterHeight, filterWidth, channels, outputChannels }: Extents): {
  readonly image: Side;
  readonly y: Side;
} {
  const run = (filterWidth * channels) / 4;
  const quads = outputChannels / 4;
  return { image: { values: filterHeight * run, run }, y: { values: quads, run: quads } };
}

/**
 * Inputs x, filter; output y. Or, TURNED, inputs dy, filter; output dx. Faster than copies and a convolution of one pixel
 * by a half and by three quarters, for windows of 2 x 2 with 64 and with 16 channels; 3 to 8 rows a lane with 2 to 8 groups of
 * columns differ little, and those above 4 take seconds to compile (lavapipe, 2 cores, 2026).
 */
export function patchProduct(extents: Extents, TURNED: boolean): Candidate {
  const { batch, outputHeight, outputWidth } = extents;
  const { image, y } = sidesOf(extents);
  const [inner, outer] = TURNED ? [y, image] : [image, y];
  return {
    name,
    launches: [
      {
        kernel: "patchProduct",
        knobs: { QUADS: quadsPerInvocation(4 * outer.values), TURNED },
        bind: { x: input(0), weights: input(1), y: output(0) },
        sizes: {
          rows: batch * outputHeight * outputWidth,
          width: outputWidth,
          inner: inner.values,
          innerRun: inner.run,
          outer: outer.values,
          outerRun: outer.run,
        },
      },
    ],
  };
}

/** Inputs x, dy; output dw. */
export function patchWeightGradient(extents: Extents): Candidate {
  const { batch, outputHeight, outputWidth } = extents;
  const { image, y } = sidesOf(extents);
  const QUADS = quadsPerInvocation(4 * y.values);
  const lines = batch * outputHeight;
  // Sixteen workgroups are enough for two cores: with 128 and more of them the second pass takes longer (lavapipe, 2026).
  const shares = Math.ceil(image.values / 16) * Math.ceil(y.values / QUADS);
  const byLines = divided(lines, 16 / shares);
  const first: Omit<Launch, "bind"> = {
    kernel: "patchWeightGradient",
    knobs: { QUADS },
    sizes: {
      lines,
      width: outputWidth,
      inner: image.values,
      innerRun: image.run,
      outer: y.values,
      ...byLines,
    },
  };
  return inParts(name, first, byLines.chunks, 16 * image.values * y.values);
}
