import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { mimicCxr } from "../../../src/data/formats/mimic-cxr.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { Listing } from "../../../src/data/catalogue/listing.ts";
import type { Remark } from "../../../src/data/catalogue/remarks.ts";
import { complaint, contextAt, countsOf, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

// The columns as in the published files: labels in the order of the alphabet.
const findings =
  "Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,Lung Opacity,No Finding," +
  "Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices";
const files = {
  metadata: [
    "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns",
    "02aa-1,10000032,50414267,CHEST (PA AND LAT),PA,3056,2544",
    "174f-2,10000032,50414267,CHEST (PA AND LAT),LATERAL,3056,2544",
    "096b-3,12000764,57375967,CHEST (PORTABLE AP),AP,2544,3056",
    "ffff-4,12000764,59999999,CHEST (PORTABLE AP),AP,2544,3056",
  ],
  chexpert: [
    `subject_id,study_id,${findings}`,
    "10000032,50414267,,,,,,,,,1.0,,,,,",
    "12000764,57375967,1.0,,-1.0,0.0,,,,,,,,-1.0,,1.0",
  ],
  split: [
    "dicom_id,study_id,subject_id,split",
    "02aa-1,50414267,10000032,train",
    "174f-2,50414267,10000032,train",
    "096b-3,57375967,12000764,validate",
    "ffff-4,59999999,12000764,test",
  ],
};
const paths = {
  table: "mimic-cxr-2.0.0-metadata.csv.gz",
  labels: "mimic-cxr-2.0.0-chexpert.csv.gz",
  official: "mimic-cxr-2.0.0-split.csv.gz",
};
const listFiles = (
  changes: Partial<typeof files> = {},
  remark: (remark: Omit<Remark, "source">) => void = () => undefined,
): Promise<Listing> => {
  const written = { ...files, ...changes };
  const packed = (lines: readonly string[]): Uint8Array => gzipSync(`${lines.join("\n")}\n`);
  writeFiles(folder.path, {
    [paths.table]: packed(written.metadata),
    [paths.labels]: packed(written.chexpert),
    [paths.official]: packed(written.split),
    "files/.keep": "",
  });
  const entry = { format: "mimic-cxr", ...paths, images: "files" } as const;
  return list(mimicCxr, entry, folder.path, contextAt(folder.path, { remark }));
};

test("images have the labels of their study, their patient and their official part", async () => {
  const remarks: string[] = [];
  const listing = await listFiles({}, ({ sentence }) => remarks.push(sentence));
  expect(listing.records[0]).toMatchObject({
    image: { kind: "file", file: join(folder.path, "files/p10/p10000032/s50414267/02aa-1.jpg") },
    patient: "10000032",
    part: "train",
  });
  expect(listing.records.map(({ part }) => part)).toEqual(["train", "train", "validation", "test"]);
  expect(listing.records[1].row).toMatchObject({ ViewPosition: "LATERAL", "No Finding": "1.0" });
  expect(listing.labelNames).toHaveLength(14);
  expect(countsOf(listing, "No Finding")).toEqual([2, 0, 0, 1]);
  expect(countsOf(listing, "Pneumonia")).toEqual([0, 0, 1, 2]);
  expect(countsOf(listing, "Edema")).toEqual([0, 1, 0, 2]);
  // Nobody has read the report of the last study: no policy for blanks makes a label of that.
  expect(new Set(givenOf(listing, 3))).toEqual(new Set([rawLabel.unknown]));
  expect(remarks).toEqual([
    expect.stringMatching(
      /1 row of mimic-cxr-2\.0\.0-metadata\.csv\.gz goes with no row .*such as line 5: /u,
    ),
  ]);
});

test("a fault is told with the table that it stands in", async () => {
  const { chexpert, split, metadata } = files;
  const refusal = (changes: Partial<typeof files>): Promise<string> =>
    complaint(listFiles(changes), folder.path);
  expect(
    await refusal({ chexpert: [...chexpert.slice(0, 2), "12000764,57375967,2.0,,,,,,,,,,,,,"] }),
  ).toMatch(
    /^mimic-cxr-2\.0\.0-chexpert\.csv\.gz: record 1: line 3: Atelectasis is "2\.0"; it must be blank or one of/u,
  );
  expect(await refusal({ split: [...split.slice(0, 3), "096b-3,57375967,12000764,dev set"] })).toMatch(
    /^mimic-cxr-2\.0\.0-split\.csv\.gz: record 2: line 4: split is "dev set"/u,
  );
  expect(await refusal({ chexpert: chexpert.map((line) => line.replace("study_id", "study")) })).toMatch(
    /^mimic-cxr-2\.0\.0-chexpert\.csv\.gz: has no column "study_id"; .*did you mean "study"\?$/u,
  );
  expect(await refusal({ chexpert: split })).toMatch(
    /^mimic-cxr-2\.0\.0-chexpert\.csv\.gz: has no column "No Finding"; its columns are "dicom_id", /u,
  );
  expect(await refusal({ metadata: [...metadata, ",12000764,57375967,CHEST,AP,1,1"] })).toMatch(
    /^mimic-cxr-2\.0\.0-metadata\.csv\.gz: record 4: line 6: names no image: dicom_id is empty$/u,
  );
});
