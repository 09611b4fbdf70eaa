// From the tables that a manifest names to columns of texts: spellings, differences, columns that are left out, kinds, and rows that
// stand for several.
import { counted } from "../../errors/counted.ts";
import { suggestion } from "../../errors/nearest.ts";
import { brief, type Table } from "../../files/csv.ts";
import { canonicalName } from "../../labels/wording.ts";
import { columnCells, type ColumnCells } from "../columns/column-cells.ts";
import { isEmptyCell, type ColumnForm } from "../columns/column-forms.ts";
import { dateFormOf, ordersOf } from "../columns/date-cells.ts";
import { guessForm } from "../columns/guess-form.ts";
import { readNumber, writeNumber, decimalsOf } from "../columns/number-cells.ts";
import { checkSameColumns } from "../columns/typed-table.ts";
import type { ColumnEntry } from "../plan/plan-schema.ts";
import type { TablePlan } from "../plan/table-plan.ts";
import { rowsOfTexts, type TextColumn, type TextTable } from "./text-table.ts";

/** Rows after those that stand for several are written out. */
const mostRows = 2_000_000;

/**
 * @param forms of columns that are known, by name: those of another table of the same kind; default: as the plan and the cells say
 * @throws DataError, ManifestError for columns and cells that are not as the plan says
 */
export function readColumns(
  tables: readonly Table[],
  plan: TablePlan,
  forms?: ReadonlyMap<string, ColumnForm>,
): TextTable {
  checkSameColumns(tables);
  const columns = withDifferences(
    tables[0].columns.map((name) => columnCells(tables, name)),
    plan,
  );
  const names = columns.map(({ name }) => name);
  checkNames(names, plan);
  const byName = new Map(columns.map((column) => [column.name, column]));
  const kept = columns.filter(({ name }) => !plan.leave.includes(name));
  const texts = kept.map((column): TextColumn => {
    const entry = plan.columns[column.name] as ColumnEntry | undefined;
    const cells = respelled(column.cells, entry?.spellings);
    const read = { ...column, cells };
    return { name: column.name, form: forms?.get(column.name) ?? plannedForm(read, entry, plan), cells };
  });
  const table: TextTable = {
    rows: columns[0].cells.length,
    columns: texts,
    complain: (row, column, reason) => (byName.get(column) ?? columns[0]).complain(row, reason),
  };
  return plan.count === undefined ? table : unrolled(table, plan.count);
}

function respelled(cells: readonly string[], spellings: ColumnEntry["spellings"] = {}): readonly string[] {
  const known = new Map(Object.entries(spellings));
  return known.size === 0 ? cells : cells.map((cell) => known.get(cell) ?? cell);
}

/** A table whose cells are read as a plan's spellings say. */
export function respelledTable(table: Table, plan: TablePlan): Table {
  const spelt = Object.entries(plan.columns).flatMap(([name, { spellings }]) =>
    spellings === undefined ? [] : [[name, new Map(Object.entries(spellings))] as const],
  );
  if (spelt.length === 0) return table;
  const rows = table.rows.map((row) => {
    const changed = spelt.flatMap(([name, known]) => {
      const cell = known.get(row.cells[name]);
      return cell === undefined ? [] : [[name, cell] as const];
    });
    return changed.length === 0 ? row : { ...row, cells: { ...row.cells, ...Object.fromEntries(changed) } };
  });
  return { ...table, rows };
}

/** @throws ManifestError for a column that the plan names and the table does not have */
function checkNames(names: readonly string[], plan: TablePlan): void {
  const known = (path: readonly (string | number)[], name: string): void => {
    if (names.includes(canonicalName(name))) return;
    const shown = names.slice(0, 20).map((each) => brief(each));
    const rest = names.length > shown.length ? ", ..." : "";
    throw plan.complain(
      path,
      `names a column that the table does not have, ${brief(name)}; it has ${shown.join(", ")}${rest}${suggestion(name, names)}`,
    );
  };
  for (const name of Object.keys(plan.columns)) known(["columns", name], name);
  for (const [at, name] of plan.leave.entries()) known(["leave", at], name);
  if (plan.count !== undefined) known(["count"], plan.count);
  for (const [at, each] of plan.constraints.entries()) {
    const path = ["constraints", at, each.kind];
    const about =
      each.kind === "computed"
        ? [each.computed, ...each.from]
        : each.kind === "together"
          ? each.together
          : each.kind === "order"
            ? each.order
            : each.kind === "range"
              ? Object.keys(each.range)
              : [...Object.keys(each.when), ...Object.keys(each.then)];
    for (const name of about) {
      // A word of a list has a column of its own, which is there once the list is split.
      const list = Object.entries(plan.columns).find(
        ([column, { list: mark }]) => mark !== undefined && name.startsWith(`${column}: `),
      );
      if (list !== undefined) continue;
      known(path, name);
      if (plan.leave.includes(name))
        throw plan.complain(path, `names ${brief(name)}, which leave names, too`);
    }
  }
}

