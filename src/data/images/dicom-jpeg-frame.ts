// The headers of a JPEG stream inside DICOM (ITU T.81, annex B): which process it is of, its size, precision and components.
import { DataError } from "../../errors/data-errors.ts";

export interface JpegFrame {
  /** The code of its frame header: 0xc0 baseline, 0xc1 extended, 0xc2 progressive, 0xc3 lossless, 0xf7 JPEG-LS. */
  readonly process: number;
  readonly precision: number;
  readonly height: number;
  readonly width: number;
  readonly components: readonly JpegComponent[];
  /** Whether something says which colours the components are: a JFIF or an Adobe segment, or the names R, G and B. */
  readonly saysColours: boolean;
  /** Where segments of EXIF lie, whose orientation is not DICOM's. */
  readonly exif: readonly (readonly [start: number, end: number])[];
}

export interface JpegComponent {
  readonly id: number;
  /** Samples of a unit, across and down. */
  readonly across: number;
  readonly down: number;
}

export const brokenOff = (file: string): DataError =>
  new DataError(file, "holds a JPEG that breaks off early; was the download cut short?");

export const wrongJpeg = (file: string, how: string): DataError =>
  new DataError(file, `holds a damaged JPEG: ${how}`);

/**
 * Goes through the segments of a JPEG stream.
 *
 * @param visit told of each segment's code, content, and where the next starts; says whether to stop
 * @throws DataError where a marker is missing, or the stream ends first
 */
export function walkSegments(
  bytes: Uint8Array,
  start: number,
  file: string,
  visit: (code: number, content: Uint8Array, next: number) => boolean,
): void {
  for (let at = start; ;) {
    if (at + 2 > bytes.length) throw brokenOff(file);
    if (bytes[at] !== 0xff) throw wrongJpeg(file, "a marker is missing");
    const code = bytes[at + 1];
    if (code === 0xff) {
      at++; // fill
      continue;
    }
    const isAlone = code === 0xd8 || code === 0xd9 || (code >= 0xd0 && code <= 0xd7) || code === 0x01;
    if (isAlone) {
      if (visit(code, bytes.subarray(at, at), at + 2)) return;
      at += 2;
      continue;
    }
    if (at + 4 > bytes.length) throw brokenOff(file);
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    const next = at + 2 + length;
    if (length < 2) throw wrongJpeg(file, "a segment is shorter than its length");
    if (next > bytes.length) throw brokenOff(file);
    if (visit(code, bytes.subarray(at + 4, next), next)) return;
    at = next;
  }
}

/** The first frame header. @throws DataError where there is none */
export function jpegFrame(bytes: Uint8Array, file: string): JpegFrame {
  if (bytes.length < 2) throw brokenOff(file);
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw wrongJpeg(file, "it does not start like one");
  let frame: JpegFrame | undefined;
  let saysColours = false;
  const exif: [number, number][] = [];
  walkSegments(bytes, 2, file, (code, content, next) => {
    const word = String.fromCharCode(...content.subarray(0, 5));
    const isAdobe = code === 0xee && word === "Adobe" && content.length >= 12; // shorter ones are passed over by decoders
    if (isAdobe || (code === 0xe0 && word === "JFIF\0")) saysColours = true;
    if (code === 0xe1) exif.push([next - content.length - 4, next]);
    if (code === 0xda || code === 0xd9) throw wrongJpeg(file, "it has no frame header");
    if (!isFrameHeader(code)) return false;
    const count = content[5];
    if (content.length < 6 + 3 * count || count === 0) throw wrongJpeg(file, "its frame header is wrong");
    const components = Array.from({ length: count }, (_, i): JpegComponent => {
      const [id, sampling] = content.subarray(6 + 3 * i);
      return { id, across: sampling >> 4, down: sampling & 15 };
    });
    frame = {
      process: code,
      precision: content[0],
      height: (content[1] << 8) | content[2],
      width: (content[3] << 8) | content[4],
      components,
      exif,
      saysColours: saysColours || String.fromCharCode(...components.map(({ id }) => id)) === "RGB",
    };
    return true;
  });
  if (frame === undefined) throw wrongJpeg(file, "it has no frame header");
  return frame;
}

/** SOF0 to SOF15, among which lie DHT, JPG and DAC, and the one of JPEG-LS. */
function isFrameHeader(code: number): boolean {
  return (code >= 0xc0 && code <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(code)) || code === 0xf7;
}
