// What the headers of a JPEG say, before any of its pixels is decoded.
import { DataError } from "../../errors/data-errors.ts";
import { readOrientation, type Orientation } from "./orientation.ts";

interface Frame {
  readonly height: number;
  readonly width: number;
  readonly components: number;
  readonly progressive: boolean;
  readonly orientation: Orientation;
  /** Where its header stands in the file. */
  readonly at: number;
}

/** The first frame header of a JPEG (ITU T.81, B.2.2), and the orientation in what precedes it. */
export function readFrame(bytes: Uint8Array, file: string): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let orientation: Orientation = 1;
  for (let at = 2; at + 4 <= bytes.length;) {
    if (bytes[at] !== 0xff) throw damaged(file, "its header is wrong");
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at++; // fill
      continue;
    }
    const length = view.getUint16(at + 2);
    if (isFrame(marker)) {
      if (at + 10 > bytes.length) throw cutShort(file);
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: bytes[at + 9],
        progressive: (marker & 3) === 2,
        orientation,
        at,
      };
    }
    const startOfScan = marker === 0xda;
    if (startOfScan || length < 2) throw damaged(file, "its header is wrong");
    const segment = bytes.subarray(at + 4, at + 2 + length);
    if (marker === 0xe1 && String.fromCharCode(...segment.subarray(0, 6)) === "Exif\0\0") {
      orientation = readOrientation(segment.subarray(6));
    }
    at += 2 + length;
  }
  throw cutShort(file);
}

/** SOF0 to SOF15, among which lie DHT, JPG and DAC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

export const earlyEnd = "is a JPEG that breaks off early; was the download cut short?";

function cutShort(file: string): DataError {
  return new DataError(file, earlyEnd);
}

function damaged(file: string, how: string): DataError {
  return new DataError(file, `is a damaged JPEG: ${how}`);
}
