// The IDX format: every type of number, rows of labels, colour, and EMNIST's and QMNIST's ways.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { idx, readIdxImages, readIdxLabels } from "../../../src/data/formats/idx.ts";
import type { Listing, PixelArray } from "../../../src/data/catalogue/listing.ts";
import { idxBytes, idxNumbers, temporaryFolder, writeIdx } from "./idx-files.ts";
import {
  contextIn,
  expectRefusal,
  expectWhole,
  lister,
  positives,
  remarksOf,
  surviveDamage,
} from "./listing-checks.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const listEntry = lister(idx);

const pixels = Uint8Array.from({ length: 5 * 3 * 4 }, (_, i) => (i * 37) % 256);
const imageBytes = idxBytes([5, 3, 4], pixels);
const labelBytes = idxBytes([5], Uint8Array.of(3, 1, 4, 1, 5));
const write = (name: string, bytes: Uint8Array, zipped?: boolean): string =>
  writeIdx(folder.path, name, bytes, zipped);

function arrayOf({ records }: Listing): PixelArray {
  const { image } = records[0];
  if (image.kind !== "array") expect.fail("the image is not in an array");
  return image.array;
}

/** The digit, or what the names make of it, that each image is positive for. */
const shown = ({ labelNames, records, rawLabels }: Listing): (string | undefined)[] =>
  records.map(
    (_, i) => labelNames[rawLabels.subarray(i * labelNames.length, (i + 1) * labelNames.length).indexOf(1)],
  );

describe("reading IDX files", () => {
  test("gives sizes and pixels, gzip'd or not, whatever the name says", async () => {
    const zipped = write("zipped-without-the-name", imageBytes);
    const plain = write("plain-in-spite-of-its-name.gz", imageBytes, false);
    for (const file of [zipped, plain]) {
      expect(await readIdxImages(file)).toEqual({
        array: { file, count: 5, height: 3, width: 4, channels: 1, pixels },
        remarks: [],
      });
    }
    expect([...(await readIdxLabels(write("labels.gz", labelBytes))).content]).toEqual([3, 1, 4, 1, 5]);
  });

  test("reads content that spans many chunks of the stream", async () => {
    const many = Uint8Array.from({ length: 2000 * 28 * 28 }, (_, i) => (i * 2654435761) >>> 24);
    const { array } = await readIdxImages(write("many.gz", idxBytes([2000, 28, 28], many)));
    expect(Buffer.compare(array.pixels, many)).toBe(0);
  });

  test("says in words what a file holds, when images and labels change places", async () => {
    await expectRefusal(
      readIdxImages(write("l.gz", labelBytes)),
      /l\.gz: holds 5 unsigned bytes, which are no images but labels/u,
    );
    await expectRefusal(
      readIdxImages(write("l2.gz", idxNumbers("i4", [2, 3], [1, 2, 3, 4, 5, 6]))),
      /l2\.gz: holds 2 rows of 3 32-bit integers, which are no images$/u,
    );
    await expectRefusal(
      readIdxLabels(write("i.gz", imageBytes)),
      /i\.gz: holds 5 images of 3 x 4 unsigned bytes; labels are a number for each image, or a row of them/u,
    );
  });
});

write("entry-images.gz", imageBytes);
write("entry-labels.gz", labelBytes);
const entry = { format: "idx", images: "entry-images.gz", labels: "entry-labels.gz" };
/** Lists the entry with labels, or images, that a test writes. */
const listWith = (
  bytes: { readonly labels?: Uint8Array; readonly images?: Uint8Array },
  more: Record<string, unknown> = {},
  context = contextIn(folder.path),
): Promise<Listing> => {
  for (const [name, content] of Object.entries(bytes)) write(`with-${name}`, content);
  const files = Object.fromEntries(Object.keys(bytes).map((name) => [name, `with-${name}`]));
  return listEntry({ ...entry, ...files, ...more }, context);
};

