// The census of 1994 ("Adult", Becker and Kohavi, UCI Machine Learning Repository) as the proof of tables takes it: 13 columns, without
// education-num, which follows from education, and with capital = gain - loss.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** Each column's name, its kind, and where it lies in a line. */
const columns = [
  ["age", "number", 0],
  ["workclass", "category", 1],
  ["fnlwgt", "number", 2],
  ["education", "category", 3],
  ["marital-status", "category", 5],
  ["occupation", "category", 6],
  ["relationship", "category", 7],
  ["race", "category", 8],
  ["sex", "category", 9],
  ["capital", "number", 10],
  ["hours-per-week", "number", 12],
  ["native-country", "category", 13],
  ["income", "category", 14],
];

/** A typed table of one of its files; `?` is a category of its own, as in the webinar's table. */
export function readCensus(folder, file) {
  const lines = gunzipSync(readFileSync(join(folder, "census-adult", file)))
    .toString()
    .split("\n")
    .map((text) => text.replace(/\.$/, "").split(", "))
    .filter((cells) => cells.length === 15);
  return {
    rows: lines.length,
    columns: columns.map(([name, kind, at]) => ({
      name,
      kind,
      values:
        kind === "category"
          ? lines.map((cells) => cells[at])
          : Float64Array.from(
              lines,
              (cells) => Number(cells[at]) - (name === "capital" ? Number(cells[11]) : 0),
            ),
    })),
  };
}
