// `tessera judge`: how good a synthetic table is, whoever made it, and what it gives away.

import { basename } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { brief, type Table } from "../../files/csv.ts";
import { readTable } from "../../files/read-table.ts";
import { judgementSummary } from "../../report/table/judgement-summary.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { version } from "../../runs/package-info.ts";
import { columnCells } from "../../tabular/columns/column-cells.ts";
import { expectHeader, expectParted } from "../../tabular/columns/header-row.ts";
import {
  checkSameColumns,
  guessForms,
  typedTable,
  type ColumnForms,
} from "../../tabular/columns/typed-table.ts";
import { judgeTables, type JudgeTablesOptions } from "../../tabular/judging/judge-tables.ts";
import { numberWordsBy } from "../../tabular/columns/number-shown.ts";
import { nearestRecords, type NearestRecords } from "../../tabular/judging/nearest-records.ts";
import type { TableJudgement } from "../../tabular/judging/table-judgement.ts";
import { tableForm, type WrittenForm } from "../../tabular/plan/table-form.ts";
import { readTablePlan, type TablePlan } from "../../tabular/plan/table-plan.ts";
import { plannedForm, respelledTable } from "../../tabular/preparation/read-columns.ts";
import { onEngine } from "../on-engine.ts";
import { Counter } from "../terminal/counter.ts";
import { makeFolderOf, replaceOutput } from "../terminal/output-files.ts";
import { expectThere } from "./describe.ts";

export interface JudgeOptions extends DeviceOptions {
  readonly delimiter: WrittenForm["delimiter"];
  /** A manifest of synthesise, for how columns are read. */
  readonly manifest?: string;
  readonly holdout?: string;
  readonly out?: string;
  readonly target?: string;
  readonly disclose?: string;
  /** Columns, parted by commas. */
  readonly from?: string;
  /** Of each network. */
  readonly steps: number;
  readonly rows?: number;
  readonly showRecords: boolean;
  readonly seed: number;
  readonly json?: string;
  readonly quiet: boolean;
}

/** @param real file of the table that was learned from. @param synthetic file of the table that is judged */
export async function judgeCommand(real: string, synthetic: string, options: JudgeOptions): Promise<void> {
  const { holdout, out, json, seed, steps, rows, quiet, target, showRecords } = options;
  if (showRecords && out === undefined)
    throw new UsageError("--show-records shows them in the report: add --out FILE");
  const where = engineOptions(options);
  const files = [real, synthetic, ...(holdout === undefined ? [] : [holdout])];
  const tables: Table[] = [];
  for (const file of files) await expectThere(file);
  const plan = options.manifest === undefined ? undefined : await readTablePlan(options.manifest);
  for (const file of files) {
    const table = await readTable(file, tableForm({ delimiter: options.delimiter }));
    tables.push(plan === undefined ? table : respelledTable(table, plan));
  }
  expectParted(tables);
  expectHeader(tables, "put them there");
  expectSameColumns(tables);
  const forms = formsOf(tables, plan);
  const disclose = disclosedOf(options, forms);
  if (target !== undefined) expectColumn("--target", target, forms);
  const inputs = [...files, ...(options.manifest === undefined ? [] : [options.manifest])];
  if (out !== undefined) makeFolderOf("--out", out, inputs);
  if (json !== undefined) makeFolderOf("--json", json, inputs);
  const [ofReal, ofSynthetic, ofHoldout] = tables.map((table) => typedTable([table], forms));
  if (ofReal.columns.length === 0)
    throw new UsageError(`${real}: every column names who a row is; there is nothing to judge`);
  const words = numberWordsBy(forms);
  using counter = new Counter("judging", 1, quiet);
  const found = await onEngine(where, (engine) =>
    judgeTables(
      engine,
      { real: ofReal, synthetic: ofSynthetic, holdout: ofHoldout },
      {
        ...{ seed, steps, rows, target, disclose, words },
        progress: (doing, done, total) => counter.update(done, total, doing),
      },
    ),
  );
  const left = [...forms].filter(([, { kind }]) => kind === "identifier").map(([name]) => name);
  const judged = {
    ...found,
    notes: [
      ...found.notes,
      ...(left.length === 0 ? [] : [`Left out, since they name who a row is: ${left.join(", ")}.`]),
    ],
  };
  if (out !== undefined) {
    const records = showRecords ? nearestRecords(ofReal, ofSynthetic, { seed, words }) : undefined;
    await writePage(out, judged, records, real, synthetic, holdout);
  }
  if (json !== undefined) {
    await replaceOutput("--json", json, (handle) => handle.writeFile(`${JSON.stringify(judged, null, 2)}\n`));
  }
  process.stdout.write(`${judgementSummary(judged)}\n`);
  if (out !== undefined && !quiet) process.stderr.write(`report: ${out}\n`);
}