/** A column that is the difference of two stands in the place of the first of them. */
function withDifferences(columns: readonly ColumnCells[], plan: TablePlan): ColumnCells[] {
  let all = [...columns];
  for (const [name, { difference, decimal, thousands }] of Object.entries(plan.columns)) {
    if (difference === undefined) continue;
    const path = ["columns", name, "difference"];
    const parts = difference.map((each) => {
      const found = columns.find((column) => column.name === each);
      if (found !== undefined) return found;
      throw plan.complain(
        path,
        `names a column that the table does not have, ${brief(each)}${suggestion(
          each,
          columns.map((column) => column.name),
        )}`,
      );
    });
    if (columns.some((column) => column.name === name))
      throw plan.complain(path, "has the name of a column of the table");
    const form = {
      ...(decimal === undefined ? {} : { decimal }),
      ...(thousands === undefined ? {} : { thousands }),
    };
    const [first, second] = parts;
    const cells = first.cells.map((cell, row) => {
      const other = second.cells[row];
      if (isEmptyCell(cell, { kind: "number" }) || isEmptyCell(other, { kind: "number" })) return "";
      const values = [cell, other].map((each) => readNumber(each, form));
      const odd = values.indexOf(undefined);
      if (odd >= 0) throw parts[odd].complain(row, `${brief(odd === 0 ? cell : other)} is no number`);
      const decimals = Math.max(decimalsOf(cell, form), decimalsOf(other, form));
      return writeNumber(Number(values[0]) - Number(values[1]), decimals, form);
    });
    const made: ColumnCells = { name, cells, complain: first.complain };
    all = all.flatMap((column) => (column === first ? [made] : column === second ? [] : [column]));
  }
  return all;
}

/**
 * How a column is read: as its entry in a plan says, else as its cells show.
 * @throws DataError for a column that can be read in two ways, and of which the plan says nothing
 */
export function plannedForm(
  column: ColumnCells,
  entry: ColumnEntry | undefined,
  plan: TablePlan,
): ColumnForm {
  const { kind, decimal, thousands, dates: order, words, missing, list } = entry ?? {};
  const common = {
    ...(words === undefined
      ? {}
      : { missing: ["?", "", ...words].filter((word) => word !== "?" || words.includes("?")) }),
    ...(missing === "category" ? { missingIs: missing } : {}),
  };
  const numbers =
    decimal === undefined && thousands === undefined
      ? {}
      : {
          numbers: {
            ...(decimal === undefined ? {} : { decimal }),
            ...(thousands === undefined ? {} : { thousands }),
          },
        };
  const said = column.cells.filter((cell) => !isEmptyCell(cell, { kind: kind ?? "number", ...common }));
  const isWhole = (): boolean =>
    said.every((cell) => Number.isSafeInteger(readNumber(cell, numbers.numbers)));
  if (kind === "date" || (kind === undefined && order !== undefined)) {
    const orders = order === undefined ? ordersOf(said) : [order];
    if (orders.length !== 1 && said.length > 0) {
      const guess = guessForm({ ...column, cells: said });
      throw column.complain(
        Math.max(0, column.cells.indexOf(said[guess.row ?? 0])),
        guess.doubt ?? `${brief(said[0])} is no date; say another kind, or list it under words`,
      );
    }
    return { kind: "date", ...common, dates: dateFormOf(said, orders[0]) ?? { order: orders[0] } };
  }
  if (list !== undefined) return { kind: "category", ...common };
  if (kind !== undefined) return { kind, ...common, ...numbers };
  if (decimal !== undefined || thousands !== undefined) {
    return { kind: isWhole() ? "integer" : "number", ...common, ...numbers };
  }
  // What the plan calls missing is not looked at.
  const cells =
    words === undefined ? column.cells : column.cells.map((cell) => (words.includes(cell) ? "" : cell));
  const { form, doubt, row } = guessForm({ ...column, cells });
  if (doubt !== undefined) throw column.complain(row ?? 0, `${doubt} (in ${plan.file}, under columns)`);
  return { ...form, ...common };
}

/** Each row as often as its count says. */
function unrolled(table: TextTable, count: string): TextTable {
  const column = table.columns.find(({ name }) => name === count);
  const rows: number[] = [];
  for (const [row, cell] of (column?.cells ?? []).entries()) {
    const times = readNumber(cell, column?.form.numbers);
    if (times === undefined || !Number.isInteger(times) || times < 0) {
      throw table.complain(row, count, `${brief(cell)} is no count: a whole number from 0`);
    }
    if (rows.length + times > mostRows) {
      throw table.complain(
        row,
        count,
        `the counts sum to over ${counted(mostRows, "row")}, which are too many`,
      );
    }
    for (let at = 0; at < times; at++) rows.push(row);
  }
  return rowsOfTexts({ ...table, columns: table.columns.filter(({ name }) => name !== count) }, rows);
}
