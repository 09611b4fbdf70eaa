// From values to codes of a column that is known; cell-domain.ts has the way back.
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import type { CodedColumn, Drawn } from "../coded-table.ts";
import { binOf, type Bin } from "./number-codes.ts";

export interface Coder {
  /**
   * The code that stands for a value; null is no value. A number without a code of its own is in its bin, or the nearest; without
   * any bin it takes the nearest number that has a code.
   * @returns -1 for a category without a code, where none stands for rare ones, and for no value where no code stands for it
   */
  readonly codeOf: (value: Drawn) => number;
}

export function coderOf({ codes, isOrdered }: CodedColumn): Coder {
  const places = new Map<string | number, number>();
  const bins: { bin: Bin; code: number }[] = [];
  let missing = -1;
  let rare = -1;
  for (const [k, code] of codes.entries()) {
    if (code.kind === "value") places.set(code.value, k);
    else if (code.kind === "bin") bins.push({ bin: code, code: k });
    else if (code.kind === "missing") missing = k;
    else {
      rare = k;
      places.set(code.name, k);
    }
  }
  bins.sort((a, b) => a.bin.low - b.bin.low);
  const binList = bins.map(({ bin }) => bin);
  const values = [...places.keys()].filter((value) => typeof value === "number").sort((a, b) => a - b);
  const nearestValue = (value: number): number => {
    let best = values[0];
    for (const each of values) if (Math.abs(each - value) < Math.abs(best - value)) best = each;
    return places.get(best) ?? -1;
  };
  return {
    codeOf: (value) => {
      if (value === null) return missing;
      const exact = places.get(value);
      if (exact !== undefined) return exact;
      if (!isOrdered || typeof value !== "number") return isOrdered ? -1 : rare;
      if (bins.length > 0) return bins[binOf(value, binList)].code;
      return values.length > 0 ? nearestValue(value) : -1;
    },
  };
}

/** Cells of a table in codes of columns that are known, by name; -1 where no code stands for a cell. */
export function codeCells(table: TypedTable, columns: readonly CodedColumn[]): Int32Array[] {
  return columns.map((coded) => {
    const column = table.columns.find(({ name }) => name === coded.name);
    const cells = new Int32Array(table.rows).fill(-1);
    if (column === undefined) return cells;
    const { codeOf } = coderOf(coded);
    for (const [row, value] of column.values.entries()) {
      cells[row] = codeOf(value === "" || (typeof value === "number" && Number.isNaN(value)) ? null : value);
    }
    return cells;
  });
}
