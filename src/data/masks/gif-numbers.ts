// The places in a GIF's palette, or its colours, for masks. The library that shows GIF leaves black what a damaged file lacks, and black
// is background in a mask: here a file has all of its pixels, or is refused.
import { DataError } from "../../errors/data-errors.ts";
import { checkSize } from "../images/image.ts";
import { packedColours, type MaskNumbersOf } from "./mask-numbers.ts";
import { unpackLzw } from "./gif-lzw.ts";

const blockKind = { extension: 0x21, picture: 0x2c, end: 0x3b } as const;
/** Lengths of the header with the size of the whole, and of the head of a picture. */
const headerLength = 13;
const pictureHead = 10;

interface GifPicture {
  readonly palette: Uint8Array;
  readonly interlaced: boolean;
  /** Bits of the first codes, without those that are no colours. */
  readonly bits: number;
  readonly packed: Uint8Array;
}

/**
 * Which place of the palette is transparent changes nothing, as in a PNG with a palette.
 *
 * @param bytes a file that starts with the signature of GIF
 * @throws DataError when it is damaged or cut short, too large, of several frames, or of one that leaves a part free
 */
export const gifNumbers: MaskNumbersOf = (bytes, file, colours) => {
  if (bytes.length < headerLength) throw cutShort(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  checkSize(file, height, width, 2 * bytes.length + 6 * height * width);
  const { palette, interlaced, bits, packed } = readPicture(bytes, { height, width }, file);
  const unpacked = unpackLzw(packed, bits, height * width);
  if (unpacked === undefined) throw damaged(file, "it holds fewer pixels than its header says");
  const values = interlaced ? inOrder(unpacked, height, width) : unpacked;
  const beyond = values.find((place) => 3 * place >= palette.length);
  if (beyond !== undefined) throw damaged(file, "a pixel has a colour that its palette lacks");
  const ofPlaces = packedColours(palette, 3);
  return {
    ...{ height, width, isTurned: false },
    values: colours ? Int32Array.from(values, (place) => ofPlaces[place]) : values,
  };
};

/** Walks the blocks to the end of the file, and finds its one picture. */
function readPicture(
  bytes: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
  file: string,
): GifPicture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = headerLength;
  /** What stands at the flags' place says how long the colours are that follow. */
  const paletteBy = (flags: number): Uint8Array => {
    const length = (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
    if (at + length > bytes.length) throw cutShort(file);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const pieces = (): Uint8Array[] => {
    const found: Uint8Array[] = [];
    for (;;) {
      if (at >= bytes.length || at + bytes[at] >= bytes.length) throw cutShort(file);
      const piece = bytes.subarray(at + 1, at + 1 + bytes[at]);
      at += 1 + piece.length;
      if (piece.length === 0) return found;
      found.push(piece);
    }
  };
  const shared = paletteBy(bytes[headerLength - 3]);
  let picture: GifPicture | undefined;
  for (;;) {
    if (at >= bytes.length) throw cutShort(file);
    const kind = bytes[at];
    if (kind === blockKind.end) {
      if (picture === undefined) throw damaged(file, "it holds no pixels");
      return picture;
    }
    if (kind === blockKind.extension) {
      at += 2;
      pieces();
      continue;
    }
    if (kind !== blockKind.picture) throw damaged(file, `it has a block of kind ${kind}`);
    if (at + pictureHead >= bytes.length) throw cutShort(file);
    if (picture !== undefined) {
      throw new DataError(
        file,
        "is a GIF of several frames; a file is one mask here: save the one that is meant by itself",
      );
    }
    const [left, top, across, down] = [1, 3, 5, 7].map((skip) => view.getUint16(at + skip, true));
    if (left !== 0 || top !== 0 || across !== width || down !== height) {
      throw new DataError(file, "is a GIF whose picture does not fill its size: save the mask as PNG");
    }
    const flags = bytes[at + pictureHead - 1];
    at += pictureHead;
    const own = paletteBy(flags);
    const bits = bytes[at++];
    if (bits < 1 || bits > 8) throw damaged(file, `its first codes have ${bits} bits`);
    picture = {
      ...{ palette: own.length > 0 ? own : shared, interlaced: (flags & 0x40) !== 0, bits },
      packed: Buffer.concat(pieces()),
    };
  }
}

/** The first row and the step to the next in each of the four passes. */
const passes = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

function inOrder(rows: Uint8Array, height: number, width: number): Uint8Array {
  const ordered = new Uint8Array(rows.length);
  let from = 0;
  for (const [first, step] of passes) {
    for (let y = first; y < height; y += step, from += width) {
      ordered.set(rows.subarray(from, from + width), y * width);
    }
  }
  return ordered;
}

function cutShort(file: string): DataError {
  return new DataError(file, "is a GIF that breaks off early; was the download cut short?");
}

function damaged(file: string, how: string): DataError {
  return new DataError(file, `is a damaged GIF: ${how}`);
}
