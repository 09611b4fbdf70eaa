// From a manifest to rows and back, with what people get wrong: one line each, with file, line and field.
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { parseTable, type Table } from "../../src/files/csv.ts";
import { fitCopula } from "../../src/tabular/copula/fit-copula.ts";
import { describeTable } from "../../src/tabular/findings/describe-table.ts";
import { draftPlan } from "../../src/tabular/plan/draft-plan.ts";
import { fitPlan, type FittedPlan } from "../../src/tabular/plan/fitted-plan.ts";
import { parseTablePlan } from "../../src/tabular/plan/table-plan.ts";
import { modelConditions, namedColumns } from "../../src/tabular/preparation/apart-columns.ts";
import { makeIdentifiers } from "../../src/tabular/preparation/makers.ts";
import { recipeFromJson } from "../../src/tabular/preparation/table-recipe.ts";
import {
  delimiterOf,
  restoreRows,
  restoreTexts,
  type WrittenRows,
} from "../../src/tabular/preparation/restore-rows.ts";
import { sample } from "../../src/tabular/sampling/draw-rows.ts";
import { conditionsFromText } from "../../src/tabular/sampling/where-text.ts";

const cities = ["Leuven,Brabant", "Aalst,Flanders", "Gent,Flanders", "Tienen,Brabant"];
const words = ["Effusion", "Mass", "Effusion|Mass", "Effusion|Nodule", "Mass|Nodule", "None", "None"];

/** A made-up clinic: every kind of column. */
function clinic(rows: number): Table {
  const { below, normal } = randomStream(7, "clinic");
  const lines = Array.from({ length: rows }, (_, row) => {
    const age = 20 + below(60);
    const born = `${1940 + below(60)}-0${1 + below(9)}-1${below(9)}`;
    const sex = below(2) === 0 ? "F" : "M";
    const first = ["nurse", "clerk", "smith", "baker"][below(4)];
    const place = cities[below(4)];
    return `P${row},${age},${sex},${first},${{ nurse: 1, clerk: 2, smith: 3, baker: 4 }[first]},${place},${born},${words[below(7)]},${(70 + 10 * normal()).toFixed(1)}`;
  });
  return parseTable(
    "clinic.csv",
    `Patient ID,age,sex,job,job code,city,province,born,findings,weight\n${lines.join("\n")}\n`,
  );
}

const manifest = (more = ""): string => `
table: clinic.csv
columns:
  findings: {list: "|"}
  job code: category
${more.includes("constraints:") ? "" : "constraints:\n  - {computed: job code, from: [job]}\n  - together: [city, province]\n"}${more}`;

const fit = (text: string, table = clinic(600), heldOut?: Table): FittedPlan =>
  fitPlan(parseTablePlan(text, "people.yaml"), [table], heldOut === undefined ? undefined : [heldOut]);

async function rowsOf(
  { coded, constraints, recipe }: FittedPlan,
  where: readonly string[] = [],
  seed = 1,
): Promise<WrittenRows> {
  const kept = recipeFromJson(JSON.parse(JSON.stringify(recipe)), "model.json");
  const model = fitCopula(coded);
  const given = modelConditions(
    kept,
    model.columns,
    conditionsFromText(where, namedColumns(kept, model.columns)),
  );
  const drawn = await sample(model, { rows: 300, seed, given, constraints });
  return restoreRows(kept, restoreTexts(kept, drawn), seed);
}

const column = ({ header, rows }: WrittenRows, name: string): string[] =>
  rows.map((row) => row[header.indexOf(name)]);

