// What is written as CSV is read back as it was, by an independent parser and by our own reader.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { readTable } from "../../src/files/read-table.ts";
import { csvText } from "../../src/files/csv-text.ts";
import { bareCell, guardedCell } from "../../src/files/guarded-cells.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";

test("plain cells stay plain; numbers keep their digits, null is empty", () => {
  expect(
    csvText([
      ["a", "b", "c", "d"],
      ["x y", 0.1 + 0.2, null, true],
    ]),
  ).toBe("a,b,c,d\nx y,0.30000000000000004,,true\n");
});

test("commas, quotes, line breaks and spaces at the ends survive", async () => {
  const cells = ["a,b", 'say "no"', "two\nlines", "car\rriage", " before", "after ", "", "1+1=2", "ä"];
  const rows = [cells.map((_, i) => `column ${i}`), cells];
  expect(parse(csvText(rows))).toEqual(rows);
  const file = join(temporaryFolder(), "table.csv");
  writeFileSync(file, csvText(rows));
  const table = await readTable(file);
  expect(table.rows).toHaveLength(1);
  expect(Object.values(table.rows[0].cells)).toEqual(cells.map((cell) => cell.trim()));
});

test("what a spreadsheet would compute gets an apostrophe, which our reader takes away again", async () => {
  const formulas = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "'=quoted", "''@twice"];
  const plain = ["-0.5", "+1e-3", "-.5E+7", "-", "=", "'", "'s", "a=b", "1-2"];
  expect(formulas.map(guardedCell)).toEqual(formulas.map((cell) => `'${cell}`));
  expect(plain.map(guardedCell)).toEqual(plain);
  const cells = [...formulas, ...plain, "\t=1", "\r@x"];
  for (const cell of cells) expect(bareCell(guardedCell(cell))).toBe(cell);
  const text = csvText([
    [...cells.map((cell, i) => `${cell} ${i}`), "n"],
    [...cells, -1.5],
  ]);
  for (const line of parse(text))
    for (const cell of line) expect(cell).not.toMatch(/^[=+\-@\t\r](?![\d.]).+/su);
  const file = join(temporaryFolder(), "formulas.csv");
  writeFileSync(file, csvText([formulas.map((cell) => `${cell}s`), formulas]));
  const table = await readTable(file);
  expect(table.columns).toEqual(formulas.map((cell) => `${cell}s`));
  expect(Object.values(table.rows[0].cells)).toEqual(formulas);
});