async function writePage(
  out: string,
  found: TableJudgement,
  records: NearestRecords | undefined,
  real: string,
  synthetic: string,
  holdout: string | undefined,
): Promise<void> {
  const { tablePage } = await import("../../report/table/table-page.ts");
  const { nearestSection } = await import("../../report/table/nearest-section.ts");
  const page = tablePage(found, {
    title: `${basename(synthetic)} beside ${basename(real)}`,
    lead: `A synthetic table judged against rows that ${holdout === undefined ? "were set aside of the real one" : `are in ${basename(holdout)}`}.`,
    foot: `Made by Tessera ${version}`,
    sections: records === undefined ? [] : [nearestSection(records)],
  });
  await replaceOutput("--out", out, (handle) => handle.writeFile(page));
}

/** How the columns are read: as a manifest says, else as their cells show. */
function formsOf(tables: readonly Table[], plan: TablePlan | undefined): ColumnForms {
  if (plan !== undefined) {
    const names = tables[0].columns.filter((name) => !plan.leave.includes(name));
    return new Map(
      names.map((name) => [name, plannedForm(columnCells(tables, name), plan.columns[name], plan)]),
    );
  }
  try {
    return guessForms(tables);
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw cause.advising("in a manifest of synthesise, and name it by --manifest");
  }
}

/** @throws DataError naming the columns that one table has and another has not */
function expectSameColumns(tables: readonly Table[]): void {
  checkSameColumns(tables);
  const [first, ...others] = tables;
  for (const { file, columns } of others) {
    const more = columns.filter((name) => !first.columns.includes(name));
    if (more.length === 0) continue;
    throw new DataError(
      file,
      `has columns that ${first.file} has not: ${more.map((name) => brief(name)).join(", ")}; leave them out of it`,
    );
  }
}

function expectColumn(option: string, name: string, forms: ColumnForms): void {
  const form = forms.get(name);
  const names = [...forms].filter(([, { kind }]) => kind !== "identifier").map(([each]) => each);
  if (form !== undefined && form.kind !== "identifier") return;
  throw new UsageError(
    form === undefined
      ? `${option}: there is no column ${brief(name)}; there are ${names.join(", ")}${suggestion(name, names)}`
      : `${option}: ${brief(name)} names who a row is, and is not judged`,
  );
}

function disclosedOf({ disclose, from }: JudgeOptions, forms: ColumnForms): JudgeTablesOptions["disclose"] {
  if (disclose === undefined && from === undefined) return undefined;
  if (disclose === undefined || from === undefined) {
    throw new UsageError(
      "--disclose COLUMN and --from COLUMNS go together: what is guessed, and what somebody knows",
    );
  }
  const known = from.split(",").map((name) => name.trim());
  expectColumn("--disclose", disclose, forms);
  for (const name of known) expectColumn("--from", name, forms);
  if (known.includes(disclose))
    throw new UsageError(`--from has ${brief(disclose)}, which is what --disclose asks for`);
  return { column: disclose, from: known };
}
