// Lists of COVIDx-CT and of severity, headers, and that the kind of a list is decided by all of its lines.
import { afterAll, describe, expect, test } from "vitest";
import { covidx } from "../../../src/data/formats/covidx.ts";
import { patientOfSlice } from "../../../src/data/formats/covidx-patients.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import {
  complaint,
  contextAt,
  givenOf,
  list,
  mutated,
  faultOf,
  temporaryFolder,
  writeFiles,
} from "./list-files.ts";
import { remarksOf } from "./listing-checks.ts";
import { TesseraError } from "../../../src/errors/errors.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const entry = { format: "covidx", list: "list.txt", images: "images" } as const;
function listLines(lines: readonly string[], context?: ListContext): Promise<Listing> {
  writeFiles(folder.path, { "list.txt": `${lines.join("\n")}\n`, "images/.keep": "" });
  return list(covidx, entry, folder.path, context ?? contextAt(folder.path));
}
const refusal = (lines: readonly string[]): Promise<string> => complaint(listLines(lines), folder.path);
/** The faults of a list in their order, where bad lines are left out. */
async function faultsOf(lines: readonly string[]): Promise<string[]> {
  const bad: string[] = [];
  await listLines(lines, contextAt(folder.path, { bad: ({ reason }) => void bad.push(reason) }));
  return bad;
}

describe("a list of COVIDx-CT", () => {
  const ct = [
    "NCP_96_1328_0035.png 2 9 94 512 405",
    "CP_1_3000_0007.png 1 1 2 3 4",
    "Normal_7_2_0001.png 0 5 6 7 8",
  ];

  test("has the three classes by number, the patients of its file names, and the box as columns", async () => {
    const { labelNames, rawLabels, records } = await listLines(ct);
    expect(labelNames).toEqual(["normal", "pneumonia", "COVID-19"]);
    expect([...rawLabels]).toEqual([0, 0, 1, 0, 1, 0, 1, 0, 0]);
    expect(records.map(({ patient }) => patient)).toEqual(["NCP_96", "CP_1", "Normal_7"]);
    expect(records[0].row).toEqual({
      filename: "NCP_96_1328_0035.png",
      class: "2",
      xmin: "9",
      ymin: "94",
      xmax: "512",
      ymax: "405",
    });
  });

  test("may come without its boxes, and its disease may have a name", async () => {
    writeFiles(folder.path, { "list.txt": "NCP_96_1328_0035.png 2\n" });
    const { labelNames, rawLabels } = await list(covidx, { ...entry, labelName: "covid" }, folder.path);
    expect(labelNames).toEqual(["normal", "pneumonia", "covid"]);
    expect([...rawLabels]).toEqual([0, 0, 1]);
  });

  test("names no patient where its name is of no known source, and says so", async () => {
    const { remarks, context } = remarksOf(contextAt(folder.path));
    const { records } = await listLines(
      [...ct, "mine/scan-1.png 1 1 2 3 4", "scan-2.png 0 1 2 3 4"],
      context,
    );
    expect(records.slice(3).map(({ id, patient }) => [id, patient])).toEqual([
      ["mine/scan-1.png", undefined],
      ["scan-2.png", undefined],
    ]);
    expect(remarks.map(({ sentence }) => sentence.replace(`${folder.path}/`, ""))).toEqual([
      '"source" has 2 images in list.txt of no known patient, since their names are of no source that COVIDx-CT has ' +
        "(mine/scan-1.png): each is taken for a patient of its own.",
    ]);
    const known = remarksOf(contextAt(folder.path));
    await listLines(ct, known.context);
    expect(known.remarks).toEqual([]);
  });

  test("is refused by line for a class that there is not, and a box of no numbers", async () => {
    expect(await refusal([...ct, "CP_1_3000_0008.png 3 1 2 3 4"])).toBe(
      'list.txt: record 3: line 4: the class is "3"; in this list it is one of 0, 1, 2',
    );
    expect(await refusal(["CP_1_3000_0008.png 1 1 x 3 4", ...ct])).toBe(
      'list.txt: record 0: line 1: has "x" in its box, which is no whole number',
    );
    expect(await refusal([...ct, "1 a.png positive cohen"])).toBe(
      'list.txt: record 3: line 4: is not "filename class xmin ymin xmax ymax", as other lines are: "1 a.png positive cohen"',
    );
    expect(await refusal([...ct, "CP_1_3000_0008.png 1 1 2 3"])).toBe(
      'list.txt: record 3: line 4: is not "filename class xmin ymin xmax ymax", with an image\'s file name: ' +
        '"CP_1_3000_0008.png 1 1 2 3"',
    );
  });
});