describe("an idx entry", () => {
  test("lists every image with its digit positive and all others, up to the largest, negative", async () => {
    const listing = await listEntry(entry, contextIn(folder.path));
    expectWhole(listing);
    expect(listing.labelNames).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect([...listing.rawLabels]).toEqual(
      [3, 1, 4, 1, 5].flatMap((digit) => [0, 1, 2, 3, 4, 5].map((name) => Number(name === digit))),
    );
    expect(listing.records.map(({ id }) => id)).toEqual(["0", "1", "2", "3", "4"]);
    expect(listing.records[2].image).toMatchObject({ at: 2 });
    expect(arrayOf(listing)).toMatchObject({ count: 5, height: 3, width: 4, channels: 1, pixels });
  });

  test("takes labels of every type of the format, floats among them where they are whole numbers", async () => {
    for (const type of ["u1", "i1", "i2", "i4", "f4", "f8"] as const) {
      const listing = await listWith({ labels: idxNumbers(type, [5], [3, 1, 4, 1, 5]) });
      expectWhole(listing);
      expect(shown(listing), type).toEqual(["3", "1", "4", "1", "5"]);
    }
    expect(shown(await listWith({ labels: idxNumbers("i2", [5], [300, 1, 0, 0, 999]) }))).toEqual([
      ...["300", "1", "0", "0", "999"],
    ]);
  });

  test("is refused for a label that is negative, no whole number, or too large, with the record", async () => {
    const refused = (type: "i1" | "i4" | "f4", value: number, message: RegExp): Promise<void> =>
      expectRefusal(listWith({ labels: idxNumbers(type, [5], [3, 1, value, 1, 5]) }), message);
    await refused(
      "i4",
      -1,
      /with-labels: record 2: has label -1; labels are class numbers from 0 to 999; leave out .* \(IDX labels of 32-bit integers\)$/u,
    );
    await refused(
      "i1",
      -7,
      /record 2: has label -7; labels are class numbers .* \(IDX labels of signed bytes\)/u,
    );
    await refused("i4", 70_000, /record 2: has label 70000; labels are class numbers from 0 to 999/u);
    await refused(
      "f4",
      0.5,
      /record 2: has label 0\.5; labels are class numbers .* \(IDX labels of 32-bit floats\)/u,
    );
    await refused("f4", NaN, /record 2: has label NaN/u);
  });

  test("is refused with both files and counts, when images and labels do not match", async () => {
    await expectRefusal(
      listWith({ labels: idxNumbers("i2", [4], [1, 2, 3, 4]) }),
      /with-labels: holds 4 labels \(IDX labels of 16-bit integers\) for the 5 images of .*entry-images\.gz/u,
    );
  });

  test("calls labels by their given names, and says which it takes for one", async () => {
    const parity = ["even", "odd", "even", "odd", "even", "odd"];
    const { remarks, context } = remarksOf(contextIn(folder.path));
    const listing = await listEntry({ ...entry, labelNames: parity }, context);
    expectWhole(listing);
    expect(listing.labelNames).toEqual(["even", "odd"]);
    expect(positives(listing)).toEqual([1, 4]);
    expect(remarks).toEqual([
      {
        kind: "guess",
        sentence:
          '"entry" takes the labels 0, 2, 4 for one, since labelNames calls all of them "even", and 1 more of its names ' +
          "stand for several numbers.",
        cases: [
          { name: "even", count: 1, example: "labels 0, 2, 4" },
          { name: "odd", count: 4, example: "labels 1, 3, 5" },
        ],
      },
    ]);
  });

  test("is refused when a label has no name, with the record", async () => {
    await expectRefusal(
      listEntry({ ...entry, labelNames: ["a", "b", "c", "d"] }, contextIn(folder.path)),
      /entry-labels\.gz: record 2: has label 4, but labelNames has 4 names, of the labels 0 to 3/u,
    );
  });

  test("says which numbers below the largest no image has", async () => {
    const { remarks, context } = remarksOf(contextIn(folder.path));
    await listEntry(entry, context);
    expect(remarks.map(({ sentence }) => sentence)).toEqual([
      '"entry" has labels up to 5, but no image has 0, 2; ' +
        "a class of that number is taken for one that none of its images shows.",
    ]);
    remarks.length = 0;
    await listWith({ labels: idxNumbers("u1", [5], [0, 1, 2, 1, 0]) }, {}, context);
    expect(remarks).toEqual([]);
  });

  test("reads files that several entries share once", async () => {
    const context = contextIn(folder.path);
    const [first, second] = [await listEntry(entry, context), await listEntry(entry, context)];
    expect(arrayOf(second)).toBe(arrayOf(first));
  });
});

