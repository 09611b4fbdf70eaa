// What is unpacked without Node is what zlib unpacks, and is refused where zlib refuses it.
import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import * as node from "../../src/files/inflate.ts";
import * as portable from "../../src/files/inflate-portable.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const random = randomStream(1, "bytes");
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.below(256));
const contents = [
  new Uint8Array(0),
  Uint8Array.of(7),
  noise(1000),
  noise(100_000),
  new Uint8Array(3_000_000).fill(9),
  Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) >> 9),
];

test.each(contents.map((content) => [content.length, content] as const))(
  "%i bytes: unpacked, too many, too few, and damaged",
  (length, content) => {
    const packed = deflateRawSync(content);
    for (const { inflateRaw, crc32 } of [node, portable]) {
      const found = inflateRaw(packed, length);
      expect(Buffer.compare(found.content ?? Buffer.of(1, 2), content)).toBe(0);
      expect(crc32(content)).toBe(node.crc32(content));
      // One byte is the least that zlib can be held to.
      if (length > 1) expect(inflateRaw(packed, length - 1).fault).toBe("more");
      expect(inflateRaw(packed.subarray(0, packed.length - 1), length).fault).toBe("less");
      expect(inflateRaw(Buffer.concat([Buffer.of(0xff), packed.subarray(1)]), length).fault).toBe("damaged");
    }
  },
);

test("what unpacks to far more than it may is left after a piece of it", () => {
  const packed = deflateRawSync(new Uint8Array(2 ** 28));
  const began = performance.now();
  expect(portable.inflateRaw(packed, 1000).fault).toBe("more");
  const taken = performance.now() - began;
  expect(taken).toBeLessThan(5000);
});
