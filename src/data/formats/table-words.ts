// Labels of a table that are words in one column.
import { suggestion } from "../../errors/nearest.ts";
import { DataError } from "../../errors/data-errors.ts";
import { brief, rowError } from "../../files/csv.ts";
import type { Table } from "../../files/csv.ts";
import { placeOf } from "../../labels/wording.ts";
import { mostLabels } from "../catalogue/listing.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext, Listing } from "../catalogue/listing.ts";
import { withWanted } from "./class-labels.ts";
import { missingUnless, setPositive } from "./label-words.ts";
import { listExample, listSeparator, looksLikeList, wordsIn } from "./list-cells.ts";
import { listRows } from "./row-records.ts";
import { factsOf } from "./table-facts.ts";
import type { TableEntry } from "./table-fields.ts";
import type { FindImage } from "./table-rows.ts";

export function listWords(
  entry: TableEntry,
  label: string,
  rows: Table,
  findImage: FindImage,
  context: ListContext,
): Listing {
  const { separator, unlabelled = [] } = entry;
  const placeOfUnlabelled = placeOf(unlabelled);
  const isUnlabelled = (word: string): boolean => placeOfUnlabelled(word) >= 0;
  const isMissing = missingUnless([
    ...unlabelled,
    ...(entry.words ?? []),
    ...context.classes,
    ...context.wanted,
  ]);
  const found = new Set<string>();
  for (const { cells } of entry.words === undefined ? rows.rows : []) {
    const words = wordsIn(cells[label], separator) ?? []; // a cell that is no list is refused below
    if (!words.some(isUnlabelled)) for (const word of words) if (!isMissing(word)) found.add(word);
    if (found.size > mostLabels) {
      throw new DataError(
        rows.file,
        `has over ${mostLabels} different words in column ${label}; is it a column of labels?`,
      );
    }
  }
  const labelNames = entry.words ?? withWanted(found, context);
  if (labelNames.length === 0) throw new DataError(rows.file, `has no label in column ${label}`);
  const columnOf = placeOf(labelNames);
  const reader = {
    ...factsOf(entry, rows),
    labels: (cells: Readonly<Record<string, string>>, at: number, labels: Uint8Array): void => {
      if (rows.rows[at].without?.has(label) === true) {
        labels.fill(rawLabel.unknown);
        return;
      }
      const words = wordsIn(cells[label], separator);
      if (
        separator !== listSeparator &&
        looksLikeList(cells[label]) &&
        entry.words?.includes(cells[label]) !== true
      ) {
        const cell = brief(cells[label]);
        throw rowError(rows, at, `${label} is ${cell}, which is a list: read it with separator: list`, label);
      }
      if (words === undefined) {
        const cell = brief(cells[label]);
        throw rowError(rows, at, `${label} is ${cell}, which is no list such as ${listExample}`, label);
      }
      if (words.some(isUnlabelled)) {
        if (!words.every((word) => isUnlabelled(word) || isMissing(word))) {
          const cell = brief(cells[label]);
          throw rowError(
            rows,
            at,
            `${label} is ${cell}: an unlabelled word cannot stand beside a label`,
            label,
          );
        }
        labels.fill(rawLabel.unknown);
        return;
      }
      const stated = words.filter((word) => !isMissing(word));
      const positives = stated.map((word) => {
        const column = columnOf(word);
        if (column >= 0) return column;
        const hint = suggestion(word, labelNames) || `; those are ${labelNames.slice(0, 20).join(", ")}`;
        throw rowError(
          rows,
          at,
          `${label} is ${brief(word)}, which is none of the words given${hint}`,
          label,
        );
      });
      setPositive(labels, positives, words.length === stated.length);
    },
  };
  const listing = listRows(rows, labelNames, findImage, reader, entry, context);
  return { ...listing, unlisted: true, ...(entry.words === undefined ? { wordsOccur: true } : {}) };
}
