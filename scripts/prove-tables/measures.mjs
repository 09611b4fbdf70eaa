// What the proof of tables says of a generator's rows: a row of the table in docs/tables.md, and what a person would notice.

import { closestRecords } from "../../dist/metrics/tables/closest-records.js";
import { columnShapes } from "../../dist/metrics/tables/column-shapes.js";
import { commonCodes } from "../../dist/metrics/tables/common-codes.js";
import { columnPairs, columnTriples, correlationShape, jointShapes } from "../../dist/metrics/tables/joint-shapes.js";

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const valuesOf = (table, name) => table.columns.find((column) => column.name === name).values;

/** Measures rows against the hold-out; the seed decides which triples are looked at. */
export function measured({ training, holdout, synthetic, seed }) {
  const shapes = columnShapes(holdout, synthetic);
  const common = commonCodes(training);
  const [real, made] = [holdout, synthetic].map((table) => common.codesOf(table));
  const count = holdout.columns.length;
  const pairs = columnPairs(count, Infinity, seed);
  const tables = jointShapes(common, real, made, pairs);
  const isNumber = (c) => holdout.columns[c].kind === "number";
  const both = pairs.map(([i, j], at) =>
    isNumber(i) && isNumber(j) ? (correlationShape(holdout, synthetic, [i, j]) ?? tables[at]) : tables[at],
  );
  return {
    shapes: mean(shapes),
    capitalShape: shapes[holdout.columns.findIndex(({ name }) => name === "capital")],
    pairs: mean(both),
    pairTables: mean(tables),
    triples: mean(jointShapes(common, real, made, columnTriples(count, 60, seed))),
    nearer: closestRecords(training, holdout, synthetic, { seed }).nearer,
    ...noticed(training, synthetic),
  };
}

/** What a person would notice; shares are per 10,000 rows. */
function noticed(training, synthetic) {
  const { rows } = synthetic;
  const [relationship, sex, marital, hours, capital, country] = [
    "relationship",
    "sex",
    "marital-status",
    "hours-per-week",
    "capital",
    "native-country",
  ].map((name) => valuesOf(synthetic, name));
  const count = (test) => Array.from({ length: rows }, (_, row) => row).filter(test).length;
  const perTenThousand = (test) => (count(test) * 10_000) / rows;
  const isHusband = (row) => relationship[row] === "Husband";
  const shares = (values) => {
    const found = new Map();
    for (const value of values) found.set(value, (found.get(value) ?? 0) + 1 / values.length);
    return found;
  };
  const [wanted, made] = [shares(valuesOf(training, "native-country")), shares(country)];
  // By the standard error of the share in as many rows as were made.
  const off = [...wanted].filter(([name, share]) => {
    return Math.abs((made.get(name) ?? 0) - share) > 3 * Math.sqrt((share * (1 - share)) / rows);
  });
  return {
    femaleHusbands: perTenThousand((row) => isHusband(row) && sex[row] === "Female"),
    neverMarried: perTenThousand((row) => isHusband(row) && marital[row] === "Never-married"),
    forty: count((row) => hours[row] === 40) / rows,
    noCapital: count((row) => capital[row] === 0) / rows,
    countries: made.size,
    countriesOff: off.length,
  };
}

const columns = [
  ["shapes", "shapes", 3],
  ["capitalShape", "of capital", 3],
  ["pairs", "pairs", 3],
  ["pairTables", "pairs, TV", 3],
  ["triples", "triples", 3],
  ["trainedOnSynthetic", "TSTR AUC", 3],
  ["detection", "detection AUC", 3],
  ["nearer", "nearer", 3],
  ["noCapital", "capital = 0", 3],
  ["forty", "hours = 40", 3],
  ["countries", "countries", 0],
  ["countriesOff", "off by 3 s.e.", 0],
  ["femaleHusbands", "female husbands", 1],
  ["neverMarried", "never married", 1],
];

/** The head of the table, in Markdown. */
export const head = () =>
  [["generator", ...columns.map(([, title]) => title)], ["---", ...columns.map(() => "---:")]]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

export const line = (name, found) =>
  `| ${[name, ...columns.map(([field, , digits]) => found[field]?.toFixed(digits) ?? "")].join(" | ")} |`;
