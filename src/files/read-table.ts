// Reads a table of text from a file, gzip'd or plain.
import type { DataError } from "../errors/data-errors.ts";
import { readText } from "./bytes.ts";
import { mostOfAll, parseTable, type Table, type TableLimits } from "./csv.ts";
import type { TableForm } from "./table-forms.ts";

/**
 * The whole table of a file.
 * @param bad as of parseTable
 * @throws DataError as readText and parseTable
 */
export async function readTable(
  file: string,
  form?: TableForm,
  bad?: (error: DataError) => void,
  limits: TableLimits = mostOfAll,
): Promise<Table> {
  return parseTable(file, await readText(file, { most: limits.bytes }), form, bad, limits);
}
