// What the chunks of a PNG say, before any of its pixels is unpacked.
import { crc32 } from "#inflate";
import { DataError } from "../../errors/data-errors.ts";
import { checkSize, readingKey, type ImageReading } from "./image.ts";
import { readOrientation, type Orientation } from "./orientation.ts";

export interface PngLayout {
  readonly height: number;
  readonly width: number;
  /** Bits a sample. */
  readonly depth: number;
  /** Samples a pixel. */
  readonly samples: number;
  readonly palette: boolean;
  /** Whether the last sample of a pixel is its transparency. */
  readonly alpha: boolean;
  /** Bytes of the unpacked rows, with the filter byte of each. */
  readonly rowBytes: number;
  /** Bytes that decoding holds at once. */
  readonly memory: number;
  /** The pieces of the packed rows. */
  readonly packed: readonly Uint8Array[];
  /** Significant bits of red, green, blue and opacity, as a chunk sBIT says; empty where nothing follows from one. */
  readonly significant: readonly number[];
  /** As a chunk eXIf says. */
  readonly orientation: Orientation;
  /** Where the file ends for a reader of PNG. */
  readonly end: number;
}

type Header = Omit<PngLayout, "packed" | "significant" | "orientation" | "end">;

/** Samples a pixel of each colour type. */
const samplesOf = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
]);

/** Adam7: the first column and row of each pass, and the steps to the next. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export const signatureLength = 8;

/** Walks the chunks. @throws DataError as openPng */
export function readLayout(bytes: Uint8Array, file: string, reading: ImageReading): PngLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | undefined;
  let significant: readonly number[] = [];
  let orientation: Orientation = 1;
  const packed: Uint8Array[] = [];
  for (let at = signatureLength; ;) {
    if (at + 12 > bytes.length) throw cutShort(file);
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const next = at + 12 + length;
    if (next > bytes.length) throw cutShort(file);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (type === "IHDR") {
      // pngjs would believe the last of several headers.
      if (header !== undefined || length !== 13) throw damagedPng(file, "its header is wrong");
      header = readHeader(new DataView(view.buffer, view.byteOffset + at + 8, length), bytes.length, file);
    } else if (header === undefined) {
      throw damagedPng(file, "it does not start with its header");
    } else if (type === "IDAT") {
      packed.push(content);
    } else if (type === "sBIT" || type === "eXIf") {
      // pngjs passes over these, and their checksums.
      if (crc32(bytes.subarray(at + 4, next - 4)) !== view.getUint32(next - 4))
        throw damagedPng(file, wrongChecksum);
      if (type === "eXIf") orientation = readOrientation(content);
      else if (readingKey(reading) === "") significant = significantBits(content, header, file);
    } else if (type === "IEND") {
      if (packed.length === 0) throw damagedPng(file, "it holds no pixels");
      return { ...header, packed, significant, orientation, end: next };
    }
    at = next;
  }
}

/** The content of a chunk sBIT; of a palette it says how many bits its colours had, which changes nothing. */
function significantBits(
  content: Uint8Array,
  { palette, alpha, depth, samples }: Header,
  file: string,
): readonly number[] {
  if (palette) return [];
  if (content.length !== samples || content.some((bits) => bits === 0 || bits > depth)) {
    throw damagedPng(file, "its chunk sBIT is wrong; `bits` in the manifest goes before it");
  }
  if (content.every((bits) => bits === depth)) return [];
  const colour = Math.max(...content.subarray(0, alpha ? -1 : undefined));
  return [colour, colour, colour, ...(alpha ? content.subarray(-1) : [])];
}

function readHeader(view: DataView, fileLength: number, file: string): Header {
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const depth = view.getUint8(8);
  const colourType = view.getUint8(9);
  const samples = samplesOf.get(colourType);
  if (samples === undefined) throw damagedPng(file, `its header names colour type ${colourType}`);
  if (![1, 2, 4, 8, 16].includes(depth)) throw damagedPng(file, `its header names ${depth} bits a sample`);
  const bytesOf = (columns: number, rows: number): number =>
    columns === 0 ? 0 : rows * (1 + Math.ceil((columns * samples * depth) / 8));
  const rowBytes =
    view.getUint8(12) === 0
      ? bytesOf(width, height)
      : passes
          .map(([x, y, right, down]) =>
            bytesOf(Math.ceil((width - x) / right), Math.ceil((height - y) / down)),
          )
          .reduce((sum, length) => sum + length);
  // pngjs holds the packed rows twice, the unpacked ones three times, four samples a pixel, and these in 8 bits.
  const palette = colourType === 3;
  const colours = samples < 3 && !palette ? 1 : 3;
  const memory = 2 * fileLength + 3 * rowBytes + height * width * ((depth === 16 ? 12 : 4) + colours);
  checkSize(file, height, width, memory);
  return { height, width, depth, samples, palette, alpha: colourType >= 4, rowBytes, memory };
}

export const wrongChecksum = "a checksum does not agree";

export function cutShort(file: string): DataError {
  return new DataError(file, "is a PNG that breaks off early; was the download cut short?");
}

export function damagedPng(file: string, how: string): DataError {
  return new DataError(file, `is a damaged PNG: ${how}`);
}
