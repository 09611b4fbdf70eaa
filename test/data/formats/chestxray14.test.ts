import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { chestxray14 } from "../../../src/data/formats/chestxray14.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import { complaint, contextAt, countsOf, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const header =
  "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position," +
  "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]";
const row = (image: string, findings: string, patient = "1"): string =>
  `${image},${findings},0,${patient},57,M,PA,2682,2749,0.143,0.143`;
const tableOf = (...rows: string[]): string => `${[header, ...rows].join("\n")}\n`;
const entry = { format: "chestxray14", table: "table.csv", images: "images" } as const;

function listTable(...rows: string[]): ReturnType<typeof list> {
  writeFiles(folder.path, { "table.csv": tableOf(...rows), "images/.keep": "" });
  return list(chestxray14, entry, folder.path);
}

describe("ChestX-ray14", () => {
  test("has all 15 labels on every image, the patient, the file, and the columns for filters", async () => {
    const listing = await listTable(
      row("00000001_000.png", "Cardiomegaly"),
      row("00000001_001.png", "Cardiomegaly|Hernia"),
      row("00000002_000.png", "No Finding", "2"),
    );
    expect(listing.labelNames.slice(0, 3)).toEqual(["Atelectasis", "Cardiomegaly", "Effusion"]);
    expect(listing.labelNames.at(-1)).toBe("No Finding");
    const positives = [0, 1, 2].map((record) =>
      listing.labelNames.filter((_, k) => givenOf(listing, record)[k] === rawLabel.positive),
    );
    expect(positives).toEqual([["Cardiomegaly"], ["Cardiomegaly", "Hernia"], ["No Finding"]]);
    expect(listing.rawLabels.filter((code) => code === rawLabel.negative)).toHaveLength(45 - 4);
    expect(listing.records[2]).toEqual({
      id: "00000002_000.png",
      image: { kind: "file", file: join(folder.path, "images/00000002_000.png") },
      patient: "2",
      row: {
        "Image Index": "00000002_000.png",
        "Finding Labels": "No Finding",
        "Follow-up #": "0",
        "Patient ID": "2",
        "Patient Age": "57",
        "Patient Gender": "M",
        "View Position": "PA",
        "OriginalImage[Width]": "2682",
        "OriginalImage[Height]": "2749",
        "OriginalImagePixelSpacing[x]": "0.143",
        "OriginalImagePixelSpacing[y]": "0.143",
      },
    });
  });

  test("reads the table of 2017, whose lines end in a comma", async () => {
    writeFiles(folder.path, { "table.csv": `${header},\n${row("a.png", "Mass")},\n`, "images/.keep": "" });
    expect(countsOf(await list(chestxray14, entry, folder.path), "Mass")).toEqual([1, 0, 0, 0]);
  });

  test("leaves blank what nobody found out, and names no patient by a word for nobody", async () => {
    const { blank } = rawLabel;
    const listing = await listTable(
      ...["", "nan", "N/A"].map((cell, i) => row(`${i}.png`, cell, ["none", "?", ""][i])),
      row("3.png", "Mass|nan"),
      row("4.png", "Mass"),
    );
    expect([0, 1, 2].flatMap((record) => givenOf(listing, record))).toEqual(Array(45).fill(blank));
    expect(countsOf(listing, "Mass")).toEqual([2, 0, 0, 3]);
    expect(countsOf(listing, "Hernia")).toEqual([0, 1, 0, 4]);
    expect(listing.records.map(({ patient }) => patient)).toEqual([
      undefined,
      undefined,
      undefined,
      "1",
      "1",
    ]);
  });

  test("joins rows of one image, which are one row where they say the same", async () => {
    const same = await listTable(row("a.png", "Mass"), row("a.png", "Mass"), row("b.png", "Edema"));
    expect(same.records.map(({ id }) => id)).toEqual(["a.png", "b.png"]);
    expect(countsOf(same, "Mass")).toEqual([1, 1, 0, 0]);
    writeFiles(folder.path, { "table.csv": tableOf(row("a.png", "Mass"), row("a.png", "Hernia")) });
    const any = await list(chestxray14, { ...entry, repeated: "any" }, folder.path);
    expect(any.labelNames.filter((_, k) => givenOf(any, 0)[k] === rawLabel.positive)).toEqual([
      "Mass",
      "Hernia",
    ]);
  });

  test("finds images in any of several folders", async () => {
    writeFiles(folder.path, {
      "table.csv": tableOf(row("a.png", "Mass"), row("b.png", "Mass"), row("missing.png", "Mass")),
      "images_001/images/a.png": "",
      "images_002/images/b.png": "",
    });
    const images = ["images_001/images", "images_002/images"];
    const { records } = await list(chestxray14, { ...entry, images }, folder.path);
    expect(records.map(({ image }) => image)).toEqual(
      ["images_001/images/a.png", "images_002/images/b.png", "images_001/images/missing.png"].map((path) => ({
        kind: "file",
        file: join(folder.path, path),
      })),
    );
  });

  test("is read once for entries that share it", async () => {
    writeFiles(folder.path, { "table.csv": tableOf(row("a.png", "Mass")), "images/.keep": "" });
    const context = contextAt(folder.path);
    const first = await list(chestxray14, entry, folder.path, context);
    writeFiles(folder.path, { "table.csv": "gone" });
    expect(await list(chestxray14, entry, folder.path, context)).toEqual(first);
  });
});

