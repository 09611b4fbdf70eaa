import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { chexpert } from "../../../src/data/formats/chexpert.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import { chexpertHeader, chexpertLabels } from "./chexpert-files.ts";
import { complaint, countsOf, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const top = "CheXpert-v1.0-small";
const pathOf = (patient: number, part = "train", view = 1): string =>
  `${top}/${part}/patient0000${patient}/study1/view${view}_frontal.jpg`;
const row = (path: string, marks: string): string => `${path},Female,68,Frontal,AP,${marks}`;
const blanks = ",".repeat(13);
const entry = { format: "chexpert", table: "train.csv", images: "data" } as const;

function listTable(...rows: string[]): Promise<Listing> {
  writeFiles(folder.path, {
    "train.csv": `${[chexpertHeader, ...rows].join("\n")}\n`,
    "data/train/.keep": "",
  });
  return list(chexpert, entry, folder.path);
}
const fileOf = (listing: Listing): unknown =>
  listing.records.map(({ image }) => image.kind === "file" && image.file);

describe("CheXpert", () => {
  test("has its four marks, in either way of writing", async () => {
    const listing = await listTable(
      row(pathOf(1), "1.0,,,,,,,,,0.0,-1.0,,,1.0"),
      row(pathOf(2), "1,,,,,,,,,0,-1,,,1"),
      row(pathOf(3), blanks),
    );
    expect(listing.labelNames).toEqual(chexpertLabels.split(","));
    const codes = Array<number>(14).fill(rawLabel.blank);
    codes[0] = codes[13] = rawLabel.positive;
    codes[9] = rawLabel.negative;
    codes[10] = rawLabel.uncertain;
    expect(givenOf(listing, 0)).toEqual(codes);
    expect(givenOf(listing, 1)).toEqual(codes);
    expect(new Set(givenOf(listing, 2))).toEqual(new Set([rawLabel.blank]));
    expect(countsOf(listing, "Pleural Effusion")).toEqual([0, 0, 2, 1]);
  });

  test("has blanks in words, too, and joins rows of one image by a policy", async () => {
    const marks = ["1.0,nan,,0.0,0.0,-1.0,NA,,,,,,,", "0.0,,none,0,,-1,1,?,,,,,,-"];
    const rows = marks.map((mark) => row(pathOf(1), mark));
    writeFiles(folder.path, { "train.csv": [chexpertHeader, ...rows].join("\n"), "data/train/.keep": "" });
    const { positive, negative, uncertain, blank } = rawLabel;
    const joined = givenOf(await list(chexpert, { ...entry, repeated: "mean" }, folder.path), 0);
    expect(joined.slice(0, 7)).toEqual([150, blank, blank, negative, negative, uncertain, positive]);
    expect(new Set(joined.slice(7))).toEqual(new Set([blank]));
  });

  test("has patient and part from the path, and the view for filters", async () => {
    const { records } = await listTable(
      row(pathOf(1), blanks),
      row(pathOf(1, "valid"), blanks),
      row("test/patient64741/study1/view1_frontal.jpg", blanks),
      row("patient00007/study1/view1_frontal.jpg", blanks),
    );
    expect(records.map(({ patient, part }) => [patient, part])).toEqual([
      ["patient00001", "train"],
      ["patient00001", "validation"],
      ["patient64741", "test"],
      ["patient00007", undefined],
    ]);
    expect(records[0].id).toBe(pathOf(1));
    expect(records[0].row).toMatchObject({
      "Frontal/Lateral": "Frontal",
      "AP/PA": "AP",
      "Pleural Effusion": "",
    });
  });

  test("lies below its own top folder where that is there, and directly below `images` where it is not", async () => {
    const path = pathOf(1).slice(top.length + 1);
    const batch = "CheXpert-v1.0 batch 2 (train 1)";
    const rows = [
      row(pathOf(1), blanks),
      row(path.replace("00001", "00002"), blanks),
      row(`${batch}/${path}`, blanks),
    ];
    expect(fileOf(await listTable(...rows.slice(0, 2)))).toEqual([
      join(folder.path, "data", path),
      join(folder.path, "data", path.replace("00001", "00002")),
    ]);
    writeFiles(folder.path, { [`data/${top}/.keep`]: "", [`data/${batch}/.keep`]: "" });
    expect(fileOf(await listTable(...rows))).toEqual([
      join(folder.path, "data", pathOf(1)),
      join(folder.path, "data", path.replace("00001", "00002")),
      join(folder.path, "data", batch, path),
    ]);
  });

  test("needs no columns beside the path and the labels, as in its test table", async () => {
    writeFiles(folder.path, {
      "train.csv": `Path,${chexpertLabels}\n${pathOf(1, "test")},${"0.0,".repeat(13)}1.0\n`,
      "data/.keep": "",
    });
    expect(countsOf(await list(chexpert, entry, folder.path), "Support Devices")).toEqual([1, 0, 0, 0]);
  });
});

describe("a bad row of CheXpert is refused, by record and line:", () => {
  test.each([
    [
      "a mark that is none",
      row(pathOf(2), ",,,,,,,2.0,,,,,,"),
      'train.csv: record 1: line 3: Pneumonia is "2.0"; it must be 1.0, 0.0, -1.0 or blank',
    ],
    ["a mark with a letter", row(pathOf(2), `O.0${blanks}`), /No Finding is "O\.0"; it must be/u],
    [
      "a path without patient",
      row("train/a.jpg", blanks),
      /Path "train\/a\.jpg" has no folder like patient00001$/u,
    ],
    [
      "a path out of the folder",
      row(`../${pathOf(2)}`, blanks),
      /does not lie below the folder of the images: it leads out of it by \.\.;/u,
    ],
    [
      "such a path below the top folder",
      row(`${top}/../../patient00001/a.jpg`, blanks),
      /does not lie below/u,
    ],
    [
      "other marks of one image",
      row(pathOf(1), `1.0${blanks}`),
      /lines 2 and 3: No Finding is blank and positive;/u,
    ],
    [
      "the same, once without the top folder",
      row(pathOf(1).slice(20), `1.0${blanks}`),
      /lines 2 and 3: No Finding is blank and positive;/u,
    ],
    ["a missing column", row(pathOf(2), blanks.slice(1)), /has 18 cells, but the header names 19 columns$/u],
  ])("%s", async (_, bad, message) => {
    folder.remove();
    const said = await complaint(listTable(row(pathOf(1), blanks), bad), folder.path);
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  test("a table without one of the labels", async () => {
    writeFiles(folder.path, {
      "train.csv": `Path,${chexpertLabels.replace("Edema", "Oedema")}\nx${blanks},\n`,
    });
    expect(await complaint(list(chexpert, entry, folder.path), folder.path)).toMatch(
      /has no column "Edema"; .*did you mean "Oedema"\?$/u,
    );
  });

  test("a table of MIMIC-CXR, which has another format", async () => {
    writeFiles(folder.path, { "train.csv": `subject_id,study_id,${chexpertLabels}\n1,2${blanks},\n` });
    expect(await complaint(list(chexpert, entry, folder.path), folder.path)).toBe(
      "train.csv: has labels by study, as MIMIC-CXR has them: say format: mimic-cxr",
    );
  });
});
