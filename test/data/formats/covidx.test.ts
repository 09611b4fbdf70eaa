import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { covidx } from "../../../src/data/formats/covidx.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { complaint, contextAt, countsOf, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const entry = { format: "covidx", list: "list.txt", images: "images" } as const;
function listLines(lines: readonly string[], more: { labelName?: string } = {}): Promise<Listing> {
  writeFiles(folder.path, { "list.txt": `${lines.join("\n")}\n`, "images/.keep": "" });
  return list(covidx, { ...entry, ...more }, folder.path);
}

describe("a COVIDx list", () => {
  test("is read from the end of the line, because ids hold spaces", async () => {
    const listing = await listLines([
      "5 ARDSSevere.png negative cohen",
      "COVID 1 COVID(1).png positive sirm",
      "",
      "ANON 2  of 3 CR.1.2.840.JPG positive actmed\r",
    ]);
    expect(listing.labelNames).toEqual(["COVID-19"]);
    expect([...listing.rawLabels]).toEqual([rawLabel.negative, rawLabel.positive, rawLabel.positive]);
    expect(listing.records.map(({ id, patient, row }) => [id, patient, row?.["source"]])).toEqual([
      ["ARDSSevere.png", "5", "cohen"],
      ["COVID(1).png", "COVID 1", "sirm"],
      ["CR.1.2.840.JPG", "ANON 2 of 3", "actmed"],
    ]);
    expect(listing.records[1].image).toEqual({
      kind: "file",
      file: join(folder.path, "images/COVID(1).png"),
    });
  });

  test("may be gzip'd and name its label", async () => {
    writeFiles(folder.path, { "list.txt": gzipSync("a b.png positive c"), "images/.keep": "" });
    const listing = await list(covidx, { ...entry, labelName: "covid" }, folder.path);
    expect(countsOf(listing, "covid")).toEqual([1, 0, 0, 0]);
  });

  test("of three classes has three labels, also without its source", async () => {
    const listing = await listLines(["1 a.png normal rsna", "2 b.jpeg pneumonia", "3 x c.png COVID-19"]);
    expect(listing.labelNames).toEqual(["normal", "pneumonia", "COVID-19"]);
    expect([0, 1, 2].map((record) => givenOf(listing, record))).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    expect(listing.records.map(({ patient, row }) => [patient, row?.["source"]])).toEqual([
      ["1", "rsna"],
      ["2", ""],
      ["3 x", ""],
    ]);
  });

  test("leaves blank the class of an image of which nobody says it, and has patients that are somebody", async () => {
    const listing = await listLines(["1 a.png positive x", "nan b.png ? x", "3 c.png NA x"]);
    expect(countsOf(listing, "COVID-19")).toEqual([1, 0, 0, 2]);
    expect(listing.records.map(({ patient }) => patient)).toEqual(["1", undefined, "3"]);
  });

  test("finds images that are kept under other names", async () => {
    writeFiles(folder.path, {
      "list.txt": "1 a.jpg positive cohen\n2 b.png negative cohen\n",
      "names.csv": "image,filename\na.png,a.jpg\nother.png,other.jpg\nnone.png,\n",
      "images/.keep": "",
    });
    const names = { table: "names.csv", from: "filename", to: "image" };
    const { records } = await list(covidx, { ...entry, names }, folder.path);
    expect(records.map(({ id, image }) => [id, image.kind === "file" && image.file])).toEqual([
      ["a.jpg", join(folder.path, "images/a.png")],
      ["b.png", join(folder.path, "images/b.png")],
    ]);
    const swapped = { ...names, from: "image", to: "filename" };
    expect(await complaint(list(covidx, { ...entry, names: swapped }, folder.path), folder.path)).toBe(
      'names.csv: record 2: line 4: filename is empty for image "none.png"',
    );
    writeFiles(folder.path, { "names.csv": "image,filename\nz.png,z.jpg\n" });
    expect(await complaint(list(covidx, { ...entry, names }, folder.path), folder.path)).toBe(
      "names.csv: has none of the file names of list.txt in its column filename",
    );
    writeFiles(folder.path, { "names.csv": "image,filename\nz.png,a.jpg\ny.png,a.jpg\n" });
    expect(await complaint(list(covidx, { ...entry, names }, folder.path), folder.path)).toBe(
      'names.csv: record 1: line 3: filename "a.jpg" is there twice',
    );
  });
});

