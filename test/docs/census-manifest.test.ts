// The manifest of the census in docs/tables.md fits the census as it is given away, and what is made keeps what the page says.

import { join } from "node:path";
import { expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import type { Table } from "../../src/files/csv.ts";
import { readTable } from "../../src/files/read-table.ts";
import { fitCopula } from "../../src/tabular/copula/fit-copula.ts";
import { fitPlan } from "../../src/tabular/plan/fitted-plan.ts";
import { tableForm } from "../../src/tabular/plan/table-form.ts";
import { parseTablePlan } from "../../src/tabular/plan/table-plan.ts";
import { restoreRows, restoreTexts } from "../../src/tabular/preparation/restore-rows.ts";
import { sample } from "../../src/tabular/sampling/draw-rows.ts";
import { dataRoot, withData } from "../data/real-data.ts";
import { censusFiles } from "../tabular/census.ts";
import { blocksOf } from "./markdown.ts";

withData(censusFiles, "the census's manifest in the documentation", () => {
  test("is fitted, and rows by it are whole people", async () => {
    const block = blocksOf("yaml").find(({ text }) => text.includes("adult.data.gz"));
    const plan = parseTablePlan(block?.text ?? "", "docs/tables.md");
    const skipped: DataError[] = [];
    const read = (name: string): Promise<Table> =>
      readTable(join(dataRoot, "census-adult", name), tableForm(plan), (fault) => skipped.push(fault));
    const [table, held] = [await read("adult.data.gz"), await read("adult.test.gz")];
    expect(skipped).toHaveLength(1); // the first line of the hold-out
    const fitted = fitPlan(plan, [table], [held]);
    expect([fitted.real.rows, fitted.holdout.rows]).toEqual([32_561, 16_281]);
    expect(fitted.broken).toEqual([
      expect.stringContaining("1 row of 32,561 breaks it"),
      expect.stringContaining("2 rows of 32,561 break it"),
    ]);
    expect(fitted.hollow).toEqual([]);

    const { coded, constraints, recipe } = fitted;
    const drawn = await sample(fitCopula(coded), { rows: 5000, seed: 1, constraints });
    const { header, rows } = await restoreRows(recipe, restoreTexts(recipe, drawn), 1);
    expect(header).toHaveLength(14); // 15, of which capital is two
    const cell = (row: readonly string[], name: string): string => row[header.indexOf(name)];
    const numbers = new Map(table.rows.map(({ cells }) => [cells["education"], cells["education-num"]]));
    for (const row of rows) {
      expect(cell(row, "education-num")).toBe(numbers.get(cell(row, "education")));
      if (cell(row, "relationship") === "Husband") expect(cell(row, "sex")).toBe("Male");
      if (cell(row, "relationship") === "Wife") expect(cell(row, "sex")).toBe("Female");
      if (cell(row, "workclass") === "?") expect(cell(row, "occupation")).toBe("?");
    }
    const zeros = rows.filter((row) => cell(row, "capital") === "0").length / rows.length;
    expect(Math.abs(zeros - 0.87)).toBeLessThan(0.02);
  });
});
