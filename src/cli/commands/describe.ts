// `tessera describe`: what a table is like, and what somebody should decide before rows are made after it.

import { relative } from "node:path";
import Table from "cli-table3";
import { counted } from "../../errors/counted.ts";
import type { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import type { Table as Rows } from "../../files/csv.ts";
import { readTable } from "../../files/read-table.ts";
import type { TableForm } from "../../files/table-forms.ts";
import { plainTable } from "../../report/tables.ts";
import {
  describeTable,
  type ColumnDescription,
  type TableDescription,
} from "../../tabular/findings/describe-table.ts";
import { draftPlan } from "../../tabular/plan/draft-plan.ts";
import { tableForm } from "../../tabular/plan/table-form.ts";
import { checkFolderOf, writeOutput } from "../terminal/output-files.ts";
import { warn } from "../terminal/warn.ts";

export interface DescribeOptions {
  readonly delimiter?: string;
  /** False with --no-header. */
  readonly header: boolean;
  readonly names?: readonly string[];
  readonly manifest?: string;
  readonly dataRoot?: string;
  readonly skipBad: boolean;
  readonly json: boolean;
}

/**
 * Prints a table of the columns and the findings, or with --json one object:
 *
 *     files, rows
 *     columns   [{ name, form: { kind, ... }, isCertain, missing, distinct, most?: { value, rows }, lowest?, highest?, list?, shape? }]
 *     findings  [{ topic, columns, sentence, advice }], the gravest first; topics: src/tabular/findings/finding.ts
 */
export async function describeCommand(files: readonly string[], options: DescribeOptions): Promise<void> {
  const form = formOf(options);
  if (options.manifest !== undefined) checkFolderOf("--manifest", options.manifest);
  const tables = await readTables(files, form, options.skipBad);
  const description = describeTable(tables);
  if (options.manifest !== undefined) {
    const root = options.dataRoot ?? ".";
    const paths = files.map((file) => pathBelow(root, file));
    writeOutput("--manifest", options.manifest, draftPlan(description, paths, form));
  }
  if (options.json) {
    process.stdout.write(`${JSON.stringify(description, null, 2)}\n`);
    return;
  }
  process.stdout.write(`${descriptionText(description)}\n`);
  if (options.manifest !== undefined) {
    process.stdout.write(
      `\nwritten to ${options.manifest}: look at its comments, then: tessera synthesise ${options.manifest}\n`,
    );
  }
}

function formOf({ delimiter, header, names }: DescribeOptions): TableForm {
  if (names !== undefined && header) {
    throw new UsageError("--names are of a table without a header: add --no-header, or leave them out");
  }
  return tableForm({
    delimiter: (delimiter ?? ",") as "," | ";" | "tab" | "blank",
    ...(header ? {} : { header: "none" as const }),
    ...(names === undefined ? {} : { names: [...names] }),
  });
}

/** @throws DataError for a row that cannot be read, unless such rows are skipped: then each is told */
export async function readTables(
  files: readonly string[],
  form: TableForm,
  skipBad: boolean,
): Promise<Rows[]> {
  const tables: Rows[] = [];
  for (const file of files) {
    const bad = (error: DataError): void => {
      if (!skipBad) throw error.advising("--skip-bad leaves such rows out");
    };
    const table = await readTable(file, form, bad);
    if (table.faults.length > 0) {
      warn(
        `warning: ${counted(table.faults.length, "row")} left out, the first: ${table.faults[0].error.message}`,
      );
    }
    tables.push(table);
  }
  return tables;
}

function pathBelow(root: string, file: string): string {
  const path = relative(root, file).replaceAll("\\", "/");
  if (path.startsWith("../") || path === "..") {
    throw new UsageError(
      `--manifest: ${file} is not below the data root ${root}; name a folder above it by --data-root`,
    );
  }
  return path;
}

function descriptionText({ files, rows, columns, findings }: TableDescription): string {
  const head = ["column", "kind", "missing", "values", "most frequent", "from", "to"];
  const colAligns = head.map((_, at) => (at === 2 || at === 3 ? ("right" as const) : ("left" as const)));
  const table = new Table({ ...plainTable, head, colAligns });
  for (const column of columns) table.push(columnCells(column, rows));
  const lines = [
    `${files.join(", ")}: ${counted(rows, "row")}, ${counted(columns.length, "column")}`,
    "",
    table.toString(),
  ];
  if (findings.length === 0) lines.push("", "Nothing to decide.");
  else lines.push("", "To decide:");
  for (const { topic, columns: about, sentence, advice } of findings) {
    lines.push(
      `- ${about.length === 1 && topic !== "doubt" && topic !== "computed" ? `${about[0]} ` : ""}${sentence}`,
      `    ${advice}`,
    );
  }
  return lines.join("\n");
}

const shortened = (text: string): string => (text.length > 28 ? `${text.slice(0, 27)}…` : text);

function columnCells(column: ColumnDescription, rows: number): string[] {
  const { name, form, isCertain, missing, distinct, most, lowest = "", highest = "" } = column;
  const share = (count: number): string => `${((100 * count) / rows).toFixed(1)} %`;
  return [
    shortened(name),
    `${form.kind}${isCertain ? "" : " ?"}`,
    missing === 0 ? "" : share(missing),
    distinct.toLocaleString("en"),
    most === undefined || form.kind === "identifier" || most.rows === 1
      ? ""
      : `${shortened(most.value)} ${share(most.rows)}`,
    lowest,
    highest,
  ];
}