describe("a table made after another", () => {
  test("has its columns in their order, what follows follows, and what belongs together stays together", async () => {
    const made = await rowsOf(fit(manifest()));
    expect(made.header).toEqual([
      "Patient ID",
      "age",
      "sex",
      "job",
      "job code",
      "city",
      "province",
      "born",
      "findings",
      "weight",
    ]);
    const codes: Record<string, string> = { nurse: "1", clerk: "2", smith: "3", baker: "4" };
    expect(column(made, "job code")).toEqual(column(made, "job").map((job) => codes[job]));
    const provinces = column(made, "province");
    expect(column(made, "city").every((city, row) => cities.includes(`${city},${provinces[row]}`))).toBe(
      true,
    );
    expect(words.every((cell) => column(made, "findings").includes(cell))).toBe(true);
    expect(column(made, "born").every((cell) => /^\d{4}-\d\d-\d\d$/u.test(cell))).toBe(true);
    expect(column(made, "weight").every((cell) => /^\d+(?:\.\d)?$/u.test(cell))).toBe(true);
    expect(column(made, "Patient ID").slice(0, 2)).toEqual(["1", "2"]);
  });

  test("constraints hold in what is written, too, which is rounded to the decimals of the table", async () => {
    const { below } = randomStream(4, "grants");
    const lines = Array.from({ length: 800 }, () => {
      const pay = below(4000) / 10;
      return `${pay},${pay + (1 + below(600)) / 10},${pay >= 50 ? "no" : "yes"}`;
    });
    const grants = parseTable("clinic.csv", `pay,cost,benefit\n${lines.join("\n")}\n`);
    const text =
      "table: clinic.csv\nconstraints:\n  - {order: [pay, cost], strict: true}\n  - {when: {pay: {min: 50}}, then: {benefit: 'no'}}\n  - {when: {pay: {below: 50}}, then: {benefit: 'yes'}}\n";
    const { rows } = await rowsOf(fit(text, grants), ["pay>=20.5", "pay<70.3"]);
    for (const [pay, cost, benefit] of rows) {
      expect(Number(pay)).toBeGreaterThanOrEqual(20.5);
      expect(Number(pay)).toBeLessThan(70.3);
      expect(Number(cost)).toBeGreaterThan(Number(pay));
      expect(benefit).toBe(Number(pay) >= 50 ? "no" : "yes");
    }
  });

  test("same seed, same rows; another seed, others", async () => {
    const fitted = fit(manifest());
    expect(await rowsOf(fitted)).toEqual(await rowsOf(fitted));
    expect(await rowsOf(fitted, [], 2)).not.toEqual(await rowsOf(fitted));
  });

  test("conditions on columns that the model does not have itself: computed ones, parts and words", async () => {
    const made = await rowsOf(fit(manifest()), ["job code=3", "province=Brabant", "findings=Mass"]);
    expect(new Set(column(made, "job"))).toEqual(new Set(["smith"]));
    expect(new Set(column(made, "city"))).toEqual(new Set(["Leuven", "Tienen"]));
    expect(column(made, "findings").every((cell) => cell.includes("Mass"))).toBe(true);
  });

  test("nothing that fewer than ten rows have is in the recipe or the codes", () => {
    const table = clinic(600);
    const odd = table.rows.map((row, at) =>
      at === 5
        ? {
            ...row,
            cells: {
              ...row.cells,
              city: "Nowhere",
              province: "Limbo",
              job: "pilot",
              "job code": "9",
              findings: "Oddity",
            },
          }
        : row,
    );
    const { coded, recipe } = fit(manifest(), { ...table, rows: odd });
    const kept = JSON.stringify([coded.columns, recipe]);
    for (const rare of ["Nowhere", "Limbo", "pilot", "Oddity", "P17"]) expect(kept).not.toContain(rare);
  });

  test("a row that stands for several is learned from as often, and equal rows are counted again", async () => {
    const { below } = randomStream(3, "count");
    const lines = Array.from({ length: 40 }, (_, at) => `c${at % 4},${at % 5},${at % 2},${1 + below(30)}`);
    const table = parseTable("t.csv", `a,b,c,n\n${lines.join("\n")}\n`);
    const total = lines.reduce((sum, line) => sum + Number(line.split(",")[3]), 0);
    const fitted = fit("table: t.csv\ncount: n\n", table);
    expect(fitted.real.rows + fitted.holdout.rows).toBe(total);
    const made = await rowsOf(fitted);
    expect(made.header).toEqual(["a", "b", "c", "n"]);
    expect(column(made, "n").reduce((sum, cell) => sum + Number(cell), 0)).toBe(300);
    expect(new Set(made.rows.map((row) => row.slice(0, 3).join())).size).toBe(made.rows.length);
  });

  test("the manifest that describe writes can be synthesised from as it stands", () => {
    const table = clinic(600);
    const fitted = fit(draftPlan(describeTable([table]), ["clinic.csv"]), table);
    expect(fitted.recipe.computed.map(({ column: name }) => name)).toEqual(["job code"]);
    expect(fitted.recipe.joint.map(({ parts }) => parts)).toEqual([["city", "province"]]);
    expect(fitted.recipe.lists.map(({ words: own, empty }) => [own, empty])).toEqual([
      [["Effusion", "Mass", "Nodule"], "None"],
    ]);
    expect(fitted.recipe.identifiers.map(({ column: name }) => name)).toEqual(["Patient ID"]);
  });
});

