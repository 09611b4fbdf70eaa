// From the pieces of a DICOM file's pixels to samples as they are stored, whatever they are packed with.
import { DataError } from "../../errors/data-errors.ts";
import { joinBytes } from "../../files/join-bytes.ts";
import { decodeStream, streamSize } from "./dicom-codecs.ts";
import { cutShort, damaged, readShorts } from "./dicom-elements.ts";
import type { DicomHeader } from "./dicom-header.ts";
import { jpegFrame } from "./dicom-jpeg-frame.ts";
import type { JpegFrame } from "./dicom-jpeg-frame.ts";
import { decodeLossless } from "./dicom-jpeg-lossless.ts";
import { unpackRuns } from "./dicom-rle.ts";
import { openJpeg } from "./jpeg.ts";

/** Samples as they are stored, [height, width, samples]. */
export interface StoredSamples {
  readonly values: Uint8Array | Uint16Array;
  /** Whether YBR is RGB by now, as decoders make it that know of colours. */
  readonly isRgb: boolean;
}

/** Bytes that unpacking holds at once, beside the file: the samples, and what each packing takes to make them. */
export function memoryToUnpack({ height, width, samples, allocated, packing }: DicomHeader): number {
  const count = height * width * samples;
  // OpenJPEG works in 32 bits, and holds its input, a tile and the image; CharLS its input, its output and a copy of it.
  const working = { none: 0, RLE: 0, JPEG: 3, "JPEG-LS": 6, "JPEG 2000": 14 }[packing];
  return count * (allocated / 8 + working);
}

/** @throws DataError where the pixels are damaged, cut short, or do not fit the header */
export async function unpackPixels(header: DicomHeader, file: string): Promise<StoredSamples> {
  const { height, width, samples, allocated, packing, pieces } = header;
  const packed = pieces.length === 1 ? pieces[0] : joinBytes(pieces);
  switch (packing) {
    case "none":
      return { values: uncompressed(header, packed, file), isRgb: false };
    case "RLE":
      return {
        values: unpackRuns(packed, height * width, samples, allocated === 8 ? 1 : 2, file),
        isRgb: false,
      };
    case "JPEG":
      return await unpackJpeg(header, packed, file);
    default: {
      const size = streamSize(packing, packed, file);
      refuseOtherSize(header, size, file);
      const stream = await decodeStream(packing, packed, file);
      refuseOtherSize(header, stream, file);
      const values = stream.planar ? interleaved(stream.pixels, samples) : stream.pixels;
      return { values, isRgb: header.photometric === "YBR_RCT" || header.photometric === "YBR_ICT" };
    }
  }
}

function uncompressed(header: DicomHeader, bytes: Uint8Array, file: string): Uint8Array | Uint16Array {
  const { height, width, samples, allocated, photometric, planar, littleEndian, inWords } = header;
  if (photometric === "YBR_RCT" || photometric === "YBR_ICT") {
    throw damaged(file, `it says ${photometric}, which JPEG 2000 alone has`);
  }
  const isHalved = photometric === "YBR_FULL_422";
  if (isHalved && (allocated !== 8 || width % 2 !== 0)) {
    throw damaged(file, "it says YBR_FULL_422, which has 8 bits and an even width");
  }
  const count = height * width * (isHalved ? 2 : samples);
  if (bytes.length < (count * allocated) / 8) throw cutShort(file);
  if (allocated === 16) {
    const values = readShorts(bytes, count, littleEndian);
    return planar && samples > 1 ? interleaved(values, samples) : values;
  }
  const straight = littleEndian || !inWords ? bytes.subarray(0, count) : swapped(bytes, count);
  if (isHalved) return doubled(straight);
  return planar && samples > 1 ? interleaved(straight, samples) : straight;
}

/** 8 bits in words whose high byte comes first. */
function swapped(bytes: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => bytes[i ^ 1] ?? bytes[i]);
}

