import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import type { CodedColumn } from "../../src/tabular/coded-table.ts";
import { conditionsFromText } from "../../src/tabular/sampling/where-text.ts";

const category = (name: string, ...values: string[]): CodedColumn => ({
  name,
  isOrdered: false,
  codes: values.map((value) => ({ kind: "value", value })),
  shares: Float64Array.from(values, () => 1 / values.length),
});
const columns: CodedColumn[] = [
  category("income", "<=50K", ">50K"),
  category("native-country", "Mexico", "Cuba", "A|B"),
  { ...category("age"), isOrdered: true, codes: [{ kind: "bin", low: 0, high: 90, step: 1 }] },
  category("a", "b=c", "d"),
  category("a=b", "c"),
];

describe("conditions as people type them", () => {
  test.each<[string[], unknown]>([
    [["income=>50K"], { income: { equals: ">50K" } }],
    [["income = <=50K"], { income: { equals: "<=50K" } }],
    [["age>=50"], { age: { min: 50 } }],
    [["age <= 50"], { age: { max: 50 } }],
    [["age>50", "age<60"], { age: { above: 50, below: 60 } }],
    [["age=40|50"], { age: { oneOf: [40, 50] } }],
    [["age!=40", "age!=41"], { age: { not: [40, 41] } }],
    [["age="], { age: { missing: true } }],
    [["income!="], { income: { missing: false } }],
    [["native-country=Mexico|Cuba"], { "native-country": { oneOf: ["Mexico", "Cuba"] } }],
    [["native-country=A|B"], { "native-country": { equals: "A|B" } }],
    [["native-country!=Cuba"], { "native-country": { not: "Cuba" } }],
    [["a=d"], { a: { equals: "d" } }],
    [["income=?"], { income: { missing: true } }],
    [["age!=NA"], { age: { missing: false } }],
  ])("%j", (texts, conditions) => {
    expect(conditionsFromText(texts, columns)).toEqual(conditions);
  });

  test("numbers may be written in a way of the column's own", () => {
    const numberIn = (_: string, text: string): number => Date.parse(text) / 86_400_000;
    expect(conditionsFromText(["age>=1970-01-11"], columns, { numberIn })).toEqual({ age: { min: 10 } });
  });

  test.each<[string, string]>([
    ["incom=>50K", 'there is no column "incom"; did you mean "income"?'],
    ["x=3", 'there is no column "x"'],
    ["income>50K", "income holds categories, which have no order; did you mean income=>50K?"],
    ["income>=50K", "income holds categories, which have no order; write income=CATEGORY"],
    ["age=>50", 'age holds numbers, and ">50" is none; did you mean age>=50?'],
    ["age=old", 'age holds numbers, and "old" is none'],
    ["age>", "there is no number after >"],
    ["income", "what should income be? Write income=VALUE"],
    ["hello", "is no condition; write COLUMN=VALUE"],
    ["a=b=c", 'may be about the column "a" or "a=b"; rename one of them'],
  ])("%s is refused: %s", (text, message) => {
    const read = (): unknown => conditionsFromText([text], columns);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(`condition ${JSON.stringify(text)}: ${message}`);
  });

  test("a column that is asked for twice is refused", () => {
    expect(() => conditionsFromText(["income=>50K", "income=<=50K"], columns)).toThrow(
      "condition: income is asked for twice; part values by |, as in income=A|B",
    );
  });
});
