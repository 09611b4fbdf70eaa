// SHA-256 piece by piece, in Node. Imported as #sha256, for which a browser has sha256-portable.ts (package.json, "imports").

import { createHash } from "node:crypto";

/** A digest that is still being fed. */
export interface Digest {
  /** Texts count as their UTF-8 bytes, arrays as the bytes that they hold. */
  update(data: string | ArrayBufferView): this;
  /** In hexadecimal; nothing may be added afterwards. */
  hex(): string;
}

/** Begins a digest. */
export function sha256(): Digest {
  const hash = createHash("sha256");
  const digest: Digest = {
    update(data) {
      hash.update(
        typeof data === "string" ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
      return digest;
    },
    hex: () => hash.digest("hex"),
  };
  return digest;
}
