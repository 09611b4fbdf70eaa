// The numbers in a PNG as they stand in it, for masks: places in a palette, and grey of any depth, never scaled to 0..255. The
// checks, and pngjs behind them, are those of images (../images/png.ts); what pngjs would make of the numbers is taken out first.
import { crc32 } from "node:zlib";
import { DataError } from "../../errors/data-errors.ts";
import { isGrey } from "../images/image.ts";
import { turn, turnedSize } from "../images/orientation.ts";
import { damagedPng, readLayout, signatureLength, wrongChecksum } from "../images/png-layout.ts";
import { pngSamples } from "../images/png.ts";
import { colourName, inColour, packedColours, type MaskNumbers, type MaskNumbersOf } from "./mask-numbers.ts";

/** The most colours of a palette. */
const mostColours = 256;

/**
 * @param bytes a file that starts with the signature of PNG
 * @throws DataError when it is damaged, has transparent pixels, or colours that are not asked for
 */
export const pngNumbers: MaskNumbersOf = (bytes, file, colours) => {
  // A reading that says something keeps out a chunk sBIT, which is about grey levels.
  const layout = readLayout(bytes, file, { bits: 1 });
  const plain = withoutColours(bytes.subarray(0, layout.end), file, layout.palette && !colours);
  const { height, width, alpha, orientation, depth } = layout;
  const samples = pngSamples(plain, readLayout(plain, file, { bits: 1 }), file);
  if (alpha) refuseTransparent(samples, 2 ** depth - 1, file);
  const numbers = colours
    ? coloursOf(samples, layout.palette ? 8 : depth, file)
    : numbersOf(samples, depth, file);
  if (orientation === 1) return { height, width, values: numbers, isTurned: false };
  const values = numbers.slice();
  turn(numbers, values, { height, width, channels: 1 }, orientation);
  return { ...turnedSize({ height, width }, orientation), values, isTurned: true };
};

/**
 * The file without what says that pixels of one number are transparent, which would make them black; and with a palette in which
 * every colour is its own number, where the numbers are asked for.
 */
function withoutColours(bytes: Uint8Array, file: string, numbered: boolean): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, signatureLength)];
  for (let at = signatureLength; at < bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    const chunk = bytes.subarray(at, end);
    const type = String.fromCharCode(...chunk.subarray(4, 8));
    if (type === "PLTE" || type === "tRNS") {
      if (crc32(chunk.subarray(4, -4)) !== view.getUint32(end - 4)) throw damagedPng(file, wrongChecksum);
    }
    if (type === "PLTE" && numbered) kept.push(numberedPalette((chunk.length - 12) / 3, file));
    else if (type !== "tRNS") kept.push(chunk);
    at = end;
  }
  return Buffer.concat(kept);
}

/** A chunk PLTE of so many colours, of which each is its number in grey. */
function numberedPalette(colours: number, file: string): Uint8Array {
  if (!Number.isInteger(colours) || colours < 1 || colours > mostColours) {
    throw damagedPng(file, "its palette is wrong");
  }
  const chunk = new Uint8Array(12 + 3 * colours);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, 3 * colours);
  chunk.set(new TextEncoder().encode("PLTE"), 4);
  for (let i = 0; i < colours; i++) chunk.fill(i, 8 + 3 * i, 11 + 3 * i);
  view.setUint32(chunk.length - 4, crc32(chunk.subarray(4, -4)));
  return chunk;
}

function refuseTransparent(samples: Uint8Array | Uint16Array, opaque: number, file: string): void {
  for (let at = 3; at < samples.length; at += 4) {
    if (samples[at] === opaque) continue;
    throw new DataError(
      file,
      "is a mask with transparent pixels, whose numbers may mean anything: save it without",
    );
  }
}

/** The one number of each pixel. */
function numbersOf(samples: Uint8Array | Uint16Array, depth: number, file: string): MaskNumbers["values"] {
  if (!isGrey(samples, 4)) {
    const at = colourAt(samples);
    throw inColour(
      file,
      depth === 16 ? undefined : colourName((samples[at] << 16) | (samples[at + 1] << 8) | samples[at + 2]),
    );
  }
  const numbers = depth === 16 ? new Uint16Array(samples.length / 4) : new Uint8Array(samples.length / 4);
  for (let i = 0; i < numbers.length; i++) numbers[i] = samples[4 * i];
  return numbers;
}

/** Where the first pixel begins that is not grey. */
function colourAt(samples: Uint8Array | Uint16Array): number {
  let at = 0;
  while (samples[at] === samples[at + 1] && samples[at] === samples[at + 2]) at += 4;
  return at;
}

function coloursOf(samples: Uint8Array | Uint16Array, depth: number, file: string): Int32Array {
  if (depth !== 8) {
    throw new DataError(
      file,
      `is a PNG of ${depth} bits, and colours are read of 8 bits: say what its numbers mean under values`,
    );
  }
  return packedColours(samples, 4);
}
