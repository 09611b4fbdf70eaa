// Rankings of many queries as a table, id, doc_id, query_id and score, and how they meet judgements.
import { DataError } from "../../errors/data-errors.ts";
import { csvText } from "../../files/csv-text.ts";
import { parseTable } from "../../files/csv.ts";
import type { RankedQuery } from "../../metrics/ranking.ts";
import type { Judgement } from "../texts/judgements.ts";

/** Documents that were returned for a query. */
export interface QueryRanking {
  readonly query: string;
  readonly documents: readonly { readonly id: string; readonly score: number }[];
}

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

/** Rankings beside what is known of their documents. */
export interface JudgedRankings {
  /** Of the judged queries, in the order of the judgements. */
  readonly queries: readonly string[];
  readonly ranked: readonly RankedQuery[];
  /** Queries that were ranked and have no judgement: nothing is known of them. */
  readonly unjudged: number;
  /** Queries that were judged and have no ranking: nothing was found for them. */
  readonly unranked: number;
}

/**
 * Grades the documents of rankings. Documents without a judgement are taken for not relevant; relevant ones that were not returned,
 * for missed.
 *
 * @param file of the judgements, for messages
 * @param known ids of all documents, where they are known: a judgement of another one is refused
 * @throws DataError for a judgement of an unknown document, or when no query is both ranked and judged
 */
export function judgeRankings(
  file: string,
  judgements: readonly Judgement[],
  rankings: readonly QueryRanking[],
  known?: ReadonlySet<string>,
): JudgedRankings {
  const grades = new Map<string, Map<string, number>>();
  for (const [record, { query, document, grade }] of judgements.entries()) {
    if (known !== undefined && !known.has(document)) {
      throw new DataError(
        file,
        `judges the document ${JSON.stringify(document)}, which is not in the index; are they of the same collection?`,
        { record },
      );
    }
    let ofQuery = grades.get(query);
    if (ofQuery === undefined) grades.set(query, (ofQuery = new Map<string, number>()));
    ofQuery.set(document, grade);
  }
  const byQuery = new Map(rankings.map(({ query, documents }) => [query, documents]));
  const queries = [...grades.keys()];
  const unranked = queries.filter((query) => !byQuery.has(query)).length;
  if (unranked === queries.length) {
    throw new DataError(file, "judges none of the queries that were ranked; are both of the same queries?");
  }
  const ranked = Array.from(grades, ([query, ofQuery]): RankedQuery => {
    const documents = byQuery.get(query) ?? [];
    const returned = new Set(documents.map(({ id }) => id));
    return {
      scores: documents.map(({ score }) => score),
      grades: documents.map(({ id }) => ofQuery.get(id) ?? 0),
      missed: Array.from(ofQuery).flatMap(([id, grade]) => (returned.has(id) ? [] : [grade])),
    };
  });
  return { queries, ranked, unranked, unjudged: rankings.filter(({ query }) => !grades.has(query)).length };
}
