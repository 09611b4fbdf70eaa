import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { DataError } from "../../src/errors/data-errors.ts";
import { UsageError } from "../../src/errors/errors.ts";
import {
  admits,
  cellWithin,
  complement,
  everything,
  holds,
  justAbove,
  justBelow,
  meet,
} from "../../src/tabular/cell-domain.ts";
import type { Code, CodedColumn } from "../../src/tabular/coded-table.ts";
import { brokenConstraints } from "../../src/tabular/constraints/broken-rows.ts";
import { conditionShown, domainOf, type Condition } from "../../src/tabular/constraints/condition.ts";
import {
  constraintShown,
  constraintsFromJson,
  placeConstraints,
  type Constraint,
} from "../../src/tabular/constraints/constraint.ts";
import { contradictionAmong } from "../../src/tabular/constraints/contradictions.ts";
import { narrowed } from "../../src/tabular/constraints/narrowing.ts";
import { ColumnLimits } from "../../src/tabular/constraints/row-limits.ts";
import type { TypedTable } from "../../src/metrics/tables/typed-columns.ts";

const values = (...list: (string | number)[]): Code[] => list.map((value) => ({ kind: "value", value }));
const bin = (low: number, high: number, step = 1): Code => ({ kind: "bin", low, high, step });
const missing: Code = { kind: "missing" };
const column = (name: string, codes: readonly Code[]): CodedColumn => ({
  name,
  isOrdered: codes.some(
    (code) => code.kind === "bin" || (code.kind === "value" && typeof code.value === "number"),
  ),
  codes,
  shares: Float64Array.from(codes, () => 1 / codes.length),
});

const numbers = (condition: Condition): ReturnType<typeof domainOf> => domainOf(condition, "number", "age");
const names = (condition: Condition): ReturnType<typeof domainOf> => domainOf(condition, "category", "sex");

describe("what a condition means", () => {
  test.each<[Condition, number[], number[]]>([
    [{ equals: 3 }, [3], [2.999, 4]],
    [{ oneOf: [5, 3] }, [3, 5], [4]],
    [{ not: [3, 5] }, [2, 4, 6], [3, 5]],
    [{ min: 3, max: 5 }, [3, 5], [2.999999999999999, 5.000000000000001]],
    [{ above: 3, below: 5 }, [3.0000000000000004, 4, 4.999999999999999], [3, 5]],
    [{ min: 0, not: 0 }, [5e-324, 7], [0, -0, -1]],
  ])("%j: these numbers and not those", (condition, inside, outside) => {
    const domain = numbers(condition);
    for (const number of inside)
      expect([holds(domain, number), holds(complement(domain), number)]).toEqual([true, false]);
    for (const number of outside)
      expect([holds(domain, number), holds(complement(domain), number)]).toEqual([false, true]);
    expect([holds(domain, null), holds(complement(domain), null)]).toEqual([false, true]);
  });

  test.each<[Condition, string[], string[]]>([
    [{ equals: "a" }, ["a"], ["b"]],
    [{ oneOf: ["a", "b"], not: "b" }, ["a"], ["b", "c"]],
    [{ not: ["a", "b"] }, ["c"], ["a", "b"]],
    [{ equals: 40 }, ["40"], ["4"]],
  ])("%j: these names and not those", (condition, inside, outside) => {
    const domain = names(condition);
    for (const name of inside)
      expect([holds(domain, name), holds(complement(domain), name)]).toEqual([true, false]);
    for (const name of outside)
      expect([holds(domain, name), holds(complement(domain), name)]).toEqual([false, true]);
  });

  test("missing cells are in where it says so, alone or beside values", () => {
    expect([holds(numbers({ missing: true }), null), holds(numbers({ missing: true }), 3)]).toEqual([
      true,
      false,
    ]);
    expect([holds(numbers({ missing: false }), null), holds(numbers({ missing: false }), 3)]).toEqual([
      false,
      true,
    ]);
    expect([holds(names({ equals: "a", missing: true }), null), holds(names({ equals: "a" }), null)]).toEqual(
      [true, false],
    );
  });

  test("cells in two domains are in what they have in common, and only those", () => {
    const pairs = [
      [
        numbers({ min: 1, max: 6, not: 3 }),
        numbers({ oneOf: [2, 3, 4], missing: true }),
        [1, 2, 3, 4, 7, null],
      ],
      [names({ not: "a" }), names({ not: "b" }), ["a", "b", "c", null]],
      [names({ not: "a" }), names({ oneOf: ["a", "b"] }), ["a", "b", "c", null]],
      [everything("category"), names({ missing: true }), ["a", null]],
    ] as const;
    for (const [one, other, cells] of pairs) {
      for (const cell of cells)
        expect(holds(meet(one, other), cell)).toBe(holds(one, cell) && holds(other, cell));
    }
  });

  test.each<[string, () => unknown]>([
    ["sex holds categories, which have no min", () => names({ min: 3 })],
    ['age holds numbers, and "x" is none', () => numbers({ equals: "x" })],
    ["age: the condition says nothing", () => numbers({})],
    ["age: a list of no values", () => numbers({ oneOf: [] })],
    ["age: no number is from 5 to 3", () => numbers({ min: 5, max: 3 })],
    ["age: no number is above 5 and below 5", () => numbers({ above: 5, below: 5 })],
    ["age: max must be a number, got NaN", () => numbers({ max: NaN })],
  ])("is refused where it cannot be meant: %s", (message, make) => {
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
  });

  test("is said in words", () => {
    const said = [
      { equals: "a" },
      { oneOf: ["a", "b"] },
      { not: 3 },
      { min: 1, max: 2 },
      { min: 1 },
      { max: 2 },
      { above: 1, missing: true },
      { missing: false },
    ];
    expect(said.map((each) => conditionShown(each as Condition, "age"))).toEqual([
      '"a"',
      'one of "a", "b"',
      "not 3",
      "from 1 to 2",
      "at least 1",
      "at most 2",
      "above 1 or missing",
      "not missing",
    ]);
  });

  test("the next double is the next", () => {
    for (const x of [0, 1, -1, 0.1, 1e300, -5e-324]) {
      expect(justAbove(x)).toBeGreaterThan(x);
      expect(justBelow(justAbove(x)) === x).toBe(true);
      expect((x + justAbove(x)) / 2 === x || (x + justAbove(x)) / 2 === justAbove(x)).toBe(true);
    }
    expect(justAbove(Infinity)).toBe(Infinity);
  });
});

