// Typed tables for tests: small ones by their cells, and the census.

import type { TypedColumn, TypedTable } from "../../../src/metrics/tables/typed-columns.ts";
import { censusColumns } from "../../tabular/census.ts";

/** A table of named columns: lists of names, or of numbers. */
export function tableOf(columns: Readonly<Record<string, readonly (string | number)[]>>): TypedTable {
  const typed = Object.entries(columns).map(([name, values]): TypedColumn => {
    const numbers = values.filter((value) => typeof value === "number");
    return values.length > 0 && numbers.length === values.length
      ? { name, kind: "number", values: Float64Array.from(numbers) }
      : { name, kind: "category", values: values.map(String) };
  });
  return { rows: typed[0].values.length, columns: typed };
}

/** The rows of the census that are learned from, or those held out. */
export const censusTable = (part: "data" | "test"): TypedTable => tableOf(censusColumns(part));
