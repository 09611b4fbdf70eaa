// Guesses the kind of a column from its cells. What can be read in two ways is not decided here: the guess carries the doubt, and
// whoever wants to learn from the column has to say which way is meant.
import { counted } from "../../errors/counted.ts";
import { brief } from "../../files/csv.ts";
import { isMissing } from "../../labels/wording.ts";
import type { ColumnCells } from "./column-cells.ts";
import type { ColumnForm } from "./column-forms.ts";
import { dateFormOf, isDateCell, markOf, ordersOf, type DateOrder } from "./date-cells.ts";
import { readNumber, type NumberForm } from "./number-cells.ts";

export interface ColumnGuess {
  readonly form: ColumnForm;
  /** Why the column cannot be learned from before somebody says more, and what to say. */
  readonly doubt?: string;
  /** A row (counted from 0) that shows the doubt. */
  readonly row?: number;
}

/** From this share of numbers on, a column is one of numbers in which a few cells are something else. */
const mostlyNumbers = 0.9;

/** Forms in which a comma takes part. They are recognised, and never taken by themselves. */
const otherForms: readonly NumberForm[] = [
  { decimal: "," },
  { decimal: ",", thousands: "." },
  { thousands: "," },
  { decimal: ",", thousands: " " },
  { thousands: " " },
  { thousands: "'" },
];

export function guessForm({ name, cells }: ColumnCells): ColumnGuess {
  const said: string[] = [];
  const rows: number[] = [];
  for (const [row, cell] of cells.entries()) {
    if (isMissing(cell)) continue;
    said.push(cell);
    rows.push(row);
  }
  if (said.length === 0) return { form: { kind: "category" } };
  const distinct = new Set(said);
  const dates = guessDates(said, rows);
  if (dates !== undefined) return dates;
  const values = said.map((cell) => readNumber(cell));
  const numbers = values.filter((value) => value !== undefined);
  if (numbers.length === values.length) return { form: numberForm(name, said, numbers, distinct.size) };
  for (const form of otherForms) {
    const places = said.findIndex(
      (cell, at) => values[at] === undefined && readNumber(cell, form) === undefined,
    );
    if (places >= 0) continue;
    const first = values.indexOf(undefined);
    return { form: { kind: "category" }, doubt: commaDoubt(said[first], form), row: rows[first] };
  }
  if (isCalledIdentifier(name, distinct.size, said.length)) return { form: { kind: "identifier" } };
  const unit = distinct.size > 3 ? unitDoubt(said) : undefined;
  if (unit !== undefined) return { form: { kind: "category" }, doubt: unit, row: rows[0] };
  const odd = values.indexOf(undefined);
  if (numbers.length >= mostlyNumbers * values.length && new Set(numbers).size > 2) {
    const count = values.length - numbers.length;
    const doubt =
      `is a number in ${counted(numbers.length, "cell")} and not in ${count.toLocaleString("en")}, such as ${brief(said[odd])}: ` +
      `mend them, say that such words are missing values (words: [${brief(said[odd])}] in a manifest), or say kind: category`;
    return { form: { kind: "category" }, doubt, row: rows[odd] };
  }
  return {
    form: {
      kind: isIdentifier(name, distinct.size, said.length, meanLength(said)) ? "identifier" : "category",
    },
  };
}

function commaDoubt(cell: string, form: NumberForm): string {
  // One comma before three digits can be either, and no other cell settled it.
  const isEither = /^[+-]?[1-9]\d{0,2},\d{3}$/u.test(cell);
  const says = `${form.decimal === undefined ? "" : `decimal: "${form.decimal}"`}${
    form.decimal !== undefined && form.thousands !== undefined ? " and " : ""
  }${form.thousands === undefined ? "" : `thousands: "${form.thousands}"`}`;
  const either = isEither ? 'decimal: "," or thousands: ","' : says;
  return `looks like numbers written as ${brief(cell)}: say ${either}, or kind: category`;
}

