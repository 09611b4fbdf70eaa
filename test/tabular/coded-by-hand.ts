// Tables in codes for tests of models: categories by frequency, numbers by their values where ten rows have them, else by bins.

import type { Code, CodedColumn, CodedTable } from "../../src/tabular/coded-table.ts";

const least = 10;

/** @param columns by name, [rows] strings or numbers; "" and NaN are missing */
export function codedByHand(columns: Readonly<Record<string, readonly (string | number)[]>>): CodedTable {
  const coded = Object.entries(columns).map(([name, values]) => codedColumn(name, values));
  return {
    rows: Object.values(columns)[0].length,
    columns: coded.map(({ column }) => column),
    cells: coded.map(({ cells }) => cells),
  };
}

function codedColumn(
  name: string,
  values: readonly (string | number)[],
): { column: CodedColumn; cells: Int32Array } {
  const isOrdered = values.some((value) => typeof value === "number");
  const { codes, codeOf } = isOrdered ? numberCodes(values as readonly number[]) : categoryCodes(values);
  const cells = Int32Array.from(values, (value) => codeOf(value));
  const shares = new Float64Array(codes.length);
  for (const code of cells) shares[code] += 1 / values.length;
  return { column: { name, isOrdered, codes, shares }, cells };
}

interface Codes {
  readonly codes: readonly Code[];
  readonly codeOf: (value: string | number) => number;
}

function categoryCodes(values: readonly (string | number)[]): Codes {
  const counts = countsOf(values);
  const names = [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  const codes = names.map((value): Code => (value === "" ? { kind: "missing" } : { kind: "value", value }));
  return { codes, codeOf: (value) => names.indexOf(value) };
}

function numberCodes(values: readonly number[]): Codes {
  const counts = countsOf(values);
  const present = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const often = [...counts].filter(([value, count]) => count >= least && !Number.isNaN(value));
  const seldom = present.filter((value) => (counts.get(value) ?? 0) < least);
  const codes: Exclude<Code, { kind: "rare" }>[] = often.map(([value]) => ({ kind: "value", value }));
  const size = Math.max(least, Math.ceil(seldom.length / 100));
  for (let at = 0; at < seldom.length; at += size) {
    const end = seldom.length - at - size < size ? seldom.length : at + size;
    const step = seldom.every(Number.isInteger) ? 1 : 0;
    codes.push({ kind: "bin", low: seldom[at], high: seldom[end - 1], step });
    if (end === seldom.length) break;
  }
  const middle = (code: Code): number =>
    code.kind === "bin" ? (code.low + code.high) / 2 : code.kind === "value" ? Number(code.value) : -Infinity;
  codes.sort((a, b) => middle(a) - middle(b));
  if (present.length < values.length) codes.unshift({ kind: "missing" });
  const exact = new Map(codes.flatMap((code, at) => (code.kind === "value" ? [[code.value, at]] : [])));
  const bins = codes.flatMap((code, at) => (code.kind === "bin" ? [{ ...code, at }] : []));
  const codeOf = (value: string | number): number =>
    Number.isNaN(value)
      ? 0
      : (exact.get(value) ?? bins.findLast(({ low }) => low <= Number(value))?.at ?? bins[0].at);
  return { codes, codeOf };
}

function countsOf<Value>(values: readonly Value[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
