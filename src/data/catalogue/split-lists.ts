// Reads lists of which image is in which part: a table with a column for the part, or a text file for each part.
import { suggestion } from "../../errors/nearest.ts";
import type { Split } from "../manifest/entry-schema.ts";
import { DataError } from "../../errors/data-errors.ts";
import { readText } from "../../files/bytes.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import { locateTable } from "../formats/table-rows.ts";
import { isMissing } from "../../labels/wording.ts";
import { parts } from "./listing.ts";
import type { ListContext, Part } from "./listing.ts";
import { partOf, partWords } from "./part-words.ts";

type ListSplit = Extract<Split, { by: "list" }>;

/** The part of an image by a list. */
export interface ListedPart {
  /** Undefined where a line of it is bad, so that nobody knows, whatever the others say. */
  readonly part: Part | undefined;
  /** Makes an error about the line of the list. */
  readonly complain: (reason: string) => DataError;
}

/**
 * @returns where each image is, by its name on the list
 * @throws DataError, unless bad records are left out, for a word that means no part, and an image that is in two
 */
export async function readSplitList(
  split: ListSplit,
  context: ListContext,
): Promise<ReadonlyMap<string, ListedPart>> {
  const listed = new Map<string, ListedPart>();
  const add = (name: string, here: ListedPart): void => {
    const before = listed.get(name);
    if (before === undefined || here.part === undefined) listed.set(name, here);
    else if (before.part !== undefined && before.part !== here.part) {
      context.bad(here.complain(`puts ${brief(name)} into ${here.part}, but it is in ${before.part} too`));
      listed.set(name, { ...here, part: undefined });
    }
  };
  if (split.table !== undefined) await readPartColumn(split, split.table, context, listed, add);
  for (const part of parts) {
    const path = split[part];
    if (path === undefined) continue;
    const file = await context.locate(path);
    const lines = (await readText(file)).split(/\r\n|\n|\r/u);
    for (const [record, line] of lines.entries()) {
      if (line.trim() === "") continue;
      add(line.trim(), { part, complain: (reason) => new DataError(file, reason, { record }) });
    }
  }
  return listed;
}

async function readPartColumn(
  { image = "", part: column = "", words = {} }: ListSplit,
  path: string,
  context: ListContext,
  listed: ReadonlyMap<string, ListedPart>,
  add: (name: string, here: ListedPart) => void,
): Promise<void> {
  const table = await locateTable(path, context);
  requireColumns(table, [image, column]);
  for (const [row, { cells }] of table.rows.entries()) {
    const complain = (reason: string): DataError => rowError(table, row, reason);
    const word = cells[column];
    const part = Object.hasOwn(words, word) ? words[word] : partOf(word);
    if (isMissing(cells[image])) {
      context.bad(complain("names no image"));
      continue;
    }
    add(cells[image], { part, complain });
    if (part !== undefined) continue;
    const known = [...new Set([...Object.keys(words), ...partWords])];
    context.bad(
      complain(
        `${column} is ${brief(word)}, which means no part; say which under words, such as ` +
          `{${/^\w+$/u.test(word) ? word : brief(word)}: test}${suggestion(word, known)}`,
      ),
    );
  }
  for (const { error, pieces } of table.faults) {
    for (const piece of pieces) if (listed.has(piece)) add(piece, { part: undefined, complain: () => error });
  }
}
