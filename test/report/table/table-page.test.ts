// The page of a judged table, and its summary on a terminal.

import { beforeAll, describe, expect, test } from "vitest";
import { paragraph } from "../../../src/report/html/page.ts";
import { judgementSummary } from "../../../src/report/table/judgement-summary.ts";
import { tablePage } from "../../../src/report/table/table-page.ts";
import { judgeTables } from "../../../src/tabular/judging/judge-tables.ts";
import type { TableJudgement } from "../../../src/tabular/judging/table-judgement.ts";
import type { TypedTable } from "../../../src/metrics/tables/typed-columns.ts";
import { useEngine } from "../../engines.ts";
import { tableOf } from "../../metrics/tables/small-tables.ts";
import { all, checkedPage, type Node } from "../pages.ts";

const engine = useEngine({ device: "webgpu" });

/** Twelve columns, some of which go together; names that mean something to HTML. */
function people(first: number, shift = 0): TypedTable {
  const rows = Array.from({ length: 240 }, (_, row) => (first + row * 97) % 1009);
  const more = Object.fromEntries(
    Array.from({ length: 8 }, (_, c) => [`column ${c}`, rows.map((row) => `${(row + c + shift) % (c + 2)}`)]),
  );
  return tableOf({
    "<b>town</b>": rows.map((row) => (row % 5 === 0 ? "" : `town & <i>${row % 4}</i>`)),
    age: rows.map((row) => (row % 3 === 0 ? 40 : 20 + ((row + shift) % 50))),
    visits: rows.map((row) => (row % 7 === 0 ? NaN : (row * row) % 30)),
    ...more,
    label: rows.map((row) => (row % 4 === 0 ? "ill" : "well")),
  });
}

let found: TableJudgement;
let page: string;
let document: Node;
const words = { title: "some.csv beside real.csv", lead: "A table, judged.", foot: "Made by a test" };

beforeAll(async () => {
  const disclose = { column: "label", from: ["age", "<b>town</b>"] };
  const tables = { real: people(0), synthetic: people(5, 3), holdout: people(11) };
  found = await judgeTables(engine(), tables, { steps: 10, disclose });
  page = tablePage(found, words);
  document = checkedPage(page);
});

describe("the page", () => {
  test("has a gauge for each measure, with the value and both yardsticks in words", () => {
    const cards = all(document, ".gauges li").map(({ textContent }) => textContent.replace(/\s+/gu, " "));
    expect(cards).toHaveLength(9);
    const pairs = cards.find((card) => card.includes("Pairs of columns")) ?? "";
    expect(pairs).toContain((found.pairs.value ?? 0).toFixed(3));
    expect(pairs).toContain(
      `Independent columns ${(found.pairs.floor ?? 0).toFixed(3)}, real rows ${(found.pairs.ceiling ?? 0).toFixed(3)}.`,
    );
    for (const circle of all(document, ".gauges circle")) {
      const x = Number(circle.getAttribute("cx"));
      expect(x).toBeGreaterThanOrEqual(12);
      expect(x).toBeLessThanOrEqual(288);
    }
  });

  test("what is not defined is said, and not what it would mean; one pair is one", async () => {
    const column = (name: string, shift: number): [string, string[]] => [
      name,
      Array.from({ length: 200 }, (_, row) => "pq"[((row * 7 + shift) >> 1) % 2]),
    ];
    const two = (shift: number): TypedTable =>
      tableOf(Object.fromEntries([column("a", shift), column("b", shift + 1)]));
    const small = await judgeTables(
      engine(),
      { real: two(0), synthetic: two(1), holdout: two(2) },
      { steps: 2 },
    );
    const text = tablePage(small, words);
    expect(text).toContain("Not defined for this table");
    expect(text).not.toContain("which show what pairs do not");
    expect(text).toContain("The only pair");
    expect(judgementSummary(small)).not.toContain("which show what pairs do not");
    // Copies are no nearer than anything else here, and their name has no room beside "right".
    const labels = all(checkedPage(text), ".gauges text").map(({ textContent }) => textContent);
    expect(labels.filter((label) => /right|copies/u.test(label))).toEqual(["right 0.5"]);
  });

  test("shows the ten columns that fall farthest short, and folds the others", () => {
    const titles = all(document, "figure[id^=column] h3").map(({ textContent }) => textContent);
    const sorted = found.columns.toSorted(
      (a, b) =>
        (b.shape.ceiling ?? 1) - (b.shape.value ?? 1) - ((a.shape.ceiling ?? 1) - (a.shape.value ?? 1)),
    );
    expect(titles).toEqual(sorted.map(({ name }) => name));
    expect(all(document, "details figure")).toHaveLength(2);
  });

  test("shows bars of categories and of numbers, a spike by itself", () => {
    const age = found.columns.find(({ name }) => name === "age");
    expect(age?.bars.map(({ label }) => label)).toContain("exactly 40");
    for (const { bars } of found.columns) {
      expect(bars.reduce((sum, { real }) => sum + real, 0)).toBeCloseTo(1, 9);
      expect(bars.reduce((sum, { synthetic }) => sum + synthetic, 0)).toBeCloseTo(1, 9);
    }
  });

  test("has a map of associations of each table and of the difference", () => {
    expect(all(document, "figure[id^=associations]").map(({ id }) => id)).toEqual([
      "associations-real",
      "associations-synthetic",
      "associations-difference",
    ]);
  });

  test("says that nothing is proven, and what the attack came to", () => {
    const privacy = all(document, "section").find((section) => section.querySelector("#privacy") !== null);
    expect(privacy?.textContent).toMatch(/None of this is a proof.*no differential privacy is claimed/u);
    expect(privacy?.textContent).toMatch(
      /knows age, <b>town<\/b> of 240 real people guesses their label right/u,
    );
  });

  test("escapes what comes from the table, and has the same bytes each time", () => {
    expect(page).not.toMatch(/<b>|<i>/u);
    expect(tablePage(found, words)).toBe(page);
  });

  test("takes sections of others, and tables with little in them", async () => {
    const flat = (count: number): TypedTable =>
      tableOf({ one: Array<string>(count).fill("same"), none: Array<number>(count).fill(NaN) });
    const little = await judgeTables(
      engine(),
      { real: flat(100), synthetic: flat(100), holdout: flat(100) },
      { steps: 5 },
    );
    const section = { id: "model", title: "The model", content: [paragraph("Of a test.")] };
    const text = tablePage(little, { ...words, sections: [section] });
    expect(all(checkedPage(text), "figure[id^=column]")).toHaveLength(2);
    expect(text).toContain("Of a test.");
    expect(text).not.toMatch(/NaN|undefined|Infinity/u);
  });
});

test("the summary on a terminal has each measure between its yardsticks, and what they do not say", () => {
  const text = judgementSummary(found);
  const line = text.split("\n").find((each) => each.startsWith("Pairs of columns")) ?? "";
  const numbers = [found.pairs.value, found.pairs.floor, found.pairs.ceiling].map((value) =>
    (value ?? 0).toFixed(3),
  );
  expect(line.match(/\d\.\d{3}/gu)).toEqual(numbers);
  expect(text).toMatch(/None of this is a proof/u);
  expect(text).toMatch(/Copies: \d+ of 240 synthetic rows are equal to a real row/u);
  expect(text).toMatch(/weaker judge than boosted trees/u);
  expect(text).not.toMatch(/NaN|undefined/u);
});
