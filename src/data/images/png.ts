// Decodes PNG of every depth and colour type with pngjs, behind checks that pngjs does not make itself: the chunks are
// walked, and the packed pixels unpacked within the limit that the header sets, before it sees them. Samples become levels
// behind it (samples.ts), since pngjs would round 16 bits to 8 before anybody knows what the file means by them.
import { inflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { DataError } from "../../errors/data-errors.ts";
import { codeOf, messageOf } from "../../files/causes.ts";
import { checkSize, upright } from "./image.ts";
import type { DecodedImage, ImageReading, OpenedImage } from "./image.ts";
import { turnedSize } from "./orientation.ts";
import { cutShort, damagedPng, readLayout, wrongChecksum, type PngLayout } from "./png-layout.ts";
import { imageOf } from "./samples.ts";

/**
 * @param bytes a file that starts with the signature of PNG; what follows its last chunk is not looked at
 * @throws DataError when the order of its chunks shows that it is damaged or cut short, or it claims more than is read
 */
export function openPng(bytes: Uint8Array, file: string, reading: ImageReading): OpenedImage {
  const layout = readLayout(bytes, file, reading);
  const { height, width, significant, orientation } = layout;
  const turning = orientation === 1 ? 0 : 3 * height * width;
  const memory = layout.memory + turning;
  if (turning > 0) checkSize(file, height, width, memory);
  const rules = [...(significant.length > 0 ? ["sBIT"] : []), ...(orientation === 1 ? [] : ["eXIf"])];
  return {
    ...turnedSize({ height, width }, orientation),
    ...(orientation === 1 ? {} : { orientation }),
    memory,
    ...(rules.length === 0 ? {} : { rules: rules.join(" ") }),
    decode: () => Promise.resolve().then(() => upright(decodePng(bytes, layout, file, reading), orientation)),
  };
}

/**
 * @returns transparency is put on black, all depths are brought to 0..255 and rounded (16 bits: v * 255 / 65535), unless the
 *   manifest or a chunk sBIT says which part of it counts; gamma and colour profiles are not applied
 */
function decodePng(bytes: Uint8Array, layout: PngLayout, file: string, reading: ImageReading): DecodedImage {
  const { height, width, significant } = layout;
  const samples = pngSamples(bytes, layout, file);
  // pngjs gives every pixel four samples, of which a grey one has three alike.
  const depth = layout.palette ? 8 : layout.depth;
  return imageOf({ height, width, each: 4, values: samples, depth, significant }, reading, file);
}

/**
 * The samples of a PNG, four a pixel, of which a grey one has three alike: numbers of the file, and colours of its palette.
 * @throws DataError when it is damaged
 */
export function pngSamples(bytes: Uint8Array, layout: PngLayout, file: string): Uint8Array | Uint16Array {
  checkRows(layout, file);
  try {
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, layout.end);
    return PNG.sync.read(whole, { skipRescale: true }).data; // 16 bits come in a Uint16Array
  } catch (cause) {
    throw new DataError(file, explain(cause), { cause });
  }
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
    if (code === "ERR_BUFFER_TOO_LARGE") throw damagedPng(file, "it holds more pixels than its header says");
    if (code === "Z_BUF_ERROR") throw cutShort(file);
    throw damagedPng(file, "its packed pixels are wrong");
  }
  if (length < rowBytes) throw damagedPng(file, "it holds fewer pixels than its header says");
}

function explain(cause: unknown): string {
  const message = messageOf(cause);
  if (message.startsWith("Crc error")) return `is a damaged PNG: ${wrongChecksum}`;
  return `is a damaged PNG: ${message.split("\n", 1)[0]}`;
}