describe("a bad row of ChestX-ray14 is refused, by record and line:", () => {
  test.each([
    [
      "a word that is no finding",
      row("b.png", "Mass|Cardiomegally"),
      'table.csv: record 1: line 3: "Cardiomegally" is no finding of ChestX-ray14; did you mean "Cardiomegaly"?',
    ],
    [
      "a word that is near none",
      row("b.png", "xyz"),
      /"xyz" is no finding .*; the findings are Atelectasis, /u,
    ],
    [
      "a finding beside none",
      row("b.png", "No Finding|Mass"),
      'table.csv: record 1: line 3: "No Finding" cannot stand beside a finding: "No Finding|Mass"',
    ],
    [
      "other findings of one image",
      row("a.png", "Hernia"),
      'table.csv: record 1: line 3: the image "a.png" has rows that say different things, on lines 2 and 3: ' +
        "Mass is positive and negative, Hernia is negative and positive; say what they mean together with repeated: and " +
        "one of any, all, majority, mean, uncertain",
    ],
    ["the same by another way", row("x/../a.png", "Hernia"), /"a\.png" has rows .* on lines 2 and 3: Mass/u],
    [
      "two patients of one image",
      row("a.png", "Mass", "2"),
      'table.csv: record 1: line 3: the image "a.png" is of patient "2" here and of patient "1" on line 2',
    ],
    [
      "a path that leaves the folder",
      row("../a.png", "Mass"),
      'table.csv: record 1: line 3: the image "../a.png" does not lie below the folder of the images: it leads out of it by ..; write its path from there',
    ],
    ["an absolute path", row("/etc/passwd", "Mass"), /"\/etc\/passwd" does not lie below/u],
    ["no image", row("", "Mass"), "table.csv: record 1: line 3: names no image"],
    ["a missing column", "b.png,Mass,0", /record 1: line 3: has 3 cells, but the header names 11 columns$/u],
  ])("%s", async (_, bad, message) => {
    const said = await complaint(listTable(row("a.png", "Mass"), bad), folder.path);
    if (typeof message === "string") expect(said).toBe(message);
    else expect(said).toMatch(message);
  });

  test("a header without patients, a folder that is not there", async () => {
    writeFiles(folder.path, {
      "table.csv": "Image Index,Finding Labels,Patient\na.png,Mass,1\n",
      "images/.keep": "",
    });
    expect(await complaint(list(chestxray14, entry, folder.path), folder.path)).toMatch(
      /^table\.csv: has no column "Patient ID"; .*did you mean "Patient"\?$/u,
    );
    writeFiles(folder.path, { "table.csv": tableOf(row("a.png", "Mass")) });
    const elsewhere = { ...entry, images: "nowhere" };
    expect(await complaint(list(chestxray14, elsewhere, folder.path), folder.path)).toMatch(/^nowhere: /u);
  });
});
