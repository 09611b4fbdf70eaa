// Queries and what is known of the documents that answer them, as retrieval datasets have them: JSON arrays.
import { aString, expectArgument } from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { messageOf } from "../../files/causes.ts";
import { largestGrade } from "../../metrics/ranking.ts";

export interface Query {
  readonly id: string;
  readonly text: string;
  /** Documents to leave out of its ranking: those that the question was asked about. */
  readonly without: readonly string[];
}

/** What a document is worth to a query. */
export interface Judgement {
  readonly query: string;
  readonly document: string;
  /** 0: not relevant; up to 30. */
  readonly grade: number;
}

type Row = Readonly<Record<string, unknown>>;

/** The objects of an array, each with what makes an error about it. */
function rowsOf(
  call: string,
  file: string,
  content: string,
  what: string,
): { row: Row; fault: (reason: string) => DataError }[] {
  expectArgument(call, "the file's name", file, aString);
  expectArgument(call, "the content", content, aString);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new DataError(
      file,
      `is not JSON (${messageOf(cause).replace(/\s+/gu, " ").slice(0, 120)}); it takes an array of ${what}`,
      { cause },
    );
  }
  if (!Array.isArray(value)) throw new DataError(file, `is no JSON array of ${what}`);
  if (value.length === 0) throw new DataError(file, "is an empty array");
  return value.map((row: unknown, record) => {
    const fault = (reason: string): DataError => new DataError(file, reason, { record });
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw fault(`is no object of ${what}`);
    return { row: row as Row, fault };
  });
}

function stringOf(row: Row, key: string, fault: (reason: string) => DataError): string {
  const value = Object.hasOwn(row, key) ? row[key] : undefined;
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  if (typeof value === "string" && value !== "") return value;
  if (value === undefined) {
    const near = suggestion(key, Object.keys(row));
    throw fault(`has no ${JSON.stringify(key)}${near}; it has ${Object.keys(row).join(", ") || "no keys"}`);
  }
  throw fault(
    `${JSON.stringify(key)} is ${JSON.stringify(value)?.slice(0, 40) ?? typeof value}; it must be a string that is not empty`,
  );
}

/**
 * Queries: `[{ query_id, query, source? }]`, `source` an id or a list of ids of documents to leave out.
 *
 * @param file its name, for messages
 * @throws DataError naming the record: a field missing or not of its type, an id twice
 */
export function parseQueries(file: string, content: string): Query[] {
  const seen = new Map<string, number>();
  return rowsOf("parseQueries", file, content, "queries with a query_id and a query").map(
    ({ row, fault }, i) => {
      const id = stringOf(row, "query_id", fault);
      const before = seen.get(id);
      if (before !== undefined)
        throw fault(`the query_id ${JSON.stringify(id)} is that of record ${before}, too`);
      seen.set(id, i);
      const { source = [] } = row;
      const without: unknown[] = Array.isArray(source) ? source : [source];
      const odd = without.find((each) => typeof each !== "string");
      if (odd !== undefined) throw fault('"source" must be the id of a document, or a list of them');
      return { id, text: stringOf(row, "query", fault), without: without as string[] };
    },
  );
}

/**
 * Judgements: `[{ query_id, doc_id, relevance }]`, relevance 0 to 30.
 *
 * @param file its name, for messages
 * @throws DataError naming the record: a field missing or not of its type, one document judged twice for a query
 */
export function parseJudgements(file: string, content: string): Judgement[] {
  const seen = new Map<string, number>();
  return rowsOf("parseJudgements", file, content, "judgements with a query_id, a doc_id and a relevance").map(
    ({ row, fault }, i) => {
      const query = stringOf(row, "query_id", fault);
      const document = stringOf(row, "doc_id", fault);
      const grade = Object.hasOwn(row, "relevance") ? row.relevance : undefined;
      if (grade === undefined) throw fault(`has no "relevance"; it has ${Object.keys(row).join(", ")}`);
      if (typeof grade !== "number" || !(grade >= 0 && grade <= largestGrade)) {
        throw fault(
          `"relevance" is ${JSON.stringify(grade)}; grades are numbers from 0, not relevant, to ${largestGrade}, best`,
        );
      }
      const key = JSON.stringify([query, document]);
      const before = seen.get(key);
      if (before !== undefined) {
        throw fault(
          `judges document ${JSON.stringify(document)} for query ${JSON.stringify(query)}, as record ${before} does`,
        );
      }
      seen.set(key, i);
      return { query, document, grade };
    },
  );
}
