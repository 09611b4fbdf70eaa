import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { padchest } from "../../../src/data/formats/padchest.ts";
import { relativesOf } from "../../../src/data/formats/padchest-terms.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import { complaint, contextAt, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { positive, negative, unknown, blank } = rawLabel;

// The columns of PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv that are read, and some that are not.
const header =
  ",ImageID,ImageDir,StudyID,PatientID,PatientSex_DICOM,Projection,BitsStored_DICOM,Report,MethodLabel,Labels,Localizations";
const row = (at: number, labels: string, { folder: dir = "0", bits = "12" } = {}): string =>
  `${at},film-${at}.png,${dir},study-${at},patient-${at >> 1},F,PA,${bits},"sin hallazg , signific .",Physician,${labels},[]`;
const listRows = (
  labels: readonly string[],
  entry: Record<string, unknown> = {},
  changes: Partial<ListContext> = {},
): Promise<Listing> => {
  const lines = [header, ...labels.map((each, at) => row(at, each))];
  writeFiles(folder.path, { "padchest.csv.gz": gzipSync(`${lines.join("\n")}\n`), "images/.keep": "" });
  const whole = { format: "padchest", table: "padchest.csv.gz", images: "images", ...entry } as const;
  return list(padchest, whole, folder.path, contextAt(folder.path, changes));
};
const labelsOf = (listing: Listing, at: number): Record<string, number> =>
  Object.fromEntries(listing.labelNames.map((name, k) => [name, givenOf(listing, at)[k]]));

test("a film lies at two columns' names, and has its patient, its columns and, if asked for, its bits", async () => {
  const { records } = await listRows(["['kyphosis']", "\"['cyst', ' air trapping']\""]);
  expect(records[1].image).toEqual({ kind: "file", file: join(folder.path, "images/0/film-1.png") });
  expect(records[1].patient).toBe("patient-0");
  expect(records[1].row).toMatchObject({ Projection: "PA", MethodLabel: "Physician" });
  const flat = await listRows(["['kyphosis']"], { image: "ImageID", bitsColumn: "BitsStored_DICOM" });
  expect(flat.records[0].image).toEqual({
    kind: "file",
    file: join(folder.path, "images/film-0.png"),
    reading: { bits: 12 },
  });
});

describe("a report", () => {
  test("is positive for what it names, without blanks around it, and negative for the rest", async () => {
    const listing = await listRows(["['kyphosis']", "\"['cyst', ' air trapping']\"", "['normal']"]);
    expect(listing.unlisted).toBe(true); // nobody says these negatives: in a tree of classes they make room
    expect(listing.labelNames).toEqual(["air trapping", "cyst", "kyphosis", "normal"]);
    expect([0, 1, 2].map((at) => givenOf(listing, at))).toEqual([
      [negative, negative, positive, negative],
      [positive, positive, negative, negative],
      [negative, negative, negative, positive],
    ]);
  });

  test("says nothing where it is excluded, missing or empty", async () => {
    const listing = await listRows([
      "['kyphosis']",
      "['exclude']",
      "",
      "nan",
      "[]",
      "['']",
      "\"['exclude', 'kyphosis']\"",
    ]);
    expect(listing.labelNames).toEqual(["kyphosis"]);
    expect([...listing.rawLabels]).toEqual([positive, unknown, unknown, unknown, unknown, unknown, positive]);
  });

  test("of an unchanged chest or a poor film rules nothing out", async () => {
    const listing = await listRows([
      "\"['unchanged', 'kyphosis']\"",
      "\"['suboptimal study', 'kyphosis']\"",
      "['unchanged']",
      "['cyst']",
    ]);
    expect(labelsOf(listing, 0)).toMatchObject({ kyphosis: positive, cyst: unknown, unchanged: positive });
    expect(labelsOf(listing, 1)).toMatchObject({ kyphosis: positive, cyst: blank, unchanged: blank });
    expect(labelsOf(listing, 2)).toMatchObject({ kyphosis: unknown, cyst: unknown, unchanged: positive });
    expect(labelsOf(listing, 3)).toEqual({
      ...{ cyst: positive, kyphosis: negative, unchanged: negative, "suboptimal study": negative },
    });
  });

  test("is not normal beside a finding", async () => {
    const listing = await listRows(["\"[' normal', 'kyphosis']\"", "['normal']"]);
    expect(labelsOf(listing, 0)).toEqual({ kyphosis: positive, normal: negative });
  });

  test("leaves open what a finding is a kind of, and which kind it is", async () => {
    const listing = await listRows([
      "['laminar atelectasis']",
      "['atelectasis']",
      "['cyst']",
      "['round atelectasis']",
    ]);
    const [a, cyst, laminar, round] = ["atelectasis", "cyst", "laminar atelectasis", "round atelectasis"];
    expect(labelsOf(listing, 0)).toEqual({
      [a]: unknown,
      [cyst]: negative,
      [laminar]: positive,
      [round]: negative,
    });
    expect(labelsOf(listing, 1)).toEqual({
      [a]: positive,
      [cyst]: negative,
      [laminar]: unknown,
      [round]: unknown,
    });
    expect(labelsOf(listing, 2)).toEqual({
      [a]: negative,
      [cyst]: positive,
      [laminar]: negative,
      [round]: negative,
    });
  });

  test("has labels that the manifest names although they do not occur", async () => {
    const listing = await listRows(["['kyphosis']", "['unchanged']"], {}, { wanted: ["goiter"] });
    expect(labelsOf(listing, 0)["goiter"]).toBe(negative);
    expect(labelsOf(listing, 1)["goiter"]).toBe(unknown);
  });

  test("is refused where its labels are no list, with the line", async () => {
    expect(await complaint(listRows(["['kyphosis']", "kyphosis"]), folder.path)).toBe(
      "padchest.csv.gz: record 1: line 3: Labels is \"kyphosis\", which is no list such as ['a', 'b']",
    );
    expect(await complaint(listRows(["['exclude']"]), folder.path)).toMatch(
      /has no label in column Labels$/u,
    );
    expect(await complaint(listRows(["['cyst']"], { image: "{ImageDirs}/{ImageID}" }), folder.path)).toMatch(
      /^"source": image has \{ImageDirs\}.*did you mean "ImageDir"\?$/u,
    );
  });
});

test("relatives of a label are at any depth", () => {
  expect([...relativesOf("consolidation")].sort()).toEqual([
    "air bronchogram",
    "alveolar pattern",
    "infiltrates",
  ]);
  expect(relativesOf("infiltrates").has("air bronchogram")).toBe(true);
  expect(relativesOf("cyst").size).toBe(0);
});
