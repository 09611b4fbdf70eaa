// `tessera describe`: what a table is like, and what somebody should decide before rows are made after it.

import { basename, extname, join, relative } from "node:path";
import Table from "cli-table3";
import { counted } from "../../errors/counted.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { shellWord } from "../../errors/shell-words.ts";
import type { Table as Rows } from "../../files/csv.ts";
import { suggestedPath } from "../../files/near-files.ts";
import { exists } from "../../files/paths.ts";
import { readTable } from "../../files/read-table.ts";
import type { TableForm } from "../../files/table-forms.ts";
import { plainTable } from "../../report/tables.ts";
import type { Finding } from "../../tabular/findings/finding.ts";
import {
  describeTable,
  type ColumnDescription,
  type TableDescription,
} from "../../tabular/findings/describe-table.ts";
import { expectHeader, expectParted } from "../../tabular/columns/header-row.ts";
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
  if (options.manifest !== undefined) checkFolderOf("--manifest", options.manifest, files);
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
    const isShort = tables.some(({ faults }) => faults.length > 0);
    const next = [
      `tessera synthesise ${shellWord(options.manifest)} --out ${shellWord(join("runs", basename(options.manifest, extname(options.manifest))))}`,
      ...(options.dataRoot === undefined ? [] : [`--data-root ${shellWord(options.dataRoot)}`]),
      ...(isShort ? ["--skip-bad"] : []),
    ];
    process.stdout.write(`\nwritten to ${options.manifest}: look at its comments, then: ${next.join(" ")}\n`);
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
    await expectThere(file);
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
  expectParted(tables);
  if (form.header !== false && form.names === undefined)
    expectHeader(tables, "say that there is none (--no-header, or header: none in a manifest)");
  return tables;
}

/** @throws DataError with the nearest name for a table that is not there */
export async function expectThere(file: string): Promise<void> {
  if (!(await exists(file))) throw new DataError(file, `does not exist${await suggestedPath(file)}`);
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
  for (const alike of alikeFindings(findings)) {
    const shown = alike.slice(0, mostAlike);
    lines.push(...shown.map((finding) => `- ${findingText(finding)}`));
    const rest = alike.length - shown.length;
    if (rest > 0) lines.push(`- the same of ${rest.toLocaleString("en")} more columns (all are in --json)`);
    lines.push(`    ${alike[0].advice}`);
  }
  return lines.join("\n");
}

/** So many findings with the same advice are shown one by one. */
const mostAlike = 10;

/** Findings that have the same advice, one after the other. */
function alikeFindings(findings: readonly Finding[]): Finding[][] {
  const groups: Finding[][] = [];
  for (const finding of findings) {
    const last = groups.at(-1);
    if (last?.[0].topic === finding.topic && last[0].advice === finding.advice) last.push(finding);
    else groups.push([finding]);
  }
  return groups;
}

const findingText = ({ topic, columns, sentence }: Finding): string =>
  `${columns.length === 1 && topic !== "doubt" && topic !== "computed" ? `${columns[0]} ` : ""}${sentence}`;

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
