// Writes PNG files chunk by chunk, of every kind, right or wrong; and damages files in ways that a seed decides.
import { crc32, deflateSync } from "node:zlib";
import { randomStream } from "../../../src/data/random-stream.ts";

export const pngSignature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

export function chunk(type: string, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(12 + content.length);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + content.length)), 8 + content.length);
  return bytes;
}

export interface PngContent {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colorType: number;
  readonly interlaced?: boolean;
  /** A sample of a pixel's channel, of `depth` bits. */
  readonly sample?: (x: number, y: number, channel: number) => number;
  readonly palette?: readonly number[];
  readonly transparency?: readonly number[];
}

export function header({ width, height, depth, colorType, interlaced = false }: PngContent): Buffer {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(width, 0);
  bytes.writeUInt32BE(height, 4);
  bytes.set([depth, colorType, 0, 0, interlaced ? 1 : 0], 8);
  return chunk("IHDR", bytes);
}

const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The rows of all passes, unfiltered, each after a zero for "no filter". */
function rows(content: PngContent): Buffer {
  const { width, height, depth, colorType, sample = () => 0 } = content;
  const channels = [1, 0, 3, 1, 2, 0, 4][colorType] ?? 0;
  const lines: Buffer[] = [];
  for (const [left, top, right, down] of content.interlaced === true ? adam7 : [[0, 0, 1, 1]]) {
    const columns = Math.ceil((width - left) / right);
    if (columns <= 0) continue;
    for (let y = top; y < height; y += down) {
      const line = Buffer.alloc(1 + Math.ceil((columns * channels * depth) / 8));
      let bit = 8;
      for (let x = left; x < width; x += right) {
        for (let channel = 0; channel < channels; channel++, bit += depth) {
          const value = sample(x, y, channel);
          if (depth === 16) line.writeUInt16BE(value, bit >> 3);
          else line[bit >> 3] |= value << (8 - depth - (bit & 7));
        }
      }
      lines.push(line);
    }
  }
  return Buffer.concat(lines);
}

export function writePng(content: PngContent): Buffer {
  return Buffer.concat([
    pngSignature,
    header(content),
    ...(content.palette === undefined ? [] : [chunk("PLTE", Buffer.from(content.palette))]),
    ...(content.transparency === undefined ? [] : [chunk("tRNS", Buffer.from(content.transparency))]),
    chunk("IDAT", deflateSync(rows(content))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The same file with every checksum right again, so that damage gets past them. */
export function withRightChecksums(png: Uint8Array): Buffer {
  const bytes = Buffer.from(png);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) break;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return bytes;
}

/** A damaged copy: some bits flipped, its end cut off, or a piece of it moved over another. */
export function mutated(original: Uint8Array, seed: number): Buffer {
  const random = randomStream(seed, "mutation");
  const bytes = Buffer.from(original);
  switch (seed % 4) {
    case 0:
      return bytes.subarray(0, random.below(bytes.length));
    case 1: {
      const length = random.below(64) + 1;
      const piece = Buffer.from(original.subarray(random.below(original.length)).subarray(0, length));
      bytes.set(piece, random.below(bytes.length - piece.length));
      return bytes;
    }
    case 2: {
      const at = random.below(bytes.length);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.below(64) + 1)]);
    }
    default: // half of them near the start, where the headers are
      for (let flips = random.below(8) + 1; flips > 0; flips--) {
        const at = random.below(seed % 8 === 3 ? bytes.length : Math.min(64, bytes.length));
        bytes[at] ^= 1 << random.below(8);
      }
      return bytes;
  }
}
