// From the numbers in an image file to grey levels, 0 to 255, as the manifest says, or else the file.
import { DataError } from "../../errors/data-errors.ts";
import type { ImageReading } from "./image.ts";

/** What a file says of its samples. */
export interface SampleFormat {
  /** Bits that a sample takes in the file, 1 to 16. */
  readonly depth: number;
  /** Bits that the file says its samples have, where these are fewer and not scaled up to the depth. */
  readonly significant?: number | undefined;
}

/** The level of a number: `low` and all below are 0, `high` and all above 255. */
export function levelIn([low, high]: NonNullable<ImageReading["window"]>, value: number): number {
  return Math.round(Math.min(1, Math.max(0, (value - low) / (high - low))) * 255);
}

const mostOf = (bits: number): number => 2 ** bits - 1;

/**
 * The level of every number that a sample may be, [2^depth].
 *
 * @param largest the largest sample there is
 * @throws DataError for a sample of more bits than the manifest says, and for a manifest of more bits than a sample takes
 */
export function levelsOf(
  { depth, significant }: SampleFormat,
  { bits, window }: ImageReading,
  largest: number,
  file: string,
): Uint8Array {
  if (bits !== undefined && bits > depth) {
    throw new DataError(
      file,
      `has ${depth} bits a sample, fewer than the ${bits} that \`bits\` in the manifest says`,
    );
  }
  if (bits !== undefined && largest > mostOf(bits)) {
    throw new DataError(
      file,
      `holds the value ${largest}, more than ${mostOf(bits)}, the most of ${bits} bits: it is damaged, or \`bits\` in the ` +
        "manifest is wrong",
    );
  }
  const shown = window ?? ([0, mostOf(bits ?? significant ?? depth)] as const);
  return Uint8Array.from({ length: 2 ** depth }, (_, value) => levelIn(shown, value));
}
