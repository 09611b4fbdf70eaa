import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { DataError } from "../../src/errors/data-errors.ts";
import type { TypedTable } from "../../src/metrics/tables/typed-columns.ts";
import { fitCodes } from "../../src/tabular/codes/fit-codes.ts";
import { sharesWithin } from "../../src/tabular/copula/choose-parents.ts";
import { copulaFromJson } from "../../src/tabular/copula/copula-model.ts";
import { fitCopula } from "../../src/tabular/copula/fit-copula.ts";
import { sample, type SampledTable } from "../../src/tabular/sampling/draw-rows.ts";

/**
 * Households: a relation says a sex and whether somebody is married, two things that no single order of relations can tell. Age goes with
 * the relation, and colour with nothing.
 */
const rows = 4000;
const table = ((): TypedTable => {
  const random = randomStream(3, "households");
  const relations = [
    ["husband", "married", "male"],
    ["wife", "married", "female"],
    ["son", "single", "male"],
    ["daughter", "single", "female"],
    ["widow", "widowed", "female"],
    ["widower", "widowed", "male"],
  ];
  const people = Array.from({ length: rows }, (_, row) => {
    // Three wives are called male: fewer than ten.
    const own = relations[random.below(6)];
    const sex = row < 3 ? "male" : own[2];
    return row < 3 ? ["wife", "married", sex] : [own[0], random.uniform() < 0.9 ? own[1] : "separated", sex];
  });
  const category = (name: string, values: string[]) => ({ name, kind: "category" as const, values });
  return {
    rows,
    columns: [
      category(
        "relation",
        people.map(([relation]) => relation),
      ),
      {
        name: "age",
        kind: "number",
        values: Float64Array.from(
          people,
          ([relation]) => (relation.startsWith("w") ? 60 : 30) + random.below(20),
        ),
      },
      category(
        "state",
        people.map(([, state]) => state),
      ),
      category(
        "sex",
        people.map(([, , sex]) => sex),
      ),
      category(
        "colour",
        people.map(() => ["red", "green", "blue"][random.below(3)]),
      ),
    ],
  };
})();
const coded = fitCodes(table);
const model = fitCopula(coded);

const cells = (of: SampledTable, name: string): readonly unknown[] =>
  of.columns.find((column) => column.name === name)?.values ?? [];
const together = (of: SampledTable): string[] => {
  const [relation, state, sex] = ["relation", "state", "sex"].map((name) => cells(of, name));
  return relation.map((_, row) => `${String(relation[row])} ${String(state[row])} ${String(sex[row])}`);
};
const relations = Array.from(table.columns[0].values, String);
const seen = new Set(
  relations.map((relation, row) =>
    row < 3
      ? "wife married female"
      : `${relation} ${String(table.columns[2].values[row])} ${String(table.columns[3].values[row])}`,
  ),
);

