// The MedMNIST reader: one class a column or many columns, every integer type, names of the sets, and what is refused.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { namesOfSet } from "../../../src/data/formats/medmnist-names.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import { temporaryFolder } from "./idx-files.ts";
import {
  contextIn,
  expectRefusal,
  expectWhole,
  positives,
  remarksOf,
  surviveDamage,
} from "./listing-checks.ts";
import { npy, npz } from "./npz-files.ts";
import { column, grey, images, npzListing } from "./npz-listing.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { write, list, listWith } = npzListing(folder.path);

describe("a medmnist entry", () => {
  test("lists the three parts of the official split, stored or deflated", async () => {
    for (const level of [0, 6] as const) {
      const listing = await list(write(`plain-${level}.npz`, npz(grey, level)));
      expectWhole(listing);
      expect(listing.labelNames).toEqual(["0", "1", "2"]);
      expect([...listing.rawLabels]).toEqual([1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0]);
      expect(listing.records.map(({ id, part }) => `${id} ${part}`)).toEqual([
        "train/0 train",
        "train/1 train",
        "train/2 train",
        "val/0 validation",
        "val/1 validation",
        "test/0 test",
      ]);
      const { image } = listing.records[1];
      if (image.kind !== "array") expect.fail("the image is not in an array");
      expect(image.array).toMatchObject({ count: 3, height: 4, width: 5, channels: 1 });
      expect([...image.array.pixels.subarray(20, 23)]).toEqual([20, 21, 22].map((i) => (i * 37) % 251));
    }
  });

  test("takes labels of every integer type, as a column or a plain list, and colour images", async () => {
    for (const descr of ["|u1", "|i1", "<i2", "<u2", "<i4", "<i8", ">i8", "<u8"]) {
      const listing = await listWith({
        train_labels: npy([3], [0, 2, 1], { descr }),
        val_labels: column([2, 0], descr),
        test_labels: column([1], descr),
      });
      expect(positives(listing), descr).toEqual([2, 2, 2]);
    }
    const colour = await listWith({
      train_images: images([3, 4, 5, 3]),
      val_images: images([2, 4, 5, 3]),
      test_images: images([1, 4, 5, 3]),
    });
    expectWhole(colour);
    expect(colour.records[0].image).toMatchObject({ array: { channels: 3 } });
  });

  test("takes several columns as labels that each are there or not", async () => {
    const several = {
      train_labels: npy([3, 2], [0, 1, 1, 1, 0, 0], { descr: "<i4" }),
      val_labels: npy([2, 2], [0, 0, 0, 1]),
      test_labels: npy([1, 2], [1, 0]),
    };
    const listing = await listWith(several);
    expectWhole(listing);
    expect([...listing.rawLabels]).toEqual([0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0]);
    expect(listing.labelNames).toEqual(["0", "1"]);
    expect((await listWith(several, { labelNames: ["a", "b"] })).labelNames).toEqual(["a", "b"]);
    await expectRefusal(listWith(several, { labelNames: ["a", "b", "c"] }), /2 label columns.* not 3/u);
    await expectRefusal(listWith(several, { labelNames: ["a", "a"] }), /2 label columns.* different names/u);
  });

  test("knows the names of the published sets by the start of the file's name, where they fit", async () => {
    expect((await list(write("octmnist_64.npz", npz(grey)))).labelNames[2]).toBe("drusen");
    expect((await list(write("PneumoniaMNIST.npz", npz(grey)))).labelNames).toEqual(["0", "1", "2"]);
    expect((await list(write("chestmnist.npz", npz(grey)))).labelNames).toEqual(["0", "1", "2"]);
    const named = await list("octmnist_64.npz", { labelNames: ["x", "y", "z"] });
    expect(named.labelNames).toEqual(["x", "y", "z"]);
    expect(namesOfSet("pathmnist.npz", 1, 9)).toHaveLength(9);
    expect(namesOfSet("pathmnist.npz", 9, 9)).toBeUndefined();
    expect(namesOfSet("chestmnist_128.npz", 14, 14)?.[13]).toBe("hernia");
    expect(namesOfSet("dermamnist_rebuilt.npz", 1, 7)?.[4]).toBe("melanoma");
    expect(namesOfSet("organsmnist_224.npz", 1, 11)?.[10]).toBe("spleen");
    expect(namesOfSet("mypathmnist.npz", 1, 9)).toBeUndefined();
    expect(namesOfSet("pathmnists.npz", 1, 9)).toBeUndefined();
    await expectRefusal(
      list("octmnist_64.npz", { labelNames: ["x", "y"] }),
      /record 1: member train_labels\.npy has label 2, but labelNames has 2 names/u,
    );
  });

  test("may have parts without an image, and arrays of other names", async () => {
    const listing = await listWith({
      val_images: images([0, 4, 5]),
      val_labels: column([]),
      notes: npy([1], [0.5], { descr: "<f8" }),
    });
    expect(listing.records.map(({ part }) => part)).toEqual(["train", "train", "train", "test"]);
  });
});

