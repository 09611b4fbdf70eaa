// What does not fit between a source and its split, or between a table and the folders of its images, is counted and told.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findImagesIn } from "../../src/data/formats/table-rows.ts";
import { oneClassEach } from "../../src/data/formats/class-labels.ts";
import { contextIn } from "./formats/listing-checks.ts";
import { clinic, make, root, rows } from "./small-sources.ts";

const sentences = async (fields: string): Promise<string[]> =>
  (await make(clinic(fields))).remarks.map(({ sentence }) => sentence);

test("a list tells the images that it leaves out, those that are not there, and those that it names twice", async () => {
  writeFileSync(join(root, "te.txt"), "i.png\nj.png\ngone.png\ni.png\n");
  writeFileSync(join(root, "tr.txt"), "a.png\nb.png\n");
  expect(await sentences("split: { by: list, train: tr.txt, test: te.txt }")).toEqual([
    'The list that splits "clinic" leaves out 8 images that it does not name, such as "c.png"; it names 1 image that the source ' +
      'does not have, such as "gone.png"; it names 1 image twice, such as "i.png".',
  ]);
  writeFileSync(
    join(root, "parts.csv"),
    ["f,p", ...rows.map(([file], i) => `${file},${["0.0", "1.0", ""][i % 3]}`)].join("\n"),
  );
  const split = "split: { by: list, table: parts.csv, image: f, part: p, words: { 0: train, 1: test } }";
  expect(await sentences(split)).toEqual([
    'The list that splits "clinic" leaves out 4 images that it does not name, such as "c.png".',
  ]);
});

test("images without a patient or an official part are told where a split needs one", async () => {
  const some = [
    ["file,who,edema,oedema,mass,fold"],
    ...rows.map(([file, who, , ...rest], i) => [file, i < 3 ? "nan" : who, ...rest]),
  ];
  some[4][5] = "NA";
  writeFileSync(join(root, "some.csv"), some.map((row) => row.join(",")).join("\n"));
  const text = (split: string): string => clinic(split).replace("table.csv", "some.csv");
  const told = async (split: string): Promise<string[]> =>
    (await make(text(split))).remarks.map(({ sentence }) => sentence);
  expect(await told("split: { by: patient, test: 0.5 }")).toEqual([
    '"clinic" is split by patient, and 3 images of 12 name none, such as "a.png"; each is taken for a patient of its own.',
  ]);
  expect(await told("official: fold")).toEqual([
    '"clinic" does not say which part 1 image of 12 belong to, such as "d.png"; they are taken for training images.',
  ]);
});

test("an image that two folders hold is refused, and one in another Unicode form is found", async () => {
  const [nfc, nfd] = ["NFC", "NFD"].map((form) => "lésion.png".normalize(form));
  for (const name of [
    "one/a.png",
    "two/a.png",
    "two/b.png",
    "one/sub/c.png",
    "two/sub/d.png",
    `one/${nfd}`,
  ]) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), "");
  }
  const find = await findImagesIn(["one", "two"], contextIn(root));
  expect(["b.png", "sub/d.png", "sub/c.png", nfc, nfd, "gone.png"].map(find)).toEqual(
    ["two/b.png", "two/sub/d.png", "one/sub/c.png", `one/${nfd}`, `one/${nfd}`, "one/gone.png"].map((name) =>
      join(root, name),
    ),
  );
  expect(() => find("a.png")).toThrow(
    /one\/a\.png: is meant by "a\.png", and so is a file of that name in another folder/u,
  );
  // However a table writes the path of it.
  for (const name of ["./a.png", ".\\a.png", "././a.png"]) expect(() => find(name)).toThrow("is meant by");
  expect([".\\sub\\d.png", "./b.png"].map(find)).toEqual(
    ["two/sub/d.png", "two/b.png"].map((name) => join(root, name)),
  );
  const single = await findImagesIn("one", contextIn(root));
  expect(single(nfc)).toBe(join(root, "one", nfd));
});

test("numbers of one name are one label", () => {
  const { labelNames, rawLabels } = oneClassEach([0, 1, 2, 2], ["cat", "dog", "cat"]);
  expect(labelNames).toEqual(["cat", "dog"]);
  expect([...rawLabels]).toEqual([1, 0, 0, 1, 1, 0, 1, 0]);
});
