// Reads the lists that say which image is in which part: a table with a column for it, or a text file for each part.
import { suggestion } from "../device/nearest.ts";
import type { Split } from "./entry-schema.ts";
import { DataError } from "./failures.ts";
import { readText } from "./files/bytes.ts";
import { readTable, requireColumns, rowError } from "./files/csv.ts";
import { parts } from "./listing.ts";
import type { ListContext, Part } from "./listing.ts";
import { lastPiece } from "./splits.ts";

type ListSplit = Extract<Split, { by: "list" }>;

/** Words for parts that need no line in `words`. */
const usualWords: Readonly<Record<string, Part>> = {
  train: "train",
  training: "train",
  valid: "validation",
  val: "validation",
  validation: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
};

/**
 * @returns the part of each image by its name on the list, and by the last piece of it where that is no other's name
 * @throws DataError for a word that means no part, and an image that is in two
 */
export async function readSplitList(split: ListSplit, context: ListContext): Promise<Map<string, Part>> {
  const listed = new Map<string, Part>();
  const add = (name: string, part: Part, complain: (reason: string) => DataError): void => {
    const before = listed.get(name) ?? part;
    if (before !== part)
      throw complain(`puts ${JSON.stringify(name)} into ${part}, but it is in ${before} too`);
    listed.set(name, part);
  };
  if (split.table !== undefined) await readPartColumn(split, split.table, context, add);
  for (const part of parts) {
    const path = split[part];
    if (path === undefined) continue;
    const file = await context.locate(path);
    const lines = (await readText(file)).split(/\r\n|\n|\r/u);
    for (const [record, line] of lines.entries()) {
      if (line.trim() === "") continue;
      add(line.trim(), part, (reason) => new DataError(file, reason, { record }));
    }
  }

  // A list may name files by their path where the source has only names, and two folders may hold one name.
  const short = new Map<string, Part | undefined>();
  for (const [name, part] of listed) {
    const piece = lastPiece(name);
    if (piece !== name) short.set(piece, short.has(piece) && short.get(piece) !== part ? undefined : part);
  }
  for (const [piece, part] of short) if (part !== undefined && !listed.has(piece)) listed.set(piece, part);
  return listed;
}

async function readPartColumn(
  { image = "", part: column = "", words = {} }: ListSplit,
  path: string,
  context: ListContext,
  add: (name: string, part: Part, complain: (reason: string) => DataError) => void,
): Promise<void> {
  const file = await context.locate(path);
  const table = await context.once(`table , ${file}`, () => readTable(file));
  requireColumns(table, [image, column]);
  for (const [record, { cells }] of table.rows.entries()) {
    const word = cells[column];
    const usual = word.toLowerCase();
    const part = Object.hasOwn(words, word)
      ? words[word]
      : Object.hasOwn(usualWords, usual)
        ? usualWords[usual]
        : undefined;
    if (part === undefined) {
      const known = [...new Set([...Object.keys(words), ...Object.keys(usualWords)])];
      throw rowError(
        table,
        record,
        `${column} is ${JSON.stringify(word)}, which means no part; say which under words, such as ` +
          `{${/^\w+$/u.test(word) ? word : JSON.stringify(word)}: test}${suggestion(word, known)}`,
      );
    }
    add(cells[image], part, (reason) => rowError(table, record, reason));
  }
}
