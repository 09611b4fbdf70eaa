// Decodes BMP (device-independent bitmaps of Windows) that is not compressed: 1, 4 and 8 bits with a palette, 24 and 32 bits.
// No library that is here reads it; everything else is refused by name.
import { DataError } from "../../errors/data-errors.ts";
import { checkSize, type DecodedImage, type ImageReading, type OpenedImage } from "./image.ts";
import { imageOf } from "./samples.ts";

interface BmpLayout {
  readonly height: number;
  readonly width: number;
  /** Whether the first row in the file is the top one. */
  readonly topDown: boolean;
  readonly bits: number;
  /** Whether the fourth byte of a pixel is its opacity; else it says nothing. */
  readonly alpha: boolean;
  /** The colours, blue, green, red, each in `step` bytes; empty where pixels are colours themselves. */
  readonly palette: Uint8Array;
  readonly step: number;
  /** Where the rows begin, and the bytes of each: they end on 4 bytes. */
  readonly start: number;
  readonly stride: number;
}

/** Lengths of the headers that there are: of OS/2, and of Windows in its versions. */
const headers = { core: 12, info: 40, known: [12, 40, 52, 56, 64, 108, 124] };
const fileHeader = 14;
const compressions = ["none", "RLE8", "RLE4", "bit fields", "JPEG", "PNG"];
/** Blue, green, red in the order of the bytes, as all programs write them. */
const usualMasks = [0x00ff0000, 0x0000ff00, 0x000000ff];

/**
 * @param bytes a file that starts with the signature of BMP
 * @throws DataError for a damaged header, one that claims too much, and a kind that is not read
 */
export function openBmp(bytes: Uint8Array, file: string, reading: ImageReading): OpenedImage {
  const layout = readLayout(bytes, file);
  const { height, width, bits } = layout;
  const each = layout.alpha ? 4 : 3;
  const memory = bytes.length + height * width * (each + 4);
  checkSize(file, height, width, memory);
  const end = layout.start + layout.stride * height;
  if (bits <= 8 && layout.palette.length === 0) throw damaged(file, "it has no palette");
  if (end > bytes.length) throw cutShort(file);
  return {
    ...{ height, width, memory },
    decode: () => Promise.resolve().then(() => decodeBmp(bytes, layout, file, reading)),
  };
}

function decodeBmp(bytes: Uint8Array, layout: BmpLayout, file: string, reading: ImageReading): DecodedImage {
  const { height, width, bits, alpha, palette, step, start, stride } = layout;
  const each = alpha ? 4 : 3;
  const values = new Uint8Array(height * width * each);
  const colours = bits <= 8 ? palette : bytes;
  for (let y = 0, to = 0; y < height; y++) {
    const row = start + stride * (layout.topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++, to += each) {
      let from = row + (x * bits) / 8;
      if (bits <= 8) from = step * indexAt(bytes, layout, row, x, file);
      for (let channel = 0; channel < 3; channel++) values[to + channel] = colours[from + 2 - channel];
      if (alpha) values[to + 3] = colours[from + 3];
    }
  }
  return imageOf({ height, width, each, values, depth: 8 }, reading, file);
}

/** The place in the palette of a pixel's colour, in the row that begins at `row`. */
function indexAt(
  bytes: Uint8Array,
  { bits, palette, step }: BmpLayout,
  row: number,
  x: number,
  file: string,
): number {
  const perByte = 8 / bits;
  const index = (bytes[row + Math.floor(x / perByte)] >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
  if (step * (index + 1) > palette.length) throw damaged(file, "a pixel has a colour that its palette lacks");
  return index;
}

/**
 * The places in the palette of a BMP's pixels, [height, width]; undefined where its pixels are colours themselves.
 * @throws DataError as openBmp
 */
export function bmpIndices(
  bytes: Uint8Array,
  file: string,
): { readonly height: number; readonly width: number; readonly values: Uint8Array } | undefined {
  openBmp(bytes, file, {}); // for its checks
  const layout = readLayout(bytes, file);
  const { height, width, bits, start, stride, topDown } = layout;
  if (bits > 8) return undefined;
  const values = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = start + stride * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) values[y * width + x] = indexAt(bytes, layout, row, x, file);
  }
  return { height, width, values };
}

function readLayout(bytes: Uint8Array, file: string): BmpLayout {
  if (bytes.length < fileHeader + headers.core) throw cutShort(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = view.getUint32(10, true);
  const length = view.getUint32(fileHeader, true);
  if (!headers.known.includes(length)) throw damaged(file, `its header claims ${length} bytes`);
  if (bytes.length < fileHeader + length) throw cutShort(file);
  const core = length === headers.core;
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  if (width < 0) throw damaged(file, "its width is negative");
  const bits = view.getUint16(core ? 24 : 28, true);
  const compression = core ? 0 : view.getUint32(30, true);
  const fields = compression === 3;
  if (compression !== 0 && !fields) {
    const name = compressions.at(compression) ?? `kind ${compression}`;
    throw new DataError(
      file,
      `is a BMP compressed by ${name}, which is not read: save it uncompressed, or as PNG`,
    );
  }
  if (![1, 4, 8, 24, 32].includes(bits) || (fields && bits !== 32)) {
    throw new DataError(
      file,
      `is a BMP of ${bits} bits a pixel; 1, 4, 8, 24 and 32 are read: save it as PNG`,
    );
  }
  let alpha = false;
  if (fields) {
    if (bytes.length < fileHeader + headers.info + 16) throw cutShort(file);
    const maskAt = (i: number): number => view.getUint32(fileHeader + headers.info + 4 * i, true);
    if (usualMasks.some((mask, i) => maskAt(i) !== mask)) {
      throw new DataError(
        file,
        "is a BMP whose bit fields are not 8 bits of blue, green and red each: save it as PNG",
      );
    }
    alpha = length >= 56 && length !== 64 && maskAt(3) === 0xff000000;
  }
  const step = core ? 3 : 4;
  const paletteStart = fileHeader + length;
  const used = core || bits > 8 ? 0 : view.getUint32(46, true);
  const colours = bits > 8 ? 0 : Math.min(used === 0 ? 2 ** bits : used, 2 ** bits);
  const palette = bytes.subarray(paletteStart, paletteStart + colours * step);
  if (start < paletteStart) throw damaged(file, "its pixels begin in its header");
  return {
    ...{ height: Math.abs(signedHeight), width, topDown: signedHeight < 0, bits, alpha },
    ...{ palette: palette.subarray(0, Math.max(0, start - paletteStart)), step, start },
    stride: 4 * Math.ceil((width * bits) / 32),
  };
}

function cutShort(file: string): DataError {
  return new DataError(file, "is a BMP that breaks off early; was the download cut short?");
}

function damaged(file: string, how: string): DataError {
  return new DataError(file, `is a damaged BMP: ${how}`);
}
