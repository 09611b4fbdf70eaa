// As wrong-arguments.test.ts, of tables.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import * as tabular from "../../src/tabular/index.ts";
import { complaintsAbout, walksOf, type Rows, type Strangers } from "./argument-walk.ts";

let engine: Engine;
let other: Engine;
let strangers: Strangers;
beforeAll(async () => {
  engine = await openEngine({ device: "reference" });
  other = await openEngine({ device: "reference" });
  const disposed = engine.zeros([2, 2]);
  disposed.dispose();
  strangers = { stranger: other.zeros([2, 2]), disposed };
});
afterAll(() => {
  engine.close();
  other.close();
});

const rows = Array.from({ length: 120 }, (_, i) => `${20 + (i % 9)},${i % 9 < 5 ? "no" : "yes"}`);
const table = tabular.tableFromText("people.csv", `age,retired\n${rows.join("\n")}\n`);
const forms = tabular.guessForms([table]);
const typed = tabular.typedTable([table], forms);
const coded = tabular.fitCodes(typed);
const copula = tabular.fitCopula(coded);
const sampled = await tabular.sample(copula, { rows: 3 });
const range = { kind: "range", column: "age", must: { min: 18 } };

const ofTables: Rows<typeof tabular> = {
  DeadEndError: "not called by users",
  TabularNetwork: () => [engine, coded.columns, { embedding: 4, hidden: 4, dropout: 0.1, seed: 1 }],
  brokenConstraints: () => [[range], typed],
  copulaFromJson: () => [JSON.parse(JSON.stringify(copula)) as unknown, "model.json"],
  describeTable: () => [[table]],
  fitCodes: () => [typed, { least: 10, bins: 4, rare: () => undefined, seed: 1 }],
  fitCopula: () => [coded, { rounds: 1 }],
  guessForms: () => [[table], ["age"]],
  judgeTables: "not called by users", // trains networks wherever it works; see below
  networkLoop: "no function",
  networkModel: () => [
    new tabular.TabularNetwork(engine, coded.columns, { embedding: 4, hidden: 4 }),
    coded.columns,
    { temperature: 1 },
  ],
  networkTask: () => [
    engine,
    coded,
    { embedding: 4, hidden: 4, dropout: 0.1, seed: 1, batch: 8, validation: 0.1 },
  ],
  sample: () => [
    copula,
    {
      ...{ rows: 2, seed: 1, given: { age: { min: 20 } }, constraints: [range], redraws: 3 },
      fill: { rows: 2, columns: [{ name: "retired", kind: "category", values: ["no", ""] }] },
      numberShown: (_: string, value: number) => `${value}`,
      signal: new AbortController().signal,
    },
  ],
  sampledRows: () => [sampled, [table], forms],
  tableFromText: () => [
    "people.csv",
    "age;retired\n20;no\n",
    { delimiter: ";", header: true, names: ["a", "b"] },
  ],
  typedSample: () => [sampled, copula],
  typedTable: () => [[table], forms],
};

const walks = walksOf(tabular, ofTables, {
  copulaFromJson: { name: "copulaFromJson|is no copula", whole: [0] },
  // What is wrong with a constraint or a condition is said of it.
  brokenConstraints: { name: "brokenConstraints|constraint", whole: [1] },
  fitCodes: { whole: [0] },
  fitCopula: { whole: [0] },
  networkModel: { whole: [0] },
  TabularNetwork: { name: "TabularNetwork|Dropout" },
  networkTask: { name: "networkTask|TabularNetwork|Dropout", whole: [1] },
  sample: { name: "sample|condition|constraint", whole: [0] },
  sampledRows: { whole: [0] },
  tableFromText: { name: "tableFromText|people.csv" },
  typedSample: { whole: [0, 1] },
});

test.each(walks)(
  "%s with wrong arguments works or says so in one line",
  async (_, walked) => {
    expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
  },
  120_000,
);

test("the judge says in one line what is wrong before it teaches a network", async () => {
  const tables = { real: typed, synthetic: typed, holdout: typed };
  const { judgeTables } = tabular;
  const odd = [null, "text", {}, [], NaN, Symbol("s"), Promise.resolve(1), strangers.disposed];
  for (const each of odd) {
    const wrong = each as never;
    await expect(judgeTables(wrong, tables)).rejects.toThrow(/^judgeTables: takes an engine, got .*$/);
    await expect(judgeTables(engine, wrong)).rejects.toThrow(/^judgeTables: .*$/);
    for (const name of ["real", "synthetic", "holdout"] as const) {
      await expect(judgeTables(engine, { ...tables, [name]: wrong })).rejects.toThrow(
        new RegExp(`^judgeTables: ${name} must be a table of typed columns, as typedTable gives it, got .*$`),
      );
    }
    for (const name of ["disclose", "words", "signal", "progress"] as const) {
      await expect(judgeTables(engine, tables, { [name]: wrong })).rejects.toThrow(
        new RegExp(`^judgeTables: ${name} must be .*$`),
      );
    }
  }
  for (const name of ["seed", "target", "steps"] as const) {
    await expect(judgeTables(engine, tables, { [name]: -1.5 as never })).rejects.toThrow(
      new RegExp(`^judgeTables: ${name} must be .*, got -1.5$`),
    );
  }
  await expect(judgeTables(engine, tables, { step: 1 } as never)).rejects.toThrow(
    'judgeTables: there is no option "step"; did you mean "steps"?',
  );
  await expect(judgeTables(engine, { ...tables, hold: typed } as never)).rejects.toThrow(
    'judgeTables: there is no option "hold"',
  );
});

test("forms of columns that are not there are refused with the nearest name", () => {
  expect(() => tabular.typedTable([table], new Map([["aeg", { kind: "number" }]]))).toThrow(
    'typedTable: people.csv has no column "aeg"; did you mean "age"?',
  );
});

test("a column with a cell too few is refused by its name", () => {
  const [age] = typed.columns;
  expect(() => tabular.fitCodes({ rows: 121, columns: [age] })).toThrow(
    'fitCodes: column "age" has 120 cells in a table of 121 rows',
  );
});
