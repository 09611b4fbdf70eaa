// Labels of a table that have a column each.
import { suggestion } from "../../errors/nearest.ts";
import { ManifestError } from "../../errors/data-errors.ts";
import { brief, rowError } from "../../files/csv.ts";
import type { Table, TableRow } from "../../files/csv.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext, Listing } from "../catalogue/listing.ts";
import { factsOf } from "./table-fields.ts";
import type { TableEntry } from "./table-fields.ts";
import { listRows } from "./table-rows.ts";
import type { FindImage, RowFacts } from "./table-rows.ts";

export function listColumns(
  entry: TableEntry,
  columns: readonly string[],
  rows: Table,
  findImage: FindImage,
  context: ListContext,
): Listing {
  const marks = readMarks(entry, context.entry);
  const read = ({ cells }: TableRow, at: number, labels: Uint8Array): RowFacts => {
    for (const [k, column] of columns.entries()) {
      const mark = marks.get(canonical(cells[column]));
      if (mark === undefined) {
        const known = [...marks.keys()].filter((word) => word !== "");
        const reason = `${column} is ${brief(cells[column])}; it must be blank or one of ${known.join(", ")}`;
        throw rowError(rows, at, `${reason}${suggestion(cells[column], known)}`);
      }
      labels[k] = mark;
    }
    return factsOf(entry, rows, at);
  };
  return listRows(rows, columns, findImage, read, context.bad);
}

/** The meaning of each word in a cell. @throws ManifestError for a word with two meanings */
function readMarks(entry: TableEntry, entryName: string): ReadonlyMap<string, number> {
  const { positive, negative, uncertain, blank } = entry.values ?? {};
  const words = {
    positive: positive ?? ["1", "true", "yes", "positive"],
    negative: negative ?? ["0", "false", "no", "negative"],
    uncertain: uncertain ?? ["-1", "uncertain", "u"],
    blank: ["", ...(blank ?? ["nan", "na"])],
  };
  const marks = new Map<string, number>();
  for (const kind of ["positive", "negative", "uncertain", "blank"] as const) {
    for (const word of words[kind].map(canonical)) {
      const known = marks.get(word);
      if (known !== undefined && known !== rawLabel[kind]) {
        throw new ManifestError(
          `"${entryName}"`,
          `values.${kind}`,
          `has ${brief(word)}, which means something else already; values left out keep their defaults`,
        );
      }
      marks.set(word, rawLabel[kind]);
    }
  }
  return marks;
}

/** "1", "1.0" and "1.00" are one number; capitals mean nothing. */
function canonical(cell: string): string {
  return /^[+-]?\d{1,15}(?:\.\d*)?$/u.test(cell) ? String(Number(cell)) : cell.trim().toLowerCase();
}