test.each([
  ["CP_0_3137_0030.png", "CP_0"],
  ["NCP_1058_2635_0011.png", "NCP_1058"],
  ["Normal_1692_10_0001.png", "Normal_1692"],
  ["HUST-Patient1-0062.png", "HUST-Patient1"],
  ["LIDC-IDRI-0273-1.3.6.1.4.1.14519.5.2.1.6279.6001.2689-0093.png", "LIDC-IDRI-0273"],
  ["radiopaedia-11516-23-0-0007.png", "radiopaedia-11516"],
  ["radiopaedia_10_85902_3-0120.png", "radiopaedia_10_85902"],
  ["coronacases_001-0100.png", "coronacases_001"],
  ["COVIDCTMD-normal076-IM0123.png", "COVIDCTMD-normal076"],
  ["COVIDCTMD-P051-IM0001.png", "COVIDCTMD-P051"],
  ["STOIC-123-0200.png", "STOIC-123"],
  ["study_0870-0012.png", "study_0870"],
  ["A000801-CT-CHEST-WO-CONT-3.000-0101.png", "A000801"],
  ["volume-covid19-A-0014_ct-0017.png", "volume-covid19-A-0014"],
  ["volume-covid19-A-0180_0-0017.png", "volume-covid19-A-0180"],
  ["volume-covid19-A-0180_1-0099.png", "volume-covid19-A-0180"],
  ["137covid_patient100_SR_2_IM00028.png", "COVID-CTSet patient100"],
  ["some/folder/CP_0_3137_0030.png", "CP_0"],
  ["CP_0_3137.png", undefined],
  ["XCP_0_3137_0030.png", undefined],
  ["patient1.png", undefined],
])("the patient of %s is %s", (file, patient) => {
  expect(patientOfSlice(file)).toBe(patient);
});

describe("a list of severity", () => {
  test("has a label for each grade", async () => {
    const { labelNames, rawLabels, records } = await listLines([
      "S-17 x-1.png Severe",
      "S-17 x-2.png Mild",
      "S-9 y.png Moderate",
    ]);
    expect(labelNames).toEqual(["Mild", "Moderate", "Severe"]);
    expect([...rawLabels]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0]);
    expect(records.map(({ patient }) => patient)).toEqual(["S-17", "S-17", "S-9"]);
  });

  test("of appearances has labels of its own, and its negatives are none of the disease", async () => {
    const lines = [
      "1 a.png Negative None",
      "1 b.png Typical Severe",
      "2 c.png Negative Mild",
      "3 d.png None Invalid",
    ];
    const { labelNames, records, ...listing } = await listLines(lines);
    expect(labelNames).toEqual(["Typical", "Indeterminate", "Atypical", "Negative"]);
    const { blank } = rawLabel;
    expect(records.map((_, i) => givenOf({ labelNames, records, ...listing }, i))).toEqual([
      [0, 0, 0, 1],
      [1, 0, 0, 0],
      [0, 0, 0, 1],
      [blank, blank, blank, blank],
    ]);
    expect(records[1].row?.["source"]).toBe("Severe");
  });
});

