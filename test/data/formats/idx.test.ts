// The IDX reader: what it reads, and what it says about each way in which a file can be wrong.
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { idx, readIdxImages, readIdxLabels, readIdxPair } from "../../../src/data/formats/idx.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { idxBytes, temporaryFolder, writeIdx } from "./idx-files.ts";
import { contextIn, expectRefusal, expectWhole, lister, positives, surviveDamage } from "./listing-checks.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const listEntry = lister(idx);

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
  const write = (name: string, bytes: Uint8Array, zipped?: boolean): string =>
    writeIdx(folder.path, name, bytes, zipped);

  test("the path, when it is missing or a folder", async () => {
    await expectRefusal(readIdxImages(join(folder.path, "nowhere.gz")), /nowhere\.gz: does not exist/u);
    await expectRefusal(readIdxLabels(folder.path), /tessera-data-.*: is not a file/u);
  });

  test("the magic numbers expected and found", async () => {
    await expectRefusal(
      readIdxImages(write("l.gz", labelBytes)),
      /l\.gz: .*2051.*starts with 2049, that of an IDX label/u,
    );
    await expectRefusal(
      readIdxLabels(write("i.gz", imageBytes)),
      /i\.gz: .*2049.*starts with 2051, that of an IDX image/u,
    );
    await expectRefusal(
      readIdxImages(write("text", Buffer.from("not an IDX file"), false)),
      /starts with 1852797984/u,
    );
  });

  test("its lengths, when bytes are missing or left over", async () => {
    await expectRefusal(
      readIdxImages(write("short.gz", imageBytes.subarray(0, -1))),
      /holds 59 bytes .* promises 60 \(5 images of 3 x 4\)/u,
    );
    await expectRefusal(
      readIdxImages(write("long.gz", Buffer.concat([imageBytes, Buffer.of(0)]))),
      /holds 61 bytes .* promises 60/u,
    );
    await expectRefusal(
      readIdxLabels(write("long-labels", Buffer.concat([labelBytes, Buffer.of(0)]), false)),
      /holds 6 bytes .* promises 5 \(5 labels\)/u,
    );
    await expectRefusal(
      readIdxImages(write("stub", imageBytes.subarray(0, 9), false)),
      /ends after 9 bytes.*16/u,
    );
    await expectRefusal(readIdxImages(write("empty", new Uint8Array(0), false)), /ends after 0 bytes/u);
  });

  test("the header, when it promises nothing, or more than the file holds: no memory is taken for it", async () => {
    await expectRefusal(
      readIdxImages(write("none.gz", idxBytes([0, 28, 28], new Uint8Array(0)))),
      /is empty.*0 images of 28 x 28/u,
    );
    const absurd = idxBytes([0xffffffff, 0xffff, 0xffff], new Uint8Array(100));
    await expectRefusal(
      readIdxImages(write("absurd.gz", absurd)),
      /holds 100 bytes where its header promises 1844618/u,
    );
    await expectRefusal(
      readIdxImages(write("absurd", absurd, false)),
      /holds 100 bytes where its header promises 1844618/u,
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
    await expectRefusal(readIdxImages(cut), /cut\.gz: cannot be read: its gzip stream breaks off early/u);
    const damaged = join(folder.path, "damaged.gz");
    zipped[zipped.length - 6] ^= 0xff; // in the checksum
    writeFileSync(damaged, zipped);
    await expectRefusal(readIdxImages(damaged), /damaged\.gz: cannot be read: its gzip stream is damaged/u);
    expect(readFileSync(damaged).length).toBe(zipped.length);
  });

  test("both names and counts, when images and labels do not match", async () => {
    const four = writeIdx(folder.path, "four.gz", idxBytes([4], Uint8Array.of(1, 2, 3, 4)));
    const images = writeIdx(folder.path, "five.gz", imageBytes);
    await expectRefusal(
      readIdxPair(images, four),
      /four\.gz: holds 4 labels for the 5 images of .*five\.gz/u,
    );
  });
});

describe("an idx entry", () => {
  writeIdx(folder.path, "entry-images.gz", imageBytes);
  writeIdx(folder.path, "entry-labels.gz", labelBytes);
  const entry = { format: "idx", images: "entry-images.gz", labels: "entry-labels.gz" };

  test("lists every image with its digit positive and all others, up to the largest, negative", async () => {
    const listing = await listEntry(entry, contextIn(folder.path));
    expectWhole(listing);
    expect(listing.labelNames).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect([...listing.rawLabels]).toEqual(
      [3, 1, 4, 1, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5].map((name) => Number(name === digit))),
    );
    expect(listing.records.map(({ id }) => id)).toEqual(["0", "1", "2", "3", "4"]);
    const { image } = listing.records[2];
    if (image.kind !== "array") expect.fail("the image is not in an array");
    expect(image.at).toBe(2);
    expect(image.array).toMatchObject({ count: 5, height: 3, width: 4, channels: 1, pixels });
  });

  test("calls labels by their given names, and takes several labels of one name as one", async () => {
    const parity = ["even", "odd", "even", "odd", "even", "odd"];
    const listing = await listEntry({ ...entry, labelNames: parity }, contextIn(folder.path));
    expectWhole(listing);
    expect(listing.labelNames).toEqual(["even", "odd"]);
    expect(positives(listing)).toEqual([1, 4]);
  });

  test("is refused when a label has no name, with the record", async () => {
    await expectRefusal(
      listEntry({ ...entry, labelNames: ["a", "b", "c", "d"] }, contextIn(folder.path)),
      /entry-labels\.gz: record 2: has label 4, but labelNames has 4 names/u,
    );
  });

  test("reads files that several entries share once", async () => {
    const context = contextIn(folder.path);
    const [first, second] = [await listEntry(entry, context), await listEntry(entry, context)];
    if (first.records[0].image.kind !== "array") expect.fail("the image is not in an array");
    expect(second.records[0].image).toMatchObject({ array: first.records[0].image.array });
  });

  test("survives 300 damaged copies of its files", async () => {
    const list =
      (field: "images" | "labels") =>
      (path: string): Promise<Listing> =>
        listEntry({ ...entry, [field]: path }, contextIn(folder.path));
    const refused =
      (await surviveDamage(folder.path, imageBytes, 100, list("images"))) +
      (await surviveDamage(folder.path, labelBytes, 100, list("labels"))) +
      (await surviveDamage(folder.path, gzipSync(imageBytes), 100, list("images")));
    expect(refused).toBeGreaterThan(150);
    expect(refused).toBeLessThan(300); // some damage is only another picture
  });
});
