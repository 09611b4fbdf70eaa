// The census of 1994 as the webinar has it: 13 columns, education in words only, capital gain and loss in one.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { dataRoot } from "../data/real-data.ts";

/** Where it lies in the folder of published data. */
export const censusFiles = ["census-adult/adult.data.gz", "census-adult/adult.test.gz"];

const names =
  "age workclass fnlwgt education education-num marital-status occupation relationship race sex capital-gain capital-loss hours-per-week native-country income".split(
    " ",
  );
const numbers = ["age", "fnlwgt", "hours-per-week"];

/** The rows that are learned from, or those held out; "" is missing. */
export function censusColumns(part: "data" | "test"): Record<string, (string | number)[]> {
  const text = gunzipSync(readFileSync(join(dataRoot, `census-adult/adult.${part}.gz`))).toString("utf8");
  const rows = text
    .split("\n")
    .filter((line) => line.includes(", "))
    .map((line) => line.replace(/\.$/u, "").split(", "));
  const column = (name: string): string[] => {
    const at = names.indexOf(name);
    return rows.map((cells) => (cells[at] === "?" ? "" : cells[at]));
  };
  const losses = column("capital-loss");
  const columns: Record<string, (string | number)[]> = {};
  for (const name of names) {
    if (name === "education-num" || name === "capital-loss") continue;
    if (name === "capital-gain") {
      columns["capital"] = column(name).map((gain, row) => Number(gain) - Number(losses[row]));
    } else columns[name] = numbers.includes(name) ? column(name).map(Number) : column(name);
  }
  return columns;
}