describe("codes and domains", () => {
  test("a bin is allowed where one of its steps is inside, and decodes to those alone", () => {
    const random = randomStream(1, "decode");
    const within = (code: Code, condition: Condition): Set<unknown> =>
      new Set(Array.from({ length: 200 }, () => cellWithin(numbers(condition), code, random)));
    expect(admits(numbers({ above: 5, below: 6 }), bin(1, 9))).toBe(false);
    expect(admits(numbers({ above: 5, below: 6 }), bin(1, 9, 0))).toBe(true);
    expect(within(bin(1, 9), { above: 5, below: 8 })).toEqual(new Set([6, 7]));
    expect(within(bin(1, 9), { oneOf: [2, 9, 12] })).toEqual(new Set([2, 9]));
    expect(within(bin(1, 3), { not: 2 })).toEqual(new Set([1, 3]));
    expect(within(bin(0.1, 0.4, 0.1), { min: 0.2 })).toEqual(new Set([0.2, 0.3, 0.4]));
    expect(within(bin(4, 4, 0), { min: 2 })).toEqual(new Set([4]));
    const some = [...within(bin(0, 10, 0), { min: 2, max: 4 })] as number[];
    expect(some.every((x) => x >= 2 && x <= 4) && new Set(some).size > 190).toBe(true);
    expect(within(bin(0.1, 0.3, 0.1), { above: 0.1 })).toEqual(new Set([0.2, 0.3]));
    expect(within(bin(-0.35, 0.3, 0.1), { below: 0 })).toEqual(new Set([-0.3, -0.2, -0.1]));
  });

  test("every whole number of a bin is as likely", () => {
    const random = randomStream(2, "decode");
    const counts = new Map<unknown, number>();
    for (let at = 0; at < 6000; at++) {
      const cell = cellWithin(everything("number"), bin(-1, 4), random);
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([-1, 0, 1, 2, 3, 4].sort());
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(833));
  });

  test("rare ones decode to their name, missing ones to nothing", () => {
    const random = randomStream(3, "decode");
    expect(cellWithin(everything("category"), { kind: "rare", name: "other" }, random)).toBe("other");
    expect(cellWithin(everything("category"), missing, random)).toBeNull();
    expect(admits(names({ equals: "other" }), { kind: "rare", name: "other" })).toBe(true);
  });
});

