// Which column of two values a classifier is taught, to see what a synthetic table is good for.

import { UsageError } from "../../errors/errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { visible } from "../../labels/wording.ts";
import { fewestNamed } from "./named-values.ts";
import type { TypedColumn, TypedTable } from "../../metrics/tables/typed-columns.ts";

export interface Target {
  readonly column: string;
  /** The rarer of its two values, which is the one that is predicted. */
  readonly positive: string;
  readonly negative: string;
}

/** Names that say that a column is what others predict, in lower case. */
const targetNames = ["label", "target", "class", "outcome", "income", "y"];

/**
 * The column that is asked for; else the first one of two values whose name says it (label, target, class, outcome, income, y); else the
 * last category of two values. Both values have ten rows or more, since they are named.
 *
 * @returns undefined where none is asked for and there is none
 * @throws UsageError for a column that the table does not have, that has other than two values, or too few rows of one
 */
export function targetOf(table: TypedTable, asked?: string): Target | undefined {
  const name = asked ?? usualTarget(table);
  if (name === undefined) return undefined;
  const column = table.columns.find((each) => each.name === name);
  if (column === undefined) {
    const near = suggestion(
      name,
      table.columns.map((each) => each.name),
    );
    throw new UsageError(`the table has no column ${visible(name)} to be the target${near}`);
  }
  const counts = valuesOf(column);
  if (counts.size !== 2) {
    throw new UsageError(
      `the target must have two values, and ${visible(name)} has ${counts.size}; name another with --target`,
    );
  }
  const [[negative], [positive, fewer]] = [...counts].sort(([, a], [, b]) => b - a);
  if (fewer < fewestNamed) {
    throw new UsageError(
      `the target must have ten rows of each of its two values, and ${visible(name)} has ${fewer} of the rarer one; name another with --target`,
    );
  }
  return { column: name, positive, negative };
}

function usualTarget({ columns }: TypedTable): string | undefined {
  const two = columns.filter((column) => {
    const counts = [...valuesOf(column).values()];
    return counts.length === 2 && Math.min(...counts) >= fewestNamed;
  });
  const named = two.find(({ name }) => targetNames.includes(name.trim().toLowerCase()));
  return (named ?? two.findLast(({ kind }) => kind === "category"))?.name;
}

/** Which of two values each row has: 1 for the positive, 0 for the other, -1 for none of them. */
export function labelsOf(table: TypedTable, { column, positive, negative }: Target): Int8Array {
  const found = table.columns.find(({ name }) => name === column);
  if (found === undefined) throw new UsageError(`the table has no column ${visible(column)}`);
  return Int8Array.from(Array.from(found.values as ArrayLike<string | number>, String), (value) =>
    value === positive ? 1 : value === negative ? 0 : -1,
  );
}

/** How often each value occurs, missing cells aside. */
function valuesOf(column: TypedColumn): Map<string, number> {
  const counts = new Map<string, number>();
  for (const cell of column.values) {
    if (cell === "" || Number.isNaN(cell)) continue;
    const value = String(cell);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}
