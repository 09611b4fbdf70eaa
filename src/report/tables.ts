// Tables for the terminal.

import Table from "cli-table3";
import type { Interval } from "../statistics/interval.ts";

/** Columns separated by spaces, with a rule below the head: readable on a terminal, in a log and in a paste. */
export const plainTable = {
  chars: {
    top: "",
    "top-mid": "",
    "top-left": "",
    "top-right": "",
    bottom: "",
    "bottom-mid": "",
    "bottom-left": "",
    "bottom-right": "",
    left: "",
    "left-mid": "",
    mid: "",
    "mid-mid": "",
    right: "",
    "right-mid": "",
    middle: "  ",
  },
  style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
};

/** Shows an AUC. */
export function showAuc(value: number | null | undefined): string {
  return value === undefined ? "-" : value === null ? "undefined" : value.toFixed(4);
}

/** Shows an interval, or in short why there is none: its note has the rest. */
export function showInterval(
  { interval, note }: { readonly interval: Interval | null; readonly note: string | null } | undefined = {
    interval: null,
    note: null,
  },
  decimals = 3,
): string {
  if (interval !== null) return `${interval.low.toFixed(decimals)} to ${interval.high.toFixed(decimals)}`;
  return note?.startsWith(notGiven) === true ? "not given" : "-";
}

const notGiven = "not given: ";

/** The most classes whose intervals are explained on a terminal. */
const mostNotes = 5;

/** Why there are no intervals of some classes, as lines below a table; "" where all are given. */
export function intervalNotes({
  byClass,
}: {
  readonly byClass: Readonly<Record<string, { readonly note: string | null }>>;
}): string {
  const notes = Object.entries(byClass).flatMap(([name, { note }]) =>
    note?.startsWith(notGiven) === true ? [`  ${name}: ${note.slice(notGiven.length)}`] : [],
  );
  if (notes.length === 0) return "";
  const rest = notes.length - mostNotes;
  const shown = [...notes.slice(0, mostNotes), ...(rest > 0 ? [`  and ${rest} more (see --json)`] : [])];
  return `Intervals that are not given, and what there is to go by:\n${shown.join("\n")}`;
}

/** A table of AUC by class, with named columns, and the mean below a rule. */
export function aucTable(
  classes: readonly string[],
  columns: readonly {
    readonly name: string;
    readonly cell: (className: string) => string;
    readonly mean: string;
  }[],
): string {
  const table = new Table({ ...plainTable, head: ["class", ...columns.map(({ name }) => name)] });
  for (const name of classes) table.push([name, ...columns.map(({ cell }) => cell(name))]);
  table.push(["mean", ...columns.map(({ mean }) => mean)]);
  return table.toString();
}
