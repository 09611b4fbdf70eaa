// What is written as CSV is read back as it was, by an independent parser and by our own reader.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { readTable } from "../../src/files/read-table.ts";
import { csvText } from "../../src/files/csv-text.ts";
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
  const cells = ["a,b", 'say "no"', "two\nlines", "car\rriage", " before", "after ", "", "=1+1", "ä"];
  const rows = [cells.map((_, i) => `column ${i}`), cells];
  expect(parse(csvText(rows))).toEqual(rows);
  const file = join(temporaryFolder(), "table.csv");
  writeFileSync(file, csvText(rows));
  const table = await readTable(file);
  expect(table.rows).toHaveLength(1);
  expect(Object.values(table.rows[0].cells)).toEqual(cells.map((cell) => cell.trim()));
});
