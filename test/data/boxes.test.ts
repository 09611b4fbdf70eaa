// Boxes of a classification manifest: which image and class each is of, where it comes to lie, and what is refused.
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { catalogue, type Catalogue, type CatalogueOptions } from "../../src/data/catalogue/catalogue.ts";
import { noClass } from "../../src/data/manifest/class-filter.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { boxRegion } from "../../src/data/masks/box-region.ts";
import { temporaryFolder } from "./formats/idx-files.ts";
import { writeBelow } from "./grey-masks.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const root = folder.path;
const write = (name: string, text: string): void => writeBelow(root, name, text);

const header = "Image Index,Finding Labels,Patient ID\n";
// As published: three columns without a name, and rows that may end before them.
const boxHeader = "Image Index,Finding Label,Bbox [x,y,w,h],,,\n";
beforeEach(() => {
  write("entries.csv", `${header}a.png,Mass,1\nb.png,Infiltration,2\nc.png,No Finding,3\n`);
  write(
    "boxes.csv",
    `${boxHeader}a.png,Mass,100,200,300,400,,,\na.png,Mass,10.5,20.25,30,40\nb.png,Infiltrate,1,2,3,4,,,\nb.png,Hernia,1,2,3,4\nz.png,Mass,1,2,3,4\n`,
  );
});

const manifestOf = (fields: string, task = ""): string => `${task}classes: [Mass, Infiltration]
image: {height: 8, width: 8}
test: {format: chestxray14, table: entries.csv, images: ., ${fields}}
`;
const read = (fields: string, options: Partial<CatalogueOptions> = {}): Promise<Catalogue> =>
  catalogue(parseManifest(manifestOf(fields), "m.yaml", noClass), { dataRoot: root, seed: 1, ...options });
const refusal = async (fields: string, boxes?: string): Promise<string> => {
  if (boxes !== undefined) write("boxes.csv", boxes);
  try {
    await read(fields);
  } catch (error) {
    return (error as Error).message.replaceAll(`${root}/`, "");
  }
  return "nothing is refused";
};
const given = ({ lists: [list] }: Catalogue) =>
  list.boxes?.map((each) => each.map(({ k, left, top, width, height }) => [k, left, top, width, height]));

