import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { joinTables } from "../../../src/data/formats/table-join.ts";
import type { JoinedTable } from "../../../src/data/formats/table-join.ts";
import { table } from "../../../src/data/formats/table.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import type { Remark } from "../../../src/data/catalogue/remarks.ts";
import { complaint, contextAt, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { positive, negative, unknown, blank } = rawLabel;

type Entry = Parameters<typeof list<typeof table.fields>>[1];
const films = ["image,subject,study", "a.png,1,10", "b.png,1,10", "c.png,2,20"];
const studies = ["subject,study,Edema,Mass", "1,10,1,0", "2,20,0,"];
const base = { format: "table", table: "films.csv", image: "image", columns: ["Edema", "Mass"] };

interface Tables {
  films?: readonly string[];
  studies?: readonly string[];
}
const listJoined = (
  tables: Tables = {},
  entry: Partial<Entry> = {},
  changes: Partial<ListContext> = {},
): Promise<Listing> => {
  const text = (rows: readonly string[]): string => `${rows.join("\n")}\n`;
  writeFiles(folder.path, {
    "films.csv": text(tables.films ?? films),
    "studies.csv": gzipSync(text(tables.studies ?? studies)),
  });
  const join = { table: "studies.csv", on: ["subject", "study"] };
  return list(table, { ...base, join, ...entry }, folder.path, contextAt(folder.path, changes));
};
const refusal = (tables: Tables, entry: Partial<Entry> = {}): Promise<string> =>
  complaint(listJoined(tables, entry), folder.path);
/** Lists with bad records left out. */
const listGood = async (
  tables: Tables,
  entry: Partial<Entry> = {},
): Promise<{ listing: Listing; bad: string[]; remarks: Omit<Remark, "source">[] }> => {
  const bad: string[] = [];
  const remarks: Omit<Remark, "source">[] = [];
  const listing = await listJoined(tables, entry, {
    bad: ({ message }) => bad.push(message.replaceAll(`${folder.path}/`, "")),
    remark: (remark) => remarks.push(remark),
  });
  return { listing, bad, remarks };
};
const labelsOf = (listing: Listing): Record<string, number[]> =>
  Object.fromEntries(listing.records.map(({ id }, at) => [id, givenOf(listing, at)]));

describe("a table of images that is joined with one of studies", () => {
  test("gives each image the labels and columns of its study", async () => {
    const { listing, bad, remarks } = await listGood({});
    expect(labelsOf(listing)).toEqual({
      "a.png": [positive, negative],
      "b.png": [positive, negative],
      "c.png": [negative, blank],
    });
    expect(listing.records[1].row).toEqual({
      ...{ image: "b.png", subject: "1", study: "10", Edema: "1", Mass: "0" },
    });
    expect([bad, remarks]).toEqual([[], []]);
  });

  test("takes keys of one value for one, as 1.0 and 1, and of other names", async () => {
    const other = ["patient,exam,Edema,Mass", "1.0,10.0,1,0", " 2 ,20,0,1"];
    const join = { table: "studies.csv", on: { subject: "patient", study: "exam" } };
    const { listing } = await listGood({ studies: other }, { join });
    expect(labelsOf(listing)["c.png"]).toEqual([negative, positive]);
    expect(listing.records[2].row?.["exam"]).toBe("20");
    const single = await listGood({}, { join: { table: "studies.csv", on: "study" } });
    expect(labelsOf(single.listing)["c.png"]).toEqual([negative, blank]);
  });

  test("knows nothing of images without a row in it, whatever blank cells mean, and says how many", async () => {
    const more = [...films, "d.png,3,30", "e.png,,10"];
    const { listing, remarks } = await listGood({ films: more, studies: [...studies, "4,40,1,1"] });
    expect(labelsOf(listing)).toMatchObject({ "d.png": [unknown, unknown], "e.png": [unknown, unknown] });
    expect(remarks.map(({ kind, sentence }) => [kind, sentence])).toEqual([
      [
        "rows-without-partner",
        '"source": 2 rows of films.csv go with no row of studies.csv, such as line 5: ' +
          "nothing that it says is known of their images.",
      ],
      [
        "rows-without-partner",
        '"source": 1 row of studies.csv goes with no row of films.csv, such as line 4: it is not used.',
      ],
    ]);
    expect(remarks[0].cases).toEqual([{ name: "films.csv", count: 2, example: "line 5" }]);
    const join = { table: "studies.csv", on: ["subject", "study"], unmatched: "left-out" as const };
    const left = await listGood({ films: more }, { join });
    expect(Object.keys(labelsOf(left.listing))).toEqual(["a.png", "b.png", "c.png"]);
    expect(left.remarks[0].sentence).toMatch(/: their images are left out\.$/u);
  });

  test("knows nothing of a column of words either", async () => {
    const { listing } = await listGood(
      { films: [...films, "d.png,3,30"], studies: ["study,finding", "10,edema", "20,mass"] },
      { join: { table: "studies.csv", on: "study" }, columns: undefined, label: "finding" },
    );
    expect(listing.labelNames).toEqual(["edema", "mass"]);
    expect(labelsOf(listing)).toEqual({
      "a.png": [positive, negative],
      "b.png": [positive, negative],
      "c.png": [negative, positive],
      "d.png": [unknown, unknown],
    });
  });

  test("offers a key that is nearly another's", async () => {
    const { remarks } = await listGood(
      {
        films: ["image,study", "a.png,s-10", "b.png,s20"],
        studies: ["study,Edema,Mass", "S10,1,0", "s20,0,0"],
      },
      { join: { table: "studies.csv", on: "study" } },
    );
    expect(remarks[0].sentence).toMatch(/such as line 2, whose study is nearly that of line 2 there: /u);
  });

  test("is refused where no two rows go together, and where a key is missing", async () => {
    expect(await refusal({ studies: ["subject,study,Edema,Mass", "p1,s10,1,0"] })).toBe(
      'studies.csv: has no row that goes with one of films.csv, such as line 2: subject "p1", study "s10", ' +
        'and there line 2: subject "1", study "10"',
    );
    expect(await refusal({ studies: ["Subject,study,Edema,Mass", "1,10,1,0"] })).toBe(
      'studies.csv: has no column "subject"; its columns are "Subject", "study", "Edema", "Mass"; did you mean "Subject"?',
    );
    expect(await refusal({ films: ["image,study", "a.png,10"] })).toMatch(
      /^films\.csv: has no column "subject"/u,
    );
  });

  test("takes equal rows of a study for one, and is refused for rows that differ, with the lines of both", async () => {
    const { listing, remarks } = await listGood({ studies: [...studies, "1.0,10,1,0"] });
    expect(labelsOf(listing)["a.png"]).toEqual([positive, negative]);
    expect(remarks).toEqual([]);
    const differing = [...studies, "1,10,1,1"];
    expect(await refusal({ studies: differing })).toBe(
      'studies.csv: record 2: line 4: has the subject "1", study "10" of line 2, with other cells; ' +
        "a row of films.csv goes with one row only",
    );
    // Rows that no image asks for may be as they like.
    await expect(listJoined({ studies: [...studies, "9,90,1,1", "9,90,0,1"] })).resolves.toBeDefined();
    const { listing: rest, bad } = await listGood({ studies: differing });
    expect(rest.records.map(({ id, leftOut }) => [id, leftOut])).toEqual([
      ["a.png", true],
      ["b.png", true],
      ["c.png", undefined],
    ]);
    expect(labelsOf(rest)).toMatchObject({ "a.png": [unknown, unknown], "c.png": [negative, blank] });
    expect(new Set(bad).size).toBe(1);
  });

  test("names the file and the line of a fault, wherever it stands", async () => {
    expect(await refusal({ studies: [...studies.slice(0, 2), "2,20,ys,0"] })).toMatch(
      /^studies\.csv: record 1: line 3: Edema is "ys"; it must be blank or one of .*did you mean "yes"\?$/u,
    );
    expect(await refusal({ studies: [...studies, "3,30"] })).toBe(
      "studies.csv: record 2: line 4: has 2 cells, but the header names 4 columns",
    );
    const parted = ["subject,study,Edema,Mass,split", "1,10,1,0,train", "2,20,0,0,tset"];
    expect(await refusal({ studies: parted }, { official: "split" })).toMatch(
      /^studies\.csv: record 1: line 3: split is "tset"; it must be one of/u,
    );
    expect(await refusal({ films: [...films, "../d.png,1,10"] })).toMatch(
      /^films\.csv: record 3: line 5: the image/u,
    );
  });

  test("leaves out the images of a study that a bad row may be about", async () => {
    // Line 3 has a cell too many: nobody knows what it says of study 10.
    const { listing, bad } = await listGood({
      studies: ["subject,study,Edema,Mass", "1,10,0,0", "1,10,1,0,1", "2,20,0,0"],
    });
    expect(listing.records.map(({ id, leftOut }) => [id, leftOut])).toEqual([
      ["a.png", true],
      ["b.png", true],
      ["c.png", undefined],
    ]);
    expect([...new Set(bad)]).toEqual([
      "studies.csv: record 1: line 3: has 5 cells, but the header names 4 columns",
      'studies.csv: record 0: line 2: has the subject "1", study "10", which the bad row on line 3 names too',
    ]);
  });
});

describe("columns of both tables", () => {
  const views = ["image,study,view", "a.png,10,PA", "b.png,20,AP"];

  test("are one where they say the same", async () => {
    const same = ["study,view,Edema,Mass", "10,PA,1,0", "20,AP,0,0"];
    const { listing } = await listGood(
      { films: views, studies: same },
      { join: { table: "studies.csv", on: "study" } },
    );
    expect(listing.records[1].row).toEqual({
      image: "b.png",
      study: "20",
      view: "AP",
      Edema: "0",
      Mass: "0",
    });
  });

  test("can only be asked for by a prefix where they differ", async () => {
    const other = ["study,view,Edema,Mass", "10,PA,1,0", "20,LATERAL,0,0"];
    const join = { table: "studies.csv", on: "study" };
    const { listing } = await listGood({ films: views, studies: other }, { join });
    expect(listing.records[1].row).toEqual({ image: "b.png", study: "20", Edema: "0", Mass: "0" });
    expect(await refusal({ films: views, studies: other }, { join, patient: "view" })).toBe(
      'studies.csv: record 1: line 3: view is "LATERAL", but films.csv says "AP" on line 3: ' +
        "a column of both tables must say the same; tell the two apart by a prefix of the join",
    );
    const named = await listGood(
      { films: views, studies: other },
      { join: { ...join, prefix: "study." }, columns: ["study.Edema"], patient: "view" },
    );
    expect(named.listing.records[1].patient).toBe("AP");
    expect(named.listing.records[1].row?.["study.view"]).toBe("LATERAL");
    expect(givenOf(named.listing, 0)).toEqual([positive]);
  });
});

test("several tables are joined one after the other, by columns of those before", async () => {
  writeFiles(folder.path, {
    "people.csv": "who;age\np1;50\np2;60\n",
    "parts.txt": "a.png test\nb.png train\nc.png train\n",
  });
  const { listing } = await listGood(
    { studies: ["study,person,Edema,Mass", "10,p1,1,0", "20,p2,0,1"] },
    {
      join: [
        { table: "studies.csv", on: "study" },
        { table: "people.csv", delimiter: ";", on: { person: "who" } },
        { table: "parts.txt", delimiter: "blank", header: "none", on: { image: "1" } },
      ],
      patient: "person",
      official: "2",
    },
  );
  expect(listing.records.map(({ id, patient, part, row }) => [id, patient, part, row?.["age"]])).toEqual([
    ["a.png", "p1", "test", "50"],
    ["b.png", "p1", "train", "50"],
    ["c.png", "p2", "train", "60"],
  ]);
});

test("200,000 rows are joined with 200,000 others within three seconds of a processor", () => {
  const tableOf = (
    file: string,
    columns: readonly string[],
    cell: (row: number, k: number) => string,
  ): JoinedTable => {
    const rows = Array.from({ length: 200_000 }, (_, at) => ({
      ...{ record: at, line: at + 2 },
      cells: Object.fromEntries(columns.map((name, k) => [name, cell(at, k)])),
    }));
    return { file, columns, rows, faults: [], clashes: new Map() };
  };
  const images = tableOf("films.csv", ["subject", "study", "image"], (row, k) =>
    String([row >> 2, 5_000_000 + row, row][k]),
  );
  const labels = tableOf("studies.csv", ["subject", "study", "Edema"], (row, k) =>
    String([row >> 2, 5_000_000 + row, row % 2][k]),
  );
  const before = process.cpuUsage();
  const { rows } = joinTables(
    images,
    labels,
    {
      keys: [
        ["subject", "subject"],
        ["study", "study"],
      ],
      prefix: "",
      leavesOut: false,
    },
    ["films.csv", "studies.csv"],
    { entry: "source", remark: () => undefined },
  );
  expect(process.cpuUsage(before).user).toBeLessThan(3e6);
  expect(rows[199_999].cells).toEqual({ subject: "49999", study: "5199999", image: "199999", Edema: "1" });
});
