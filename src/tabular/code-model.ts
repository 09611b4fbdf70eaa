// What a model of a table can do, whichever it is: draw the codes of one column after another, given those that were drawn before.

import type { CodedColumn } from "./coded-table.ts";

/** Codes that each row may take in a column: [rows * K], row by row, 1 where a code is allowed. */
export type AllowedCodes = Uint8Array;

export interface DrawingOptions {
  readonly rows: number;
  /** Same seed, same codes, on one device. */
  readonly seed: number;
  /** Columns in the order in which they will be drawn, each once, those with a condition first. */
  readonly order: readonly number[];
  /** By column of a condition, the codes that fulfil it: [K], 1 where it does; the same for all rows. */
  readonly given: ReadonlyMap<number, Uint8Array>;
  /**
   * By column, the codes of cells that are known beforehand, row by row: [rows], -1 where a row's cell is not. All known cells of
   * a row count from the start, wherever their columns stand in the order, and come back from `next` as they are. This is how
   * missing cells are filled, and rows added to a rare group.
   */
  readonly known?: ReadonlyMap<number, Int32Array>;
}

/** Rows under way. */
export interface Drawing {
  /**
   * Draws the codes of the next column of the order, for all rows.
   *
   * @param allowed default: every code. A code that is drawn is allowed and fulfils the column's condition; one that is known
   *   comes back whatever is allowed
   * @returns [rows]; -1 where no code was possible, which is a dead end of that row
   */
  next(allowed?: AllowedCodes): Promise<Int32Array>;
  /** Releases what it holds. */
  close(): void;
}

export interface CodeModel {
  readonly columns: readonly CodedColumn[];
  /**
   * Whether a column with a condition is drawn by what the conditions on columns after it say, too. Where a model only looks back,
   * the driver sees to that.
   */
  readonly looksAhead?: boolean;
  /** Columns that are drawn at once, so that they are to follow each other in the order. */
  readonly together?: readonly (readonly number[])[];
  /** Whether columns are best drawn in the order of the table, but for those with conditions. */
  readonly inTableOrder?: boolean;
  begin(options: DrawingOptions): Drawing;
  /**
   * The share of rows, among all, that fulfil conditions, about; for models that can tell.
   *
   * @param given as in `DrawingOptions`
   */
  shareOf?(given: ReadonlyMap<number, Uint8Array>): number;
}
