import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { table } from "../../../src/data/formats/table.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import { complaint, contextAt, countsOf, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

type Entry = Parameters<typeof list<typeof table.fields>>[1];
const listRows = (
  rows: readonly string[],
  entry: Partial<Entry>,
  changes: Partial<ListContext> = {},
): Promise<Listing> => {
  writeFiles(folder.path, { "data/t.csv": `${rows.join("\n")}\n` });
  const whole = { format: "table", table: "data/t.csv", image: "image", ...entry } as const;
  return list(table, whole, folder.path, contextAt(folder.path, changes));
};
const refusal = async (rows: readonly string[], entry: Partial<Entry>): Promise<string> =>
  complaint(listRows(rows, entry), folder.path);
const { positive, negative, uncertain, unknown, blank } = rawLabel;

describe("a table with a column of label words", () => {
  const rows = ["image,dx", "a.png,nv", "b.png,mel", "c.png,todo", "d.png,", "e.png,nv"];

  test("is positive for an image's word and negative for the others; nobody knows of unlabelled images, and empty cells are blank", async () => {
    const listing = await listRows(rows, { label: "dx", unlabelled: ["todo"] });
    expect(listing.labelNames).toEqual(["mel", "nv"]);
    expect([...listing.rawLabels]).toEqual(
      [negative, positive, positive, negative, unknown, unknown, blank, blank, negative, positive].flat(),
    );
    expect(listing.records[0].image).toEqual({ kind: "file", file: join(folder.path, "data/a.png") });
    expect((await listRows(rows, { label: "dx" })).labelNames).toEqual(["mel", "nv"]); // todo is no label
  });

  test("is refused where the first row, an image with its label, is taken for a header", async () => {
    const bare = ["a.png,nv", "b.png,mel"];
    writeFiles(folder.path, { "data/bare/a.png": "" });
    expect(await refusal(bare, { image: "a.png", label: "nv", images: "data/bare" })).toBe(
      '"source": image is "a.png", which is no name of a column but the image of the first row: say header: none, and call ' +
        "columns by their numbers, such as image: 1",
    );
    expect((await listRows(bare, { image: "1", label: "2", header: "none" })).records).toHaveLength(2);
  });

  test("may hold several words in a cell", async () => {
    const several = ["image,dx", "a.png,x | y", "b.png,y", "c.png,?", "d.png,|"];
    const listing = await listRows(several, { label: "dx", separator: "|", unlabelled: ["?"] });
    expect(listing.labelNames).toEqual(["x", "y"]);
    expect([...listing.rawLabels]).toEqual([
      ...[positive, positive, negative, positive, unknown, unknown, blank, blank],
    ]);
    expect(await refusal([...several, "e.png,x|?"], { label: "dx", separator: "|", unlabelled: ["?"] })).toBe(
      'data/t.csv: record 4: line 6: dx is "x|?": an unlabelled word cannot stand beside a label',
    );
  });

  test("holds only the words given, where they are given, in their order", async () => {
    const words = ["nv", "mel", "bcc"];
    const listing = await listRows(rows, { label: "dx", unlabelled: ["todo"], words });
    expect(listing.labelNames).toEqual(words);
    expect(countsOf(listing, "bcc")).toEqual([0, 3, 0, 1]);
    expect(await refusal(["image,dx", "a.png,mell"], { label: "dx", words })).toBe(
      'data/t.csv: record 0: line 2: dx is "mell", which is none of the words given; did you mean "mel"?',
    );
  });

  test("has the labels that the manifest speaks of as well, but no slip of the pen", async () => {
    const wanted = (names: string[], classes: string[] = []): Promise<Listing> =>
      listRows(rows, { label: "dx", unlabelled: ["todo"] }, { wanted: names, classes });
    const listing = await wanted(["bcc"], ["bcc"]);
    expect(listing.labelNames).toEqual(["bcc", "mel", "nv"]);
    expect(countsOf(listing, "bcc")).toEqual([0, 3, 0, 1]);
    expect((await wanted(["MEL2"], ["MEL2"])).labelNames).toEqual(["mel", "nv"]); // it means mel
    expect((await wanted(["MEL2", "mel"])).labelNames).toEqual(["MEL2", "mel", "nv"]); // both are spoken of
    expect((await wanted(["MEL2"], ["mel"])).labelNames).toEqual(["MEL2", "mel", "nv"]);
    const closed = listRows(rows, { label: "dx", words: ["nv", "mel", "todo"] }, { wanted: ["bcc"] });
    expect((await closed).labelNames).toEqual(["nv", "mel", "todo"]);
  });

  test("may be lists, which are read by a separator of their own and refused by another", async () => {
    const lists = ["image,dx", "a.png,\"['x', ' y']\"", "b.png,['x']", "c.png,[]", "d.png,nan"];
    const listing = await listRows(lists, { label: "dx", separator: "list" });
    expect(listing.labelNames).toEqual(["x", "y"]);
    expect([0, 1, 2, 3].map((at) => givenOf(listing, at))).toEqual([
      [positive, positive],
      [positive, negative],
      [blank, blank],
      [blank, blank],
    ]);
    expect(await refusal([...lists, "e.png,x"], { label: "dx", separator: "list" })).toBe(
      "data/t.csv: record 4: line 6: dx is \"x\", which is no list such as ['a', 'b']",
    );
    const said = "dx is \"['x', ' y']\", which is a list: read it with separator: list";
    expect(await refusal(lists, { label: "dx" })).toBe(`data/t.csv: record 0: line 2: ${said}`);
    expect(await refusal(lists, { label: "dx", separator: "," })).toBe(
      `data/t.csv: record 0: line 2: ${said}`,
    );
  });

  test("that is no column of labels, or says nothing, is refused", async () => {
    const distinct = Array.from({ length: 1001 }, (_, i) => `${i}.png,word${i}`);
    expect(await refusal(["image,dx", ...distinct], { label: "dx" })).toBe(
      "data/t.csv: has over 1000 different words in column dx; is it a column of labels?",
    );
    expect(await refusal(["image,dx", "a.png,"], { label: "dx" })).toBe(
      "data/t.csv: has no label in column dx",
    );
  });
});

