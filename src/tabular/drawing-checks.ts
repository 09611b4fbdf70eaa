// What a model is asked to draw by, looked at before it draws: the same for every kind of model.

import { UsageError } from "../errors/errors.ts";
import type { DrawingOptions } from "./code-model.ts";
import type { CodedColumn } from "./coded-table.ts";

/** @throws UsageError when the order does not name each column once, or conditions and known cells do not fit the columns */
export function checkDrawing(
  columns: readonly CodedColumn[],
  { rows, order, given, known }: DrawingOptions,
): void {
  if (!Number.isInteger(rows) || rows < 0) {
    throw new UsageError(`drawing: rows must be a whole number from 0, not ${rows}`);
  }
  const isOrder = order.length === columns.length && columns.every((_, column) => order.includes(column));
  if (!isOrder) throw new UsageError(`drawing: the order must name each of ${columns.length} columns once`);
  for (const [column, codes] of given) {
    const { name, codes: own } = columnAt(columns, column);
    if (codes.length !== own.length) {
      throw new UsageError(
        `drawing: the condition on ${name} has ${codes.length} codes, the column has ${own.length}`,
      );
    }
  }
  for (const [column, cells] of known ?? []) {
    const { name, codes: own } = columnAt(columns, column);
    if (cells.length !== rows) {
      throw new UsageError(`drawing: ${cells.length} known cells of ${name} for ${rows} rows`);
    }
    const odd = cells.find((code) => code >= own.length);
    if (odd !== undefined) {
      throw new UsageError(`drawing: a known cell of ${name} has code ${odd}, the column has ${own.length}`);
    }
  }
}

function columnAt(columns: readonly CodedColumn[], column: number): CodedColumn {
  const found = columns.at(column);
  if (found === undefined || column < 0) {
    throw new UsageError(`drawing: there is no column ${column} among ${columns.length}`);
  }
  return found;
}
