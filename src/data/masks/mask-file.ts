// Reads a mask: a file whose pixels are numbers (or colours) that mean something, and not levels of light. So nothing here scales,
// rounds or blends: a number is what stands in the file.
import { DataError } from "../../errors/data-errors.ts";
import { readBytes } from "../../files/bytes.ts";
import { messageOf } from "../../files/causes.ts";
import { bmpIndices } from "../images/bmp.ts";
import { isDicom } from "../images/dicom-elements.ts";
import { mostPixels } from "../images/image.ts";
import { largestImageFile } from "../images/image.ts";
import { decodeImage } from "../images/index.ts";
import { openWithSharp } from "../images/sharp-kinds.ts";
import { loadSharp } from "../images/sharp-package.ts";
import { isBmp, isGif, isJpeg, isPng, isTiff, isWebp, lookAlike } from "../images/kinds.ts";
import { gifNumbers } from "./gif-numbers.ts";
import { inColour, packedColours, type MaskNumbers, type MaskNumbersOf } from "./mask-numbers.ts";
import { pngNumbers } from "./png-numbers.ts";
import { tiffLayout } from "./tiff-layout.ts";

/**
 * Reads a mask file, gzip'd or not; its content says of what kind it is.
 *
 * @param colours whether colours are wanted: else a palette's pixels are their places in it, and a mask in colours is refused
 * @throws DataError in one line, naming the file, when it is something else, damaged, cut short, lossy, or too large
 */
export async function readMask(file: string, colours: boolean): Promise<MaskNumbers> {
  const bytes = await readBytes(file, { most: largestImageFile });
  const refuse = (what: string): never => {
    throw new DataError(file, `is ${what}: save the mask as PNG`);
  };
  if (isPng(bytes)) return await pngNumbers(bytes, file, colours);
  if (isJpeg(bytes)) return refuse("a JPEG, whose losses change the numbers of a mask at every edge");
  if (isWebp(bytes)) return refuse("a WebP, which may have changed the numbers of a mask at every edge");
  if (isDicom(bytes)) return refuse("DICOM, which is not read as a mask");
  if (isBmp(bytes)) return await bmpNumbers(bytes, file, colours);
  if (isTiff(bytes)) return await tiffNumbers(bytes, file, colours);
  if (isGif(bytes)) return await gifNumbers(bytes, file, colours);
  throw new DataError(file, `is no mask of PNG, TIFF, BMP or GIF: it looks like ${lookAlike(bytes)}`);
}

const bmpNumbers: MaskNumbersOf = async (bytes, file, colours) => {
  const indices = colours ? undefined : bmpIndices(bytes, file);
  return indices === undefined ? await shownColours(bytes, file, colours) : { ...indices, isTurned: false };
};

const tiffNumbers: MaskNumbersOf = async (bytes, file, colours) => {
  const { bits, photometric, lossy } = tiffLayout(bytes, file);
  if (lossy !== undefined) {
    throw new DataError(
      file,
      `is a TIFF packed as ${lossy}, which may have changed the numbers of a mask at every edge: save the mask as PNG`,
    );
  }
  if (photometric === "RGB" && bits !== 8) {
    throw new DataError(
      file,
      `is a TIFF of colours in ${bits} bits; colours of 8 bits are read: save the mask as PNG`,
    );
  }
  if (photometric === "RGB" || (photometric === "palette" && colours)) {
    return await shownColours(bytes, file, colours);
  }
  if (photometric !== "grey" || (bits !== 8 && bits !== 16)) {
    throw new DataError(
      file,
      `is a TIFF of ${photometric} in ${bits} bits; of masks, grey of 8 and 16 bits and RGB are read: save it as PNG`,
    );
  }
  // For its checks: several pages, numbers with a sign, sizes that no mask has.
  const { orientation = 1 } = await openWithSharp("TIFF", bytes, file, {});
  const sharp = await loadSharp(`${file}: is a TIFF`);
  try {
    const { data, info } = await sharp(bytes, {
      failOn: "error",
      limitInputPixels: mostPixels,
      ignoreIcc: true,
    })
      .autoOrient()
      .toColourspace(bits === 16 ? "grey16" : "b-w")
      .raw({ depth: bits === 16 ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1) throw new Error(`it has ${info.channels} channels`);
    const { height, width } = info;
    const copy = new Uint8Array(data);
    return {
      ...{ height, width, isTurned: orientation !== 1 },
      values: bits === 16 ? new Uint16Array(copy.buffer) : copy,
    };
  } catch (cause) {
    throw new DataError(file, `is a damaged TIFF: ${messageOf(cause).split("\n", 1)[0]}`, { cause });
  }
};

/** The colours of an image, as it is shown; its grey levels as numbers where it is grey and no colours are asked for. */
async function shownColours(bytes: Uint8Array, file: string, colours: boolean): Promise<MaskNumbers> {
  const { height, width, channels, pixels } = await decodeImage(bytes, file);
  if (!colours) {
    if (channels === 1) return { height, width, values: pixels, isTurned: false };
    throw inColour(file);
  }
  if (channels === 3) return { height, width, values: packedColours(pixels, 3), isTurned: false };
  return { height, width, values: Int32Array.from(pixels, (grey) => grey * 0x010101), isTurned: false };
}
