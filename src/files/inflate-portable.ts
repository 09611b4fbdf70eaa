// Unpacks deflated bytes without Node, as inflate.ts does with zlib.
import { FlateErrorCode, Inflate } from "fflate";
import type { Inflated } from "./inflate.ts";

/** Packed bytes that are unpacked at a time: at most a thousand times as many come out before their number is looked at. */
const pieceBytes = 2 ** 12;

/** As `inflateRaw` of inflate.ts. */
export function inflateRaw(packed: Uint8Array, size: number): Inflated {
  const content = new Uint8Array(size);
  let filled = 0;
  let isMore = false;
  let isWhole = false;
  const unpacking = new Inflate((piece, final) => {
    isMore ||= filled + piece.length > size;
    if (!isMore) content.set(piece, filled);
    filled += piece.length;
    isWhole ||= final;
  });
  try {
    for (let at = 0; at < packed.length && !isMore; at += pieceBytes) {
      unpacking.push(packed.subarray(at, at + pieceBytes), at + pieceBytes >= packed.length);
    }
  } catch (cause) {
    const isShort = (cause as { readonly code?: number }).code === FlateErrorCode.UnexpectedEOF;
    return { fault: isShort ? "less" : "damaged", cause };
  }
  if (isMore) return { fault: "more" };
  return isWhole ? { content: content.subarray(0, filled) } : { fault: "less" };
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let code = byte;
  for (let bit = 0; bit < 8; bit++) code = (code & 1) === 0 ? code >>> 1 : (code >>> 1) ^ 0xedb88320;
  return code;
});

/** CRC-32 as zip archives and PNG have it (ISO 3309), unsigned. */
export function crc32(bytes: Uint8Array): number {
  let code = 0xffffffff;
  for (const byte of bytes) code = table[(code ^ byte) & 0xff] ^ (code >>> 8);
  return (code ^ 0xffffffff) >>> 0;
}
