// The typed errors of tables.
import { TesseraError } from "./errors.ts";

/** Rows that constraints leave no way to be drawn, however often it is tried: names the constraint. */
export class DeadEndError extends TesseraError {
  override readonly name: string = "DeadEndError";
  /** In words, the constraint at which most rows ended. */
  readonly constraint: string;
  /** How many rows were left. */
  readonly rows: number;

  constructor(message: string, constraint: string, rows: number) {
    super(message);
    this.constraint = constraint;
    this.rows = rows;
  }
}
