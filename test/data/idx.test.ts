// The IDX reader: what it reads, and what it says about each way in which a file can be wrong.
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { DataError } from "../../src/data/failures.ts";
import { readIdxImages, readIdxLabels, readIdxPair } from "../../src/data/idx.ts";
import { idxBytes, temporaryFolder, writeIdx } from "./idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const pixels = Uint8Array.from({ length: 5 * 3 * 4 }, (_, i) => (i * 37) % 256);
const imageBytes = idxBytes([5, 3, 4], pixels);
const labelBytes = idxBytes([5], Uint8Array.of(3, 1, 4, 1, 5));

describe("reading IDX files", () => {
  test("gives sizes, pixels and labels, gzip'd or not, whatever the name says", async () => {
    const zipped = writeIdx(folder.path, "zipped-without-the-name", imageBytes);
    const plain = writeIdx(folder.path, "plain-in-spite-of-its-name.gz", imageBytes, false);
    const labels = writeIdx(folder.path, "labels.gz", labelBytes);
    for (const images of [zipped, plain]) {
      expect(await readIdxImages(images)).toEqual({ count: 5, height: 3, width: 4, pixels });
      const pair = await readIdxPair(images, labels);
      expect([...pair.labels]).toEqual([3, 1, 4, 1, 5]);
      expect(pair.count).toBe(5);
    }
  });

  test("reads content that spans many chunks of the stream", async () => {
    const many = Uint8Array.from({ length: 2000 * 28 * 28 }, (_, i) => (i * 2654435761) >>> 24);
    const file = writeIdx(folder.path, "many.gz", idxBytes([2000, 28, 28], many));
    const images = await readIdxImages(file);
    expect(Buffer.compare(images.pixels, many)).toBe(0);
  });
});

describe("a bad IDX file is refused with its name and", () => {
  const refuse = async (read: Promise<unknown>, message: RegExp): Promise<void> => {
    const failure = await read.then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(DataError);
    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toMatch(/\n/u);
  };
  const write = (name: string, bytes: Uint8Array, zipped?: boolean): string =>
    writeIdx(folder.path, name, bytes, zipped);

  test("the path, when it is missing or a folder", async () => {
    await refuse(readIdxImages(join(folder.path, "nowhere.gz")), /nowhere\.gz: does not exist/u);
    await refuse(readIdxLabels(folder.path), /tessera-data-.*: is not a file/u);
  });

  test("the magic numbers expected and found", async () => {
    await refuse(
      readIdxImages(write("l.gz", labelBytes)),
      /l\.gz: .*2051.*starts with 2049, that of an IDX label/u,
    );
    await refuse(
      readIdxLabels(write("i.gz", imageBytes)),
      /i\.gz: .*2049.*starts with 2051, that of an IDX image/u,
    );
    await refuse(
      readIdxImages(write("text", Buffer.from("not an IDX file"), false)),
      /starts with 1852797984/u,
    );
  });

  test("its lengths, when bytes are missing or left over", async () => {
    await refuse(
      readIdxImages(write("short.gz", imageBytes.subarray(0, -1))),
      /holds 59 bytes .* promises 60 \(5 images of 3 x 4\)/u,
    );
    await refuse(
      readIdxImages(write("long.gz", Buffer.concat([imageBytes, Buffer.of(0)]))),
      /more than the 60 bytes/u,
    );
    await refuse(
      readIdxLabels(write("long-labels", Buffer.concat([labelBytes, Buffer.of(0)]), false)),
      /more than the 5 bytes/u,
    );
    await refuse(readIdxImages(write("stub", imageBytes.subarray(0, 9), false)), /ends after 9 bytes.*16/u);
    await refuse(readIdxImages(write("empty", new Uint8Array(0), false)), /ends after 0 bytes/u);
  });

  test("the header, when it promises nothing, or more than the file can hold: before memory is taken", async () => {
    await refuse(
      readIdxImages(write("none.gz", idxBytes([0, 28, 28], new Uint8Array(0)))),
      /is empty.*0 images of 28 x 28/u,
    );
    const absurd = idxBytes([0xffffffff, 0xffff, 0xffff], new Uint8Array(100));
    await refuse(
      readIdxImages(write("absurd.gz", absurd)),
      /promises .* more than a file of its size can hold/u,
    );
    await refuse(
      readIdxImages(write("absurd", absurd, false)),
      /promises .* more than a file of its size can hold/u,
    );
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
    await refuse(readIdxImages(cut), /cut\.gz: cannot be read: its gzip stream breaks off early/u);
    const damaged = join(folder.path, "damaged.gz");
    zipped[zipped.length - 6] ^= 0xff; // in the checksum
    writeFileSync(damaged, zipped);
    await refuse(readIdxImages(damaged), /damaged\.gz: cannot be read: its gzip stream is damaged/u);
    expect(readFileSync(damaged).length).toBe(zipped.length);
  });

  test("both names and counts, when images and labels do not match", async () => {
    const four = writeIdx(folder.path, "four.gz", idxBytes([4], Uint8Array.of(1, 2, 3, 4)));
    const images = writeIdx(folder.path, "five.gz", imageBytes);
    await refuse(readIdxPair(images, four), /four\.gz: holds 4 labels for the 5 images of .*five\.gz/u);
  });
});
