// Queries, judgements and rankings: what is read, how they meet, and how each fault is told.
import { expect, test } from "vitest";
import { rankedPrecision } from "../../src/metrics/ranking.ts";
import { judgeRankings } from "../../src/text/search/judged-rankings.ts";
import { parseRankings, rankingsCsv } from "../../src/text/search/ranking-table.ts";
import { parseJudgements, parseQueries } from "../../src/text/texts/judgements.ts";

test("reads queries, with the documents that they leave out", () => {
  const rows = [
    { query_id: 1, query: "wings", source: ["d4"] },
    { query_id: "b", query: "boats", source: "d2", more: true },
    { query_id: "c", query: "air" },
  ];
  expect(parseQueries("q.json", JSON.stringify(rows))).toEqual([
    { id: "1", text: "wings", without: ["d4"] },
    { id: "b", text: "boats", without: ["d2"] },
    { id: "c", text: "air", without: [] },
  ]);
});

test.each([
  ["{", /^q\.json: is not JSON \(.*\); it takes an array of queries/],
  ["{}", /^q\.json: is no JSON array of queries/],
  ["[]", /^q\.json: is an empty array/],
  ["[3]", /^q\.json: record 0: is no object of queries/],
  ['[{"query_id":"1"}]', /record 0: has no "query"; did you mean "query_id"\?; it has query_id/],
  ['[{"query_id":"1","query":""}]', /record 0: "query" is ""; it must be a string that is not empty/],
  [
    '[{"query_id":"1","query":"a"},{"query_id":1,"query":"b"}]',
    /record 1: the query_id "1" is that of record 0, too/,
  ],
  [
    '[{"query_id":"1","query":"a","source":[3]}]',
    /record 0: "source" must be the id of a document, or a list of them/,
  ],
])("refuses the queries %s", (content, message) => {
  expect(() => parseQueries("q.json", content)).toThrow(message);
});

const judged = (...rows: [query: string, document: string, relevance: unknown][]): string =>
  JSON.stringify(rows.map(([query_id, doc_id, relevance]) => ({ query_id, doc_id, relevance })));

test.each([
  [judged(["1", "a", undefined]), /record 0: has no "relevance"; it has query_id, doc_id/],
  [
    judged(["1", "a", -1]),
    /record 0: "relevance" is -1; grades are numbers from 0, not relevant, to 30, best/,
  ],
  [judged(["1", "a", "high"]), /record 0: "relevance" is "high"/],
  [judged(["1", "a", 1], ["1", "a", 2]), /record 1: judges document "a" for query "1", as record 0 does/],
  ['[{"query_id":"1","document":"a","relevance":1}]', /record 0: has no "doc_id"/],
])("refuses the judgements %s", (content, message) => {
  expect(() => parseJudgements("j.json", content)).toThrow(message);
});

const rankings = [
  {
    query: "1",
    documents: [
      { id: "a", score: 0.5 },
      { id: "=b", score: -1e-9 },
    ],
  },
  { query: "9", documents: [{ id: "a", score: 1 }] },
];

test("rankings come back from their table", () => {
  const csv = rankingsCsv(rankings.slice(0, 1)) + rankingsCsv(rankings.slice(1), false);
  expect(csv.split("\n")[0]).toBe("id,doc_id,query_id,score");
  expect(csv.split("\n")[1]).toBe("1_a,a,1,0.5");
  expect(parseRankings("r.csv", csv)).toEqual(rankings);
});

test.each([
  ["doc_id,query_id\na,1\n", /^r\.csv: has no column "score"; it has doc_id, query_id/],
  ["doc_id,query_id,score\na,1,\n", /line 2: the score "" is no number/],
  ["doc_id,query_id,score\na,1,x\n", /line 2: the score "x" is no number/],
  ["doc_id,query_id,score\na,1,2\na,1,3\n", /line 3: has document "a" for query "1" a second time/],
])("refuses the ranking %j", (content, message) => {
  expect(() => parseRankings("r.csv", content)).toThrow(message);
});

test("judgements meet rankings: what was not judged is not relevant, what was not returned is missed", () => {
  const judgements = parseJudgements("j.json", judged(["1", "=b", 2], ["1", "c", 1], ["2", "a", 1]));
  const { queries, ranked, unjudged, unranked } = judgeRankings("j.json", judgements, rankings);
  expect([queries, unjudged, unranked]).toEqual([["1", "2"], 1, 1]);
  expect(ranked).toEqual([
    { scores: [0.5, -1e-9], grades: [0, 2], missed: [1] },
    { scores: [], grades: [], missed: [1] },
  ]);
  expect(ranked.map(rankedPrecision)).toEqual([0.25, 0]);
});

test("judgements of other queries, or of documents that there are not, are refused", () => {
  const judgements = parseJudgements("j.json", judged(["2", "a", 1]));
  expect(() => judgeRankings("j.json", judgements, rankings)).toThrow(
    "j.json: judges none of the queries that were ranked",
  );
  expect(() => judgeRankings("j.json", parseJudgements("j.json", judged(["1", "a", 0])), rankings)).toThrow(
    "j.json: judges no document relevant, so that nothing can be measured",
  );
  expect(() => judgeRankings("j.json", judgements, rankings, new Set(["b"]))).toThrow(
    'j.json: record 0: judges the document "a", which is not in the index',
  );
});
