// Whether a table was read as it is written: its first line names the columns, and its cells are parted by what parts them.

import { DataError } from "../../errors/data-errors.ts";
import { brief, type Table } from "../../files/csv.ts";
import { delimiters } from "../../files/table-forms.ts";

/** Rows that are looked at. */
const looked = 2000;

/**
 * A table without a header loses its first row and gives its columns names such as 39 or Male. It is told by names that are values of their
 * own columns, in half of these and more than one: a name is no answer to itself.
 *
 * @param advice what to do, such as an option
 * @throws DataError for the first such table
 */
export function expectHeader(tables: readonly Table[], advice: string): void {
  for (const { file, columns, rows } of tables) {
    const some = rows.slice(0, looked);
    const own = columns.filter((name) => some.some(({ cells }) => cells[name] === name));
    if (own.length < 2 || own.length < columns.length / 2) continue;
    throw new DataError(
      file,
      `line 1: is a row, not the names of columns: ${own
        .slice(0, 3)
        .map((name) => brief(name))
        .join(", ")} are among the values below; ${advice}`,
    );
  }
}

/** A table of one column whose lines all have as many of another mark was read with the wrong delimiter. @throws DataError */
export function expectParted(tables: readonly Table[]): void {
  for (const { file, columns, rows } of tables) {
    if (columns.length !== 1) continue;
    const [name] = columns;
    const isNumbered = name === "1";
    const lines = rows.map(({ cells }) => cells[name]);
    if (!isNumbered) lines.unshift(name);
    for (const [word, mark] of [...Object.entries(delimiters), ["|", "|"] as const]) {
      const pieces = (text: string): number => text.split(mark).length - 1;
      const usual = pieces(lines[0]);
      // Two words in each line are a name; a table has more.
      if (usual < (mark === " " ? 2 : 1)) continue;
      if (lines.filter((line) => pieces(line) === usual).length < 0.9 * lines.length) continue;
      const shown = word.length > 1 ? word : brief(word);
      const places = usual === 1 ? "one place" : `${usual} places`;
      const advice =
        mark === "|"
          ? "part its cells by commas, since | is no delimiter here"
          : `say --delimiter ${shown}, or delimiter: ${shown} in a manifest`;
      throw new DataError(
        file,
        `is one column, and its lines have ${word.length > 1 ? `a ${shown}` : shown} in ${places} each: ${advice}`,
      );
    }
  }
}
