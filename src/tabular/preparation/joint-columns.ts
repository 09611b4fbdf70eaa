// Columns whose values belong together, as a city and its province: one column of combinations for the model, parted again afterwards.
import type { TextColumn, TextTable } from "./text-table.ts";

export interface JointColumn {
  readonly column: string;
  readonly parts: readonly string[];
}

export const jointName = (parts: readonly string[]): string => parts.join(" + ");

/** The column of combinations: a cell is the list of its parts as JSON; nothing where all of them are nothing. */
export function joinColumns({ rows, columns }: TextTable, parts: readonly string[]): TextColumn {
  const cells = parts.map((name) => columns.find((column) => column.name === name)?.cells ?? []);
  return {
    name: jointName(parts),
    form: { kind: "category", missing: [] },
    cells: Array.from({ length: rows }, (_, row) => {
      const own = cells.map((each) => each[row]);
      return own.every((cell) => cell === "") ? "" : JSON.stringify(own);
    }),
  };
}

/** The parts of combinations, [parts][rows]. @param rare what each part is where the combination is a merged one */
export function partColumns(
  { parts }: JointColumn,
  cells: readonly string[],
  rare: readonly string[],
): string[][] {
  const parted = cells.map(
    (cell) => partsOf(cell, parts.length) ?? (cell === "" ? parts.map(() => "") : rare),
  );
  return parts.map((_, at) => parted.map((own) => own[at]));
}

/** The parts of one combination; undefined of what is none. */
export function partsOf(cell: string, count: number): readonly string[] | undefined {
  if (!cell.startsWith("[")) return undefined;
  try {
    const parts: unknown = JSON.parse(cell);
    return Array.isArray(parts) && parts.length === count && parts.every((part) => typeof part === "string")
      ? parts
      : undefined;
  } catch {
    return undefined;
  }
}