describe("a table with a column a label", () => {
  test("has four marks, numbers by their value and words in any capitals", async () => {
    const cells = [
      ["1", positive],
      ["1.0", positive],
      ["TRUE", positive],
      ["Yes", positive],
      ["positive", positive],
      ["0", negative],
      ["0.00", negative],
      ["-0.0", negative],
      ["False", negative],
      ["no", negative],
      ["-1", uncertain],
      ["-1.0", uncertain],
      ["u", uncertain],
      ["", blank],
      ["NaN", blank],
      ["NA", blank],
    ] as const;
    const rows = ["image,x,y", ...cells.map(([cell], i) => `${i}.png,${cell},0`)];
    const listing = await listRows(rows, { columns: ["y", "x"] });
    expect(listing.labelNames).toEqual(["y", "x"]);
    expect(cells.map((_, i) => givenOf(listing, i))).toEqual(cells.map(([, code]) => [negative, code]));
  });

  test("may use marks of its own", async () => {
    const rows = ["image,x", "a.png,2", "b.png,3", "c.png,maybe", "d.png,-9", "e.png,0"];
    const values = { positive: [2, 3.0], uncertain: ["Maybe"], blank: [-9] };
    const listing = await listRows(rows, { columns: ["x"], values });
    expect([...listing.rawLabels]).toEqual([positive, positive, uncertain, blank, negative]);
    expect(await refusal([...rows, "f.png,1"], { columns: ["x"], values })).toBe(
      'data/t.csv: record 5: line 7: x is "1"; it must be blank or one of 2, 3, 0, false, no, negative, maybe, -9',
    );
    expect(await refusal(rows, { columns: ["x"], values: { positive: [0] } })).toBe(
      '"source": values.negative has "0", which means something else already; values left out keep their defaults',
    );
  });
});