describe("a table of boxes", () => {
  test("is read as ChestX-ray14's is published, and says what it leaves out", async () => {
    const found = await read("boxes: boxes.csv");
    expect(given(found)).toEqual([
      [
        [0, 100, 200, 300, 400],
        [0, 10.5, 20.25, 30, 40],
      ],
      [],
      [],
    ]);
    // Hernia is a label of the source, which this manifest does not use.
    const sentences = found.remarks.map(({ sentence }) => sentence);
    expect(sentences).toContainEqual(
      expect.stringMatching(/words that no class takes.*"Infiltrate" 1 \(did you mean "Infiltration"\?\)/u),
    );
    expect(sentences.join()).not.toContain("Hernia");
    expect(sentences).toContainEqual(
      expect.stringMatching(/name 1 image that it does not have, such as "z\.png"/u),
    );
  });

  test("has words of its own, and those of the source", async () => {
    const found = await read("boxes: {table: boxes.csv, mapping: {Infiltrate: Infiltration}}");
    expect(given(found)?.[1]).toEqual([[1, 1, 2, 3, 4]]);
    const mapped = await read(
      "mapping: {Mass: Infiltration}, boxes: {table: boxes.csv, mapping: {Infiltrate: Mass}}",
    );
    expect(given(mapped)?.map(([first]) => first?.[0])).toEqual([1, 0, undefined]);
  });

  test("may have other columns, corners, one class for all, and rows for images without a box", async () => {
    write("boxes.csv", "id,x0,y0,x1,y1\na,1,2,4,8\nb,,,,\n./c.png,0,0,1,1\n");
    const found = await read(
      "boxes: {table: boxes.csv, image: id, class: Mass, corners: [x0, y0, x1, y1], size: {height: 9, width: 5}}",
    );
    expect(given(found)).toEqual([[[0, 1, 2, 3, 6]], [], [[0, 0, 0, 1, 1]]]);
    expect(found.lists[0].boxes?.[0][0].size).toEqual({ height: 9, width: 5 });
  });

  test("leaves labels and images as they are", async () => {
    const [withBoxes, without] = [await read("boxes: boxes.csv"), await read("")];
    expect(withBoxes.lists[0].states).toEqual(without.lists[0].states);
    expect(withBoxes.lists[0].samples).toEqual(without.lists[0].samples);
    expect(without.lists[0].boxes).toBeUndefined();
  });

  test.each([
    ["a.png,Mass,1,2,three,4\n", /boxes\.csv.*line 2: Bbox \[w\] is "three", which is no number/u],
    ["a.png,Mass,1,2,,4\n", /Bbox \[w\] is "", which is no number/u],
    ["a.png,Mass,1,2,0,4\n", /line 2: its box is 0 wide and 4 high, and both must be above 0/u],
    [",Mass,1,2,3,4\n", /line 2: names no image/u],
    [
      "z.png,Mass,1,2,3,4\n",
      /test\.boxes.*have none on an image of this source, such as "a\.png".*"z\.png"/u,
    ],
    [
      "a.png,Tumour,1,2,3,4\n",
      /test\.boxes.*have no word of a class: .*"Tumour" 1; say under mapping of boxes/u,
    ],
    ["a.png,Mass,1,2,3\n", /line 2: has 5 cells, but the header names 9 columns/u],
  ])("refuses the row %j", async (row, message) => {
    expect(await refusal("boxes: boxes.csv", `${boxHeader}${row}`)).toMatch(message);
  });

  test("refuses a box out of the picture whose size it names, and goes on without it where bad rows are skipped", async () => {
    const fields = "boxes: {table: boxes.csv, size: {height: 500, width: 1024}}";
    expect(await refusal(fields)).toMatch(
      /line 2: its box reaches from \(100, 200\) to \(400, 600\), out of a picture of 1024 x 500/u,
    );
    const found = await read(fields, { skipBad: true });
    expect(given(found)?.[0]).toEqual([[0, 10.5, 20.25, 30, 40]]);
    expect(found.skipped).toHaveLength(1);
  });

  test.each([
    ["boxes: 5", /test\.boxes.*must be a file, or a group such as/u],
    [
      "boxes: {table: boxes.csv, colour: red}",
      /boxes\.colour.*is not known here; the keys are table, image/u,
    ],
    ["boxes: {table: boxes.csv, size: 1024}", /boxes\.size.*needs \{ height, width \} of the pictures/u],
    ["boxes: {table: boxes.csv, box: [x, y]}", /boxes\.box.*must be four columns, of the left edge/u],
    ["boxes: {table: boxes.csv, label: a, class: Mass}", /boxes\.class.*cannot stand beside label/u],
    ["boxes: {table: boxes.csv, class: Mas}", /boxes\.class.*names "Mas", which is not one of the classes/u],
    ["boxes: {table: boxes.csv, mapping: {a: Mas}}", /boxes\.mapping\.a.*names "Mas"/u],
    ["boxes: {table: none.csv}", /none\.csv/u],
    ["boxes: {table: boxes.csv, label: Findings}", /has no column "Findings"/u],
  ])("refuses %s", async (fields, message) => {
    expect(await refusal(fields)).toMatch(message);
  });

  test("is of classification", () => {
    const text = manifestOf("masks: m, values: {1: Mass}, boxes: boxes.csv", "task: segmentation\n");
    expect(() => parseManifest(text, "m.yaml", noClass)).toThrow(/test\.boxes.*are of classification/u);
  });
});

describe("the region of boxes", () => {
  const numbers = { outside: 0, inside: 1, unknown: 255 };
  const rows = (region: Uint8Array, width: number): string[] =>
    Array.from({ length: region.length / width }, (_, y) =>
      Array.from(
        region.subarray(y * width, (y + 1) * width),
        (value) => ({ 0: ".", 1: "#", 255: "?" })[value],
      ).join(""),
    );
  const box = (left: number, top: number, width: number, height: number) => ({ left, top, width, height });

  test("follows the fit of the image", () => {
    const picture = { height: 100, width: 200 };
    const boxes = [box(100, 0, 50, 50)];
    const size = { height: 8, width: 8, channels: 1 };
    expect(rows(boxRegion(boxes, picture, { ...size, fit: "stretch" }, numbers), 8)).toEqual([
      ...Array<string>(4).fill("....##.."),
      ...Array<string>(4).fill("........"),
    ]);
    expect(rows(boxRegion(boxes, picture, { ...size, fit: "pad" }, numbers), 8)).toEqual([
      ...Array<string>(2).fill("????????"),
      ...Array<string>(2).fill("....##.."),
      ...Array<string>(2).fill("........"),
      ...Array<string>(2).fill("????????"),
    ]);
    // Only columns 50 to 150 are seen.
    expect(rows(boxRegion(boxes, picture, { ...size, fit: "crop" }, numbers), 8)).toEqual([
      ...Array<string>(4).fill("....####"),
      ...Array<string>(4).fill("........"),
    ]);
  });

  test("has a pixel of each box that is seen, and unites those of one class", () => {
    const size = { height: 2, width: 4, channels: 1, fit: "crop" as const };
    const picture = { height: 100, width: 100 }; // rows 25 to 75 are seen
    const boxes = [box(1, 30, 1, 1), box(99, 70, 1, 1), box(50, 0, 10, 20)];
    expect(rows(boxRegion(boxes, picture, size, numbers), 4)).toEqual(["#...", "...#"]);
  });
});
