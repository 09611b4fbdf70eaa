// The reader of IDX arrays: what it says about each way in which a file can be wrong.
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { describeIdx } from "../../src/files/idx-array.ts";
import { readIdx } from "../../src/files/read-idx.ts";
import { elementReader } from "../../src/files/number-array.ts";
import { idxBytes, idxNumbers, temporaryFolder, writeIdx } from "../data/formats/idx-files.ts";
import { expectRefusal } from "../data/formats/listing-checks.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const pixels = Uint8Array.from({ length: 5 * 3 * 4 }, (_, i) => (i * 37) % 256);
const imageBytes = idxBytes([5, 3, 4], pixels);
const labelBytes = idxBytes([5], Uint8Array.of(3, 1, 4, 1, 5));
const write = (name: string, bytes: Uint8Array, zipped?: boolean): string =>
  writeIdx(folder.path, name, bytes, zipped);

describe("an IDX array", () => {
  test("has the numbers that were written, of every type, big end first", async () => {
    const values = {
      u1: [0, 255, 7],
      i1: [-128, 127, 7],
      i2: [-32768, 32767, 258],
      i4: [-(2 ** 31), 2 ** 31 - 1, 66051],
      f4: [0.5, -1.25, 1024],
      f8: [0.1, -2.5e9, 3],
    } as const;
    for (const type of ["u1", "i1", "i2", "i4", "f4", "f8"] as const) {
      const array = await readIdx(write("numbers", idxNumbers(type, [3], values[type])));
      expect([type, ...[0, 1, 2].map(elementReader(array))]).toEqual([type, ...values[type]]);
      expect(array).toMatchObject({ type, shape: [3] });
    }
  });

  test("is described by what its axes are", () => {
    expect(describeIdx({ type: "i4", shape: [5] })).toBe("5 32-bit integers");
    expect(describeIdx({ type: "i4", shape: [60000, 8] })).toBe("60000 rows of 8 32-bit integers");
    expect(describeIdx({ type: "u1", shape: [5, 3, 4] })).toBe("5 images of 3 x 4 unsigned bytes");
  });
});

describe("a bad IDX file is refused with its name and", () => {
  test("the path, when it is missing or a folder", async () => {
    await expectRefusal(readIdx(join(folder.path, "nowhere.gz")), /nowhere\.gz: does not exist/u);
    await expectRefusal(readIdx(folder.path), /tessera-data-.*: is not a file/u);
  });

  test("how it starts, when it is something else, and what that looks like", async () => {
    await expectRefusal(
      readIdx(write("text", Buffer.from("not an IDX file"), false)),
      /text: is no IDX file: one starts with .* but this one with 6e 6f 74 20$/u,
    );
    await expectRefusal(
      readIdx(write("zip", Buffer.from("PK\x03\x04 and more"), false)),
      /a zip archive: unpack it/u,
    );
    await expectRefusal(
      readIdx(write("page", Buffer.from("<!DOCTYPE html>"), false)),
      /looks like a web page/u,
    );
    await expectRefusal(
      readIdx(write("type", Uint8Array.of(0, 0, 0x0a, 1, 0, 0, 0, 1, 5), false)),
      /its element type \(08, 09, 0b, 0c, 0d, 0e\) .* but this one with 00 00 0a 01$/u,
    );
    await expectRefusal(
      readIdx(write("axes", Uint8Array.of(0, 0, 8, 0), false)),
      /this one with 00 00 08 00/u,
    );
  });

  test("its lengths, when bytes are missing or left over", async () => {
    await expectRefusal(
      readIdx(write("short.gz", imageBytes.subarray(0, -1))),
      /holds 59 bytes .* promises 60 \(5 images of 3 x 4 unsigned bytes\)/u,
    );
    await expectRefusal(
      readIdx(write("long.gz", Buffer.concat([imageBytes, Buffer.of(0)]))),
      /holds 61 bytes .* promises 60/u,
    );
    await expectRefusal(
      readIdx(write("long-labels", Buffer.concat([labelBytes, Buffer.of(0)]), false)),
      /holds 6 bytes .* promises 5 \(5 unsigned bytes\)/u,
    );
    await expectRefusal(
      readIdx(write("short-labels", idxNumbers("i4", [3], [1, 2, 3]).subarray(0, -4), false)),
      /holds 8 bytes .* promises 12 \(3 32-bit integers\)/u,
    );
    await expectRefusal(readIdx(write("stub", imageBytes.subarray(0, 9), false)), /ends after 9 bytes.*16/u);
    await expectRefusal(readIdx(write("empty", new Uint8Array(0), false)), /ends after 0 bytes/u);
  });

  test("the header, when it promises nothing, or more than the file holds: no memory is taken for it", async () => {
    await expectRefusal(
      readIdx(write("none.gz", idxBytes([0, 28, 28], new Uint8Array(0)))),
      /is empty.*0 images of 28 x 28/u,
    );
    const absurd = idxBytes([0xffffffff, 0xffff, 0xffff], new Uint8Array(100));
    for (const zipped of [true, false]) {
      await expectRefusal(
        readIdx(write("absurd", absurd, zipped)),
        /holds 100 bytes where its header promises 1844618/u,
      );
    }
  });

  test("the fact that its gzip stream is cut short or damaged", async () => {
    const zipped = gzipSync(
      idxBytes(
        [100, 28, 28],
        Uint8Array.from({ length: 78400 }, (_, i) => (i * i) % 251),
      ),
    );
    const cut = join(folder.path, "cut.gz");
    writeFileSync(cut, zipped);
    truncateSync(cut, Math.floor(zipped.length / 2));
    await expectRefusal(readIdx(cut), /cut\.gz: cannot be read: its gzip stream breaks off early/u);
    const damaged = join(folder.path, "damaged.gz");
    zipped[zipped.length - 6] ^= 0xff; // in the checksum
    writeFileSync(damaged, zipped);
    await expectRefusal(readIdx(damaged), /damaged\.gz: cannot be read: its gzip stream is damaged/u);
    expect(readFileSync(damaged).length).toBe(zipped.length);
  });
});
