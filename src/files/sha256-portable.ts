// SHA-256 piece by piece without Node (FIPS 180-4). What WebCrypto has instead takes all bytes at once, answers later, and only on
// pages that are served over https.

import type { Digest } from "./sha256.ts";

const blockBytes = 64;

/** The first 64 primes: constants are the fractions of their square and cube roots. */
const primes = Array.from({ length: 310 }, (_, i) => i + 2)
  .filter((n) => Array.from({ length: n - 2 }, (_, i) => i + 2).every((d) => n % d !== 0))
  .slice(0, 64);
const fraction = (value: number): number => Math.floor((value % 1) * 2 ** 32);
/** Roots by themselves may be off in the last of the 32 bits: the nearest fraction is found in whole numbers. */
const rootBits = (prime: number, power: 2 | 3): number => {
  const root = power === 2 ? Math.sqrt(prime) : Math.cbrt(prime);
  const scaled = BigInt(prime) << BigInt(32 * power);
  let bits = (BigInt(Math.floor(root)) << 32n) + BigInt(fraction(root));
  while (bits ** BigInt(power) > scaled) bits--;
  while ((bits + 1n) ** BigInt(power) <= scaled) bits++;
  return Number(bits & 0xffffffffn);
};
const initial = Int32Array.from(primes.slice(0, 8), (prime) => rootBits(prime, 2) | 0);
const rounds = Int32Array.from(primes, (prime) => rootBits(prime, 3) | 0);

const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** Begins a digest, as `sha256` of sha256.ts. */
export function sha256(): Digest {
  const state = Int32Array.from(initial);
  const words = new Int32Array(64);
  const rest = new Uint8Array(blockBytes);
  let held = 0;
  let length = 0;

  const take = (bytes: Uint8Array, at: number): void => {
    for (let i = 0; i < 16; i++, at += 4) {
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
      const far = words[i - 15];
      const near = words[i - 2];
      const low = turned(far, 7) ^ turned(far, 18) ^ (far >>> 3);
      const high = turned(near, 17) ^ turned(near, 19) ^ (near >>> 10);
      words[i] = (words[i - 16] + low + words[i - 7] + high) | 0;
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let i = 0; i < 64; i++) {
      const choice = (e & f) ^ (~e & g);
      const first = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + rounds[i] + words[i]) | 0;
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const second = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  };

  const feed = (bytes: Uint8Array): void => {
    length += bytes.length;
    let at = 0;
    if (held > 0) {
      at = Math.min(blockBytes - held, bytes.length);
      rest.set(bytes.subarray(0, at), held);
      held += at;
      if (held < blockBytes) return;
      take(rest, 0);
      held = 0;
    }
    for (; at + blockBytes <= bytes.length; at += blockBytes) take(bytes, at);
    rest.set(bytes.subarray(at));
    held = bytes.length - at;
  };

  const digest: Digest = {
    update(data) {
      const isText = typeof data === "string";
      feed(
        isText
          ? new TextEncoder().encode(data)
          : new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
      return digest;
    },
    hex() {
      const bits = BigInt(length) * 8n;
      // A one, zeros up to the last eight bytes of a block, and the length in bits.
      const end = new Uint8Array((held < blockBytes - 8 ? blockBytes : 2 * blockBytes) - held);
      end[0] = 0x80;
      new DataView(end.buffer).setBigUint64(end.length - 8, bits);
      feed(end);
      return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
    },
  };
  return digest;
}