describe("a table", () => {
  test("says whose an image is and which part it is in", async () => {
    const rows = [
      "image,x,who,fold",
      "a,1,p1,Train",
      "b,1,p1,val",
      "c,1,,valid",
      "d,1,p2,validation",
      "e,1,p2,test",
      "f,1,p2,",
    ];
    const { records } = await listRows(rows, { columns: ["x"], patient: "who", official: "fold" });
    expect(records.map(({ patient, part }) => [patient, part])).toEqual([
      ["p1", "train"],
      ["p1", "validation"],
      [undefined, "validation"],
      ["p2", "validation"],
      ["p2", "test"],
      ["p2", undefined],
    ]);
    expect(records[0].row).toEqual({ image: "a", x: "1", who: "p1", fold: "Train" });
    expect(await refusal([...rows, "g,1,p3,tset"], { columns: ["x"], official: "fold" })).toBe(
      'data/t.csv: record 6: line 8: fold is "tset"; it must be one of train, training, valid, val, validation, validate, dev, test, testing; did you mean "test"?',
    );
  });

  test("may name its images without their suffix, and keep them in other folders", async () => {
    writeFiles(folder.path, { "one/a.jpg": "", "two/b.jpg": "" });
    const rows = ["image;x", "a;1", "b;1", "c.JPG;0", "1.2.840;1"];
    const entry = { columns: ["x"], delimiter: ";" as const, suffix: ".jpg" };
    const filesOf = async (images: string | string[]): Promise<unknown> =>
      (await listRows(rows, { ...entry, images })).records.map(
        ({ image }) => image.kind === "file" && image.file.slice(folder.path.length + 1),
      );
    expect(await filesOf("one")).toEqual(["one/a.jpg", "one/b.jpg", "one/c.JPG", "one/1.2.840.jpg"]);
    expect(await filesOf(["two", "one"])).toEqual(["one/a.jpg", "two/b.jpg", "two/c.JPG", "two/1.2.840.jpg"]);
    expect((await listRows(["image\tx", "a\t1"], { columns: ["x"], delimiter: "tab" })).records).toHaveLength(
      1,
    );
  });

  test("finds an image in its folder however its path is spelled", async () => {
    writeFiles(folder.path, { "first/x.png": "", "second/s.png": "", "second/sub/t.png": "" });
    const rows = [
      "image,x",
      "s.png,1",
      "./s.png,1",
      "sub/t.png,1",
      "sub\\t.png,1",
      "x.png,0",
      "y/../x.png,0",
    ];
    const { records } = await listRows(rows, { columns: ["x"], images: ["first", "second"] });
    const files = records.map(
      ({ image }) => image.kind === "file" && image.file.slice(folder.path.length + 1),
    );
    expect(files).toEqual(["second/s.png", "second/sub/t.png", "first/x.png"]);
  });

  test.each([
    [
      "rows of one image that differ",
      "a.png,0",
      'data/t.csv: record 1: line 3: the image "a.png" has rows that say different things, on lines 2 and 3: x is positive and ' +
        "negative; say what they mean together with repeated: and one of any, all, majority, mean, uncertain",
    ],
    ["a path out of the folder", "../../b.png,1", /the image "\.\.\/\.\.\/b\.png" does not lie below/u],
    ["a path of another system", "C:\\b.png,1", /does not lie below/u],
    ["no image", ",1", "data/t.csv: record 1: line 3: names no image"],
    [
      "a mark that is none",
      "b.png,ys",
      /x is "ys"; it must be blank or one of 1, true, .*; did you mean "yes"\?$/u,
    ],
    ["a missing cell", "b.png", "data/t.csv: record 1: line 3: has 1 cell, but the header names 2 columns"],
  ])("is refused for %s", async (_, bad, message) => {
    const said = await refusal(["image,x", "a.png,1", bad], { columns: ["x"] });
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  test("goes on without its bad rows where those are left out, and names each", async () => {
    const rows = [
      "image,dx,fold",
      "a.png,nv,train",
      "b.png",
      "c.png,mel,test",
      "c.png,nv,test",
      "../d.png,nv,test",
    ];
    const more = [
      "e.png,nv,tset",
      'f.png,n"v,test',
      "g.png,nv|todo,test",
      ",nv,test",
      "h.png,nv,val",
      'i.png,"nv,val',
    ];
    const bad: string[] = [];
    const listing = await listRows(
      [...rows, ...more],
      { label: "dx", official: "fold", separator: "|", unlabelled: ["todo"] },
      { bad: ({ message }) => void bad.push(message.replace(`${folder.path}/`, "")) },
    );
    const kept = listing.records.filter(({ leftOut }) => !leftOut);
    expect(kept.map(({ id, part }) => [id, part])).toEqual([
      ["a.png", "train"],
      ["h.png", "validation"],
    ]);
    expect([...listing.rawLabels]).toEqual(
      [[negative, positive], Array(6).fill(unknown), [negative, positive]].flat(2),
    );
    // They keep their place and their part, so that what is left out changes no split.
    expect(listing.records.filter(({ leftOut }) => leftOut).map(({ id, part }) => [id, part])).toEqual([
      ["c.png", "test"],
      ["e.png", undefined],
      ["g.png", "test"],
    ]);
    expect(bad.map((message) => message.slice(0, 50))).toEqual(
      [
        "data/t.csv: record 1: line 3: has 1 cell, but the header",
        "data/t.csv: record 6: line 8: a quote stands inside a cell",
        "data/t.csv: record 10: a quote that opens after line 11 is never",
        'data/t.csv: record 4: line 6: the image "../d.png" does',
        'data/t.csv: record 5: line 7: fold is "tset"; it must be',
        'data/t.csv: record 7: line 9: dx is "nv|todo": an unlabelled',
        "data/t.csv: record 8: line 10: names no image",
        'data/t.csv: record 3: line 5: the image "c.png" has rows',
      ].map((message) => message.slice(0, 50)),
    );
  });

  test("needs either label or columns, and columns that are there", async () => {
    const rows = ["image,dx", "a.png,1"];
    expect(await refusal(rows, {})).toBe(
      '"source": label is missing: name the column of the label words under label, or a column a label under columns',
    );
    expect(await refusal(rows, { label: "dx", columns: ["dx"] })).toBe(
      '"source": columns cannot stand beside label: labels are words in one column, or a column each',
    );
    expect(await refusal(rows, { columns: ["dy"] })).toMatch(/has no column "dy"; .*did you mean "dx"\?$/u);
    expect(await refusal(rows, { label: "dx", patient: "who" })).toMatch(/has no column "who"/u);
  });

  test("takes no fields that it does not know, and no path out of the data root", () => {
    const schema = z.strictObject(table.fields);
    const entry = { table: "t.csv", image: "image" };
    expect(schema.safeParse({ ...entry, delimiter: "|" }).success).toBe(false);
    expect(schema.safeParse({ ...entry, images: "../x" }).success).toBe(false);
    expect(schema.safeParse({ ...entry, images: ["x", "/y"] }).success).toBe(false);
    expect(schema.safeParse({ ...entry, images: ["x", "y"] }).success).toBe(true);
  });
});