test("identifiers are made by the seed", async () => {
  expect(await makeIdentifiers("x", "name", 5, 1)).toEqual(await makeIdentifiers("x", "name", 5, 1));
  expect(await makeIdentifiers("x", "name", 5, 1)).not.toEqual(await makeIdentifiers("x", "name", 5, 2));
  const patterned = await makeIdentifiers("x", { pattern: "A-####?" }, 500, 1);
  expect(patterned.every((cell) => /^A-\d{4}[A-Z]$/u.test(cell))).toBe(true);
  expect(new Set(patterned).size).toBe(500);
});

describe("what cannot be meant is one line", () => {
  const cases: readonly (readonly [what: string, text: string, message: RegExp])[] = [
    [
      "an unknown key",
      "table: a.csv\nmodle: copula\n",
      /^people\.yaml:2: modle is not known here; .*did you mean "model"\?/u,
    ],
    [
      "an unknown kind",
      "table: a.csv\ncolumns:\n  age: numeric\n",
      /^people\.yaml:3: columns\.age must be one of/u,
    ],
    [
      "an unknown constraint",
      "table: a.csv\nconstraints:\n  - {equal: [a, b]}\n",
      /^people\.yaml:3: constraints\[0\] must have one of the keys/u,
    ],
    [
      "rare under ten",
      "table: a.csv\nrare: {below: 5}\n",
      /^people\.yaml:2: rare\.below must be at least 10, not 5/u,
    ],
    [
      "a column that is not there",
      manifest("leave: [wieght]\n"),
      /leave\[0\] names a column that the table does not have, "wieght"; .*did you mean "weight"\?/u,
    ],
    [
      "a computed column that is none",
      manifest("constraints:\n  - {computed: sex, from: [job]}\n"),
      /constraints\[0\]\.computed does not hold: sex is not the same where job is, in \d+ of 600 rows; .*line \d+/u,
    ],
    [
      "a constraint that rows break",
      manifest("constraints:\n  - {range: {age: {max: 40}}}\n"),
      /range: age is at most 40: \d+ rows of 600 break it, the first: clinic\.csv: .*line \d+/u,
    ],
    [
      "a category that no row has, in a when",
      manifest(
        "constraints:\n  - {range: {age: {min: 0}}}\n  - {when: {job: [nurse, clark]}, then: {sex: F}}\n",
      ),
      /^people\.yaml:8: constraints\[1\]\.when\.job asks for "clark", which is in no row of the table; did you mean "clerk"\?/u,
    ],
    [
      "a category that no row has, ruled out",
      manifest("constraints:\n  - {range: {job: {not: [clark]}}}\n"),
      /constraints\[0\]\.range\.job asks for "clark"/u,
    ],
    [
      "a constraint with a mistyped key",
      "table: a.csv\nconstraints:\n  - {togther: [a, b]}\n",
      /constraints\[0\] must have one of the keys .*did you mean "together"\?/u,
    ],
    [
      "a category with bounds",
      manifest("constraints:\n  - {range: {sex: {max: 40}}}\n"),
      /constraints\[0\]\.range\.sex asks for max, and the column has categories/u,
    ],
    [
      "an identifier in a constraint",
      manifest("constraints:\n  - together: [city, Patient ID]\n"),
      /names "Patient ID", which is an identifier/u,
    ],
    [
      "what is computed from what is computed",
      "table: a.csv\nconstraints:\n  - {computed: b, from: [a]}\n  - {computed: c, from: [b]}\n",
      /constraints\[1\]\.from names "b", which is computed itself/u,
    ],
    [
      "a difference of words",
      manifest().replace("columns:\n", "columns:\n  x: {difference: [age, sex]}\n"),
      /clinic\.csv: record 0: line 2: sex: "[FM]" is no number/u,
    ],
  ];
  for (const [what, text, message] of cases) test(what, () => expect(() => fit(text)).toThrow(message));

  test("too few rows, and decimal commas that nobody told of", () => {
    expect(() => fit(manifest(), clinic(80))).toThrow(
      /people\.yaml:2: table has 80 rows, of which 64 are learned from: too few to learn from and to keep private/u,
    );
    expect(() => fit(manifest(), clinic(150))).toThrow(
      /people\.yaml:\d+: holdout leaves 30 rows to judge by, and 50 are needed; say a larger share, or name a file/u,
    );
    const table = parseTable(
      "t.csv",
      `a,b\n${Array.from({ length: 300 }, (_, at) => `"1,${at}",x${at % 3}`).join("\n")}\n`,
    );
    expect(() => fit("table: t.csv\n", table)).toThrow(
      /^t\.csv: record 0: line 2: a: looks like numbers written as "1,0": say decimal: ","/u,
    );
    expect(fit('table: t.csv\ncolumns:\n  a: {decimal: ","}\n', table).recipe.columns[0].form.kind).toBe(
      "number",
    );
  });

  test("what may stand in a column can be more than what does", () => {
    expect(fit(manifest("constraints:\n  - {range: {sex: [F, M, X]}}\n")).constraints).toHaveLength(1);
  });

  test("a hold-out that overlaps what is learned from is counted", () => {
    expect(fit(manifest("holdout: other.csv\n"), clinic(600), clinic(150)).overlap).toBe(150);
  });
});

