// Rows of a table as the features of a small network: numbers standardised, and everything by its code, one-hot.

import { commonCodes } from "../../metrics/tables/common-codes.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";

/** Categories of a column that have a feature of their own; rarer ones share one. */
const mostFeatures = 60;
/** Deviations from the mean beyond which numbers are cut, so that one of them does not outweigh all others. */
const farthest = 4;

/** Rows that are turned into features a batch at a time: as features they would take too much memory. */
export interface FeatureRows {
  readonly rows: number;
  /** Writes the features of a row: f32, as many as `width`. */
  readonly write: (row: number, into: Float32Array, at: number) => void;
}

export interface RowFeatures {
  /** How many there are in a row. */
  readonly width: number;
  readonly of: (table: TypedTable) => FeatureRows;
}

/**
 * The features of tables with the columns of one, by whose rows numbers are standardised, and cut into bins, too: a network of this size
 * would not see a spike otherwise.
 *
 * @param without a column that is left out, since it is to be predicted
 */
export function rowFeatures(reference: TypedTable, without?: string): RowFeatures {
  const taken = [...reference.columns.keys()].filter((c) => reference.columns[c].name !== without);
  const part = (table: TypedTable): TypedTable => ({
    rows: table.rows,
    columns: taken.map((c) => table.columns[c]),
  });
  const common = commonCodes(part(reference));
  const places = common.codesOf(part(reference)).map((codes, c) => frequentFirst(codes, common.sizes[c]));
  const starts: number[] = [];
  let width = 0;
  for (const { features } of places) {
    starts.push(width);
    width += features;
  }
  const numbers = taken.flatMap((c, place) => {
    const column = reference.columns[c];
    return column.kind === "number" ? [{ place, at: width++, ...momentsOf(column.values) }] : [];
  });
  return {
    width,
    of(table) {
      const own = part(table);
      const codes = common.codesOf(own);
      return {
        rows: table.rows,
        write(row, into, at) {
          into.fill(0, at, at + width);
          for (const [place, { features, placeOf }] of places.entries()) {
            if (features > 0) into[at + starts[place] + placeOf[codes[place][row]]] = 1;
          }
          for (const { place, at: feature, mean, deviation } of numbers) {
            const apart = ((own.columns[place].values as Float64Array)[row] - mean) / deviation;
            into[at + feature] = Number.isNaN(apart) ? 0 : Math.min(farthest, Math.max(-farthest, apart));
          }
        },
      };
    },
  };
}

/** Which feature each code of a column has: the most frequent ones one each, the rest one together. */
function frequentFirst(
  codes: Int32Array,
  size: number,
): { readonly features: number; readonly placeOf: Int32Array } {
  const counts = new Float64Array(size);
  for (const code of codes) counts[code]++;
  const order = [...counts.keys()].sort((a, b) => counts[b] - counts[a]);
  const placeOf = new Int32Array(size);
  for (const [place, code] of order.entries()) placeOf[code] = Math.min(place, mostFeatures - 1);
  return { features: Math.min(size, mostFeatures), placeOf };
}

function momentsOf(values: Float64Array): { readonly mean: number; readonly deviation: number } {
  const known = values.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, known.length);
  return { mean, deviation: variance > 0 ? Math.sqrt(variance) : 1 };
}
