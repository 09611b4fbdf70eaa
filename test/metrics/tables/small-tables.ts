// Tables for tests: small ones by their cells, and the census as its webinar has it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { TypedColumn, TypedTable } from "../../../src/metrics/tables/typed-columns.ts";
import { dataRoot } from "../../data/real-data.ts";

/** A table of named columns: lists of names, or of numbers. */
export function tableOf(
  columns: Readonly<Record<string, readonly string[] | readonly number[]>>,
): TypedTable {
  const typed = Object.entries(columns).map(([name, values]): TypedColumn =>
    values.every((value) => typeof value === "number")
      ? { name, kind: "number", values: Float64Array.from(values) }
      : { name, kind: "category", values: values },
  );
  return { rows: typed[0].values.length, columns: typed };
}

export const censusFiles = ["census-adult/adult.data.gz", "census-adult/adult.test.gz"] as const;

const names = [
  ...[
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
  ],
  ...["race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income"],
];
const numbers = ["age", "fnlwgt", "hours-per-week"];

/** One of the census's files, with 13 columns: education-num is left out, and capital is gain less loss. */
export function censusTable(file: (typeof censusFiles)[number]): TypedTable {
  const lines = gunzipSync(readFileSync(join(dataRoot, file)))
    .toString()
    .split("\n")
    .filter((line) => line.includes(",") && !line.startsWith("|"));
  const rows = lines.map((line) => line.trim().replace(/\.$/u, "").split(", "));
  const cells = (name: string): string[] => rows.map((row) => row[names.indexOf(name)]);
  const number = (name: string): Float64Array => Float64Array.from(cells(name), Number);
  const columns = names.flatMap((name): TypedColumn[] => {
    if (name === "education-num" || name === "capital-loss") return [];
    if (name === "capital-gain") {
      const loss = number("capital-loss");
      return [{ name: "capital", kind: "number", values: number(name).map((gain, row) => gain - loss[row]) }];
    }
    if (numbers.includes(name)) return [{ name, kind: "number", values: number(name) }];
    return [{ name, kind: "category", values: cells(name).map((cell) => (cell === "?" ? "" : cell)) }];
  });
  return { rows: rows.length, columns };
}
