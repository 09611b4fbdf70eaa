// What a mask is once it is read: a number for each pixel, or a colour as one number.
import { DataError } from "../../errors/data-errors.ts";

/** A mask as its file has it, upright. */
export interface MaskNumbers {
  readonly height: number;
  readonly width: number;
  /** [height, width] numbers of the file, or colours, each as red * 65536 + green * 256 + blue. */
  readonly values: Uint8Array | Uint16Array | Int32Array;
  /** Whether the file itself says which side is up, and it was turned. */
  readonly isTurned: boolean;
}

/** From the bytes of one kind of file to its numbers, or to its colours where these are asked for. */
export type MaskNumbersOf = (
  bytes: Uint8Array,
  file: string,
  colours: boolean,
) => MaskNumbers | Promise<MaskNumbers>;

/** Each colour as one number, red * 65536 + green * 256 + blue. @param each samples a pixel, 3 or 4 */
export function packedColours(samples: Uint8Array | Uint16Array, each: number): Int32Array {
  const colours = new Int32Array(samples.length / each);
  for (let i = 0, at = 0; i < colours.length; i++, at += each) {
    colours[i] = (samples[at] << 16) | (samples[at + 1] << 8) | samples[at + 2];
  }
  return colours;
}

/** "#804080" */
export const colourName = (colour: number): string => `#${colour.toString(16).padStart(6, "0")}`;

/** What is wrong with a mask in colours where numbers are wanted. */
export function inColour(file: string, example = "#804080"): DataError {
  return new DataError(
    file,
    `is a mask in colours, not in numbers: say under colours what each of them means, such as colours: {"${example}": ...}`,
  );
}
