// Reads volumes of NIfTI files, .nii and .nii.gz: the header first, and the voxels only where the file can hold what it claims.
// The library nifti-reader-js (0.8.0) is not used: it unpacks without a limit, reads files that are cut short as if they were
// whole, has no check of sizes, types and offsets, and never returns from two extensions that lead to each other.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DataError } from "../errors/data-errors.ts";
import { readBytes, readHead } from "./bytes.ts";
import { largestDeflateRatio } from "./limits.ts";
import { largestNiftiHeader } from "./nifti-fields.ts";
import { readNiftiHeader, voxelBytes } from "./nifti-header.ts";
import type { NiftiHeader } from "./nifti-header.ts";
import { elementReader, elementWords } from "./number-array.ts";
import type { NumberArray } from "./number-array.ts";

export interface NiftiVolume {
  readonly header: NiftiHeader;
  /** The voxels as they lie in the file: the first axis changes fastest. */
  readonly voxels: NumberArray;
}

/** The least and the largest number that a volume's voxels stand for. */
export interface VoxelRange {
  readonly lowest: number;
  readonly highest: number;
}

/**
 * The header of a file, checked against the size of the file.
 *
 * @throws DataError as readNiftiHeader, and where the file is too small for the voxels that it claims
 */
export async function readNiftiFileHeader(file: string): Promise<NiftiHeader> {
  const { bytes, size, isPacked } = await readHead(file, largestNiftiHeader);
  const header = readNiftiHeader(file, bytes);
  const promised = header.start + voxelBytes(header);
  const most = isPacked ? size * largestDeflateRatio : size;
  if (promised > most) {
    const holds = isPacked ? `${size} packed bytes cannot hold` : `only ${size} bytes are there`;
    throw new DataError(
      file,
      `claims ${header.shape.join(" x ")} voxels of ${elementWords(header.type)}, ${promised} bytes with its header, but ` +
        `${holds}${isPacked ? " so much" : ""}: it is damaged or cut short`,
    );
  }
  return header;
}

/**
 * A whole volume.
 *
 * @throws DataError as readNiftiFileHeader, and for a file of another length than its header promises, damaged or cut gzip, and
 *   voxels that are no numbers
 */
export async function readNifti(file: string): Promise<NiftiVolume & { readonly range: VoxelRange }> {
  const header = await readNiftiFileHeader(file);
  const promised = header.start + voxelBytes(header);
  const bytes = await readBytes(file, { most: promised, why: "what its header promises" });
  if (bytes.length !== promised) {
    throw new DataError(
      file,
      `holds ${bytes.length} bytes where its header promises ${promised} (${header.shape.join(" x ")} voxels of ` +
        `${elementWords(header.type)} from byte ${header.start}): it is damaged or cut short`,
    );
  }
  const volume = volumeIn(header, bytes);
  return { ...volume, range: rangeOf(file, volume) };
}

/**
 * A volume whose header was read and checked before, once more.
 * @throws DataError where the file is another now
 */
export function rereadNifti(file: string, header: NiftiHeader): NiftiVolume {
  const promised = header.start + voxelBytes(header);
  const changed = (cause?: unknown): DataError =>
    new DataError(file, "was changed or removed while it was in use; begin again", { cause });
  let bytes: Uint8Array;
  try {
    const content = readFileSync(file);
    const isPacked = content[0] === 0x1f && content[1] === 0x8b;
    bytes = isPacked ? gunzipSync(content, { chunkSize: promised, maxOutputLength: promised }) : content;
  } catch (cause) {
    throw changed(cause);
  }
  const start = bytes.subarray(0, header.bytes.length);
  if (bytes.length !== promised || start.some((byte, i) => byte !== header.bytes[i])) throw changed();
  return volumeIn(header, bytes);
}

/** What voxel i of a volume stands for. */
export function voxelReader({ header, voxels }: NiftiVolume): (i: number) => number {
  const { slope, intercept } = header;
  const element = elementReader(voxels);
  return slope === 1 && intercept === 0 ? element : (i) => slope * element(i) + intercept;
}

function volumeIn(header: NiftiHeader, bytes: Uint8Array): NiftiVolume {
  const { type, shape, start, littleEndian } = header;
  return { header, voxels: { type, shape, content: bytes.subarray(start), littleEndian } };
}

/** @throws DataError for the first voxel that is no number, by its place */
function rangeOf(file: string, volume: NiftiVolume): VoxelRange {
  const { shape } = volume.header;
  const value = voxelReader(volume);
  const count = shape[0] * shape[1] * shape[2];
  let [lowest, highest] = [Infinity, -Infinity];
  for (let i = 0; i < count; i++) {
    const each = value(i);
    // Written so that NaN is refused, too.
    if (!(each > -Infinity && each < Infinity)) {
      const place = [
        i % shape[0],
        Math.floor(i / shape[0]) % shape[1],
        Math.floor(i / (shape[0] * shape[1])),
      ];
      throw new DataError(
        file,
        `has ${each} at voxel (${place.join(", ")}); give such voxels a number, such as that of air`,
      );
    }
    if (each < lowest) lowest = each;
    if (each > highest) highest = each;
  }
  return { lowest, highest };
}
