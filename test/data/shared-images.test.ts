// What two entries of a manifest may share: images that both train on, never what one trains on and the other tests on.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { npy, npz } from "./formats/npz-files.ts";
import type { PixelArray } from "../../src/data/catalogue/listing.ts";
import { refuseSharedImages, type Taken } from "../../src/data/catalogue/shared-images.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { ManifestError } from "../../src/errors/data-errors.ts";
import { clinic, digits, make, root, split, table } from "./small-sources.ts";

describe("two entries", () => {
  test("may not train on what the other tests on in an array file, even where they read its labels from two files", async () => {
    const shared =
      /^m\.yaml:8: test shares the image "\d+" with "A": it is in test here and in train there; .*one denominator/u;
    await expect(make(digits("limit: 3", "labels: tiny/labels"))).rejects.toThrow(shared);
    await expect(make(digits("limit: 3", "labels: tiny/other"))).rejects.toThrow(shared);
    await expect(make(digits("part: 1/2", "labels: tiny/labels, part: 2/3"))).rejects.toThrow(
      /m\.yaml:8: test\.part shares the image "\d+" with "A"/u,
    );
    const made = await make(digits("holds: [0, 1]", "labels: tiny/labels, holds: [2, 3]"));
    expect(made.lists.map(({ samples }) => samples.length)).toEqual([20, 20]);
  });

  test("may speak of the same images of an array file, as two annotators do", async () => {
    const second =
      "  - { name: B, format: idx, images: tiny/images, labels: tiny/other, part: 1/2, knows: [1] }\ntest:";
    const made = await make(digits("part: 1/2", "labels: tiny/labels, part: 2/2").replace("test:", second));
    const ids = made.lists.map(({ samples }) => samples.map(({ id }) => id));
    expect(ids[1]).toEqual(ids[0]);
    expect(made.lists[1].states).not.toEqual(made.lists[0].states);
  });

  test("or one may not test on a copy of an array that another part has: both arrays are named", async () => {
    const images = (start: number): Uint8Array =>
      npy(
        [2, 2, 2],
        [0, 1, 2, 3, 4, 5, 6, 7].map((i) => start + i),
      );
    const labels = npy([2], [0, 1]);
    const arrays = {
      train_images: images(0),
      train_labels: labels,
      val_images: images(50),
      val_labels: labels,
      test_images: images(50),
      test_labels: labels,
    };
    writeFileSync(join(root, "copied.npz"), npz(arrays));
    const manifest =
      `classes: ["0", "1"]\nimage: { height: 2, width: 2 }\nmodel: { blocks: [1] }\n` +
      `augment: { weak: none, strong: none }\nsources:\n  - { name: A, format: medmnist, file: copied.npz`;
    await expect(make(`${manifest} }\n`)).rejects.toThrow(
      /m\.yaml:6: sources\[0\] has each image in validation and in test: val_images\.npy and test_images\.npy of .*copied\.npz hold the same images; leave one of them out, such as with members/u,
    );
    const members = "members: { train: [train_images, train_labels], test: [test_images, test_labels] }";
    const { lists } = await make(`${manifest}, ${members} }\n`);
    expect(lists.map(({ part, samples }) => `${part} ${samples.length}`)).toEqual(["train 2", "test 2"]);
  });

  test("that name their patients alike and are split alike agree, however much each holds", async () => {
    const split = "split: { by: patient, test: 0.4 }";
    const people = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => `${count}-${i}.png,p${i},${i % 2},0`);
    for (const count of [30, 100]) {
      writeFileSync(join(root, `${count}.csv`), ["file,who,edema,mass", ...people(count)].join("\n"));
    }
    const entry = (count: number): string =>
      `  - { name: of${count}, format: table, table: ${count}.csv, image: file, patient: who, columns: [edema, mass], ${split} }\n`;
    const { lists } = await make(
      `classes: [edema, mass]\nimage: { height: 2, width: 2 }\nmodel: { blocks: [1] }\n` +
        `augment: { weak: none, strong: none }\nsources:\n${entry(30)}${entry(100)}`,
    );
    const trained = new Set<string | undefined>();
    const tested = new Set<string | undefined>();
    for (const { part, samples } of lists) {
      for (const { patient } of samples) (part === "train" ? trained : tested).add(patient);
    }
    expect([...trained].filter((patient) => tested.has(patient))).toEqual([]);
    expect(trained.size + tested.size).toBe(100);
  });

  test("may speak of the same image files, but not train on what the other tests on", async () => {
    const second = `  - { name: other, ${table}, knows: [mass], others: [edema], ${split} }\n`;
    expect((await make(clinic(split) + second)).lists.map(({ source }) => source)).toEqual([
      "clinic",
      "clinic",
      "other",
      "other",
    ]);
    await expect(make(clinic(split) + second.replace(split, "rows: { to: 99 }"))).rejects.toThrow(
      /sources\[1\] shares the image "\w\.png" with "clinic": it is in train here and in test there/u,
    );
  });

  test("have the same images where a link leads to the folder of the other", async () => {
    mkdirSync(join(root, "films"), { recursive: true });
    symlinkSync("films", join(root, "linked"));
    writeFileSync(join(root, "one.csv"), "file,edema\na.png,1\nb.png,0\n");
    const of = (name: string, images: string): string =>
      `{ name: ${name}, format: table, table: one.csv, image: file, images: ${images}, columns: [edema] }`;
    await expect(
      make(
        `classes: [edema]\nimage: { height: 2, width: 2 }\nmodel: { blocks: [1] }\naugment: { weak: none, strong: none }\n` +
          `sources:\n  - ${of("A", "films")}\ntest: ${of("T", "linked")}\n`,
      ),
    ).rejects.toThrow('test shares the image "a.png" with "A": it is in test here and in train there');
  });
});

test("an entry that holds one image in two parts is told so, and not that it shares it with itself", () => {
  const array = (value: number): PixelArray => ({
    ...{ file: "s.npz", count: 1, height: 1, width: 1, channels: 1 },
    pixels: Uint8Array.of(value),
  });
  const entry = parseManifest(digits("limit: 3", "labels: tiny/labels"), "m.yaml").sources[0];
  const taken = (test: number): Taken => ({
    path: ["sources", 0],
    entry,
    listing: {
      labelNames: [],
      rawLabels: new Uint8Array(),
      records: [
        { id: "val/0", image: { kind: "array", array: array(7), at: 0 } },
        { id: "test/0", image: { kind: "array", array: array(test), at: 0 } },
      ],
    },
    chosen: [0, 1],
    partOf: ["validation", "test"],
  });
  const complain = (path: readonly PropertyKey[], reason: string): ManifestError =>
    new ManifestError("m.yaml", path.join("."), reason);
  refuseSharedImages([taken(8)], complain);
  expect(() => {
    refuseSharedImages([taken(7)], complain);
  }).toThrow(
    /sources\.0 has one image in two parts of its own: "val\/0" in validation is "test\/0" in test;/u,
  );
});