describe("the kind of a list", () => {
  const x = ["1 a.png positive cohen", "2 b.png negative rsna", "3 c.png positive sirm"];

  test("is not turned by a bad first line, which is the one that is refused", async () => {
    expect(await refusal(["0 z.png COVID-19 cohen", ...x])).toBe(
      'list.txt: record 0: line 1: the class is "COVID-19"; in this list it is one of positive, negative',
    );
    expect(await refusal(["CP_1_2_3.png 0 1 2 3 4", ...x])).toMatch(
      /record 0: line 1: is not "patientid filename class source", as other lines are: "CP_1_2_3\.png 0 1 2 3 4"$/u,
    );
    expect(await faultsOf(["0 z.png normal x", "what", ...x, "4 d.png Severe"])).toEqual([
      'record 0: line 1: the class is "normal"; in this list it is one of positive, negative',
      'record 1: line 2: is not "patientid filename class source", with an image\'s file name: "what"',
      'record 5: line 6: the class is "Severe"; in this list it is one of positive, negative',
    ]);
  });

  test("minds no capitals and no form of Unicode, and takes words for missing as no label", async () => {
    const lines = [
      "1 a.png Positive rsna",
      "2 b.png NEGATIVE rsna",
      "3 c.png nan rsna",
      "4 d.png positive\u200b rsna",
    ];
    const listing = await listLines(lines);
    expect(listing.labelNames).toEqual(["COVID-19"]);
    expect([...listing.rawLabels]).toEqual([1, 0, rawLabel.blank, 1]);
    const three = ["1 a.png Normal", "2 b.png covid-19", "3 c.png Pneumonia"];
    expect([...(await listLines(three)).rawLabels]).toEqual([1, 0, 0, 0, 0, 1, 0, 1, 0]);
    expect(await refusal([...three, "4 d.png Positive"])).toBe(
      'list.txt: record 3: line 4: the class is "Positive"; in this list it is one of normal, pneumonia, COVID-19',
    );
    expect(await refusal([...three, "4 d.png COVID19"])).toMatch(
      /the class is "COVID19"; .* did you mean "COVID-19"\?$/u,
    );
  });

  test("is said where only classes occur that two kinds have", async () => {
    const { remarks, context } = remarksOf(contextAt(folder.path));
    const listing = await listLines(["1 a.png Negative", "2 b.png Negative"], context);
    expect(listing.labelNames).toEqual(["COVID-19"]);
    expect(remarks.map(({ sentence }) => sentence.replace(`${folder.path}/`, ""))).toEqual([
      '"source" takes list.txt for a list of the classes positive, negative; all that occur in it would also be in one of ' +
        "Typical, Indeterminate, Atypical, Negative.",
    ]);
    const both = remarksOf(contextAt(folder.path));
    await listLines(x, both.context);
    expect(both.remarks).toEqual([]);
  });

  test("of which every line is bad, is unknown: the first line is told, not that the list is empty", async () => {
    expect(await refusal(["what", "is", "this"])).toBe(
      'list.txt: record 0: line 1: is not "patientid filename class source", nor "filename class xmin ymin xmax ymax", ' +
        'with an image\'s file name: "what"',
    );
    expect(await refusal(["1 a.png ill", "2 b.png well"])).toBe(
      'list.txt: record 0: line 1: the class is "ill"; in this list it is one of positive, negative, normal, pneumonia, ' +
        "COVID-19, Mild, Moderate, Severe, Typical, Indeterminate, Atypical, Negative",
    );
    expect(await faultsOf(["what", "is", "this"])).toHaveLength(3);
  });
});

test("a header is passed over, at the top alone", async () => {
  const rows = ["1 a.png positive cohen", "2 b.png negative rsna"];
  const listing = await listLines(["patientid filename class source", ...rows]);
  expect(listing.records.map(({ id }) => id)).toEqual(["a.png", "b.png"]);
  const ct = await listLines(["# filename class xmin ymin xmax ymax", "CP_1_2_3.png 0 1 2 3 4"]);
  expect(ct.records.map(({ id }) => id)).toEqual(["CP_1_2_3.png"]);
  expect(await refusal([...rows, "patientid filename class source"])).toMatch(
    /record 2: line 3: is not "patientid/u,
  );
  expect(await refusal(["patientid filename class source"])).toBe(
    "list.txt: is empty; it should list an image a line",
  );
});

test("1,000 mutations of lists of each kind end in a typed error or a whole listing", async () => {
  const twenty = Array.from({ length: 20 }, (_, i) => i);
  const texts = [
    twenty.map((i) => `NCP_${i % 7}_2_00${i}.png ${i % 3} ${i} 2 300 400`),
    twenty.map((i) => `SITE2-${i % 6} R-1C-${i}.png ${["Severe", "Mild"][i % 2]}`),
    [
      "patientid filename class source",
      ...twenty.map((i) => `P ${i} P(${i}).png ${["Positive", "negative"][i % 2]} x`),
    ],
    twenty.map((i) => `S-${i} R-${i}.png ${["Negative", "Typical", "Atypical"][i % 3]} None`),
  ];
  const outcomes = { whole: 0, refused: 0 };
  for (const [kind, lines] of texts.entries()) {
    const bytes = Buffer.from(`${lines.join("\n")}\n`);
    for (let n = 0; n < 250; n++) {
      writeFiles(folder.path, { "list.txt": mutated(bytes, 4 * n + kind) });
      const outcome = await list(covidx, entry, folder.path).catch((cause: unknown) => cause);
      if (outcome instanceof TesseraError) outcomes.refused++;
      else {
        expect([kind, n, faultOf(outcome as Listing, folder.path)]).toEqual([kind, n, undefined]);
        outcomes.whole++;
      }
    }
  }
  expect(outcomes.refused).toBeGreaterThan(200);
  expect(outcomes.whole).toBeGreaterThan(100);
});
