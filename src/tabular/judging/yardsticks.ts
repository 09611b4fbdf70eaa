// The tables that every measure is taken of: the one that is judged, and the two that it stands between.

import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import type { Yardsticked } from "./table-judgement.ts";

/** The table that is judged, and its yardsticks, with equally many rows. */
export type Candidates = Readonly<Record<"value" | "floor" | "ceiling", TypedTable>>;

/** A measure of each. */
export function yardsticked<Found>(
  tables: Candidates,
  of: (table: TypedTable) => Found,
): Record<keyof Candidates, Found> {
  return { value: of(tables.value), floor: of(tables.floor), ceiling: of(tables.ceiling) };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The means of the values that are defined; null where none is. */
export function meanOfEach(
  found: Readonly<Record<keyof Candidates, readonly (number | null)[]>>,
): Yardsticked {
  const mean = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : meanOf(known);
  };
  return { value: mean(found.value), floor: mean(found.floor), ceiling: mean(found.ceiling) };
}
