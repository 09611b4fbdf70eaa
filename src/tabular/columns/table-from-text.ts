// A table of text from a program: the parser of files, for texts wherever they come from.

import { aFlag, aString, expectArgument, expectOptions, oneOf, strings } from "../../errors/arguments.ts";
import { parseTable, type Table } from "../../files/csv.ts";
import type { TableForm } from "../../files/table-forms.ts";

/**
 * Reads the text of a CSV file, or of one with another delimiter. Its first row names the columns unless `header` or `names` say otherwise.
 *
 * @param name of the table, such as its file, for messages
 * @throws UsageError for options that cannot work
 * @throws DataError for a row with a cell too few or too many, a quote out of place, and a table without rows: names line and column
 */
export function tableFromText(name: string, text: string, options: TableForm = {}): Table {
  expectArgument("tableFromText", "the name", name, aString);
  expectArgument("tableFromText", "the text", text, aString);
  expectOptions("tableFromText", options, {
    delimiter: oneOf([",", ";", "\t", " "]),
    header: aFlag,
    names: strings,
  });
  return parseTable(name, text, options);
}