describe("labels of floats", () => {
  const f4 = (shape: readonly number[], values: readonly number[]): Uint8Array =>
    npy(shape, values, { descr: "<f4" });

  test("are class numbers where they are whole, and images without one have no label at all", async () => {
    const listing = await listWith({ train_labels: f4([3, 1], [0, 2, NaN]), val_labels: f4([2], [2, 0]) });
    expectWhole(listing);
    expect([...listing.rawLabels.subarray(0, 9)]).toEqual([
      1,
      0,
      0,
      0,
      0,
      1,
      ...Array<number>(3).fill(rawLabel.unknown),
    ]);
    expect(positives(listing)).toEqual([2, 1, 2]);
  });

  test("are 0, 1 or blank in several columns", async () => {
    const listing = await listWith({
      train_labels: f4([3, 2], [0, 1, NaN, 1, 0, NaN]),
      val_labels: f4([2, 2], [0, 0, 0, 1]),
      test_labels: npy([1, 2], [1, 0], { descr: "|b1" }),
    });
    expectWhole(listing);
    const { blank } = rawLabel;
    expect([...listing.rawLabels]).toEqual([0, 1, blank, 1, 0, blank, 0, 0, 0, 1, 1, 0]);
  });

  test("that lie column by column are read", async () => {
    const listing = await listWith({
      train_labels: npy([3, 2], [0, 1, 0, 1, 1, 0], { descr: "<f8", byColumns: true }),
      val_labels: npy([2, 2], [0, 0, 0, 1]),
      test_labels: npy([1, 2], [1, 0]),
    });
    expect([...listing.rawLabels.subarray(0, 6)]).toEqual([0, 1, 1, 1, 0, 0]);
  });

  test("that are probabilities, or -1, are refused with what to do", async () => {
    const columns = (value: number): Promise<Listing> =>
      listWith({ train_labels: f4([3, 2], [0, 1, 0, value, 0, 0]), val_labels: f4([2, 2], [0, 0, 0, 1]) });
    await expectRefusal(
      columns(0.38),
      /record 1: member train_labels\.npy has label 0\.38 in column 1; labels are 0 and 1 .*; round probabilities, and write NaN/u,
    );
    await expectRefusal(
      columns(-1),
      /has label -1 in column 1; .*; write NaN into an array of floats where nobody/u,
    );
    await expectRefusal(
      listWith({ val_labels: f4([2], [2, 0.5]) }),
      /record 1: member val_labels\.npy has label 0\.5; labels are class numbers/u,
    );
  });
});

test("numbers that share a name, and numbers that nobody has, are remarked upon", async () => {
  const remarksWith = async (
    changes: Record<string, Uint8Array>,
    more: Record<string, unknown> = {},
  ): Promise<string[]> => {
    const { remarks, context } = remarksOf(contextIn(folder.path));
    await listWith(changes, more, context);
    return remarks.map(({ sentence }) => sentence);
  };
  expect(positives(await listWith({}, { labelNames: ["a", "b", "a"] }))).toEqual([4, 2]);
  expect(await remarksWith({}, { labelNames: ["a", "b", "a"] })).toEqual([
    '"entry" takes the labels 0, 2 for one, since labelNames calls all of them "a".',
  ]);
  const skipping = { train_labels: column([0, 3, 3]), val_labels: column([0, 3]), test_labels: column([3]) };
  expect(await remarksWith(skipping)).toEqual([
    '"entry" has labels up to 3, but no image has 1, 2; ' +
      "a class of that number is taken for one that none of its images shows.",
  ]);
  expect(await remarksWith({})).toEqual([]);
});

