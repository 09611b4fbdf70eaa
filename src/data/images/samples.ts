// From the interleaved samples of any image file to its pixels: levels by what the manifest and the file say, transparency on
// black, one channel where all is grey.
import { canonicalImage, isGrey, readingKey, type DecodedImage, type ImageReading } from "./image.ts";
import { levelsOf, type SampleFormat } from "./levels.ts";

/** What a file says of its samples: of the colours, and of the opacity, where the last of 2 or 4 samples is one. */
export interface Samples {
  readonly height: number;
  readonly width: number;
  /** Samples a pixel: 1 grey, 3 red, green, blue; 2 and 4 with opacity. */
  readonly each: 1 | 2 | 3 | 4;
  /** [height, width, each] */
  readonly values: Uint8Array | Uint16Array;
  readonly depth: number;
  /** Of each sample: bits that the file says it has; empty where it says nothing. */
  readonly significant?: readonly number[];
}

/**
 * Significant bits are heeded where no sample is larger than they allow. By the letter of the formats, samples of fewer bits
 * are scaled up to the depth, and then the largest use all of it; films are often stored as they are instead.
 *
 * @throws DataError as levelsOf
 */
export function imageOf(samples: Samples, reading: ImageReading, file: string): DecodedImage {
  const { height, width, each, values, depth, significant = [] } = samples;
  const opaque = each % 2 === 1;
  const colours = opaque ? each : each - 1;
  const said = significant.length > 0 || readingKey(reading) !== "";
  if (!said && opaque && depth === 8) {
    // A copy: what libraries give cannot be handed from a worker to another thread.
    return canonicalImage(height, width, colours === 1 ? 1 : 3, new Uint8Array(values));
  }
  let [largest, mostOpaque] = [0, 0];
  if (said) {
    for (let at = 0; at < values.length; at++) {
      if (opaque || at % each < colours) largest = Math.max(largest, values[at]);
      else mostOpaque = Math.max(mostOpaque, values[at]);
    }
  }
  const format = (bits: number | undefined, most: number): SampleFormat =>
    bits !== undefined && most < 2 ** bits ? { depth, significant: bits } : { depth };
  const ofColours = significant.slice(0, colours);
  const bits = ofColours.length === 0 ? undefined : Math.max(...ofColours);
  const level = levelsOf(format(bits, largest), reading, largest, file);
  const opacity = opaque ? undefined : levelsOf(format(significant.at(colours), mostOpaque), {}, 0, file);

  const made = colours === 3 && !isGrey(values, each) ? 3 : 1;
  const pixels = new Uint8Array(height * width * made);
  for (let from = 0, to = 0; to < pixels.length; from += each) {
    const alpha = opacity === undefined ? 255 : opacity[values[from + colours]];
    for (let channel = from; channel < from + made; channel++, to++) {
      const value = level[values[channel]];
      pixels[to] = alpha === 255 ? value : Math.round((value * alpha) / 255);
    }
  }
  return canonicalImage(height, width, made, pixels);
}
