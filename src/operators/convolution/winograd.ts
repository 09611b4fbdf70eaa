// Convolutions of 3x3 taps by Winograd's F(2x2, 3x3), and input gradients of such: 16 multiplications for four pixels instead of
// 36, with images, filter and products transformed before and behind them. With subgroups of eight, for lavapipe.

import type { AdapterTraits } from "../../device/traits.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { hasSubgroupsOfEight } from "../matmul/shapes.ts";
import { input, output, temporary, type Candidate, type Launch } from "../operator.ts";
import { divided } from "./chunks.ts";
import type { Extents, Sliding } from "./extents.ts";

/**
 * Preferred from so many channels on, as C K / (C + K): what is multiplied less grows with C K, what is transformed with C + K. With 64
 * channels to 64, which is 32, it is 1.07 times as fast as outer products, with 128, 256 and 512 to as many 1.4 to 1.7 times
 * (lavapipe, 2 cores, 2026).
 */
const worthChannels = 48;

/** From so many multiply-adds on: there a hundred steps save what its four pipelines take to compile (lavapipe, 2 cores, 2026). */
const worthPipelines = 2 ** 27;

/** Bytes of transformed images at a time, about: so that they are read from a cache, and take no more memory than a tensor does. */
const bytesAtATime = 2 ** 23;

/** Whether a convolution has 3x3 neighbouring taps, pixels side by side, and channels in fours. */
function isTaken(extents: Extents, { stride, dilation }: Sliding): boolean {
  const { filterHeight, filterWidth, channels, outputChannels } = extents;
  const inFours = channels % 4 === 0 && outputChannels % 4 === 0;
  return (
    filterHeight === 3 && filterWidth === 3 && [...stride, ...dilation].every((step) => step === 1) && inFours
  );
}

/**
 * The candidates of a convolution, and this one where it takes the convolution.
 * @param isTurned of its input gradient: inputs dy and weights, output dx
 */
export function withWinograd(
  others: readonly Candidate[],
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
  isTurned = false,
): readonly Candidate[] {
  if (!isTaken(extents, sliding) || !hasSubgroupsOfEight(adapter)) return others;
  const { batch, channels, outputChannels, outputHeight, outputWidth } = extents;
  const work = 9 * sizeOf([batch, outputHeight, outputWidth, channels, outputChannels]);
  const isForChannels = channels * outputChannels >= worthChannels * (channels + outputChannels);
  const mine = winograd(extents, sliding, isTurned);
  const isPreferred = adapter.isSoftware && isForChannels && work >= worthPipelines;
  return isPreferred ? [...others, mine] : [mine, ...others];
}

function winograd(extents: Extents, { padding }: Sliding, isTurned: boolean): Candidate {
  const { batch, height, width, outputHeight, outputWidth } = extents;
  const whole = isTurned
    ? {
        height: outputHeight,
        width: outputWidth,
        channels: extents.outputChannels,
        outputHeight: height,
        outputWidth: width,
        outputChannels: extents.channels,
        paddingHeight: 2 - padding[0],
        paddingWidth: 2 - padding[1],
      }
    : {
        ...{ height, width, channels: extents.channels },
        ...{ outputHeight, outputWidth, outputChannels: extents.outputChannels },
        paddingHeight: padding[0],
        paddingWidth: padding[1],
      };
  const { channels, outputChannels } = whole;
  const tilesOfImage = Math.ceil(whole.outputHeight / 2) * Math.ceil(whole.outputWidth / 2);
  const bytesOfImage = 4 * 16 * tilesOfImage * Math.max(channels, outputChannels);
  const { chunk, chunks } = divided(batch, Math.ceil((batch * bytesOfImage) / bytesAtATime));
  const launches = Array.from({ length: chunks }, (_, i): Launch[] => {
    const images = Math.min(chunk, batch - i * chunk);
    const sizes = { ...whole, firstImage: i * chunk, batch: images };
    return [
      { kernel: "winogradInput", bind: { x: input(0), v: temporary(1) }, sizes },
      {
        kernel: "winogradProducts",
        bind: { v: temporary(1), u: temporary(0), y: temporary(2) },
        sizes: { tiles: images * tilesOfImage, channels, outputChannels },
      },
      { kernel: "winogradOutput", bind: { products: temporary(2), y: output(0) }, sizes },
    ];
  });
  return {
    name: "winograd",
    temporaries: [
      { shape: [16, channels, outputChannels], dtype: "f32" },
      { shape: [16, chunk * tilesOfImage, channels], dtype: "f32" },
      { shape: [16, chunk * tilesOfImage, outputChannels], dtype: "f32" },
    ],
    launches: [
      {
        kernel: "winogradFilter",
        knobs: { TURNED: isTurned },
        bind: { weights: input(1), u: temporary(0) },
        sizes: { channels, outputChannels },
      },
      ...launches.flat(),
    ],
  };
}
