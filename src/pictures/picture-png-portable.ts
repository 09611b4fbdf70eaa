// Pictures as PNG files without Node, of the pixels that picture-png.ts writes, if not of its bytes.

import { crc32 } from "#inflate";
import { zlibSync } from "fflate";
import { joinBytes } from "../files/join-bytes.ts";
import type { Cell } from "./contact-sheet.ts";

/** As `picturePng` of picture-png.ts. */
export function picturePng({ height, width, channels, pixels }: Cell): Uint8Array {
  const colours = channels === 3 ? 3 : 1;
  const row = 1 + width * colours; // behind the number of its filter, which is none
  const rows = new Uint8Array(height * row);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < colours; c++) {
        rows[y * row + 1 + x * colours + c] = pixels[(y * width + x) * channels + c];
      }
    }
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8);
  header.setUint8(9, colours === 3 ? 2 : 0);
  return joinBytes([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", zlibSync(rows)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** Length, name and checksum around a content (PNG, 5.3). */
function chunk(type: string, content: Uint8Array): Uint8Array {
  const name = new TextEncoder().encode(type);
  const numbers = new DataView(new ArrayBuffer(8));
  numbers.setUint32(0, content.length);
  const checked = joinBytes([name, content]);
  numbers.setUint32(4, crc32(checked));
  const bytes = new Uint8Array(numbers.buffer);
  return joinBytes([bytes.subarray(0, 4), checked, bytes.subarray(4)]);
}
