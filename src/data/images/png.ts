// Decodes PNG of every depth and colour type with pngjs, behind checks that pngjs does not make itself: the chunks are
// walked, and the packed pixels unpacked within the limit that the header sets, before it sees them.
import { inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { DataError } from "../../errors/data-errors.ts";
import { codeOf, messageOf } from "../../files/causes.ts";
import { checkSize, isGrey } from "./image.ts";
import type { DecodedImage, OpenedImage } from "./image.ts";

interface PngLayout {
  readonly height: number;
  readonly width: number;
  /** Bits a sample. */
  readonly depth: number;
  /** Bytes of the unpacked rows, with the filter byte of each. */
  readonly rowBytes: number;
  /** Bytes that decoding holds at once. */
  readonly memory: number;
  /** The pieces of the packed rows. */
  readonly packed: readonly Uint8Array[];
  /** Where the file ends for a reader of PNG. */
  readonly end: number;
}

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

const signatureLength = 8;

/**
 * @param bytes a file that starts with the signature of PNG; what follows its last chunk is not looked at
 * @throws DataError when the order of its chunks shows that it is damaged or cut short, or it claims more than is read
 */
export function openPng(bytes: Uint8Array, file: string): OpenedImage {
  const layout = readLayout(bytes, file);
  return {
    memory: layout.memory,
    decode: () => Promise.resolve().then(() => decodePng(bytes, layout, file)),
  };
}

/**
 * @returns transparency is put on black, 16 bits are rounded to 8 (v * 255 / 65535), fewer bits are stretched to 0..255;
 *   gamma, colour profiles and orientation are not applied
 */
function decodePng(bytes: Uint8Array, layout: PngLayout, file: string): DecodedImage {
  checkRows(layout, file);
  const { height, width } = layout;
  let rgba: Uint8Array;
  try {
    // pngjs rounds 16 bits itself.
    rgba = PNG.sync.read(Buffer.from(bytes.buffer, bytes.byteOffset, layout.end)).data;
  } catch (cause) {
    throw new DataError(file, explain(cause), { cause });
  }
  putOnBlack(rgba);
  const channels = isGrey(rgba, 4) ? 1 : 3;
  const pixels = new Uint8Array(height * width * channels);
  for (let from = 0, to = 0; to < pixels.length; from += 4, to += channels) {
    pixels[to] = rgba[from];
    if (channels === 1) continue;
    pixels[to + 1] = rgba[from + 1];
    pixels[to + 2] = rgba[from + 2];
  }
  return { height, width, channels, pixels };
}

function putOnBlack(rgba: Uint8Array): void {
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3];
    if (alpha === 255) continue;
    for (let channel = at; channel < at + 3; channel++)
      rgba[channel] = Math.round((rgba[channel] * alpha) / 255);
  }
}

/** Walks the chunks, and checks the header against the limits. */
function readLayout(bytes: Uint8Array, file: string): PngLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Omit<PngLayout, "packed" | "end"> | undefined;
  const packed: Uint8Array[] = [];
  for (let at = signatureLength; ;) {
    if (at + 12 > bytes.length) throw cutShort(file);
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const next = at + 12 + length;
    if (next > bytes.length) throw cutShort(file);
    if (type === "IHDR") {
      // pngjs would believe the last of several headers.
      if (header !== undefined || length !== 13) throw damaged(file, "its header is wrong");
      header = readHeader(new DataView(view.buffer, view.byteOffset + at + 8, length), bytes.length, file);
    } else if (header === undefined) {
      throw damaged(file, "it does not start with its header");
    } else if (type === "IDAT") {
      packed.push(bytes.subarray(at + 8, at + 8 + length));
    } else if (type === "IEND") {
      if (packed.length === 0) throw damaged(file, "it holds no pixels");
      return { ...header, packed, end: next };
    }
    at = next;
  }
}

function readHeader(view: DataView, fileLength: number, file: string): Omit<PngLayout, "packed" | "end"> {
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const depth = view.getUint8(8);
  const samples = samplesOf.get(view.getUint8(9));
  if (samples === undefined) throw damaged(file, `its header names colour type ${view.getUint8(9)}`);
  if (![1, 2, 4, 8, 16].includes(depth)) throw damaged(file, `its header names ${depth} bits a sample`);
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
  const colours = samples < 3 && view.getUint8(9) !== 3 ? 1 : 3;
  const memory = 2 * fileLength + 3 * rowBytes + height * width * ((depth === 16 ? 12 : 4) + colours);
  checkSize(file, height, width, memory);
  return { height, width, depth, rowBytes, memory };
}

/**
 * Makes sure that the packed rows unpack, and to what the header says: pngjs unpacks interlaced ones without a limit,
 * and takes uninitialised memory for pixels where the packed data is wrong (pngjs 7.0.0).
 */
function checkRows({ rowBytes, packed }: PngLayout, file: string): void {
  let length: number;
  try {
    length = inflateSync(Buffer.concat(packed), { maxOutputLength: rowBytes }).length;
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ERR_BUFFER_TOO_LARGE") throw damaged(file, "it holds more pixels than its header says");
    if (code === "Z_BUF_ERROR") throw cutShort(file);
    throw damaged(file, "its packed pixels are wrong");
  }
  if (length < rowBytes) throw damaged(file, "it holds fewer pixels than its header says");
}

function explain(cause: unknown): string {
  const message = messageOf(cause);
  if (message.startsWith("Crc error")) return "is a damaged PNG: a checksum does not agree";
  return `is a damaged PNG: ${message.split("\n", 1)[0]}`;
}

function cutShort(file: string): DataError {
  return new DataError(file, "is a PNG that breaks off early; was the download cut short?");
}

function damaged(file: string, how: string): DataError {
  return new DataError(file, `is a damaged PNG: ${how}`);
}
