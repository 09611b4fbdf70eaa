import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import * as node from "../../src/files/sha256.ts";
import * as portable from "../../src/files/sha256-portable.ts";

const known = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("both digests are SHA-256 of every length around the ends of blocks", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = randomBytes(length);
    for (const { sha256 } of [node, portable]) expect(sha256().update(bytes).hex()).toBe(known(bytes));
  }
});

test("pieces make no difference, however they are cut", () => {
  const bytes = randomBytes(5000);
  for (const { sha256 } of [node, portable]) {
    const digest = sha256();
    for (let at = 0, piece = 0; at < bytes.length; at += piece++)
      digest.update(bytes.subarray(at, at + piece));
    expect(digest.hex()).toBe(known(bytes));
  }
});

test("texts count as UTF-8, and other arrays as their bytes, from where they begin in their buffer", () => {
  const floats = new Float64Array([1, 2, 3, 4]).subarray(1, 3);
  const text = "Tüte, 袋, 🛍";
  const wanted = createHash("sha256").update(text).update(floats).digest("hex");
  for (const { sha256 } of [node, portable]) expect(sha256().update(text).update(floats).hex()).toBe(wanted);
});
