// Cells that a spreadsheet would compute, made harmless and read back.

/** What spreadsheets take for a formula, and would compute, a sign alone aside; also behind apostrophes, so that `bareCell` undoes `guardedCell` alone. */
const formula = /^'*[=+\-@\t\r]./su;
const guarded = /^''*[=+\-@\t\r]./su;
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/iu;

/** A cell with an apostrophe before it where a spreadsheet would compute it; numbers such as -0.5 are as they are. */
export const guardedCell = (cell: string): string =>
  formula.test(cell) && !number.test(cell) ? `'${cell}` : cell;

/** A cell as it was before `guardedCell`. */
export const bareCell = (cell: string): string => (guarded.test(cell) ? cell.slice(1) : cell);