describe("a bad line of a COVIDx list is refused, by record and line:", () => {
  test.each([
    [
      "a class that is none",
      "2 b.png positve cohen",
      'list.txt: record 1: line 3: the class is "positve"; in this list it is one of positive, negative; did you mean "positive"?',
    ],
    [
      "the class of another kind of list",
      "2 b.png normal cohen",
      /the class is "normal"; in this list it is one of/u,
    ],
    [
      "no file name",
      "2 b positive cohen",
      'list.txt: record 1: line 3: is not "patientid filename class source", with an image\'s file name: "2 b positive cohen"',
    ],
    ["no patient", "b.png positive cohen", /record 1: line 3: is not "patientid filename/u],
    ["a word alone", "b.png", /record 1: line 3: is not/u],
    [
      "an image of two patients",
      "2 a.png negative cohen",
      'list.txt: record 1: line 3: the image "a.png" is of patient "2" here and of patient "1" on line 1',
    ],
    ["a path out of the folder", "2 ../b.png negative cohen", /the image "\.\.\/b\.png" does not lie below/u],
    [
      "an endless line",
      `2 ${"b".repeat(20_000)}.png negative x`,
      /line 3: is longer than 10000 characters$/u,
    ],
  ])("%s", async (_, bad, message) => {
    const said = await complaint(listLines(["1 a.png positive cohen", "", bad]), folder.path);
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  test("each is left out and named, where bad lines are", async () => {
    const bad: string[] = [];
    writeFiles(folder.path, {
      "list.txt": "0 z.png positve x\n1 a.png positive x\nwhat\n2 b.png negative x\n3 ../c.png negative x\n",
      "images/.keep": "",
    });
    const context = contextAt(folder.path, { bad: ({ message }) => void bad.push(message) });
    const listing = await list(covidx, entry, folder.path, context);
    expect(listing.records.map(({ id, leftOut }) => [id, leftOut])).toEqual([
      ["z.png", true],
      ["a.png", undefined],
      ["b.png", undefined],
    ]);
    expect([...listing.rawLabels]).toEqual([rawLabel.unknown, rawLabel.positive, rawLabel.negative]);
    expect(bad.map((message) => /record \d: line \d/u.exec(message)?.[0])).toEqual([
      "record 0: line 1",
      "record 2: line 3",
      "record 4: line 5",
    ]);
  });

  test("a bad line in the table of names takes its image with it", async () => {
    writeFiles(folder.path, {
      "list.txt": "1 a.jpg positive x\n2 b.jpg negative x\n3 c.jpg negative x\n4 d.jpg positive x\n",
      "names.csv":
        'image,filename\na.png,a.jpg\na.png,a.jpg\nz.png,b.jpg\ny.png,b.jpg\nnan,c.jpg\nd.png",d.jpg\n',
      "images/.keep": "",
    });
    const bad: string[] = [];
    const names = { table: "names.csv", from: "filename", to: "image" };
    const context = contextAt(folder.path, { bad: ({ message }) => void bad.push(message) });
    const { records } = await list(covidx, { ...entry, names }, folder.path, context);
    expect(records.map(({ id, leftOut }) => [id, leftOut])).toEqual([
      ["a.jpg", undefined],
      ["b.jpg", true],
      ["c.jpg", true],
      ["d.jpg", true],
    ]);
    expect(bad.map((message) => message.replaceAll(`${folder.path}/`, "").slice(0, 75))).toEqual(
      [
        "names.csv: record 5: line 7: a quote stands inside a cell; put the cell in quotes",
        'names.csv: record 3: line 5: filename "b.jpg" is there twice',
        'names.csv: record 4: line 6: image is empty for filename "c.jpg"',
        'list.txt: record 1: line 2: nobody knows the file of "b.jpg": names.csv: record 3',
        'list.txt: record 2: line 3: nobody knows the file of "c.jpg": names.csv: record 4',
        'list.txt: record 3: line 4: nobody knows the file of "d.jpg": names.csv: record 5',
      ].map((message) => message.slice(0, 75)),
    );
  });

  test("nothing", async () => {
    expect(await complaint(listLines(["", ""]), folder.path)).toBe(
      "list.txt: is empty; it should list an image a line",
    );
  });
});
