// What a row of a table says beside its labels.
import { brief, rowError } from "../../files/csv.ts";
import type { Table } from "../../files/csv.ts";
import { canonicalName, canonicalWord, isMissing } from "../../labels/wording.ts";
import { partHint, partOf } from "../catalogue/part-words.ts";
import { columnsOfName, imageName } from "./path-template.ts";
import type { RowReader } from "./row-records.ts";
import type { TableEntry } from "./table-fields.ts";

/** The columns of a table that say something beside the labels. */
export type FactColumns = Pick<TableEntry, "image" | "patient" | "official" | "bitsColumn">;

/** What a row says beside its labels. */
export function factsOf(entry: FactColumns, rows: Table): Omit<RowReader, "labels"> {
  const { patient, official, bitsColumn } = entry;
  return {
    ...imageIn(entry, rows),
    ...(bitsColumn === undefined ? {} : { reading: bitsIn(bitsColumn, rows) }),
    ...(patient === undefined ? {} : { patient: (cells) => cells[patient] }),
    part: (cells, at) => {
      const word = official === undefined ? "" : cells[official];
      const part = partOf(word);
      if (part === undefined && !isMissing(word)) {
        const reason = `${official} is ${brief(word)}; it must be one of ${partHint(word)}`;
        throw rowError(rows, at, reason, official);
      }
      return part;
    },
  };
}

/** How a row names its image: in one column, or in several that a template joins. */
function imageIn({ image }: FactColumns, rows: Table): Pick<RowReader, "image" | "nameCells"> {
  const column = canonicalName(image);
  if (rows.columns.includes(column)) return { image: (cells) => cells[column] };
  const made = columnsOfName(image, rows.columns);
  const nameOf = imageName(image, rows.columns);
  return {
    image: (cells, at) => {
      const named = nameOf(cells);
      if (named !== undefined) return named;
      const blank = made.find((each) => isMissing(cells[each])) ?? image;
      const said = cells[blank] === "" ? "is empty" : `is ${brief(cells[blank])}, a word for "missing"`;
      throw rowError(rows, at, `names no image: ${blank} ${said}`, blank);
    },
    nameCells: (cells) => made.map((column) => cells[column]),
  };
}

/** How an image is read whose row has a number of bits. */
function bitsIn(column: string, rows: Table): NonNullable<RowReader["reading"]> {
  return (cells, at) => {
    if (isMissing(cells[column])) return undefined;
    const word = canonicalWord(cells[column]);
    if (/^(?:[1-9]|1[0-6])$/u.test(word)) return { bits: Number(word) };
    throw rowError(
      rows,
      at,
      `${column} is ${brief(cells[column])}; it must be a number of bits, 1 to 16`,
      column,
    );
  };
}
