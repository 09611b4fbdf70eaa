// Cells that are known before a row is drawn: as they are, and in the codes of a model.

import { UsageError } from "../../errors/errors.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import { kindOf } from "../cell-domain.ts";
import type { CodedColumn, Drawn } from "../coded-table.ts";
import { codeCells } from "../codes/code-cells.ts";
import { placeOf } from "../constraints/constraint.ts";

export class KnownCells {
  /** The columns of which some are known. */
  readonly columns: ReadonlySet<number>;
  /** How many have no code. */
  readonly unknown: number;
  readonly #values = new Map<number, TypedTable["columns"][number]["values"]>();
  readonly #codes = new Map<number, Int32Array>();

  /** @throws UsageError for a column that the model does not have, or has of another kind */
  constructor(columns: readonly CodedColumn[], table: TypedTable = { rows: 0, columns: [] }) {
    const coded = codeCells(table, columns);
    let unknown = 0;
    for (const { name, kind, values } of table.columns) {
      const place = placeOf(name, columns, "fill");
      if (kindOf(columns[place]) !== kind) {
        const words = { number: "numbers", category: "categories" };
        throw new UsageError(
          `fill: ${name} holds ${words[kind]}, and ${words[kindOf(columns[place])]} in the model`,
        );
      }
      this.#values.set(place, values);
      // What is missing is to be drawn.
      const codes = coded[place].map((code, row) => (isMissing(values[row]) ? -1 : code));
      codes.forEach((code, row) => (unknown += Number(code < 0 && !isMissing(values[row]))));
      this.#codes.set(place, codes);
    }
    this.columns = new Set(this.#values.keys());
    this.unknown = unknown;
  }

  /** undefined where it is not known. */
  cell(column: number, row: number): Drawn | undefined {
    const value = this.#values.get(column)?.[row];
    return value === undefined || isMissing(value) ? undefined : value;
  }

  /** By column, the codes of some rows, -1 where a cell has none. */
  codesOf(rows: readonly number[]): Map<number, Int32Array> {
    return new Map(
      [...this.#codes].map(([column, codes]) => [column, Int32Array.from(rows, (row) => codes[row])]),
    );
  }
}

const isMissing = (value: string | number): boolean => value === "" || Number.isNaN(value);
