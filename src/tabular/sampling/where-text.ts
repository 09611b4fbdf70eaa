// Conditions as people type them: `income=>50K`, `age>=50`, `native-country=Mexico|Cuba`, `occupation!=Sales`.

import { UsageError } from "../../errors/errors.ts";
import { nearest, suggestion } from "../../errors/nearest.ts";
import { isMissing } from "../../labels/wording.ts";
import type { CodedColumn } from "../coded-table.ts";
import type { Condition } from "../constraints/condition.ts";
import { namesIn, type Conditions } from "./conditions.ts";

/** Longer ones first, so that `>=` is not read as `>`. */
const operators = ["!=", ">=", "<=", "=", ">", "<"] as const;
type Operator = (typeof operators)[number];

export interface WhereOptions {
  /** Reads what stands for a number in a column, such as a date; default: numbers as JavaScript writes them. */
  readonly numberIn?: (column: string, text: string) => number | undefined;
}

/** One way to read a text. */
interface Reading {
  readonly column: CodedColumn;
  readonly operator: Operator;
  readonly value: string;
}

/**
 * Reads conditions, of which all must hold: a column, then `=`, `!=`, `>=`, `<=`, `>` or `<`, then a value; after `=` and `!=` several,
 * parted by `|`. A category may itself begin with a sign: in `income=>50K` the column is income and the category `>50K`; in
 * `age>=50` the column holds numbers, and this is a comparison. An empty value is a missing cell, and so is a word for it such as `?`
 * that is no category.
 *
 * @throws UsageError for an unknown column, a comparison of categories, what is no number, and a text with two meanings
 */
export function conditionsFromText(
  texts: readonly string[],
  columns: readonly CodedColumn[],
  { numberIn = (_, text) => plainNumber(text) }: WhereOptions = {},
): Conditions {
  const conditions: Record<string, Condition> = {};
  for (const text of texts) {
    const { column, condition } = readCondition(text, columns, numberIn);
    const before = Object.hasOwn(conditions, column.name) ? conditions[column.name] : undefined;
    conditions[column.name] = before === undefined ? condition : both(before, condition, column.name);
  }
  return conditions;
}

function readCondition(
  text: string,
  columns: readonly CodedColumn[],
  numberIn: NonNullable<WhereOptions["numberIn"]>,
): { column: CodedColumn; condition: Condition } {
  const readings = columns.flatMap((column) => readingOf(text, column) ?? []);
  if (readings.length === 0) throw new UsageError(unreadable(text, columns));
  const faults: string[] = [];
  const good: { column: CodedColumn; condition: Condition }[] = [];
  for (const reading of readings) {
    const condition = conditionOf(reading, numberIn);
    if (typeof condition === "string") faults.push(condition);
    else good.push({ column: reading.column, condition });
  }
  if (good.length === 1) return good[0];
  const names = good.map(({ column }) => JSON.stringify(column.name)).join(" or ");
  const fault = good.length === 0 ? faults[0] : `may be about the column ${names}; rename one of them`;
  throw new UsageError(`condition ${JSON.stringify(text)}: ${fault}`);
}

function readingOf(text: string, column: CodedColumn): Reading | undefined {
  const trimmed = text.trimStart();
  if (!trimmed.startsWith(column.name)) return undefined;
  const rest = trimmed.slice(column.name.length).trimStart();
  const operator = operators.find((each) => rest.startsWith(each));
  return operator && { column, operator, value: rest.slice(operator.length).trim() };
}

/** @returns the condition, or what is wrong */
function conditionOf(
  { column, operator, value }: Reading,
  numberIn: NonNullable<WhereOptions["numberIn"]>,
): Condition | string {
  const { name } = column;
  if (!column.isOrdered) {
    const names = namesIn(column);
    if (operator === "=" || operator === "!=") return categoryCondition(operator, value, names);
    // Somebody may have forgotten the sign between the column and a category such as ">50K".
    const category = [`${operator}${value}`, value].find((each) => names.includes(each));
    const hint = category === undefined ? `write ${name}=CATEGORY` : `did you mean ${name}=${category}?`;
    return `${name} holds categories, which have no order; ${hint}`;
  }
  if (isMissing(value)) {
    if (operator === "=") return { missing: true };
    return operator === "!=" ? { missing: false } : `there is no number after ${operator}`;
  }
  const isEquality = operator === "=" || operator === "!=";
  const numbers = (isEquality ? value.split("|") : [value]).map((part) => numberIn(name, part.trim()));
  if (numbers.includes(undefined)) {
    const [, sign, rest] = /^([<>])\s*(.*)$/u.exec(value) ?? [];
    const isTurned = operator === "=" && sign !== undefined && numberIn(name, rest) !== undefined;
    const hint = isTurned ? `; did you mean ${name}${sign}=${rest}?` : "";
    return `${name} holds numbers, and ${JSON.stringify(value)} is none${hint}`;
  }
  const known = numbers as number[];
  switch (operator) {
    case "=":
      return known.length === 1 ? { equals: known[0] } : { oneOf: known };
    case "!=":
      return { not: known };
    case ">=":
      return { min: known[0] };
    case "<=":
      return { max: known[0] };
    case ">":
      return { above: known[0] };
    case "<":
      return { below: known[0] };
  }
}

function categoryCondition(operator: "=" | "!=", value: string, names: readonly string[]): Condition {
  if (isMissing(value) && !names.includes(value)) return { missing: operator === "=" };
  const parts = value.split("|").map((part) => part.trim());
  // A category may hold the sign that parts categories.
  const isOne = names.includes(value) || parts.length === 1;
  if (operator === "!=") return { not: isOne ? value : parts };
  return isOne ? { equals: value } : { oneOf: parts };
}

/** Two conditions on one column. */
function both(one: Condition, other: Condition, name: string): Condition {
  const twice = Object.keys(one).filter((word) => Object.hasOwn(other, word));
  const odd = twice.find((word) => word !== "not");
  if (odd !== undefined)
    throw new UsageError(`condition: ${name} is asked for twice; part values by |, as in ${name}=A|B`);
  const not = [one.not, other.not].flatMap((each) => each ?? []);
  return { ...one, ...other, ...(not.length > 0 && { not }) };
}

function plainNumber(text: string): number | undefined {
  const number = Number(text);
  return text === "" || Number.isNaN(number) ? undefined : number;
}

function unreadable(text: string, columns: readonly CodedColumn[]): string {
  const names = columns.map(({ name }) => name);
  const said = `condition ${JSON.stringify(text)}:`;
  const known = names.find((name) => text.trim() === name);
  if (known !== undefined) return `${said} what should ${known} be? Write ${known}=VALUE`;
  const [typed] = text.split(/[=<>!]/u, 1);
  if (typed === text) return `${said} is no condition; write COLUMN=VALUE, or COLUMN>=NUMBER`;
  const name = typed.trim();
  const near = nearest(name, names);
  const hint = near === undefined ? `; the columns are ${names.join(", ")}` : suggestion(name, names);
  return `${said} there is no column ${JSON.stringify(name)}${hint}`;
}
