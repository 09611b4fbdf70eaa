// Labels of a table that are words in one column.
import { suggestion } from "../../errors/nearest.ts";
import { DataError } from "../../errors/data-errors.ts";
import { brief, rowError } from "../../files/csv.ts";
import type { Table, TableRow } from "../../files/csv.ts";
import { mostLabels } from "../catalogue/listing.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext, Listing } from "../catalogue/listing.ts";
import { withWanted } from "./class-labels.ts";
import { factsOf } from "./table-fields.ts";
import type { TableEntry } from "./table-fields.ts";
import { listRows, setPositive } from "./table-rows.ts";
import type { FindImage, RowFacts } from "./table-rows.ts";

export function listWords(
  entry: TableEntry,
  label: string,
  rows: Table,
  findImage: FindImage,
  context: ListContext,
): Listing {
  const { separator } = entry;
  const unlabelled = new Set(entry.unlabelled);
  const wordsOf = ({ cells }: TableRow): readonly string[] =>
    (separator === undefined ? [cells[label]] : cells[label].split(separator))
      .map((word) => word.trim())
      .filter((word) => word !== "");
  const isUnlabelled = (word: string): boolean => unlabelled.has(word);

  const found = new Set<string>();
  for (const row of entry.words === undefined ? rows.rows : []) {
    const words = wordsOf(row);
    if (!words.some(isUnlabelled)) for (const word of words) found.add(word);
    if (found.size > mostLabels) {
      throw new DataError(
        rows.file,
        `has over ${mostLabels} different words in column ${label}; is it a column of labels?`,
      );
    }
  }
  const labelNames = entry.words ?? withWanted(found, context);
  if (labelNames.length === 0) throw new DataError(rows.file, `has no label in column ${label}`);
  const columnOf = new Map(labelNames.map((word, at) => [word, at]));
  const read = (row: TableRow, at: number, labels: Uint8Array): RowFacts => {
    const words = wordsOf(row);
    const cell = brief(row.cells[label]);
    if (words.some(isUnlabelled)) {
      if (!words.every(isUnlabelled)) {
        throw rowError(rows, at, `${label} is ${cell}: an unlabelled word cannot stand beside a label`);
      }
      labels.fill(rawLabel.unknown);
      return factsOf(entry, rows, at);
    }
    const positives = words.map((word) => {
      const column = columnOf.get(word);
      if (column !== undefined) return column;
      const hint = suggestion(word, labelNames) || `; those are ${labelNames.slice(0, 20).join(", ")}`;
      throw rowError(rows, at, `${label} is ${brief(word)}, which is none of the words given${hint}`);
    });
    if (words.length > 0) setPositive(labels, positives);
    return factsOf(entry, rows, at);
  };
  return { ...listRows(rows, labelNames, findImage, read, context.bad), unlisted: true };
}