const husband: Constraint = {
  kind: "when",
  when: { relation: { equals: "husband" } },
  then: { sex: { equals: "male" } },
};
const life: Constraint = { kind: "order", columns: ["birth", "marriage", "death"] };
const table: TypedTable = {
  rows: 5,
  columns: [
    { name: "relation", kind: "category", values: ["husband", "wife", "husband", "", "husband"] },
    { name: "sex", kind: "category", values: ["male", "female", "female", "male", ""] },
    { name: "birth", kind: "number", values: Float64Array.of(1900, 1910, 1920, 1930, NaN) },
    { name: "marriage", kind: "number", values: Float64Array.of(NaN, 1910, 1940, 1920, 1950) },
    { name: "death", kind: "number", values: Float64Array.of(1890, 1980, 1990, 2000, 1950) },
  ],
};

describe("rows of a table", () => {
  test("that break constraints are counted, and the first one found; missing cells break nothing", () => {
    expect(brokenConstraints([husband, life], table)).toEqual([
      { constraint: husband, count: 1, first: 2 },
      { constraint: life, count: 2, first: 0 },
    ]);
    const strict: Constraint = { ...life, strict: true };
    expect(brokenConstraints([strict], table)).toEqual([{ constraint: strict, count: 4, first: 0 }]);
    const range: Constraint = { kind: "range", column: "birth", must: { min: 1905, missing: false } };
    expect(brokenConstraints([range], table)).toEqual([{ constraint: range, count: 2, first: 0 }]);
    expect(brokenConstraints([{ kind: "range", column: "birth", must: { min: 1900 } }], table)).toEqual([]);
  });

  test.each<[string, Constraint]>([
    [
      'there is no column "sexx"; did you mean "sex"?',
      { kind: "range", column: "sexx", must: { equals: "a" } },
    ],
    ["sex holds categories, which have no order", { kind: "order", columns: ["sex", "birth"] }],
    ["needs two columns, has 1", { kind: "order", columns: ["birth"] }],
    ["birth is named twice", { kind: "order", columns: ["birth", "birth"] }],
    ["needs a condition on both sides", { kind: "when", when: {}, then: { sex: { equals: "male" } } }],
    ["sex is on both sides; say it as a range", { ...husband, when: { sex: { not: "x" } } }],
    ['birth holds numbers, and "x" is none', { kind: "range", column: "birth", must: { equals: "x" } }],
  ])("constraints that do not suit the columns are refused: %s", (message, constraint) => {
    const place = (): unknown => brokenConstraints([constraint], table);
    expect(place).toThrow(message);
    expect(place).toThrow(UsageError);
  });

  test("constraints go to and from JSON, and damaged ones are refused", () => {
    expect(constraintsFromJson(JSON.parse(JSON.stringify([husband, life])), "model.json")).toEqual([
      husband,
      life,
    ]);
    for (const [json, message] of [
      [{}, "constraints: the list must be a list, got an object"],
      [
        [{ ...life, kind: "odrer" }],
        'constraint: kind must be one of "range", "order", "when", got the string "odrer"',
      ],
      [[{ kind: "when", when: {} }], 'constraint: the option "then" is missing'],
    ] as const) {
      const read = (): unknown => constraintsFromJson(json, "model.json");
      expect(read).toThrow(DataError);
      expect(read).toThrow(`model.json: is damaged: ${message}`);
    }
  });

  test("constraints are said in words", () => {
    expect([husband, life, { ...life, strict: true } as const].map((each) => constraintShown(each))).toEqual([
      'when relation is "husband" then sex is "male"',
      "order: birth <= marriage <= death",
      "order: birth < marriage < death",
    ]);
  });
});

const columns = [
  column("relation", values("husband", "wife", "child")),
  column("sex", values("male", "female")),
  column("birth", [bin(1900, 1949), bin(1950, 1999)]),
  column("marriage", [missing, bin(1920, 1969), bin(1970, 2010)]),
  column("death", [bin(1940, 1979), ...values(1980), bin(1981, 2020)]),
];

const inDays = (name: string, days: number): string => (name === "birth" ? `day ${days}` : String(days));