describe("a table of other marks", () => {
  const rows = Array.from(
    { length: 300 },
    (_, at) => `0,${at % 40}5;${"pqr"[at % 3]};w${at};${at % 7 ? "x" : "?"}`,
  );
  const table = parseTable("t.csv", `a;b;c;d\n${rows.join("\n")}\n`, { delimiter: ";" });
  const text = 'table: t.csv\ndelimiter: ";"\ncolumns:\n  a: {decimal: ","}\n  c: category\n';

  test("is written with them again, and tells of a column of which nothing is learned", async () => {
    const fitted = fit(text, table);
    expect(fitted.hollow).toEqual([
      expect.stringMatching(
        /^column "c": each of its 240 categories has fewer than 10 rows, so that every row that is made has "other"/u,
      ),
    ]);
    expect(delimiterOf(recipeFromJson(JSON.parse(JSON.stringify(fitted.recipe)), "model.json"))).toBe(";");
    expect(delimiterOf(fit(manifest()).recipe)).toBe(",");
    const { rows: made } = await rowsOf(fitted);
    for (const [a, , c] of made) {
      expect(a).toMatch(/^0,\d+$/u);
      expect(c).toBe("other");
    }
  });

  test("a missing value is asked for by no word of its own", () => {
    expect(() => fit(`${text}constraints:\n  - {when: {d: "?"}, then: {b: p}}\n`, table)).toThrow(
      /constraints\[0\]\.when\.d asks for "\?", which is no value there: say \{missing: true\}/u,
    );
  });
});

test.each([99, 120, 149])(
  "of %i rows describe says how many are needed, and its manifest can be read",
  (rows) => {
    const description = describeTable([clinic(rows)]);
    expect(description.findings[0]).toMatchObject({
      topic: "few rows",
      advice: "100 are needed, and 50 more to judge by",
    });
    expect(parseTablePlan(draftPlan(description, ["clinic.csv"]), "m.yaml").holdout).toBeLessThanOrEqual(0.5);
    expect(describeTable([clinic(150)]).findings.some(({ topic }) => topic === "few rows")).toBe(false);
  },
);
