// Rankings of many queries as a table: id, doc_id, query_id and score.
import { DataError } from "../../errors/data-errors.ts";
import { csvText } from "../../files/csv-text.ts";
import { parseTable } from "../../files/csv.ts";
import type { QueryRanking } from "./judged-rankings.ts";

const columns = ["id", "doc_id", "query_id", "score"] as const;

/** The table of some rankings, with a header or, to go on with one, without. */
export const rankingsCsv = (rankings: readonly QueryRanking[], header = true): string =>
  csvText([
    ...(header ? [[...columns]] : []),
    ...rankings.flatMap(({ query, documents }) =>
      documents.map(({ id, score }) => [`${query}_${id}`, id, query, score]),
    ),
  ]);

/**
 * Reads such a table; the column `id` may be missing.
 *
 * @param file its name, for messages
 * @throws DataError naming the row: a cell too few, a score that is no number, a document twice for a query
 */
export function parseRankings(file: string, content: string): QueryRanking[] {
  const table = parseTable(file, content);
  for (const name of columns.slice(1)) {
    if (!table.columns.includes(name)) {
      throw new DataError(
        file,
        `has no column "${name}"; it has ${table.columns.join(", ")}, and a ranking has ${columns.join(", ")}`,
      );
    }
  }
  const rankings = new Map<string, Map<string, number>>();
  for (const { cells, line } of table.rows) {
    const { doc_id: id, query_id: query, score: typed } = cells;
    const score = typed === "" ? NaN : Number(typed);
    if (Number.isNaN(score))
      throw new DataError(file, `line ${line}: the score ${JSON.stringify(typed)} is no number`);
    let documents = rankings.get(query);
    if (documents === undefined) rankings.set(query, (documents = new Map<string, number>()));
    if (documents.has(id)) {
      throw new DataError(
        file,
        `line ${line}: has document ${JSON.stringify(id)} for query ${JSON.stringify(query)} a second time`,
      );
    }
    documents.set(id, score);
  }
  return Array.from(rankings, ([query, documents]) => ({
    query,
    documents: Array.from(documents, ([id, score]) => ({ id, score })),
  }));
}