describe("rows of labels", () => {
  const rows = [
    ...[3, 4, 100, 25, 33, 2, 0, 0],
    ...[1, 4, 100, 26, 31, 3, 0, 0],
    ...[4, 0, 9, 25, 34, 4, 0, 0],
    ...[1, 0, 9, 27, 31, 5, 0, 0],
    ...[5, 1, 12, 28, 35, 6, 0, 0],
  ];
  const labels = idxNumbers("i4", [5, 8], rows);

  test("of QMNIST have the digit first and the writer third", async () => {
    const { remarks, context } = remarksOf(contextIn(folder.path));
    const listing = await listWith({ labels }, { labelColumn: 1, patientColumn: 3 }, context);
    expectWhole(listing);
    expect(shown(listing)).toEqual(["3", "1", "4", "1", "5"]);
    expect(listing.records.map(({ patient }) => patient)).toEqual(["100", "100", "9", "9", "12"]);
    expect(remarks.filter(({ sentence }) => sentence.includes("QMNIST"))).toEqual([]);
    expect(shown(await listWith({ labels }, { labelColumn: 2 }))).toEqual(["4", "4", "0", "0", "1"]);
  });

  test("of QMNIST's shape are read without a column, and it is said; the writer is then no patient", async () => {
    const { remarks, context } = remarksOf(contextIn(folder.path));
    const listing = await listWith({ labels }, {}, context);
    expect(shown(listing)).toEqual(["3", "1", "4", "1", "5"]);
    expect(listing.records[0]).not.toHaveProperty("patient");
    expect(remarks[0].sentence).toMatch(
      /"entry" takes the first of the eight numbers of each row of .*with-labels for the label, as in QMNIST; labelColumn: 1 says so/u,
    );
  });

  test("of any other shape need a column that there is", async () => {
    const two = idxNumbers("u1", [5, 2], [3, 0, 1, 0, 4, 1, 1, 1, 5, 1]);
    await expectRefusal(
      listWith({ labels: two }),
      /entry: labelColumn is missing: .*with-labels has 2 numbers an image; say which of them is the label/u,
    );
    await expectRefusal(
      listWith({ labels: two }, { labelColumn: 3 }),
      /labelColumn is 3, but .* has 2 numbers an image/u,
    );
    await expectRefusal(
      listWith({}, { patientColumn: 2 }),
      /patientColumn is 2, but .* has one number an image/u,
    );
    expect(shown(await listWith({ labels: two }, { labelColumn: 2 }))).toEqual(["0", "0", "1", "1", "1"]);
    const one = idxNumbers("i4", [5, 1], [3, 1, 4, 1, 5]);
    expect(shown(await listWith({ labels: one }))).toEqual(["3", "1", "4", "1", "5"]);
  });
});

