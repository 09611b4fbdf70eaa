// Unpacks deflated bytes, in Node by zlib. Imported as #inflate, for which a browser has inflate-portable.ts (package.json, "imports").
import { inflateRawSync } from "node:zlib";
import { codeOf } from "./causes.ts";

export { crc32 } from "node:zlib";

/** What deflated bytes hold, or why nobody knows. */
export interface Inflated {
  readonly content?: Uint8Array;
  /** "more": they hold more than was allowed; "less": they break off early. */
  readonly fault?: "more" | "less" | "damaged";
  readonly cause?: unknown;
}

/** Unpacks raw deflate, and stops as soon as there is more than `size`. */
export function inflateRaw(packed: Uint8Array, size: number): Inflated {
  try {
    // In one piece, so that it is not held twice; zlib's pieces have at least 64 bytes.
    const content = inflateRawSync(packed, {
      chunkSize: Math.max(size, 64),
      maxOutputLength: Math.max(size, 1),
    });
    return { content: new Uint8Array(content.buffer, content.byteOffset, content.length) };
  } catch (cause) {
    const code = codeOf(cause);
    const fault = code === "ERR_BUFFER_TOO_LARGE" ? "more" : code === "Z_BUF_ERROR" ? "less" : "damaged";
    return { fault, cause };
  }
}
