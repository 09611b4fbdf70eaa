// The MedMNIST reader: one class a column or many columns, every integer type, names of the sets, and what is refused.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { medmnist } from "../../../src/data/formats/medmnist.ts";
import { namesOfSet } from "../../../src/data/formats/medmnist-names.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { temporaryFolder } from "./idx-files.ts";
import { contextIn, expectRefusal, expectWhole, lister, positives, surviveDamage } from "./listing-checks.ts";
import { npy, npz } from "./npz-files.ts";
import type { NpyOptions } from "./npz-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const listEntry = lister(medmnist);

/** Images of this shape, every byte another. */
const images = (shape: readonly number[], options: NpyOptions = {}): Uint8Array => {
  const size = shape.reduce((product, length) => product * length, 1);
  return npy(
    shape,
    Array.from({ length: size }, (_, i) => (i * 37) % 251),
    options,
  );
};
const column = (labels: readonly number[], descr = "|u1"): Uint8Array =>
  npy([labels.length, 1], labels, { descr });

/** Six arrays: 3, 2 and 1 images of 4 x 5, of classes 0, 2, 1 | 2, 0 | 1. */
const grey: Record<string, Uint8Array> = {
  train_images: images([3, 4, 5]),
  train_labels: column([0, 2, 1]),
  val_images: images([2, 4, 5]),
  val_labels: column([2, 0]),
  test_images: images([1, 4, 5]),
  test_labels: column([1]),
};
const write = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder.path, name), bytes);
  return name;
};
const list = (file: string, more: Record<string, unknown> = {}): Promise<Listing> =>
  listEntry({ format: "medmnist", file, ...more }, contextIn(folder.path));
/** Lists the six arrays with some changed; undefined takes one away. */
const listWith = (
  changes: Readonly<Record<string, Uint8Array | undefined>>,
  more: Record<string, unknown> = {},
): Promise<Listing> => {
  const arrays = Object.entries({ ...grey, ...changes }).flatMap(([key, bytes]) =>
    bytes === undefined ? [] : [[key, bytes] as const],
  );
  return list(write("changed.npz", npz(Object.fromEntries(arrays))), more);
};

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

describe("a medmnist file is refused with the member", () => {
  test("that is missing, and those that are there", async () => {
    await expectRefusal(
      listWith({ val_labels: undefined }),
      /changed\.npz: has no member val_labels\.npy; it holds "train_images\.npy", "train_labels\.npy", /u,
    );
    await expectRefusal(list(write("text.npz", Buffer.from("<html>"))), /text\.npz: is not a zip archive/u);
    const cut = npz(grey).subarray(0, -40);
    await expectRefusal(list(write("cut.npz", cut)), /cut\.npz: .* was the download cut short/u);
    const long = Buffer.concat([npz(grey), Buffer.of(1, 2)]);
    await expectRefusal(list(write("long.npz", long)), /long\.npz: holds 2 bytes of something else/u);
  });

  test("whose elements are of another type", async () => {
    await expectRefusal(
      listWith({ train_images: images([3, 4, 5], { descr: "<f4" }) }),
      /member train_images\.npy holds elements of type <f4; whole numbers/u,
    );
    await expectRefusal(
      listWith({ test_images: images([1, 4, 5], { descr: "<i8" }) }),
      /member test_images\.npy holds i8 elements; images are u1/u,
    );
    await expectRefusal(
      listWith({ val_labels: npy([2, 1], [0.5, 1], { descr: "<f8" }) }),
      /member val_labels\.npy holds elements of type <f8/u,
    );
  });

  test("whose shape is another", async () => {
    const shape = /member train_images\.npy has the shape \(\d.*\); images are \(N, height, width\) or/u;
    for (const wrong of [[3, 20], [3, 4, 5, 2], [60], [3, 0, 5], [3, 4, 5, 1]]) {
      await expectRefusal(listWith({ train_images: images(wrong) }), shape);
    }
    await expectRefusal(
      listWith({ train_images: npy([], [1]) }),
      /member train_images\.npy has the shape \(\)/u,
    );
    await expectRefusal(
      listWith({ val_images: images([2, 5, 4]) }),
      /member val_images\.npy has images of 5 x 4 x 1, but that of train of 4 x 5 x 1/u,
    );
    await expectRefusal(
      listWith({ val_labels: npy([2, 1, 1], [0, 0]) }),
      /member val_labels\.npy has the shape \(2, 1, 1\); labels are/u,
    );
    await expectRefusal(listWith({ val_labels: npy([2, 0], []) }), /has the shape \(2, 0\); labels are/u);
    await expectRefusal(
      listWith({ val_labels: npy([2, 2], [0, 0, 1, 1]) }),
      /member val_labels\.npy has 2 label columns, but that of train has 1/u,
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
