// How the pixels of a TIFF are to be understood: its bits, and whether they are grey, places in a palette, or colours. The library that
// decodes TIFF makes grey or colours of all of them, and scales fewer than eight bits.
import { DataError } from "../../errors/data-errors.ts";

export interface TiffLayout {
  readonly bits: number;
  readonly photometric: string;
  /** How it is packed, where that loses what it was; undefined where nothing is lost. */
  readonly lossy: string | undefined;
}

const bitsTag = 258;
const compressionTag = 259;
const photometricTag = 262;
const readTags = [bitsTag, compressionTag, photometricTag];
/** The packings of TIFF that lose something; of JPEG 2000 nobody can tell from its number. */
const lossyPackings = new Map([
  [6, "JPEG"],
  [7, "JPEG"],
  [33003, "JPEG 2000"],
  [33005, "JPEG 2000"],
  [34712, "JPEG 2000"],
  [50001, "WebP"],
]);
/** The words of TIFF 6.0, section 8, for the numbers of its tag. */
const photometrics = ["white as 0", "grey", "RGB", "palette", "transparency", "CMYK", "YCbCr"];

/**
 * Reads the first directory of a TIFF.
 * @throws DataError where it is cut short, or a BigTIFF
 */
export function tiffLayout(bytes: Uint8Array, file: string): TiffLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const cutShort = (): DataError =>
    new DataError(file, "is a TIFF that breaks off early; was the download cut short?");
  if (bytes.length < 8) throw cutShort();
  if (view.getUint16(2, little) !== 42) throw new DataError(file, "is a BigTIFF: save the mask as PNG");
  const directory = view.getUint32(4, little);
  if (directory + 2 > bytes.length) throw cutShort();
  const entries = view.getUint16(directory, little);
  if (directory + 2 + 12 * entries > bytes.length) throw cutShort();
  const found = new Map<number, number>();
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + 12 * i;
    const tag = view.getUint16(at, little);
    if (!readTags.includes(tag) || found.has(tag)) continue; // as for the library: of two fields of one tag, the first counts
    // Numbers of 16 bits: up to two stand in the entry itself, and more where it points to.
    const count = view.getUint32(at + 4, little);
    const place = count > 2 ? view.getUint32(at + 8, little) : at + 8;
    if (place + 2 > bytes.length) throw cutShort();
    found.set(tag, view.getUint16(place, little));
  }
  const photometric = found.get(photometricTag) ?? -1;
  return {
    bits: found.get(bitsTag) ?? 1,
    photometric: photometrics[photometric] ?? `colours of kind ${photometric}`,
    lossy: lossyPackings.get(found.get(compressionTag) ?? 1),
  };
}
