// `tessera sample`: rows from a model of a table, as many as are asked for, under conditions, or to fill the empty cells of others.

import { counted } from "../../errors/counted.ts";
import { suggestion } from "../../errors/nearest.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { csvText } from "../../files/csv-text.ts";
import { brief, type Table } from "../../files/csv.ts";
import { readTableRecord } from "../../runs/table-run.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import { numberShownBy } from "../../tabular/columns/number-shown.ts";
import { columnCells } from "../../tabular/columns/column-cells.ts";
import { isEmptyCell } from "../../tabular/columns/column-forms.ts";
import { tableForm } from "../../tabular/plan/table-form.ts";
import { formOf, modelConditions, namedColumns } from "../../tabular/preparation/apart-columns.ts";
import { sourceCells } from "../../tabular/preparation/computed-columns.ts";
import { valueIn } from "../../tabular/preparation/plan-constraints.ts";
import type { TableRecipe } from "../../tabular/preparation/table-recipe.ts";
import {
  delimiterOf,
  restoreRows,
  restoreTexts,
  type KnownTexts,
} from "../../tabular/preparation/restore-rows.ts";
import { typedTexts, type TextColumn } from "../../tabular/preparation/text-table.ts";
import { splitWords } from "../../tabular/preparation/word-lists.ts";
import { sample } from "../../tabular/sampling/draw-rows.ts";
import { conditionsFromText } from "../../tabular/sampling/where-text.ts";
import { onEngine } from "../on-engine.ts";
import { openTableModel, type OpenTableModel } from "../table-models.ts";
import { makeFolderOf, replaceOutput } from "../terminal/output-files.ts";
import { stopCode, unlessInterrupted } from "../terminal/signals.ts";
import { warn } from "../terminal/warn.ts";
import { readTables } from "./describe.ts";

export interface SampleCommandOptions extends DeviceOptions {
  readonly rows?: number;
  readonly where: readonly string[];
  readonly fill?: string;
  readonly delimiter: "," | ";" | "tab" | "blank";
  readonly seed: number;
  readonly out?: string;
  readonly quiet: boolean;
}

/** @param run the folder of a run of synthesise */
export async function sampleCommand(run: string, options: SampleCommandOptions): Promise<void> {
  const { rows, where, fill, seed, out, quiet } = options;
  const device = engineOptions(options);
  if (fill === undefined && rows === undefined)
    throw new UsageError("sample takes --rows: how many rows to make, or --fill: a table with empty cells");
  if (fill !== undefined && rows !== undefined)
    throw new UsageError("--fill makes as many rows as its table has: leave out --rows");
  if (out !== undefined) makeFolderOf("--out", out, fill === undefined ? [] : [fill]);
  const model = openTableModel(run, (work) => onEngine(device, work));
  const { recipe, constraints, columns } = model;
  const named = namedColumns(recipe, columns);
  const forms = new Map(recipe.columns.map(({ name, form }) => [name, form]));
  const numberIn = (column: string, text: string): number | undefined =>
    valueIn(text, forms.get(column) ?? { kind: "number" });
  const given = modelConditions(recipe, columns, conditionsFromText(where, named, { numberIn }));
  if (fill !== undefined && recipe.count !== undefined) {
    throw new UsageError(
      `--fill: rows of this table are counted by ${brief(recipe.count)}, and cannot be filled one by one`,
    );
  }
  const known = fill === undefined ? undefined : await knownCells(fill, options, model);
  const done = await unlessInterrupted(async (signal) => {
    const drawn = await model.use((each) =>
      sample(each, {
        ...{ seed, given, constraints, numberShown: numberShownBy(recipe), signal },
        ...(rows === undefined ? {} : { rows }),
        ...(known === undefined ? {} : { rows: known.rows, fill: known.table }),
      }),
    );
    const made = await restoreRows(recipe, restoreTexts(recipe, drawn), seed, known?.texts);
    const text = csvText([made.header, ...made.rows], delimiterOf(recipe));
    if (out === undefined) process.stdout.write(text);
    else await replaceOutput("--out", out, (handle) => handle.writeFile(text));
    const { learned } = readTableRecord(run).rows;
    if (drawn.share !== undefined && drawn.share * learned < 1) {
      warn(
        `warning: not one row like these is expected among the ${learned.toLocaleString("en")} that were learned from: what is drawn is a guess`,
      );
    }
    if (drawn.unknownCells > 0) {
      warn(
        `warning: ${counted(drawn.unknownCells, "cell")} of ${fill ?? ""} ${drawn.unknownCells === 1 ? "has a value" : "have values"} that the model does not know; they stay, and the others are drawn without them`,
      );
    }
    if (!quiet && out !== undefined) process.stderr.write(`${counted(made.rows.length, "row")} in ${out}\n`);
    return true;
  });
  if (done !== true) process.exitCode = stopCode();
}

