// `tessera judge` as a process of its own: a report, JSON and a table of any two files; bad input is one line.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { TableJudgement } from "../../src/tabular/judging/table-judgement.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";

const folder = workingFolder();
const judge = (...parameters: string[]): Promise<Ended> =>
  runBuilt(folder, ["judge", ...parameters, "--device", "reference", "--steps", "2"]);

const header = "id,town,age,seen,label";

/** A table of people; `columns` in another order where asked. */
function rows(first: number, count = 150): string[] {
  return Array.from({ length: count }, (_, row) => {
    const n = (first + row * 37) % 1009;
    const day = String(1 + (n % 28)).padStart(2, "0");
    return `p${first + row},town ${n % 4},${20 + (n % 60)},2021-0${1 + (n % 9)}-${day},${n % 3 === 0 ? "ill" : "well"}`;
  });
}
const put = (name: string, lines: readonly string[]): void =>
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);

beforeAll(() => {
  put("real.csv", [header, ...rows(0)]);
  put("holdout.csv", [header, ...rows(500)]);
  put("synthetic.csv", [
    "label,seen,age,town,id",
    ...rows(300).map((row) => row.split(",").reverse().join(",")),
  ]);
  put("short.csv", ["id,town,age,seen", ...rows(0).map((row) => row.split(",").slice(0, 4).join(","))]);
  put("wide.csv", [`${header},more`, ...rows(0).map((row) => `${row},1`)]);
  put("few.csv", [header, ...rows(0, 20)]);
});

test("writes a report, JSON and a table, of columns in any order", async () => {
  const { code, output, errors } = await judge(
    ...[
      "real.csv",
      "synthetic.csv",
      "--holdout",
      "holdout.csv",
      "--out",
      "out/report.html",
      "--json",
      "out/quality.json",
    ],
    ...["--disclose", "label", "--from", "town, age"],
  );
  expect(own(errors)).toContain("report: out/report.html");
  expect(code).toBe(0);
  expect(output).toMatch(/Pairs of columns +0\.\d{3} +0\.\d{3} +0\.\d{3}/u);
  expect(output).toMatch(/Left out, since they name who a row is: id\./u);
  const found = JSON.parse(readFileSync(join(folder, "out/quality.json"), "utf8")) as TableJudgement;
  expect(found.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    ...["town category", "age number", "seen number", "label category"],
  ]);
  expect(found.use?.target).toEqual({ column: "label", positive: "ill", negative: "well" });
  expect(found.privacy.disclosure?.from).toEqual(["town", "age"]);
  const page = readFileSync(join(folder, "out/report.html"), "utf8");
  expect(page).toContain("synthetic.csv beside real.csv");
  expect(page).toMatch(/2021-0\d-\d\d/u); // dates are written as such
});

describe("bad input is one line", () => {
  const cases: [name: string, parameters: string[], message: RegExp][] = [
    ["a column that the synthetic table lacks", ["real.csv", "short.csv"], /^error: short\.csv: .*"label"/u],
    [
      "a column that the real table lacks",
      ["real.csv", "wide.csv"],
      /^error: wide\.csv: has columns that real\.csv has not: "more"/u,
    ],
    ["few rows", ["real.csv", "few.csv"], /synthetic table has 20 rows, and fewer than 100/u],
    [
      "no such target",
      ["real.csv", "synthetic.csv", "--target", "labl"],
      /--target: there is no column "labl"; there are town, age/u,
    ],
    ["a target of many values", ["real.csv", "synthetic.csv", "--target", "town"], /"town" has 4/u],
    [
      "half of an attack",
      ["real.csv", "synthetic.csv", "--disclose", "label"],
      /--disclose COLUMN and --from COLUMNS go together/u,
    ],
    [
      "an attack from the column itself",
      ["real.csv", "synthetic.csv", "--disclose", "label", "--from", "label"],
      /--from has "label"/u,
    ],
  ];
  test.each(cases)("%s", async (_, parameters, message) => {
    const { code, output, errors } = await judge(...parameters, "--out", "never.html", "--quiet");
    expect(own(errors)).toMatch(message);
    expect(own(errors).split("\n")).toHaveLength(1);
    expect(output).toBe("");
    expect(code).toBe(2);
    expect(existsSync(join(folder, "never.html"))).toBe(false);
  });
});
