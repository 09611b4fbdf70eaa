// Paths of images that are made of several columns: "p{subject_id:2}/p{subject_id}/s{study_id}/{dicom_id}.jpg".
import { suggestion } from "../../errors/nearest.ts";
import { brief } from "../../files/csv.ts";
import type { TableRow } from "../../files/csv.ts";
import { canonicalName, isMissing } from "../../labels/wording.ts";

/** A column in braces, or a brace that is doubled to stand for itself. */
const hole = /\{\{|\}\}|\{([^{}]*)\}/gu;

/** What stands in braces: a column, or the first letters of one. A column's exact name goes before that reading. */
function columnIn(
  inside: string,
  isColumn: (name: string) => boolean,
): { readonly column: string; readonly letters: number } | undefined {
  const whole = canonicalName(inside);
  if (isColumn(whole)) return { column: whole, letters: Infinity };
  const [, column, letters] = /^(.*):([1-9]\d{0,3})$/u.exec(whole) ?? [];
  return column !== undefined && isColumn(column) ? { column, letters: Number(letters) } : undefined;
}

/**
 * The columns that an image's name is read from: one of that very name, or those that a template has in braces.
 *
 * @param refuse called for a template that cannot be read, with the reason
 */
export function columnsOfName(
  text: string,
  columns: readonly string[],
  refuse: (reason: string) => never = approved,
): string[] {
  if (columns.includes(canonicalName(text)) || !/[{}]/u.test(text)) return [canonicalName(text)];
  const named = [...text.matchAll(hole)].flatMap(([whole, inside]) => {
    if (inside === undefined) return [];
    const found = columnIn(inside, (name) => columns.includes(name));
    if (found !== undefined) return [found.column];
    const plain = inside.replace(/:\d*$/u, "");
    if (columns.includes(canonicalName(plain))) {
      return refuse(`has ${whole}: behind the colon stands how many first letters are meant, 1 to 9999`);
    }
    if (plain.trim() === "") return refuse(`has ${whole}, which names no column; write {column}`);
    const shown = columns.slice(0, 20).map((name) => brief(name));
    const known = `${shown.join(", ")}${columns.length > shown.length ? ", ..." : ""}`;
    return refuse(
      `has ${whole}, but the table has no column ${brief(plain)}; its columns are ${known}${suggestion(plain, columns)}`,
    );
  });
  if (/[{}]/u.test(text.replace(hole, ""))) {
    refuse(
      `is ${brief(text)}: a brace opens or closes alone; write {column}, or {{ and }} for braces themselves`,
    );
  }
  if (named.length === 0) refuse(`is ${brief(text)}, which names no column: all images would be one`);
  return named;
}

/** For templates that were approved before. */
function approved(reason: string): never {
  throw new Error(`a template that ${reason} was not looked at`);
}

/** The name of a row's image; undefined where a column that it is made of says nothing. */
export type ImageName = (cells: TableRow["cells"]) => string | undefined;

/**
 * Reads images' names from the columns of a template.
 *
 * @param text as columnsOfName has approved it
 */
export function imageName(text: string, columns: readonly string[]): ImageName {
  const isColumn = (name: string): boolean => columns.includes(name);
  const pieces: (string | { readonly column: string; readonly letters: number })[] = [];
  let end = 0;
  for (const match of text.matchAll(hole)) {
    const [whole, inside] = match;
    pieces.push(text.slice(end, match.index));
    pieces.push(inside === undefined ? whole.charAt(0) : (columnIn(inside, isColumn) ?? whole));
    end = match.index + whole.length;
  }
  pieces.push(text.slice(end));
  return (cells) => {
    let name = "";
    for (const piece of pieces) {
      if (typeof piece === "string") {
        name += piece;
        continue;
      }
      const cell = cells[piece.column];
      if (isMissing(cell)) return undefined;
      name += piece.letters === Infinity ? cell : Array.from(cell).slice(0, piece.letters).join("");
    }
    return name;
  };
}