interface Known {
  readonly rows: number;
  readonly table: TypedTable;
  readonly texts: KnownTexts;
}

/** The cells of a table that is to be filled: those that the model takes into account, and all as they are written. */
async function knownCells(
  file: string,
  { delimiter }: SampleCommandOptions,
  { recipe, columns }: OpenTableModel,
): Promise<Known> {
  const [table] = await readTables([file], tableForm({ delimiter }), false);
  const odd = table.columns.find((name) => !recipe.output.includes(name));
  if (odd !== undefined) {
    throw new DataError(
      file,
      `has a column that the model does not know, ${brief(odd)}${suggestion(odd, recipe.output)}`,
    );
  }
  const texts = new Map(table.columns.map((name) => [name, textCells(recipe, table, name)]));
  const at = (row: number): string => `${file}: line ${table.rows[row].line}`;
  for (const computed of recipe.computed) {
    const { cells, untold } = sourceCells(computed, texts);
    if (cells !== undefined) texts.set(computed.from[0], cells);
    if (untold !== undefined) {
      warn(
        `warning: ${at(untold)}: ${computed.column} is computed from ${computed.from.join(" and ")}: where it alone is given, and does not say these, it stays, but the others are drawn without it`,
      );
    }
  }
  const typed: TextColumn[] = [];
  for (const [name, cells] of texts) {
    const read = { name, form: formOf(recipe, name), cells };
    const list = recipe.lists.find(({ column }) => column === name);
    if (list !== undefined) {
      for (const column of splitWords(read, list)) {
        typed.push({
          ...column,
          cells: column.cells.map((cell, row) => (cells[row] === "" ? "" : cell)),
        });
      }
    } else if (columns.some((column) => column.name === name)) typed.push(read);
  }
  for (const { column, parts } of recipe.joint) {
    const cells = parts.map((name) => texts.get(name));
    if (cells.every((each) => each === undefined)) continue;
    const given = table.rows.map((_, row) => cells.map((each) => each?.[row] ?? ""));
    const half = given.findIndex((own) => own.includes("") && own.some((cell) => cell !== ""));
    if (half >= 0) {
      warn(
        `warning: ${at(half)}: ${parts.join(" and ")} belong together: where only some are given, they stay, but the others are drawn without them`,
      );
    }
    typed.push({
      name: column,
      form: { kind: "category", missing: [] },
      cells: given.map((own) => (own.includes("") ? "" : JSON.stringify(own))),
    });
  }
  const complain = (row: number, name: string, reason: string): DataError =>
    columnCells([table], name).complain(row, reason);
  const all = { rows: table.rows.length, columns: typed, complain };
  return { rows: table.rows.length, table: typedTexts(all), texts };
}

/** The cells of a column, "" where one is empty. */
function textCells(recipe: TableRecipe, table: Table, name: string): readonly string[] {
  const form = formOf(recipe, name);
  return columnCells([table], name).cells.map((cell) => (isEmptyCell(cell, form) ? "" : cell));
}
