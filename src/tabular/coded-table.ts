// A table in codes, which is all that a model of a table learns from: each cell is one of a few codes of its column, and no code
// stands for a value of fewer than ten rows.

/** What a code stands for. */
export type Code =
  /** A category by its name, or a number that many rows have. */
  | { readonly kind: "value"; readonly value: string | number }
  /** Numbers from `low` to `high`, both included, of which none is kept: decoding draws one inside. `step` 1: whole numbers only; .1: one decimal; 0: any. */
  | { readonly kind: "bin"; readonly low: number; readonly high: number; readonly step: number }
  /** Categories that too few rows have, merged under a name. */
  | { readonly kind: "rare"; readonly name: string }
  /** No value. */
  | { readonly kind: "missing" };

/** A column's codes, 0 to K - 1, and how frequent each is among the rows that were learned from. */
export interface CodedColumn {
  readonly name: string;
  /** Whether the codes ascend with the values (numbers and dates; a missing cell's code, where there is one, is the first). */
  readonly isOrdered: boolean;
  /** [K], at least one. */
  readonly codes: readonly Code[];
  /** [K], each above 0, together 1. */
  readonly shares: Float64Array;
}

export interface CodedTable {
  readonly rows: number;
  readonly columns: readonly CodedColumn[];
  /** By column: [rows] codes. */
  readonly cells: readonly Int32Array[];
  /** Rows behind each code; default: 10. */
  readonly least?: number;
}

/** A cell that was drawn: a name, a number, or null for none. */
export type Drawn = string | number | null;
