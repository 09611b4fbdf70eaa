// What the proof of tables says of a generator's rows: a row of the table in docs/tables.md, and what a person would notice.

import { closestRecords } from "../../dist/metrics/tables/closest-records.js";

const valuesOf = (table, name) => table.columns.find((column) => column.name === name).values;

/**
 * Measures of a judgement by one of its three sides.
 *
 * @param side `value` for the rows that were judged, `floor` for independent columns, `ceiling` for real rows
 */
export function measuresOf(judgement, side) {
  const capital = judgement.columns.find(({ name }) => name === "capital");
  return {
    shapes: judgement.shapes[side],
    capitalShape: capital.shape[side],
    pairs: judgement.pairs[side],
    triples: judgement.triples[side],
    useAuc: judgement.use.trainOnSynthetic[side],
    detection: judgement.detection[side],
  };
}

/** The share nearer to training: a mean over five drawings of the rows that are measured, for one alone is off by .009. */
export function nearerToTraining(training, holdout, table, seed) {
  const found = [0, 1, 2, 3, 4].map(
    (i) => closestRecords(training, holdout, table, { seed: seed + i }).nearer,
  );
  return found.reduce((sum, share) => sum + share, 0) / found.length;
}

/** What a person would notice; female and never-married husbands are per 10,000 rows. */
export function noticed(training, synthetic) {
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
  ["triples", "triples", 3],
  ["useAuc", "TSTR AUC", 3],
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
  [
    ["generator", ...columns.map(([, title]) => title)],
    ["---", ...columns.map(() => "---:")],
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

export const line = (name, found) =>
  `| ${[name, ...columns.map(([field, , digits]) => found[field]?.toFixed(digits) ?? "")].join(" | ")} |`;