describe("columns that have more to do with each other than two normal variables can", () => {
  test("have ranks within the codes of another, and no others have", () => {
    expect(model.ranks.map(({ parent }) => parent)).toEqual([-1, 0, 0, 0, -1]);
    expect(fitCopula(coded, { within: false }).ranks.every(({ parent }) => parent < 0)).toBe(true);
  });

  test("come in combinations that ten rows have, and each code as often as it was", async () => {
    const drawn = await sample(model, { rows, seed: 1 });
    expect(together(drawn).filter((each) => !seen.has(each))).toEqual([]);
    for (const [column, { name, codes, shares }] of coded.columns.entries()) {
      if (column === 1) continue;
      for (const [code, share] of shares.entries()) {
        const value = codes[code].kind === "value" ? codes[code].value : undefined;
        const found = cells(drawn, name).filter((cell) => cell === value).length / rows;
        expect(Math.abs(found - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / rows));
      }
    }
    const apart = await sample(fitCopula(coded, { within: false }), { rows, seed: 1 });
    expect(together(apart).filter((each) => !seen.has(each)).length).toBeGreaterThan(200);
  });

  test("are drawn under conditions on some of them, with what goes with these", async () => {
    const given = { sex: { equals: "female" }, age: { min: 60 }, state: { not: "separated" } };
    const drawn = await sample(model, { rows: 500, seed: 2, given });
    expect(new Set(cells(drawn, "sex"))).toEqual(new Set(["female"]));
    expect(together(drawn).filter((each) => !seen.has(each))).toEqual([]);
    const widows = cells(drawn, "relation").filter((each) => each === "widow" || each === "wife").length;
    expect(widows).toBeGreaterThan(400);
    expect(drawn.share).toBeGreaterThan(0.15);
    expect(drawn.share).toBeLessThan(0.4);
  });

  test("that nobody has together are drawn where they are asked for, and said to be as good as never", async () => {
    const given = { relation: { equals: "husband" }, sex: { equals: "female" } };
    const drawn = await sample(model, { rows: 100, seed: 2, given });
    expect(new Set(cells(drawn, "relation"))).toEqual(new Set(["husband"]));
    expect(new Set(cells(drawn, "sex"))).toEqual(new Set(["female"]));
    expect(drawn.share).toBeLessThan(1e-8);
  });

  test("keep constraints in whatever order they are drawn", async () => {
    const constraints = [
      { kind: "when", when: { colour: { equals: "red" } }, then: { sex: { equals: "male" } } },
      { kind: "when", when: { sex: { equals: "male" } }, then: { relation: { not: "son" } } },
    ] as const;
    const drawn = await sample(model, { rows: 2000, seed: 4, constraints });
    const [colour, sex, relation] = ["colour", "sex", "relation"].map((name) => cells(drawn, name));
    expect(colour.filter((each) => each === "red").length).toBeGreaterThan(300);
    expect(colour.some((each, row) => each === "red" && sex[row] !== "male")).toBe(false);
    expect(sex.some((each, row) => each === "male" && relation[row] === "son")).toBe(false);
    expect(together(drawn).filter((each) => !seen.has(each))).toEqual([]);
  });

  test("that are known stay, also where nobody has them together, and the others follow", async () => {
    const fill = {
      rows: 400,
      columns: [
        {
          name: "relation",
          kind: "category",
          values: Array.from({ length: 400 }, (_, row) => (row % 2 === 0 ? "widower" : "husband")),
        },
        {
          name: "sex",
          kind: "category",
          values: Array.from({ length: 400 }, (_, row) => (row % 2 === 0 ? "" : "female")),
        },
      ],
    } as const;
    const drawn = await sample(model, { fill, seed: 1 });
    expect(cells(drawn, "relation")).toEqual(fill.columns[0].values);
    cells(drawn, "sex").forEach((sex, row) => expect(sex).toBe(row % 2 === 0 ? "male" : "female"));
    const widowed = cells(drawn, "state").filter((state, row) => row % 2 === 0 && state === "widowed").length;
    expect(widowed).toBeGreaterThan(150);
  });

  test("are kept as JSON", async () => {
    const written = JSON.stringify(model);
    const read = copulaFromJson(JSON.parse(written), "copula.json");
    expect(JSON.stringify(read)).toBe(written);
    expect(await sample(read, { rows: 30, seed: 1 })).toEqual(await sample(model, { rows: 30, seed: 1 }));
    const damaged = [
      [{ parent: 9 }, "parents[0]: has not the shares"],
      [{ shares: [[1]] }, "parents[0]: has not the shares"],
      [
        { column: 0, parent: 3, shares: Array.from({ length: 2 }, () => [0.5, 0.1, 0.1, 0.1, 0.1, 0.1]) },
        "parents: go in a circle",
      ],
    ] as const;
    for (const [fields, message] of damaged) {
      const json = JSON.parse(written) as { parents: object[] };
      Object.assign(json.parents[0], fields);
      expect(() => copulaFromJson(json, "copula.json")).toThrow(DataError);
      expect(() => copulaFromJson(json, "copula.json")).toThrow(message);
    }
  });
});

describe("shares within the codes of another column", () => {
  test("are those of the table, but for pairs of codes that fewer than ten rows have", () => {
    const shares = sharesWithin(coded, 0, 3);
    expect(shares).toHaveLength(6);
    for (const [code, of] of (shares ?? []).entries()) {
      const rowsWith = relations.flatMap((_, row) => (coded.cells[0][row] === code ? [row] : []));
      for (const [sex, share] of of.entries()) {
        const count = rowsWith.filter((row) => coded.cells[3][row] === sex).length;
        const kept = count < 10 ? 0 : rowsWith.length - count < 10 ? 1 : count / rowsWith.length;
        expect(share).toBe(kept);
      }
    }
  });

  /** Two columns of so many codes. */
  const pair = (one: readonly number[], other: readonly number[]) => ({
    rows: one.length,
    columns: [one, other].map((cells, column) => {
      const count = Math.max(...cells) + 1;
      return {
        name: `c${column}`,
        isOrdered: false,
        codes: Array.from({ length: count }, (_, value) => ({ kind: "value", value }) as const),
        shares: Float64Array.from(
          { length: count },
          (_, k) => cells.filter((each) => each === k).length / cells.length,
        ),
      };
    }),
    cells: [Int32Array.from(one), Int32Array.from(other)],
  });

  test("pairs of few rows come as often together as they did, with those that are few anywhere", () => {
    // Beside code 0 and beside code 1: ninety rows with 0, and twelve of 1 to 4, three each.
    const cells = Array.from({ length: 204 }, (_, row) => [row % 2, row < 180 ? 0 : 1 + ((row >> 1) % 4)]);
    const shares = sharesWithin(
      pair(
        cells.map(([one]) => one),
        cells.map(([, other]) => other),
      ),
      0,
      1,
    );
    for (const of of shares ?? []) {
      expect(of[0]).toBeCloseTo(90 / 102, 12);
      for (let k = 1; k < 5; k++) expect(of[k]).toBeCloseTo(3 / 102, 12);
    }
    expect(shares).toHaveLength(2);
  });

  test("are none where a code would be lost", () => {
    // Code 1 has eighteen rows, nine beside each code of the other.
    const cells = Array.from({ length: 200 }, (_, row) => [row % 2, Number(row < 18)]);
    expect(
      sharesWithin(
        pair(
          cells.map(([one]) => one),
          cells.map(([, other]) => other),
        ),
        0,
        1,
      ),
    ).toBeUndefined();
  });
});
