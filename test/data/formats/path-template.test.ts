import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { table } from "../../../src/data/formats/table.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import { complaint, contextAt, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const rows = ["subject_id,study_id,dicom_id,x", "10000032,50414267,02aa,1", "1é000764,57375967,096,0"];
const listPaths = (
  image: string,
  lines: readonly string[] = rows,
  changes: Partial<ListContext> = {},
): Promise<Listing> => {
  writeFiles(folder.path, { "t.csv": `${lines.join("\n")}\n`, "files/.keep": "" });
  const entry = { format: "table", table: "t.csv", images: "files", image, columns: ["x"] };
  return list(table, entry, folder.path, contextAt(folder.path, changes));
};
const namesIn = async (image: string, lines?: readonly string[]): Promise<string[]> =>
  (await listPaths(image, lines)).records.map(({ id }) => id);
const refusal = (image: string, lines?: readonly string[]): Promise<string> =>
  complaint(listPaths(image, lines), folder.path);

test("paths are made of columns and of their first letters", async () => {
  const listing = await listPaths("p{subject_id:2}/p{subject_id}/s{study_id}/{dicom_id}.jpg");
  expect(listing.records.map(({ image }) => image)).toEqual([
    { kind: "file", file: join(folder.path, "files/p10/p10000032/s50414267/02aa.jpg") },
    { kind: "file", file: join(folder.path, "files/p1é/p1é000764/s57375967/096.jpg") },
  ]);
  expect(await namesIn("{dicom_id:9}{{x}}.png")).toEqual(["02aa{x}.png", "096{x}.png"]);
});

test("a column with braces or a colon in its name is that column", async () => {
  const odd = ["{a},b:2,b,x", "one.png,two,three,1"];
  expect(await namesIn("{a}", odd)).toEqual(["one.png"]);
  expect(await namesIn("{b:2}.png", odd)).toEqual(["two.png"]);
  expect(await namesIn("{b:3}.png", odd)).toEqual(["thr.png"]);
});

test("a template that cannot be read is refused, with the nearest column", async () => {
  expect(await refusal("p{subject}/{dicom_id}.jpg")).toBe(
    '"source": image has {subject}, but the table has no column "subject"; its columns are "subject_id", "study_id", ' +
      '"dicom_id", "x"; did you mean "subject_id"?',
  );
  expect(await refusal("{study_ids:2}.jpg")).toMatch(/no column "study_ids"; .*did you mean "study_id"\?$/u);
  expect(await refusal("{dicom_id:0}.jpg")).toBe(
    '"source": image has {dicom_id:0}: behind the colon stands how many first letters are meant, 1 to 9999',
  );
  expect(await refusal("{dicom_id.jpg")).toBe(
    '"source": image is "{dicom_id.jpg": a brace opens or closes alone; write {column}, or {{ and }} for braces themselves',
  );
  expect(await refusal("{{a}}.jpg")).toBe(
    '"source": image is "{{a}}.jpg", which names no column: all images would be one',
  );
  expect(await refusal("dicomid")).toMatch(/^t\.csv: has no column "dicomid"; .*did you mean "dicom_id"\?$/u);
});

test("a row without one of the cells names no image, and none leads out of the folder", async () => {
  const template = "{study_id}/{dicom_id}.jpg";
  expect(await refusal(template, [...rows, "1,,z,0"])).toBe(
    "t.csv: record 2: line 4: names no image: study_id is empty",
  );
  expect(await refusal(template, [...rows, "1,2,NaN,0"])).toBe(
    't.csv: record 2: line 4: names no image: dicom_id is "NaN", a word for "missing"',
  );
  expect(await refusal(template, [...rows, "1,..,../../x,0"])).toMatch(
    /line 4: the image .* does not lie below/u,
  );
});

test("a row that cannot be read takes the image with it that its cells name", async () => {
  const bad: string[] = [];
  const lines = [...rows, "10000032,50414267,02aa,1,extra"];
  const { records } = await listPaths("{study_id}/{dicom_id}.jpg", lines, {
    bad: ({ message }) => bad.push(message.replaceAll(`${folder.path}/`, "")),
  });
  expect(records.map(({ id, leftOut }) => [id, leftOut])).toEqual([
    ["50414267/02aa.jpg", true],
    ["57375967/096.jpg", undefined],
  ]);
  expect(bad).toEqual([
    "t.csv: record 2: line 4: has 5 cells, but the header names 4 columns",
    expect.stringMatching(/line 2: is left out as well: .* on line 4 names too$/u),
  ]);
});

test("the number of bits of each image is read from a column", async () => {
  const bits = ["image,bits,x", "a.png,12,1", "b.png,10.0,1", "c.png,,1"];
  const listing = async (lines: readonly string[]): Promise<Listing> => {
    writeFiles(folder.path, { "t.csv": `${lines.join("\n")}\n` });
    const entry = {
      format: "table",
      table: "t.csv",
      image: "image",
      bitsColumn: "bits",
      columns: ["x"],
    };
    return list(table, entry, folder.path);
  };
  const readings = (await listing(bits)).records.map(({ image }) =>
    image.kind === "file" ? image.reading : null,
  );
  expect(readings).toEqual([{ bits: 12 }, { bits: 10 }, undefined]);
  expect(await complaint(listing([...bits, "d.png,17,1"]), folder.path)).toBe(
    't.csv: record 3: line 5: bits is "17"; it must be a number of bits, 1 to 16',
  );
});