/** Dates, where all cells are some; a doubt where they are in an order that nobody can tell, or in two. */
function guessDates(said: readonly string[], rows: readonly number[]): ColumnGuess | undefined {
  if (!isDateCell(said[0])) return undefined;
  const orders = ordersOf(said);
  if (orders.length === 0) {
    if (!said.every(isDateCell)) return undefined;
    const [one, other] = breaking(said);
    return {
      form: { kind: "category" },
      doubt: `has dates in two orders, ${brief(said[one])} and ${brief(said[other])}: write them in one, such as 2021-12-31`,
      row: rows[other],
    };
  }
  const dates = dateFormOf(said, orders[0]) ?? { order: orders[0] };
  const marks = said.findIndex((cell) => markOf(cell, orders[0]) !== dates.mark);
  if (marks >= 0) {
    return {
      form: { kind: "category" },
      doubt: `has dates in two orders or with two marks, ${brief(said[0])} and ${brief(said[marks])}: write them in one`,
      row: rows[marks],
    };
  }
  if (orders.length === 1) return { form: { kind: "date", dates } };
  return {
    form: { kind: "date", dates },
    doubt: `has dates such as ${brief(said[0])}, of which none tells whether the day or the month stands first: say dates: day-first or dates: month-first`,
    row: rows[0],
  };
}

/** Two cells that no order reads both. */
function breaking(said: readonly string[]): [number, number] {
  let left: DateOrder[] = ordersOf(said.slice(0, 1));
  let one = 0;
  for (const [at, cell] of said.entries()) {
    const rest = left.filter((order) => markOf(cell, order) !== undefined);
    if (rest.length === 0) return [one, at];
    if (rest.length < left.length) one = at;
    left = rest;
  }
  return [one, said.length - 1];
}

/** Where all cells are numbers with one unit, such as 5 %, 12 kg or $8: they would be taken for categories or names. */
function unitDoubt(said: readonly string[]): string | undefined {
  const parts = /^(\p{Sc}?)\s?([-+]?\d[\d.,' ]*?)(\s?(?:%|\u2030|\p{Sc}|[\p{L}\u00b0]{1,8}))?$/u;
  const [, before, , behind = ""] = parts.exec(said[0]) ?? [];
  const unit = `${before}${behind.trim()}`;
  if ((before as string | undefined) === undefined || unit === "") return undefined;
  const isOne = said.every((cell) => {
    const found = parts.exec(cell);
    if (found === null || `${found[1]}${(found[3] ?? "").trim()}` !== unit) return false;
    return [{}, ...otherForms].some((form) => readNumber(found[2], form) !== undefined);
  });
  if (!isOne) return undefined;
  return `has numbers with "${unit}", such as ${brief(said[0])}: write them without it, or say kind: category`;
}

function numberForm(
  name: string,
  said: readonly string[],
  numbers: readonly number[],
  distinct: number,
): ColumnForm {
  const isWhole = numbers.every((value) => Number.isSafeInteger(value));
  if (isWhole && isIdentifier(name, distinct, numbers.length, 0)) return { kind: "identifier" };
  // More digits than a number keeps are a name; a power of ten is a large number.
  if (said.some((cell, at) => /^[+-]?\d+$/u.test(cell) && !Number.isSafeInteger(numbers[at]))) {
    return { kind: "identifier" };
  }
  if (distinct <= 3) return { kind: "category" };
  return { kind: isWhole ? "integer" : "number" };
}

/** Whether the name of a column says that it says who a row is, and many differ. */
function isCalledIdentifier(name: string, distinct: number, count: number): boolean {
  if (count < 20 || distinct <= 0.05 * count) return false;
  const plain = name.trim().replace(/^[A-Z]+(?=[\s_.-]|$)/u, (word) => word.toLowerCase());
  const isKey =
    /(?:^|[\s_.-])(?:id|ids|identifier|uuid|guid|key|mrn|ssn|e-?mail|phone|telephone)$/iu.test(plain) ||
    /[a-z](?:Id|ID)$/u.test(plain);
  return (
    isKey ||
    /(?:^|[\s_.-])(?:(?:first|last|family|full)[\s_-]?name|surname|address|patient(?:[\s_-]?id)?)$/iu.test(
      plain,
    )
  );
}

/**
 * Whether cells say who a row is: by the name of their column where many differ, else where practically all differ. Numbers only
 * where they count rows, words also where they are long, such as paths and free text.
 */
function isIdentifier(name: string, distinct: number, count: number, length: number): boolean {
  if (count < 20) return false;
  if (isCalledIdentifier(name, distinct, count)) return true;
  if (length === 0) return distinct === count && isCounted(name);
  return distinct > 0.9 * count || (length > 12 && distinct > 0.5 * count);
}

/** Whether a column of numbers that are all different is called as a number of rows is. */
const isCounted = (name: string): boolean =>
  /^(?:|#|no\.?|nr\.?|index|row|unnamed.*|record|number)$/iu.test(name.trim());

const meanLength = (cells: readonly string[]): number =>
  cells.reduce((sum, cell) => sum + cell.length, 0) / Math.max(1, cells.length);
