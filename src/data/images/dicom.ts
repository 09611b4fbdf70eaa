// Decodes single images in DICOM files (CR, DX, MG, slices of CT and MR, and others of their form) as a viewer shows them.
import { DataError } from "../../errors/data-errors.ts";
import { damaged } from "./dicom-elements.ts";
import { isColour, readDicomHeader } from "./dicom-header.ts";
import type { DicomHeader, Lookup } from "./dicom-header.ts";
import { greyLevels, lookUp, storedValue } from "./dicom-levels.ts";
import { memoryToUnpack, unpackPixels } from "./dicom-pixels.ts";
import type { StoredSamples } from "./dicom-pixels.ts";
import { canonicalImage, checkSize } from "./image.ts";
import type { DecodedImage, ImageReading, OpenedImage } from "./image.ts";

/**
 * @param bytes a file that `isDicom` knows
 * @throws DataError for a damaged header, one that claims too much, and what is not read: several frames, no pixels, other
 *   packings
 */
export function openDicom(bytes: Uint8Array, file: string, reading: ImageReading): OpenedImage {
  const header = readDicomHeader(bytes, file);
  const { height, width, samples } = header;
  const shown = samples === 3 || header.palette !== undefined ? 6 : 1; // colours, and again as grey
  const pieces = header.pieces.reduce((sum, { length }) => sum + length, 0); // unpacked where deflated, then joined
  const memory = bytes.length + 2 * pieces + memoryToUnpack(header) + height * width * shown;
  checkSize(file, height, width, memory);
  if (isColour(header.photometric) || header.palette !== undefined) refuseWindow(header, reading, file);
  return { height, width, memory, decode: () => decodeDicom(header, reading, file) };
}

/**
 * @returns grey as the window shows it (the manifest's, else `bits` of the manifest, else the file's, else the range of its
 *   bits), MONOCHROME1 turned, padding black; colours as red, green, blue. Overlays, colour profiles, orientation and the shape
 *   of pixels are not applied.
 */
async function decodeDicom(header: DicomHeader, reading: ImageReading, file: string): Promise<DecodedImage> {
  const { height, width, palette, photometric } = header;
  if (palette === undefined && !isColour(photometric)) {
    const levels = greyLevels(header, reading, file);
    const { values } = await unpackPixels(header, file);
    if (reading.bits !== undefined) refuseMoreBits(values, reading.bits, header, file);
    const pixels = new Uint8Array(height * width);
    for (let i = 0; i < pixels.length; i++) pixels[i] = levels[values[i]];
    return canonicalImage(height, width, 1, pixels);
  }
  const samples = await unpackPixels(header, file);
  const pixels = palette === undefined ? toRgb(samples, header, file) : toColours(samples, header, palette);
  return canonicalImage(height, width, 3, pixels);
}

/** A manifest that says too few bits would make the brightest values one. */
function refuseMoreBits(
  values: StoredSamples["values"],
  bits: number,
  header: DicomHeader,
  file: string,
): void {
  const most = header.signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  let largest = 0;
  for (const number of values) largest = Math.max(largest, storedValue(number, header));
  if (largest <= most) return;
  throw new DataError(
    file,
    `holds the value ${largest}, more than ${most}, the most of ${bits} bits: \`bits\` in the manifest is wrong`,
  );
}

function refuseWindow({ photometric }: DicomHeader, { bits, window }: ImageReading, file: string): void {
  const named = window === undefined ? bits : window;
  if (named === undefined) return;
  const field = window === undefined ? "bits" : "window";
  throw new DataError(file, `is in colour (${photometric}), which the source's ${field} cannot be meant for`);
}

function toColours(
  { values }: StoredSamples,
  header: DicomHeader,
  palette: readonly Lookup[],
): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    const value = storedValue(values[i], header);
    for (const [colour, table] of palette.entries()) {
      // Of wider entries the high byte is the colour, as writers have it.
      pixels[3 * i + colour] = lookUp(table, value) >> (table.bits - 8);
    }
  }
  return pixels;
}

function toRgb({ values, isRgb }: StoredSamples, header: DicomHeader, file: string): Uint8Array<ArrayBuffer> {
  const { photometric, allocated, stored } = header;
  const pixels = new Uint8Array(values.length);
  if (photometric === "RGB" || isRgb) {
    const most = 2 ** stored - 1;
    for (let i = 0; i < values.length; i++) {
      pixels[i] =
        stored === 8 && allocated === 8
          ? values[i]
          : Math.round((255 * colourValue(values[i], header)) / most);
    }
    return pixels;
  }
  if (allocated !== 8) throw damaged(file, `it says ${photometric}, which has 8 bits`);
  // PS3.3, C.7.6.3.1.2, turned round.
  for (let at = 0; at < values.length; at += 3) {
    const [brightness, blue, red] = [values[at], values[at + 1] - 128, values[at + 2] - 128];
    pixels[at] = byte(brightness + 1.402 * red);
    pixels[at + 1] = byte(brightness - 0.344136 * blue - 0.714136 * red);
    pixels[at + 2] = byte(brightness + 1.772 * blue);
  }
  return pixels;
}

const colourValue = (number: number, header: DicomHeader): number =>
  storedValue(number, { ...header, signed: false });

const byte = (value: number): number => Math.min(Math.max(Math.round(value), 0), 255);
