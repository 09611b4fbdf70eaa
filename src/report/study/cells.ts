// Tables of a study, as Markdown and for a terminal.

import Table from "cli-table3";
import { showNumber } from "../../studies/study-numbers.ts";
import { markdownTable, markdownText, type MarkdownColumn } from "../markdown.ts";
import { plainTable } from "../tables.ts";

/** Columns and rows, for any of these formats. */
export interface Cells {
  readonly columns: readonly MarkdownColumn[];
  readonly rows: readonly (readonly string[])[];
}

export const left = (name: string): MarkdownColumn => ({ name, align: "left" });
export const right = (name: string): MarkdownColumn => ({ name, align: "right" });

export function meanAndDeviation(
  { mean, standardDeviation }: { readonly mean: number; readonly standardDeviation: number | null },
  show: (value: number) => string,
): string {
  return standardDeviation === null ? show(mean) : `${show(mean)} ± ${showNumber(standardDeviation)}`;
}

export function draw({ columns, rows }: Cells): string {
  return markdownTable(columns, rows);
}

export function plain({ columns, rows }: Cells): string {
  const table = new Table({
    ...plainTable,
    head: columns.map(({ name }) => name),
    colAligns: columns.map(({ align }) => align),
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}

export function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${markdownText(line)}\n`).join("");
}
