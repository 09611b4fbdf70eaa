// Columns that follow from others: learned as a table of what stands beside what, left out of the model, and looked up again.
import type { TablePlan } from "../plan/table-plan.ts";
import { brief } from "../../files/csv.ts";
import type { TextColumn, TextTable } from "./text-table.ts";

export interface ComputedColumn {
  readonly column: string;
  readonly from: readonly string[];
  /** The cells of `from` in their order, as JSON, and the cell beside them. Each is in at least ten rows. */
  readonly values: readonly (readonly [of: string, value: string])[];
}

const keyOf = (columns: readonly TextColumn[], row: number): string =>
  JSON.stringify(columns.map(({ cells }) => cells[row]));

/**
 * @throws ManifestError where rows with the same cells in `from` have different ones in the column: how many, and the first
 */
export function checkComputed(table: TextTable, at: number, plan: TablePlan): void {
  const constraint = plan.constraints[at];
  if (constraint.kind !== "computed") return;
  const { target, sources } = columnsIn(table, constraint.computed, constraint.from);
  const known = new Map<string, number>();
  let broken = 0;
  let first: [number, number] | undefined;
  for (let row = 0; row < table.rows; row++) {
    const key = keyOf(sources, row);
    const seen = known.get(key);
    if (seen === undefined) known.set(key, row);
    else if (target.cells[seen] !== target.cells[row]) {
      broken++;
      first ??= [seen, row];
    }
  }
  if (first === undefined) return;
  const [one, other] = first;
  const shown = sources.map(({ name, cells }) => `${name} ${brief(cells[other])}`).join(", ");
  const where = table.complain(other, target.name, "").message.replace(/:\s*[^:]*:\s*$/u, "");
  throw plan.complain(
    ["constraints", at, "computed"],
    `does not hold: ${target.name} is not the same where ${sources.map(({ name }) => name).join(" and ")} ${sources.length === 1 ? "is" : "are"}, in ${broken.toLocaleString("en")} ` +
      `of ${table.rows.toLocaleString("en")} rows; ${where}: ${shown} has ${brief(target.cells[other])}, and ${brief(target.cells[one])} before`,
  );
}

/** What stands beside what, as far as at least `least` rows have it. @param table with rare categories merged */
export function computedColumn(
  table: TextTable,
  column: string,
  from: readonly string[],
  least: number,
): ComputedColumn {
  const { target, sources } = columnsIn(table, column, from);
  const counts = new Map<string, Map<string, number>>();
  for (let row = 0; row < table.rows; row++) {
    const key = keyOf(sources, row);
    const values = counts.get(key) ?? new Map<string, number>();
    counts.set(key, values);
    values.set(target.cells[row], (values.get(target.cells[row]) ?? 0) + 1);
  }
  const values = [...counts].flatMap(([key, found]): [string, string][] => {
    const [value, count] = [...found].reduce((most, each) => (each[1] > most[1] ? each : most));
    return count >= least ? [[key, value]] : [];
  });
  return { column, from, values };
}

/** The cells of a computed column; "" beside cells that fewer than ten rows had. */
export function computedCells(
  { from, values }: ComputedColumn,
  columns: ReadonlyMap<string, readonly string[]>,
  rows: number,
): string[] {
  const known = new Map(values);
  const sources = from.map((name) => columns.get(name) ?? []);
  return Array.from(
    { length: rows },
    (_, row) => known.get(JSON.stringify(sources.map((cells) => cells[row]))) ?? "",
  );
}

/**
 * The cells of the column that another is computed from, where these are empty, the computed one is known, and one cell alone has it.
 *
 * @param columns cells by name; "" where one is to be drawn
 * @returns undefined where nothing is added; `untold`: the first row whose computed cell stays, and says nothing of the others
 */
export function sourceCells(
  { column, from, values }: ComputedColumn,
  columns: ReadonlyMap<string, readonly string[]>,
): { readonly cells: string[] | undefined; readonly untold: number | undefined } {
  const own = columns.get(column) ?? [];
  const sources = from.map((name) => columns.get(name) ?? own.map(() => ""));
  const found = new Map<string, string | undefined>();
  if (from.length === 1)
    for (const [of, value] of values)
      found.set(value, found.has(value) ? undefined : (JSON.parse(of) as string[])[0]);
  let untold: number | undefined;
  let isAdded = false;
  const cells = own.map((cell, row) => {
    if (cell === "" || sources.every((each) => each[row] !== "")) return sources[0][row];
    const source = found.get(cell);
    if (source === undefined) untold ??= row;
    isAdded ||= source !== undefined;
    return source ?? sources[0][row];
  });
  return { cells: isAdded ? cells : undefined, untold };
}

function columnsIn(
  table: TextTable,
  column: string,
  from: readonly string[],
): { target: TextColumn; sources: TextColumn[] } {
  const find = (name: string): TextColumn =>
    table.columns.find((each) => each.name === name) ?? { name, form: { kind: "category" }, cells: [] };
  return { target: find(column), sources: from.map(find) };
}
