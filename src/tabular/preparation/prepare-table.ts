// From rows of texts to what a model learns from, and a recipe by which rows that are drawn become rows of the table again. The recipe
// is kept beside the model: it holds no value that fewer than ten rows have.
import { brief } from "../../files/csv.ts";
import { suggestion } from "../../errors/nearest.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import { countsOf, type RareCategories } from "../codes/category-codes.ts";
import { leastRows } from "../codes/fit-codes.ts";
import { isEmptyCell } from "../columns/column-forms.ts";
import { cellReader, cellWriter, writtenColumn } from "../columns/typed-table.ts";
import type { TablePlan } from "../plan/table-plan.ts";
import { computedColumn } from "./computed-columns.ts";
import { joinColumns, jointName } from "./joint-columns.ts";
import { defaultMaker } from "./makers.ts";
import type { KeptColumn, TableRecipe } from "./table-recipe.ts";
import { typedTexts, type TextColumn, type TextTable } from "./text-table.ts";
import { splitWords, wordList, type WordList } from "./word-lists.ts";

export interface PreparedTable {
  /** What a model learns from. */
  readonly learned: TypedTable;
  readonly recipe: TableRecipe;
}

/** The columns of words that a plan asks for. */
export function wordLists(table: TextTable, plan: TablePlan): WordList[] {
  return table.columns.flatMap((column) => {
    const mark = plan.columns[column.name]?.list;
    return mark === undefined ? [] : [wordList(column, mark, leastRows)];
  });
}

/** The table with its columns of words split; these are the columns that measures look at. */
export function splitLists(table: TextTable, lists: readonly WordList[]): TextTable {
  return {
    ...table,
    columns: table.columns.flatMap((column) => {
      const list = lists.find((each) => each.column === column.name);
      return list === undefined ? [column] : splitWords(column, list);
    }),
  };
}

/** How rare categories of a column are merged. */
export function rareOf(plan: TablePlan, column: string): RareCategories {
  return plan.columns[column]?.rare ?? plan.rare;
}

/**
 * @param table rows to learn from, as readColumns gives them. @param lists as wordLists
 * @throws ManifestError for constraints that do not suit the columns; DataError for cells that cannot be read
 */
export function prepareTable(table: TextTable, plan: TablePlan, lists: readonly WordList[]): PreparedTable {
  const split = splitLists(table, lists);
  const names = split.columns.map(({ name }) => name);
  const computed = plan.constraints.flatMap((each, at) =>
    each.kind === "computed" ? [{ ...each, at }] : [],
  );
  const joined = plan.constraints.flatMap((each, at) => (each.kind === "together" ? [{ ...each, at }] : []));
  checkParts(split, plan, lists, computed, joined);
  const merged = withMergedRare(split, plan);
  const learned: TextColumn[] = [];
  const done = new Set<string>();
  for (const column of split.columns) {
    if (column.form.kind === "identifier" || computed.some((each) => each.computed === column.name)) continue;
    const group = joined.find(({ together }) => together.includes(column.name));
    if (group === undefined) learned.push(column);
    else if (!done.has(jointName(group.together))) {
      done.add(jointName(group.together));
      learned.push(joinColumns(merged, group.together));
    }
  }
  const kept = split.columns.map(({ name, form, cells }): KeptColumn => ({
    name,
    ...writtenColumn(cells, form, leastRows),
  }));
  const recipe: TableRecipe = {
    format: "tessera-table-recipe-1",
    output: [...table.columns.map(({ name }) => name), ...(plan.count === undefined ? [] : [plan.count])],
    columns: kept,
    lists: [...lists],
    computed: computed.map((each) => computedColumn(merged, each.computed, each.from, leastRows)),
    joint: joined.map(({ together }) => ({
      column: jointName(together),
      parts: together,
      rare: together.map((name) => (isCategory(split, name) ? rareOf(plan, name).to : "")),
    })),
    identifiers: table.columns
      .filter(({ form }) => form.kind === "identifier")
      .map(({ name }) => ({ column: name, make: plan.columns[name]?.make ?? defaultMaker(name) })),
    ...(plan.count === undefined ? {} : { count: plan.count }),
    ...(plan.delimiter === ";" || plan.delimiter === "tab" ? { delimiter: plan.delimiter } : {}),
  };
  if (learned.length === 0) {
    throw plan.complain(
      ["columns"],
      `leaves nothing to learn from: ${names.map((name) => brief(name)).join(", ")} are all left out, computed, or identifiers`,
    );
  }
  return { learned: typedTexts({ ...split, columns: learned }), recipe };
}

const isCategory = ({ columns }: TextTable, name: string): boolean =>
  columns.find((column) => column.name === name)?.form.kind === "category";

/** The table as a model will give it back: rare categories merged, numbers as they are written, nothing for no value. */
function withMergedRare(table: TextTable, plan: TablePlan): TextTable {
  const columns = table.columns.map((column): TextColumn => {
    const { name, form, cells } = column;
    const write = cellWriter({ ...writtenColumn(cells, form, leastRows), empty: "" });
    if (form.kind !== "category") {
      if (form.kind === "identifier") return column;
      const read = cellReader(form);
      return {
        ...column,
        cells: cells.map((cell) => (isEmptyCell(cell, form) ? "" : write(read(cell) ?? null))),
      };
    }
    const filled = cells.map((cell) => (isEmptyCell(cell, form) ? "" : cell));
    const counts = countsOf(filled);
    const { below, to } = rareOf(plan, name);
    return {
      ...column,
      cells: filled.map((cell) => (cell !== "" && (counts.get(cell) ?? 0) < below ? to : cell)),
    };
  });
  return { ...table, columns };
}

interface Placed {
  readonly at: number;
}

/** @throws ManifestError for a column that is in two constraints of these kinds, of the wrong kind, or not there */
function checkParts(
  table: TextTable,
  plan: TablePlan,
  lists: readonly WordList[],
  computed: readonly (Placed & { readonly computed: string; readonly from: readonly string[] })[],
  joined: readonly (Placed & { readonly together: readonly string[] })[],
): void {
  const names = table.columns.map(({ name }) => name);
  const check = (path: readonly (string | number)[], name: string): void => {
    const column = table.columns.find((each) => each.name === name);
    if (lists.some((list) => list.column === name)) {
      throw plan.complain(
        path,
        `names ${brief(name)}, which is a list of words: name one of its columns, such as ${brief(names.find((each) => each.startsWith(`${name}: `)) ?? name)}`,
      );
    }
    if (column === undefined)
      throw plan.complain(path, `names a column that is not there, ${brief(name)}${suggestion(name, names)}`);
    if (column.form.kind === "identifier")
      throw plan.complain(path, `names ${brief(name)}, which is an identifier and never learned from`);
  };
  for (const { at, computed: target, from } of computed) {
    for (const name of [target, ...from]) check(["constraints", at, "computed"], name);
  }
  const parts = new Set<string>();
  for (const { at, together } of joined) {
    for (const name of together) {
      check(["constraints", at, "together"], name);
      if (parts.has(name))
        throw plan.complain(
          ["constraints", at, "together"],
          `names ${brief(name)}, which stands with others already; put all of them into one`,
        );
      if (computed.some((each) => each.computed === name)) {
        throw plan.complain(["constraints", at, "together"], `names ${brief(name)}, which is computed`);
      }
      parts.add(name);
    }
  }
}