describe("contradictions", () => {
  test("are told with the two constraints that make them", () => {
    const onlyWomen: Constraint = { kind: "range", column: "sex", must: { equals: "female" } };
    expect(contradictionAmong([life, husband, onlyWomen], columns)).toBe(
      'the constraints (when relation is "husband" then sex is "male") and (range: sex is "female") contradict each other: together they leave no value of relation to (when relation is "husband" then sex is "male")',
    );
    const late: Constraint = { kind: "range", column: "birth", must: { min: 1990 } };
    const early: Constraint = { kind: "range", column: "death", must: { max: 1980 } };
    const two: Constraint = { kind: "order", columns: ["birth", "death"] };
    expect(contradictionAmong([late, two], columns)).toBeUndefined();
    expect(contradictionAmong([late, { ...late, must: { max: 1950 } }], columns)).toMatch(
      /^the constraints \(range: birth is at least 1990\) and \(range: birth is at most 1950\) contradict each other: together they leave no value of birth$/u,
    );
    expect(contradictionAmong([late, early, two], columns)).toMatch(
      /^the constraints contradict each other, three or more of them: leaves no value of (birth|death)$/u,
    );
    expect(
      contradictionAmong(
        [
          { ...two, strict: true },
          { kind: "order", columns: ["death", "birth"] },
        ],
        columns,
      ),
    ).toMatch(/contradict each other: together they make birth less than itself$/u);
    expect(
      contradictionAmong([two, { kind: "order", columns: ["death", "birth"] }], columns),
    ).toBeUndefined();
  });

  test("a range outside of what there is contradicts by itself; a when of what there is not does not", () => {
    expect(contradictionAmong([{ kind: "range", column: "birth", must: { min: 2050 } }], columns)).toBe(
      "the constraint (range: birth is at least 2050) leaves no value of birth",
    );
    expect(
      contradictionAmong([{ kind: "range", column: "birth", must: { min: 2050 } }], columns, inDays),
    ).toBe("the constraint (range: birth is at least day 2050) leaves no value of birth");
    const never: Constraint = {
      kind: "when",
      when: { relation: { equals: "uncle" } },
      then: { sex: { equals: "none" } },
    };
    expect(contradictionAmong([never], columns)).toBeUndefined();
    expect(contradictionAmong([{ ...never, when: { relation: { equals: "wife" } } }], columns)).toMatch(
      /^the constraint .* leaves no value of/u,
    );
  });
});

function limitOf(
  name: string,
  constraints: readonly Constraint[],
  row: Readonly<Record<string, string | number | null>>,
): number[] {
  const kinds = columns.map(({ name: own, isOrdered }) => ({
    name: own,
    kind: isOrdered ? ("number" as const) : ("category" as const),
  }));
  const placed = placeConstraints(constraints, kinds);
  const { domains } = narrowed(columns, placed);
  const at = columns.findIndex((each) => each.name === name);
  const limits = new ColumnLimits(at, columns, placed, domains);
  return [...limits.at((other) => row[columns[other].name]).codes];
}

describe("what a row may have in a column", () => {
  test("a when is read forwards and backwards", () => {
    expect(limitOf("sex", [husband], {})).toEqual([1, 1]);
    expect(limitOf("sex", [husband], { relation: "husband" })).toEqual([1, 0]);
    expect(limitOf("sex", [husband], { relation: "wife" })).toEqual([1, 1]);
    expect(limitOf("relation", [husband], { sex: "female" })).toEqual([0, 1, 1]);
    expect(limitOf("relation", [husband], { sex: "male" })).toEqual([1, 1, 1]);
    expect(limitOf("relation", [husband], { sex: null })).toEqual([1, 1, 1]);
  });

  test("of several conditions the last open one decides", () => {
    const both: Constraint = {
      kind: "when",
      when: { relation: { equals: "child" }, sex: { equals: "female" } },
      then: { birth: { min: 1950 } },
    };
    expect(limitOf("birth", [both], { relation: "child" })).toEqual([1, 1]);
    expect(limitOf("birth", [both], { relation: "child", sex: "female" })).toEqual([0, 1]);
    expect(limitOf("sex", [both], { relation: "child", birth: 1930 })).toEqual([1, 0]);
    expect(limitOf("sex", [both], { birth: 1930 })).toEqual([1, 1]);
  });

  test("an order binds from both sides, over missing cells and those not drawn yet", () => {
    expect(limitOf("birth", [life], { death: 1945 })).toEqual([1, 0]);
    expect(limitOf("death", [life], { birth: 1990, marriage: null })).toEqual([0, 0, 1]);
    expect(limitOf("marriage", [life], { birth: 1975, death: 2000 })).toEqual([1, 0, 1]);
    expect(limitOf("death", [{ ...life, strict: true }], { birth: 1980 })).toEqual([0, 0, 1]);
    expect(limitOf("death", [life], { birth: 1980 })).toEqual([0, 1, 1]);
  });

  test("what is certain before a cell is drawn is used", () => {
    const onlyWives: Constraint = { kind: "range", column: "relation", must: { oneOf: ["husband"] } };
    expect(limitOf("sex", [husband, onlyWives], {})).toEqual([1, 0]);
    const early: Constraint = { kind: "range", column: "death", must: { max: 1948 } };
    expect(limitOf("birth", [life, early], {})).toEqual([1, 0]);
  });
});
