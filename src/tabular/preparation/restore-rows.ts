// From drawn rows to rows of the table: joint columns parted, computed ones looked up, words joined, identifiers made, equal rows counted.
import { delimiters, type Delimiter } from "../../files/table-forms.ts";
import type { Drawn } from "../coded-table.ts";
import { cellWriter } from "../columns/typed-table.ts";
import { computedCells } from "./computed-columns.ts";
import { partColumns } from "./joint-columns.ts";
import { makeIdentifiers } from "./makers.ts";
import type { TableRecipe } from "./table-recipe.ts";
import type { TextColumn, TextTable } from "./text-table.ts";
import { joinWords, wordColumn } from "./word-lists.ts";

/** Columns of drawn values. */
export interface DrawnColumns {
  readonly rows: number;
  readonly columns: readonly { readonly name: string; readonly values: readonly Drawn[] }[];
}

/** The columns that measures look at, as texts: all but identifiers, words split. */
export function restoreTexts(recipe: TableRecipe, { rows, columns: drawn }: DrawnColumns): TextTable {
  const byName = new Map<string, readonly string[]>();
  const kept = new Map(recipe.columns.map((column) => [column.name, column]));
  for (const { name, values } of drawn) {
    const joint = recipe.joint.find(({ column }) => column === name);
    const known = kept.get(name);
    if (joint !== undefined) {
      const cells = values.map((value) => String(value ?? ""));
      for (const [at, part] of partColumns(joint, cells, joint.rare).entries())
        byName.set(joint.parts[at], part);
    } else if (known !== undefined) {
      byName.set(name, values.map(cellWriter({ ...known, empty: "" })));
    }
  }
  for (const column of recipe.computed) byName.set(column.column, computedCells(column, byName, rows));
  const columns = recipe.columns.flatMap(({ name, form, empty }): TextColumn[] => {
    const cells = byName.get(name);
    return cells === undefined
      ? []
      : [{ name, form, cells: cells.map((cell) => (cell === "" ? empty : cell)) }];
  });
  return {
    ...{ rows, columns },
    complain: (row, column, reason) => {
      throw new RangeError(`drawn row ${row}, ${column}: ${reason}`);
    },
  };
}

/** What stands between two cells of the table that is written. */
export const delimiterOf = ({ delimiter }: TableRecipe): Delimiter => delimiters[delimiter ?? ","];

export interface WrittenRows {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Cells that are known: a row's own cell stays as it is, where it has one. */
export type KnownTexts = ReadonlyMap<string, readonly string[]>;

/** The table as it is written. @param texts as restoreTexts gives them. @param seed of identifiers */
export async function restoreRows(
  recipe: TableRecipe,
  texts: TextTable,
  seed: number,
  known: KnownTexts = new Map(),
): Promise<WrittenRows> {
  const { rows } = texts;
  const columns = new Map(texts.columns.map(({ name, cells }) => [name, cells]));
  for (const list of recipe.lists) {
    const words = list.words.map((word) => columns.get(wordColumn(list.column, word)) ?? []);
    columns.set(list.column, joinWords(list, words, rows));
  }
  for (const [name, cells] of known) {
    const own = columns.get(name);
    if (own !== undefined)
      columns.set(
        name,
        own.map((cell, row) => (cells[row] === "" ? cell : cells[row])),
      );
  }
  const shown = recipe.output.filter((name) => name !== recipe.count);
  const places = Array.from({ length: rows }, (_, row) => row);
  const counted = recipe.count === undefined ? undefined : equalRows(places, shown, columns);
  const kept = counted === undefined ? places : counted.map(({ row }) => row);
  for (const { column, make } of recipe.identifiers) {
    const made = await makeIdentifiers(column, make, kept.length, seed);
    const own = known.get(column);
    const cells: string[] = [];
    for (const [at, row] of kept.entries())
      cells[row] = own === undefined || own[row] === "" ? made[at] : own[row];
    columns.set(column, cells);
  }
  const header = recipe.output.filter((name) => name === recipe.count || columns.has(name));
  return {
    header,
    rows: kept.map((row, at) =>
      header.map((name) =>
        name === recipe.count ? String(counted?.[at].times ?? 1) : (columns.get(name)?.[row] ?? ""),
      ),
    ),
  };
}

/** The first of each kind of rows, and how many there are. */
function equalRows(
  rows: readonly number[],
  names: readonly string[],
  columns: ReadonlyMap<string, readonly string[]>,
): { row: number; times: number }[] {
  const found = new Map<string, { row: number; times: number }>();
  for (const row of rows) {
    const key = JSON.stringify(names.map((name) => columns.get(name)?.[row] ?? null));
    const known = found.get(key);
    if (known === undefined) found.set(key, { row, times: 1 });
    else known.times++;
  }
  return [...found.values()];
}
