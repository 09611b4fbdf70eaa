// A table as the measures of synthetic tables see it: columns of categories and of numbers, of equal length.

/** A column of names. */
export interface CategoryColumn {
  readonly name: string;
  readonly kind: "category";
  /** [rows]; "" where the cell is missing. */
  readonly values: readonly string[];
}

/** A column of numbers: integers, decimals, or dates as days. */
export interface NumberColumn {
  readonly name: string;
  readonly kind: "number";
  /** [rows]; NaN where the cell is missing. */
  readonly values: Float64Array;
}

export type TypedColumn = CategoryColumn | NumberColumn;

/** Rows of people, say, by columns. Two tables that are compared have the same columns, by name and kind, in the same order. */
export interface TypedTable {
  readonly rows: number;
  readonly columns: readonly TypedColumn[];
}
