// Cells that hold several words, as "Effusion|Mass": each word becomes a column of yes and no, so that a model learns which words go
// together, and combinations that fewer than ten rows have are neither lost nor copied.
import { isEmptyCell } from "../columns/column-forms.ts";
import { emptyWord } from "../columns/typed-table.ts";
import type { TextColumn } from "./text-table.ts";

/** How the words of a column are parted and joined. */
export interface WordList {
  readonly column: string;
  readonly mark: string;
  /** Those that at least ten rows have, in the order in which they are joined. */
  readonly words: readonly string[];
  /** The word that stands where there is no other, such as "No Finding". */
  readonly alone?: string;
  /** What is written where there is no word and no such one. */
  readonly empty: string;
}

export const wordColumn = (column: string, word: string): string => `${column}: ${word}`;

const wordsOf = (cell: string, mark: string): string[] =>
  cell
    .split(mark)
    .map((word) => word.trim())
    .filter((word) => word !== "");

/** The words of a column. @param least rows that must have a word */
export function wordList({ name, cells, form }: TextColumn, mark: string, least: number): WordList {
  const counts = new Map<string, number>();
  const beside = new Set<string>();
  let empty = 0;
  for (const cell of cells) {
    if (isEmptyCell(cell, form)) {
      empty++;
      continue;
    }
    const words = new Set(wordsOf(cell, mark));
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    if (words.size > 1) for (const word of words) beside.add(word);
  }
  const frequent = [...counts].filter(([, count]) => count >= least).sort((a, b) => b[1] - a[1]);
  const alone = empty === 0 ? frequent.find(([word]) => !beside.has(word))?.[0] : undefined;
  const words = frequent.map(([word]) => word).filter((word) => word !== alone);
  words.sort((a, b) => (a < b ? -1 : 1));
  const written = { column: name, mark, words, empty: emptyWord(cells, form, least) };
  return alone === undefined ? written : { ...written, alone };
}

/** A column of yes and no for each word. */
export function splitWords({ cells, form }: TextColumn, list: WordList): TextColumn[] {
  const split = cells.map((cell) => new Set(isEmptyCell(cell, form) ? [] : wordsOf(cell, list.mark)));
  return list.words.map((word) => ({
    name: wordColumn(list.column, word),
    form: { kind: "category" },
    cells: split.map((words) => (words.has(word) ? "yes" : "no")),
  }));
}

/** The cells again. @param columns those of the words, [words][rows] */
export function joinWords(list: WordList, columns: readonly (readonly string[])[], rows: number): string[] {
  return Array.from({ length: rows }, (_, row) => {
    const words = list.words.filter((_word, at) => columns[at][row] === "yes");
    return words.length > 0 ? words.join(list.mark) : (list.alone ?? list.empty);
  });
}
