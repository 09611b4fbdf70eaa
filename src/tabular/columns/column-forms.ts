// How the cells of a column are written and what they mean: the kinds of columns, as a manifest says them and as cells show them.
import { isMissing } from "../../labels/wording.ts";
import type { DateForm } from "./date-cells.ts";
import type { NumberForm } from "./number-cells.ts";

export const columnKinds = ["category", "number", "integer", "date", "identifier"] as const;

/**
 * category: names without an order; number; integer; date: days; identifier: says who a row is (a number of a person, a name, an
 * address), is never learned from, and is made anew.
 */
export type ColumnKind = (typeof columnKinds)[number];

/** How a column is read, and written again. */
export interface ColumnForm {
  readonly kind: ColumnKind;
  /** Of numbers and integers; default: a point before the decimals, no mark between thousands. */
  readonly numbers?: NumberForm;
  /** Of dates. */
  readonly dates?: DateForm;
  /** Cells that say nothing. Default: the words that programs write, such as "", "?" and "NA" (labels/wording.ts). */
  readonly missing?: readonly string[];
  /** Whether such a cell is no value, which is the default, or a category that is called as it is written. */
  readonly missingIs?: "value" | "category";
}

/** Whether a cell of a column has no value. */
export function isEmptyCell(cell: string, { kind, missing, missingIs }: ColumnForm): boolean {
  if (missingIs === "category" && kind === "category") return cell === "";
  return missing === undefined ? isMissing(cell) : cell === "" || missing.includes(cell);
}
