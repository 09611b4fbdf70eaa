// The tables of a run's test images, read back: CSV whose head says what each column is.

import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { bareCell } from "../files/guarded-cells.ts";
import { RunFolderError } from "../errors/training-errors.ts";

export interface RunTable {
  /** Rows below the head, each with a cell for every column. */
  readonly body: readonly (readonly string[])[];
  /** @throws RunFolderError naming the file, and what to do */
  readonly refuse: (reason: string) => never;
}

/**
 * @param columns what the head must say
 * @throws RunFolderError naming file and line when it cannot be read, or has another head
 */
export function readRunTable(file: string, columns: readonly string[]): RunTable {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new RunFolderError(`${file}: ${reason}; take a copy of it, or train again`, { cause });
  };
  let rows: string[][];
  try {
    rows = parse(readFileSync(file), { relax_column_count: true });
  } catch (cause) {
    return refuse(`cannot be read (${(cause as Error).message})`, cause);
  }
  const [head = [], ...body] = rows.map((cells) => cells.map(bareCell));
  const odd = columns.findIndex((name, i) => head[i] !== name);
  if (odd >= 0) refuse(`line 1: column ${odd + 1} should be ${JSON.stringify(columns[odd])}`);
  return { body, refuse };
}

/** @throws RunFolderError for a row of another length than the head's */
export function checkCells(
  { refuse }: RunTable,
  cells: readonly string[],
  row: number,
  columns: readonly string[],
): void {
  if (cells.length === columns.length) return;
  refuse(`row ${row + 1} has ${cells.length} cells where the head has ${columns.length}`);
}