/** Two brightnesses and the colour that both have become two pixels (PS3.3, C.7.6.3.1.2). */
function doubled(halved: Uint8Array): Uint8Array {
  const values = new Uint8Array((halved.length / 4) * 6);
  for (let from = 0, to = 0; from + 4 <= halved.length; from += 4, to += 6) {
    const [first, second, blue, red] = halved.subarray(from, from + 4);
    values.set([first, blue, red, second, blue, red], to);
  }
  return values;
}

/** Planes of colours as pixels. */
function interleaved(planes: Uint8Array | Uint16Array, samples: number): Uint8Array | Uint16Array {
  const count = planes.length / samples;
  const values =
    planes instanceof Uint16Array ? new Uint16Array(planes.length) : new Uint8Array(planes.length);
  for (let sample = 0; sample < samples; sample++) {
    for (let i = 0; i < count; i++) values[i * samples + sample] = planes[sample * count + i];
  }
  return values;
}

async function unpackJpeg(header: DicomHeader, packed: Uint8Array, file: string): Promise<StoredSamples> {
  const frame = jpegFrame(packed, file);
  const { process, precision, components } = frame;
  refuseOtherSize(header, { ...frame, samples: components.length, bits: precision }, file);
  if (process === 0xc3) return { values: decodeLossless(packed, frame, file), isRgb: false };
  if (process !== 0xc0 && process !== 0xc1 && process !== 0xc2) {
    throw new DataError(
      file,
      `holds a JPEG of process ${(process - 0xc0).toString()}, which is not read; unpack it with dcmdjpeg or gdcmconv --raw`,
    );
  }
  if (precision !== 8) {
    throw new DataError(
      file,
      `holds a JPEG of ${precision} bits with losses, of which 8 bits are read; unpack it with dcmdjpeg or gdcmconv --raw`,
    );
  }
  const image = await openJpeg(asHeaderSays(header, frame, packed), file, {}).decode();
  if (image.channels === header.samples) return { values: image.pixels, isRgb: true };
  if (image.channels === 3) throw damaged(file, "it says grey, and the JPEG in it is in colour");
  // What is grey everywhere has come as one channel.
  const values = new Uint8Array(3 * image.pixels.length);
  for (let i = 0; i < image.pixels.length; i++) values.fill(image.pixels[i], 3 * i, 3 * i + 3);
  return { values, isRgb: true };
}

/**
 * The stream as the decoder is to take it: with the colours of the header where it does not say itself which ones its components
 * are, and without an orientation, since the header alone speaks of that.
 */
function asHeaderSays(
  { photometric, samples }: DicomHeader,
  frame: JpegFrame,
  packed: Uint8Array,
): Uint8Array {
  const pieces = [packed.subarray(0, 2)];
  if (samples === 3 && !frame.saysColours) {
    const transform = photometric === "RGB" ? 0 : 1;
    pieces.push(Uint8Array.of(0xff, 0xee, 0, 14, ...Buffer.from("Adobe"), 0, 100, 0, 0, 0, 0, transform));
  }
  let at = 2;
  for (const [start, end] of frame.exif) {
    pieces.push(packed.subarray(at, start));
    at = end;
  }
  return joinBytes([...pieces, packed.subarray(at)]);
}

function refuseOtherSize(
  header: DicomHeader,
  stream: {
    readonly height: number;
    readonly width: number;
    readonly samples: number;
    readonly bits: number;
  },
  file: string,
): void {
  const { height, width, samples, allocated } = header;
  if (stream.height !== height || stream.width !== width || stream.samples !== samples) {
    throw damaged(
      file,
      `its header says ${width} x ${height} pixels of ${samples}, and the image in it ${stream.width} x ` +
        `${stream.height} of ${stream.samples}`,
    );
  }
  if (stream.bits > allocated) {
    throw damaged(file, `its header says ${allocated} bits a sample, and the image in it ${stream.bits}`);
  }
}
