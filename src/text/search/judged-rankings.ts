// Rankings of many queries beside judgements.
import { aNumber, aString, expectArgument, listOf } from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import type { RankedQuery } from "../../metrics/ranking.ts";
import type { Judgement } from "../texts/judgements.ts";

/** Documents that were returned for a query. */
export interface QueryRanking {
  readonly query: string;
  readonly documents: readonly { readonly id: string; readonly score: number }[];
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

const theJudgements = listOf("judgements, as parseJudgements gives them", {
  words: "a judgement",
  fits: (value) => {
    const { query, document, grade } = (value ?? {}) as Partial<Judgement>;
    return typeof query === "string" && typeof document === "string" && aNumber.fits(grade);
  },
});
const theRankings = listOf("rankings { query, documents: [{ id, score }] }", {
  words: "a ranking",
  fits: (value) => {
    const { query, documents } = (value ?? {}) as Partial<QueryRanking>;
    return (
      typeof query === "string" &&
      Array.isArray(documents) &&
      (documents as unknown[]).every((each) => {
        const { id, score } = (each ?? {}) as Partial<QueryRanking["documents"][number]>;
        return typeof id === "string" && aNumber.fits(score);
      })
    );
  },
});

/**
 * Grades the documents of rankings. Documents without a judgement are taken for not relevant; relevant ones that were not returned,
 * for missed.
 *
 * @param file of the judgements, for messages
 * @param known ids of all documents, where they are known: a judgement of another one is refused
 * @throws DataError for a judgement of an unknown document, when none is relevant, or when no query is both ranked and judged
 */
export function judgeRankings(
  file: string,
  judgements: readonly Judgement[],
  rankings: readonly QueryRanking[],
  known?: ReadonlySet<string>,
): JudgedRankings {
  const what = "judgeRankings";
  expectArgument(what, "the file's name", file, aString);
  expectArgument(what, "the judgements", judgements, theJudgements);
  expectArgument(what, "the rankings", rankings, theRankings);
  if (known !== undefined)
    expectArgument(what, "the known ids", known, { words: "a set", fits: (value) => value instanceof Set });
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
  if (!judgements.some(({ grade }) => grade > 0)) {
    throw new DataError(file, "judges no document relevant, so that nothing can be measured");
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
