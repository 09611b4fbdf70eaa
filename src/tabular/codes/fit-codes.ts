// Fits the codes of a table: what a model learns from, and all that it keeps of the cells. No code stands for fewer than ten rows.
import { aFunction, aNumber, expectOptions, wholeFrom, type OptionChecks } from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { counted } from "../../errors/counted.ts";
import { randomStream } from "../../data/random-stream.ts";
import type { TypedColumn, TypedTable } from "../../metrics/tables/typed-columns.ts";
import type { Code, CodedColumn, CodedTable } from "../coded-table.ts";
import { expectTypedTable } from "../table-checks.ts";
import { categoryCodes, type RareCategories } from "./category-codes.ts";
import { coderOf } from "./code-cells.ts";
import { numberCodes } from "./number-codes.ts";

/** Rows that stand behind everything that is kept of a table, at least. */
export const leastRows = 10;

/** Fewer rows are too few to learn from, and to keep private. */
export const fewestRows = 100;

export interface CodeOptions {
  /** Rows behind a code; default and least: 10. */
  readonly least?: number;
  /** Bins of a column of numbers; default 100. */
  readonly bins?: number;
  /** How rare categories are merged, by column; default: those below `least`, to "other". */
  readonly rare?: (column: string) => RareCategories | undefined;
  /** Of the draws that stand in for cells whose value has no code; default 0. */
  readonly seed?: number;
}

const codeOptions: OptionChecks<CodeOptions> = {
  least: aNumber, // told with its bounds below
  bins: aNumber,
  rare: aFunction,
  seed: wholeFrom(0),
};

/** Values of one column with codes of their own: more make a model that is mostly this column. */
const mostValues = 500;

/**
 * Codes of every column, and all cells in codes.
 *
 * A number that too few rows have, where all such rows are too few for a bin, takes the nearest code. A category or a missing cell
 * of which there are too few even together takes a code at random by how frequent each is: at most nine cells of a column.
 *
 * @param table dates as days
 * @throws UsageError for fewer than 100 rows, a column of nothing but rare values, or options out of range
 */
export function fitCodes(table: TypedTable, options: CodeOptions = {}): CodedTable {
  expectTypedTable("fitCodes", table);
  expectOptions("fitCodes", options, codeOptions);
  const { least = leastRows, bins = 100, rare = () => undefined, seed = 0 } = options;
  if (!Number.isInteger(least) || least < leastRows) {
    throw new UsageError(`fitCodes: least is a whole number from ${leastRows} up, not ${String(least)}`);
  }
  if (!Number.isInteger(bins) || bins < 1) {
    throw new UsageError(`fitCodes: bins is a whole number from 1 up, not ${String(bins)}`);
  }
  if (table.rows < Math.max(fewestRows, least)) {
    throw new UsageError(
      `the table has ${counted(table.rows, "row")}: too few to learn from and to keep private; ${Math.max(fewestRows, least)} are needed`,
    );
  }
  const fitted = table.columns.map((column) => {
    const codes = codesOf(column, least, bins, rare(column.name) ?? { below: least, to: "other" });
    return codedColumn(column, codes, least, seed);
  });
  return {
    rows: table.rows,
    columns: fitted.map(({ column }) => column),
    cells: fitted.map(({ cells }) => cells),
    least,
  };
}

function codesOf(column: TypedColumn, least: number, bins: number, rare: RareCategories): Code[] {
  if (column.kind === "number") {
    const numbers = column.values.filter((value) => !Number.isNaN(value));
    const codes = numberCodes(numbers, { least, bins, values: mostValues });
    return column.values.length - numbers.length >= least ? [{ kind: "missing" }, ...codes] : codes;
  }
  const names = column.values.filter((name) => name !== "");
  const codes = categoryCodes(names, least, rare);
  return column.values.length - names.length >= least ? [{ kind: "missing" }, ...codes] : codes;
}

function codedColumn(
  column: TypedColumn,
  codes: readonly Code[],
  least: number,
  seed: number,
): { column: CodedColumn; cells: Int32Array } {
  const { name, kind } = column;
  if (codes.length === 0) {
    throw new UsageError(
      `column ${JSON.stringify(name)} has no value that ${least} rows share, nor enough rows for one code: leave it out`,
    );
  }
  const { codeOf } = coderOf({
    name,
    isOrdered: kind === "number",
    codes,
    shares: new Float64Array(codes.length),
  });
  const counts = new Float64Array(codes.length);
  const cells = new Int32Array(column.values.length);
  for (const [row, value] of column.values.entries()) {
    cells[row] = codeOf(
      typeof value === "number" && Number.isNaN(value) ? null : value === "" ? null : value,
    );
    if (cells[row] >= 0) counts[cells[row]]++;
  }
  const coded = counts.reduce((sum, count) => sum + count, 0);
  // Cells of too few rows for a code take one of the others, so that nothing of them is kept and no row is lost.
  const { uniform } = randomStream(seed, "codes", name);
  const totals = counts.slice();
  for (const [row, code] of cells.entries()) {
    if (code >= 0) continue;
    let left = uniform() * coded;
    let drawn = 0;
    while (drawn < codes.length - 1 && left >= counts[drawn]) left -= counts[drawn++];
    cells[row] = drawn;
    totals[drawn]++;
  }
  const shares = totals.map((count) => count / cells.length);
  return { column: { name, isOrdered: kind === "number", codes, shares }, cells };
}
