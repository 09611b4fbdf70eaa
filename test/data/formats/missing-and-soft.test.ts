// Cells that say nothing, and cells that give a probability.
import { afterAll, describe, expect, test } from "vitest";
import { table } from "../../../src/data/formats/table.ts";
import type { ListContext, Listing } from "../../../src/data/catalogue/listing.ts";
import { rawLabel } from "../../../src/labels/raw-labels.ts";
import { complaint, contextAt, givenOf, list, temporaryFolder, writeFiles } from "./list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { positive, negative, uncertain, unknown, blank } = rawLabel;

type Entry = Parameters<typeof list<typeof table.fields>>[1];
function listRows(
  rows: readonly string[],
  entry: Partial<Entry>,
  changes: Partial<ListContext> = {},
): Promise<Listing> {
  writeFiles(folder.path, { "t.csv": rows.join("\n") });
  const whole = { format: "table", table: "t.csv", image: "image", ...entry } as const;
  return list(table, whole, folder.path, contextAt(folder.path, changes));
}
const codesOf = (listing: Listing): number[][] => listing.records.map((_, i) => givenOf(listing, i));

describe("a word for missing", () => {
  const words = ["nan", "NA", "n/a", "None", "NULL", "todo", "?", "-"];
  const rows = ["image,dx", "x.png,mass", ...words.map((word, i) => `${i}.png,${word}`)];

  test("is blank in a column of words", async () => {
    const listing = await listRows(rows, { label: "dx" });
    expect(listing.labelNames).toEqual(["mass"]);
    expect(codesOf(listing)).toEqual([[positive], ...words.map(() => [blank])]);
  });

  test("makes blank what the words beside it do not make positive", async () => {
    const several = ["image,dx", "a.png,mass|nan", "b.png,mass|", "c.png,edema|mass"];
    const listing = await listRows(several, { label: "dx", separator: "|" });
    expect(listing.labelNames).toEqual(["edema", "mass"]);
    expect(codesOf(listing)).toEqual([
      [blank, positive],
      [negative, positive],
      [positive, positive],
    ]);
  });

  test("is a word like others where the manifest names it, in whatever capitals", async () => {
    const ways: [Partial<Entry>, Partial<ListContext>][] = [
      [{}, { classes: ["none"] }],
      [{}, { wanted: ["None"] }],
    ];
    for (const [entry, changes] of ways) {
      const listing = await listRows(rows, { label: "dx", ...entry }, changes);
      expect(listing.labelNames).toContain("None");
    }
    const given = await listRows(rows.slice(0, 3), { label: "dx", words: ["mass", "nan", "NA"] });
    expect(codesOf(given)[1]).toEqual([negative, positive, negative]);
    const later = await listRows(rows.slice(0, 4), { label: "dx", unlabelled: ["nan"] });
    expect(codesOf(later)).toEqual([[positive], [unknown], [blank]]);
  });

  test("is blank in columns of labels, unless the manifest gives it a meaning", async () => {
    const columns = ["image,x", ...words.map((word, i) => `${i}.png,${word}`)];
    expect(codesOf(await listRows(columns, { columns: ["x"] }))).toEqual(words.map(() => [blank]));
    const listing = await listRows(columns, {
      columns: ["x"],
      values: { uncertain: ["?"], negative: ["none"] },
    });
    expect(codesOf(listing).flat()).toEqual([blank, blank, blank, negative, blank, blank, uncertain, blank]);
  });

  test("is no patient, no part and no image", async () => {
    const cells = ["image,x,who,set", "a.png,1,nan,n/a", "b.png,1,NULL,test", "c.png,1,?,-"];
    const fields = { columns: ["x"], patient: "who", official: "set" };
    const { records } = await listRows(cells, fields);
    expect(records.map(({ patient, part }) => [patient, part])).toEqual([
      [undefined, undefined],
      [undefined, "test"],
      [undefined, undefined],
    ]);
    expect(await complaint(listRows([...cells, "NaN,1,p,test"], fields), folder.path)).toBe(
      "t.csv: record 3: line 5: names no image",
    );
  });
});

describe("a probability in a column of labels", () => {
  const rows = ["image,x,y", "a.png,0.38,1", "b.png,.5,0.0", "c.png,1.0,0", "d.png,5E-01,0.999", "e.png,,-1"];

  test("is a soft label on request; 0 and 1 are certain, and words keep their meaning", async () => {
    expect(codesOf(await listRows(rows, { columns: ["x", "y"], probabilities: true }))).toEqual([
      [138, positive],
      [150, negative],
      [positive, negative],
      [150, 199],
      [blank, uncertain],
    ]);
  });

  test("is an error without, which offers the field", async () => {
    expect(await complaint(listRows(rows, { columns: ["x", "y"] }), folder.path)).toBe(
      't.csv: record 0: line 2: x is "0.38"; it must be blank or one of 1, true, yes, positive, 0, false, no, negative, -1, ' +
        "uncertain, u; with probabilities: true, numbers from 0 to 1 are probabilities",
    );
  });

  test.each(["1.01", "-0.2", "38", "0,38", "1e3"])(
    "that is none, %s, is an error with its line",
    async (cell) => {
      const said = await complaint(
        listRows(["image;x", "a.png;0.2", `b.png;${cell}`], {
          columns: ["x"],
          delimiter: ";",
          probabilities: true,
        }),
        folder.path,
      );
      expect(said).toMatch(
        /^t\.csv: record 1: line 3: x is "[^"]+"; it must be .*, or a probability from 0 to 1/u,
      );
    },
  );

  test("cannot mean something else as well, nor stand in a column of words", async () => {
    const soft = { columns: ["x", "y"], probabilities: true };
    expect(await complaint(listRows(rows, { ...soft, values: { uncertain: [0.5] } }), folder.path)).toBe(
      '"source": values.uncertain has "0.5", which is a probability under probabilities: true',
    );
    expect(await complaint(listRows(rows, { label: "x", probabilities: true }), folder.path)).toBe(
      '"source": probabilities are in columns: name these under columns',
    );
  });
});
