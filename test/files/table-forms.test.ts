import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { requireColumns } from "../../src/files/csv.ts";
import { readTable } from "../../src/files/read-table.ts";
import type { Table } from "../../src/files/csv.ts";
import { singleBlanks } from "../../src/files/table-forms.ts";
import type { TableForm } from "../../src/files/table-forms.ts";
import { complaint, temporaryFolder } from "../data/formats/list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const read = (content: string, form: TableForm): Promise<Table> => {
  writeFileSync(join(folder.path, "t.csv"), content);
  return readTable(join(folder.path, "t.csv"), form);
};
const cellsOf = async (content: string, form: TableForm): Promise<unknown> =>
  (await read(content, form)).rows.map(({ line, cells }) => [line, ...Object.values(cells)]);
const refusal = (content: string, form: TableForm): Promise<string> =>
  complaint(read(content, form), folder.path);
const missing = async (content: string, form: TableForm, name: string): Promise<string> =>
  complaint(
    read(content, form).then((table) => requireColumns(table, [name])),
    folder.path,
  );

describe("a table without a header", () => {
  test("has columns called by their numbers, and its first row is data", async () => {
    const { columns, rows } = await read("a.png,0\n\nb.png,1\n", { header: false });
    expect(columns).toEqual(["1", "2"]);
    expect(rows).toEqual([
      { record: 0, line: 1, cells: { 1: "a.png", 2: "0" } },
      { record: 1, line: 3, cells: { 1: "b.png", 2: "1" } },
    ]);
  });

  test("is refused for rows of another length, and where there is none", async () => {
    expect(await refusal("a.png,0\nb.png\n", { header: false })).toBe(
      "t.csv: record 1: line 2: has 1 cell, but the first row has 2",
    );
    expect(await refusal("\n", { header: false })).toBe("t.csv: has no row");
  });
});

describe("a table with blanks between its cells", () => {
  test("has one cell after each run of blanks and tabs", async () => {
    expect(await cellsOf("path  label\n a.png \t 0  \r\nb.png 1\n", { delimiter: " " })).toEqual([
      [2, "a.png", "0"],
      [3, "b.png", "1"],
    ]);
    expect(await cellsOf('"my file.png" 0\nb.png "two  words"', { delimiter: " ", header: false })).toEqual([
      [1, "my file.png", "0"],
      [2, "b.png", "two  words"],
    ]);
  });

  test("is refused for a name with a blank in it, with what to do", async () => {
    expect(await refusal("a.png 0\nmy file.png 1\n", { delimiter: " ", header: false })).toBe(
      't.csv: record 1: line 2: has 3 cells, but the first row has 2; a cell with a blank in it stands in quotes, as in "a b"',
    );
  });

  test("keeps its lines", () => {
    expect(singleBlanks(' a  b\n\n\t"c  d"\r\n e ')).toBe('a b\n\n"c  d"\r\ne');
  });
});

test.each([
  [
    "a.png,0\nb.png,1\n",
    {},
    "image",
    "say header: none, and call columns by their numbers, such as image: 1",
  ],
  ["a.png 0\nb.png 1\n", {}, "image", "such as image: 1; and is its delimiter blank?"],
  ["img/a.dcm\t0\nb\t1\n", {}, "image", "such as image: 1; and is its delimiter tab?"],
  [
    "image label\na.png 0\n",
    {},
    "image",
    'has no column "image"; its columns are "image label"; is its delimiter blank?',
  ],
  ["a.png 0\nb.png 1\n", { header: false }, "2", '"1"; is its delimiter blank?'],
  ["a;b\n1;2\n", {}, "a", '; is its delimiter ";"?'],
  ["a,0\nb,1\n", { header: false }, "image", "; without a header, columns are called by their numbers"],
])("a table that is read in the wrong way, %j, says how it is written", async (content, form, name, hint) => {
  expect(await missing(content, form, name)).toContain(hint);
});
