// Whether the first line of a table is a row rather than the names of its columns.

import { DataError } from "../../errors/data-errors.ts";
import { brief, type Table } from "../../files/csv.ts";

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
