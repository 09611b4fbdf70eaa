// Reads lists of which image is in which part: a table with a column for the part, or a text file for each part.
import { suggestion } from "../../errors/nearest.ts";
import type { Split } from "../manifest/entry-schema.ts";
import { DataError } from "../../errors/data-errors.ts";
import { readText } from "../../files/bytes.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import { canonicalName, isMissing, placeOf } from "../../labels/wording.ts";
import { locateTable } from "../formats/table-rows.ts";
import { parts } from "./listing.ts";
import type { ListContext, Part } from "./listing.ts";
import { partOf, partWords } from "./part-words.ts";
import { nameOnList } from "./name-on-list.ts";

type ListSplit = Extract<Split, { by: "list" }>;

/** The part of an image by a list. */
export interface ListedPart {
  /** Undefined where a line of it is bad, so that nobody knows, whatever the others say. */
  readonly part: Part | undefined;
  /** The name as the list has it. */
  readonly name: string;
  /** Makes an error about the line of the list. */
  readonly complain: (reason: string) => DataError;
}

/** A list of which image is in which part. */
export interface SplitList {
  /** By the image's canonical name: `nameOnList`. */
  readonly parts: ReadonlyMap<string, ListedPart>;
  /** Names that stand on it again, in the same part. */
  readonly repeated: readonly string[];
}

/**
 * @returns where each image is, by its name on the list
 * @throws DataError, unless bad records are left out, for a word that means no part, and an image that is in two
 */
export async function readSplitList(split: ListSplit, context: ListContext): Promise<SplitList> {
  const listed = new Map<string, ListedPart>();
  const repeated: string[] = [];
  let first: DataError | undefined;
  const bad = (error: DataError): void => {
    first ??= error;
    context.bad(error);
  };
  const add = (here: ListedPart): void => {
    const key = nameOnList(here.name);
    const before = listed.get(key);
    if (before === undefined || here.part === undefined) listed.set(key, here);
    else if (before.part === here.part) repeated.push(here.name);
    else if (before.part !== undefined) {
      bad(here.complain(`puts ${brief(here.name)} into ${here.part}, but it is in ${before.part} too`));
      listed.set(key, { ...here, part: undefined });
    }
  };
  if (split.table !== undefined) await readPartColumn(split, split.table, { ...context, bad }, listed, add);
  for (const part of parts) {
    const path = split[part];
    if (path === undefined) continue;
    const file = await context.locate(path);
    const lines = (await readText(file)).split(/\r\n|\n|\r/u);
    for (const [record, line] of lines.entries()) {
      if (canonicalName(line) === "") continue;
      const complain = (reason: string): DataError =>
        new DataError(file, `line ${record + 1}: ${reason}`, { record });
      add({ name: line.trim(), part, complain });
    }
  }
  if ([...listed.values()].every(({ part }) => part === undefined)) {
    const files = [split.table, ...parts.map((part) => split[part])].filter((path) => path !== undefined);
    throw (
      first?.advising("no line of the list can be read") ??
      new DataError(files.join(", "), "names no image; it should list one a line")
    );
  }
  return { parts: listed, repeated };
}

async function readPartColumn(
  { image = "", part: column = "", words = {} }: ListSplit,
  path: string,
  context: ListContext,
  listed: ReadonlyMap<string, ListedPart>,
  add: (here: ListedPart) => void,
): Promise<void> {
  const table = await locateTable(path, context);
  requireColumns(table, [image, column]);
  const own = Object.keys(words);
  const placeOfOwn = placeOf(own);
  for (const [row, { cells }] of table.rows.entries()) {
    const complain = (reason: string): DataError => rowError(table, row, reason);
    const word = cells[column];
    const at = placeOfOwn(word);
    const part = at >= 0 ? words[own[at]] : partOf(word);
    if (isMissing(cells[image])) {
      context.bad(complain("names no image"));
      continue;
    }
    // A cell without a part puts the image into none, as a list that does not name it; how many there are is told.
    if (part === undefined && isMissing(word)) continue;
    add({ name: cells[image], part, complain });
    if (part !== undefined) continue;
    const known = [...new Set([...own, ...partWords])];
    context.bad(
      complain(
        `${column} is ${brief(word)}, which means no part; say which under words, such as ` +
          `{${/^\w+$/u.test(word) ? word : brief(word)}: test}${suggestion(word, known)}`,
      ),
    );
  }
  for (const { error, pieces } of table.faults) {
    for (const name of pieces) {
      if (listed.has(nameOnList(name))) add({ name, part: undefined, complain: () => error });
    }
  }
}