describe("images", () => {
  test("of colour lie with their channels last, or first, and that is said", async () => {
    const colour = Uint8Array.from({ length: 5 * 2 * 4 * 3 }, (_, i) => i);
    const last = arrayOf(await listWith({ images: idxBytes([5, 2, 4, 3], colour) }));
    expect(last).toMatchObject({ height: 2, width: 4, channels: 3, pixels: colour });
    // Plane c of image n has the byte 8c + 24n of its first pixel.
    const { remarks, context } = remarksOf(contextIn(folder.path));
    const first = arrayOf(await listWith({ images: idxBytes([5, 3, 2, 4], colour) }, {}, context));
    expect(first).toMatchObject({ height: 2, width: 4, channels: 3 });
    expect([...first.pixels.subarray(0, 6)]).toEqual([0, 8, 16, 1, 9, 17]);
    expect([...first.pixels.subarray(24, 27)]).toEqual([24, 32, 40]);
    expect(remarks[0].sentence).toMatch(
      /^"entry" takes the second axis of .*with-images, whose shape is \(5, 3, 2, 4\), for the channels\.$/u,
    );
  });

  test("of one channel more are grey", async () => {
    expect(arrayOf(await listWith({ images: idxBytes([5, 6, 2, 1], pixels) }))).toMatchObject({
      channels: 1,
      pixels,
    });
  });

  test("of other shapes are refused by them", async () => {
    const shaped = (shape: readonly number[]): Promise<Listing> =>
      listWith({
        images: idxBytes(shape, new Uint8Array(shape.reduce((product, side) => product * side, 1))),
      });
    await expectRefusal(
      shaped([5, 6, 4, 2]),
      /has the shape \(5, 6, 4, 2\); images are \(N, height, width\) or/u,
    );
    await expectRefusal(
      shaped([5, 6, 4, 4]),
      /\(5, 6, 4, 4\); images are .*: save them without the fourth channel/u,
    );
    await expectRefusal(shaped([5, 3, 2, 3]), /either the second axis or the last may be the channels/u);
    await expectRefusal(shaped([5, 2, 2, 2, 3]), /has the shape \(5, 2, 2, 2, 3\)/u);
  });

  test("of EMNIST are put upright, and a file of that name says that it lies", async () => {
    const turned = arrayOf(await listWith({}, { transpose: true }));
    expect(turned).toMatchObject({ height: 4, width: 3 });
    // Pixel (y, x) of the upright image is pixel (x, y) of the file's rows of four.
    expect([...turned.pixels.subarray(0, 12)]).toEqual(
      [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map((i) => pixels[i]),
    );
    expect([...turned.pixels.subarray(12, 15)]).toEqual([12, 16, 20].map((i) => pixels[i]));
    write("emnist-letters-train-images-idx3-ubyte.gz", imageBytes);
    const images = "emnist-letters-train-images-idx3-ubyte.gz";
    const { remarks, context } = remarksOf(contextIn(folder.path));
    await listEntry({ ...entry, images }, context);
    expect(remarks[0].sentence).toMatch(
      /those of EMNIST are stored on their side: transpose: true puts them upright/u,
    );
    for (const transpose of [true, false]) {
      remarks.length = 0;
      await listEntry({ ...entry, images, transpose }, context);
      expect(remarks.filter(({ sentence }) => sentence.includes("EMNIST"))).toEqual([]);
    }
  });

  test("of 16 bits need a window, from which they are scaled", async () => {
    const deep = idxNumbers(
      "i2",
      [5, 3, 4],
      Array.from({ length: 60 }, (_, i) => 100 * i - 200),
    );
    await expectRefusal(
      listWith({ images: deep }),
      /with-images: holds 16-bit integers from -200 to 5700: say which of them are black and white, such as window: \[-200, 5700\]/u,
    );
    const scaled = arrayOf(await listWith({ images: deep }, { window: [0, 4000] })).pixels;
    expect([0, 2, 3, 22, 42, 59].map((i) => scaled[i])).toEqual([0, 0, 6, 128, 255, 255]); // 100 is 6.4, 2000 is 127.5
    await expectRefusal(
      listWith({ images: idxNumbers("i4", [5, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 255]) }),
      /from 0 to 255: say .* such as window: \[0, 255\]/u,
    );
  });
});

describe("EMNIST's file of characters", () => {
  const list = (text: string): Promise<Listing> => {
    writeFileSync(join(folder.path, "mapping.txt"), text);
    return listEntry({ ...entry, characters: "mapping.txt" }, contextIn(folder.path));
  };

  test("names the labels, with capitals where small letters share a number, and spares what it leaves out", async () => {
    const listing = await list("1 65 97\n2 66 98\n3 67 99\n4 68 100\n5 69 101\n");
    expectWhole(listing);
    expect(listing.labelNames).toEqual(["label 0", "A", "B", "C", "D", "E"]);
    expect(shown(listing)).toEqual(["C", "A", "D", "A", "E"]);
    expect(shown(await list("0 48\r\n1 49\r\n2 50\r\n3 51\r\n4 97\r\n5 98\r\n"))).toEqual([
      "3",
      "1",
      "a",
      "1",
      "b",
    ]);
  });

  test("is refused by line for what is no character, and for labels that it does not name", async () => {
    await expectRefusal(
      list("1 65\nB 66\n"),
      /mapping\.txt: record 1: line 2: is not a label number and the code/u,
    );
    await expectRefusal(list("1 65\n1 66\n"), /record 1: line 2: names label 1 again/u);
    await expectRefusal(list("1 10\n"), /line 1: has the code 10, which is no letter, digit or sign/u);
    await expectRefusal(list("1 55296\n"), /has the code 55296, which is no letter/u);
    await expectRefusal(list("1000 65\n"), /has label 1000; labels are numbers from 0 to 999/u);
    await expectRefusal(list("\n"), /is empty; it should have a line for each label/u);
    await expectRefusal(list("1 65\n2 66\n3 67\n"), /record 2: has label 4, but .*mapping\.txt has 4 names/u);
    await expectRefusal(
      listEntry({ ...entry, characters: "mapping.txt", labelNames: ["a"] }, contextIn(folder.path)),
      /characters says the same as labelNames/u,
    );
  });
});

describe("damaged copies", () => {
  const list =
    (field: "images" | "labels", more: Record<string, unknown> = {}) =>
    (path: string): Promise<Listing> =>
      listEntry({ ...entry, ...more, [field]: path }, contextIn(folder.path));

  test("300 of bytes end in an error of one line or a whole listing", async () => {
    const refused =
      (await surviveDamage(folder.path, imageBytes, 100, list("images"))) +
      (await surviveDamage(folder.path, labelBytes, 100, list("labels"))) +
      (await surviveDamage(folder.path, gzipSync(imageBytes), 100, list("images")));
    expect(refused).toBeGreaterThan(150);
    expect(refused).toBeLessThan(300); // some damage is only another picture
  });

  test("700 of other numbers, rows and characters do, too", async () => {
    const wide = idxNumbers(
      "i4",
      [5, 8],
      Array.from({ length: 40 }, (_, i) => i % 6),
    );
    const deep = idxNumbers("i2", [5, 3, 4], [...pixels]);
    const floats = idxNumbers(
      "f8",
      [5, 3, 4, 1],
      Array.from(pixels, (level) => level / 255),
    );
    const letters = Buffer.from("0 48\n1 49\n2 50\n3 51\n4 97\n5 98\n");
    const refused =
      (await surviveDamage(folder.path, wide, 200, list("labels", { labelColumn: 2, patientColumn: 3 }))) +
      (await surviveDamage(folder.path, deep, 150, list("images", { window: [0, 255], transpose: true }))) +
      (await surviveDamage(folder.path, floats, 150, list("images"))) +
      (await surviveDamage(folder.path, letters, 200, (path) =>
        listEntry({ ...entry, characters: path }, contextIn(folder.path)),
      ));
    expect(refused).toBeGreaterThan(350);
    expect(refused).toBeLessThan(700);
  });
});