describe("a medmnist file is refused with the member", () => {
  test("that is missing, and those that are there", async () => {
    await expectRefusal(
      listWith({ val_labels: undefined }),
      /changed\.npz: has val_images\.npy, but no member val_labels\.npy; it holds "train_images\.npy", "train_labels\.npy", /u,
    );
    await expectRefusal(list(write("text.npz", Buffer.from("<html>"))), /text\.npz: is not a zip archive/u);
    const cut = npz(grey).subarray(0, -40);
    await expectRefusal(list(write("cut.npz", cut)), /cut\.npz: .* was the download cut short/u);
    const long = Buffer.concat([npz(grey), Buffer.of(1, 2)]);
    await expectRefusal(list(write("long.npz", long)), /long\.npz: holds 2 bytes of something else/u);
  });

  test("whose elements are of another type", async () => {
    await expectRefusal(
      listWith({ train_images: images([3, 4, 5], { descr: "<f2" }) }),
      /member train_images\.npy holds elements of type <f2 \(16-bit floats\)/u,
    );
    await expectRefusal(
      listWith({ test_images: images([1, 4, 5], { descr: "<i8" }) }),
      /member test_images\.npy holds 64-bit integers from 0 to 230: say which of them are black and white, such as window: \[0, 255\]/u,
    );
    await expectRefusal(
      listWith({ val_labels: npy([2, 1], [0, 0], { descr: "<U3" }) }),
      /member val_labels\.npy holds elements of type <U3, which is text/u,
    );
  });

  test("whose shape is another", async () => {
    const shape = /member train_images\.npy has the shape \(\d.*\); images are \(N, height, width\) or/u;
    for (const wrong of [[3, 20], [3, 4, 5, 2], [3], [3, 0, 5], [3, 4, 5, 0]]) {
      await expectRefusal(listWith({ train_images: images(wrong) }), shape);
    }
    await expectRefusal(
      listWith({ train_images: npy([], [1]) }),
      /member train_images\.npy has the shape \(\)/u,
    );
    await expectRefusal(
      listWith({ val_images: images([2, 5, 4]) }),
      /member val_images\.npy has images of 5 x 4 x 1, but train_images\.npy has images of 4 x 5 x 1/u,
    );
    await expectRefusal(
      listWith({ val_labels: npy([2, 1, 1], [0, 0]) }),
      /member val_labels\.npy has the shape \(2, 1, 1\); labels are/u,
    );
    await expectRefusal(listWith({ val_labels: npy([2, 0], []) }), /has the shape \(2, 0\); labels are/u);
    await expectRefusal(
      listWith({ val_labels: npy([2, 2], [0, 0, 1, 1]) }),
      /member val_labels\.npy has 2 label columns, but train_labels\.npy has 1/u,
    );
  });

  test("that has another number of images than labels, or none at all", async () => {
    await expectRefusal(
      listWith({ train_labels: column([0, 1]) }),
      /member train_images\.npy holds 3 images for the 2 labels of train_labels\.npy/u,
    );
    const empty = Object.fromEntries(
      ["train", "val", "test"].flatMap((key) => [
        [`${key}_images`, images([0, 4, 5])],
        [`${key}_labels`, column([])],
      ]),
    );
    await expectRefusal(listWith(empty), /changed\.npz: holds no image/u);
  });

  test("and the record whose label cannot be", async () => {
    await expectRefusal(
      listWith({ val_labels: column([0, -1], "<i8") }),
      /changed\.npz: record 1: member val_labels\.npy has label -1; labels are class numbers from 0 to 999/u,
    );
    await expectRefusal(listWith({ test_labels: column([70000], "<i4") }), /record 0: .* has label 70000/u);
    await expectRefusal(
      listWith({ train_labels: npy([3, 2], [0, 1, 0, 0, 1, 2]) }),
      /record 2: member train_labels\.npy has label 2 in column 1; labels are 0 and 1 in several columns/u,
    );
  });

  test("when it holds volumes, by its name or by its shape", async () => {
    await expectRefusal(
      list(write("organmnist3d_64.npz", npz(grey))),
      /organmnist3d_64\.npz: is named after a set of volumes, which are not read; take one of the two-dim/u,
    );
    for (const shape of [
      [3, 4, 5, 6],
      [3, 4, 5, 6, 3],
    ]) {
      await expectRefusal(
        listWith({ train_images: images(shape) }),
        /holds volumes: member train_images\.npy/u,
      );
    }
  });
});

test("a medmnist file survives 300 damaged copies", async () => {
  const refused =
    (await surviveDamage(folder.path, npz(grey), 150, list)) +
    (await surviveDamage(folder.path, npz(grey, 0), 150, list));
  expect(refused).toBeGreaterThan(150);
  expect(refused).toBeLessThan(300); // a changed time of day, for one, says nothing about the arrays
});

test("700 damaged copies of files of floats, columns and other names end in an error or a whole listing", async () => {
  const float = (shape: readonly number[], values: readonly number[]): Uint8Array =>
    npy(shape, values, { descr: "<f4" });
  const plain = {
    X: float(
      [4, 2, 3, 1],
      Array.from({ length: 24 }, (_, i) => i / 23),
    ),
    y: float([4, 3], [0, 1, NaN, 1, 0, 0, 0, 0, 1, NaN, NaN, 1]),
  };
  const deep = {
    X: npy(
      [4, 3, 5, 2],
      Array.from({ length: 120 }, (_, i) => 30 * i),
      { descr: "<u2" },
    ),
    y: npy([4], [0, 1, 1, 0], { descr: "<i8" }),
  };
  const members = { all: ["X", "y"] };
  // Damage inside the arrays, past the archive's checksum, too.
  const within =
    (key: "X" | "y", others: Record<string, Uint8Array>, more: Record<string, unknown>) =>
    (path: string): Promise<Listing> => {
      const bytes = readFileSync(join(folder.path, path));
      return list(write("damaged-within.npz", npz({ ...others, [key]: bytes }, 0)), { members, ...more });
    };
  const refused =
    (await surviveDamage(folder.path, npz(plain, 0), 100, (path) => list(path, { members }))) +
    (await surviveDamage(folder.path, plain.X, 150, within("X", plain, {}))) +
    (await surviveDamage(folder.path, plain.y, 150, within("y", plain, {}))) +
    (await surviveDamage(folder.path, deep.X, 150, within("X", deep, { window: [0, 4095] }))) +
    (await surviveDamage(folder.path, deep.y, 150, within("y", deep, { window: [0, 4095] })));
  expect(refused).toBeGreaterThan(350);
  expect(refused).toBeLessThan(700);
});
