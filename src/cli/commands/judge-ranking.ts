// `tessera judge-ranking`: how good rankings are by what is known of the documents, with intervals over queries.

import { basename } from "node:path";
import Table from "cli-table3";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { readText } from "../../files/bytes.ts";
import type { PFoundForm } from "../../metrics/ranking.ts";
import {
  rankingMeasures,
  summariseRanking,
  type RankingEstimate,
  type RankingMeasure,
} from "../../metrics/ranking-summary.ts";
import { plainTable } from "../../report/tables.ts";
import type { TTest } from "../../statistics/t-tests.ts";
import { compareRankings } from "../../studies/compare-rankings.ts";
import { openIndex } from "../../text/search/index-folder.ts";
import { judgeRankings, type JudgedRankings } from "../../text/search/judged-rankings.ts";
import { parseRankings } from "../../text/search/ranking-table.ts";
import { parseJudgements } from "../../text/texts/judgements.ts";

export interface JudgeOptions {
  readonly pfound: PFoundForm;
  /** Folder of the index that the rankings are of: judgements of other documents are refused. */
  readonly index?: string;
  readonly json: boolean;
}

const measureNames: Readonly<Record<RankingMeasure, string>> = {
  pFound: "pFound",
  ndcg: "nDCG@10",
  map: "MAP",
  mrr: "MRR",
  recall: "recall@100",
};

/**
 * Prints a table, or with --json one object:
 *
 *     pFound      which form of it
 *     rankings    [{ file, queries, unjudged, unranked, measures: { <measure>: { mean, interval: { low, high } or null } } }]
 *     compared    [{ file, with, <measure>: { difference, p, interval? } }], each ranking less the first
 *
 * @param files rankings as tessera rank writes them; each further one is compared with the first
 */
export async function judgeRankingCommand(
  judgements: string,
  files: readonly string[],
  options: JudgeOptions,
): Promise<void> {
  const repeated = files.find((file, i) => files.indexOf(file) < i);
  if (repeated !== undefined)
    throw new UsageError(`${repeated} is named twice; a ranking does not differ from itself`);
  const judged = parseJudgements(judgements, await readText(judgements));
  const known = options.index === undefined ? undefined : new Set((await openIndex(options.index)).index.ids);
  const rankings: { readonly file: string; readonly of: JudgedRankings }[] = [];
  for (const file of files) {
    const of = judgeRankings(judgements, judged, parseRankings(file, await readText(file)), known);
    rankings.push({ file, of });
  }
  const summaries = rankings.map(({ of }) => summariseRanking(of.ranked, { pFound: options.pfound }));
  const [first, ...others] = rankings;
  const compared = others.map(({ file, of }) => ({
    file,
    tests: compareRankings(of.ranked, first.of.ranked, { pFound: options.pfound }),
  }));
  if (options.json) {
    const report = {
      pFound: options.pfound,
      rankings: rankings.map(({ file, of }, i) => ({
        file,
        queries: summaries[i].queries,
        unjudged: of.unjudged,
        unranked: of.unranked,
        measures: summaries[i].measures,
      })),
      compared: compared.map(({ file, tests }) => ({ file, with: first.file, ...tests })),
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const names = shortNames(files);
  const means = tableOf(
    "",
    names,
    rankingMeasures.map((measure) => summaries.map(({ measures }) => estimate(measures[measure]))),
  );
  const differences = tableOf(
    `less ${names[0]}`,
    names.slice(1),
    rankingMeasures.map((measure) => compared.map(({ tests }) => differenceOf(tests[measure]))),
  );
  const form =
    options.pfound === "notebook"
      ? "; pFound with the chance to break off, 0.15, in place of that to go on"
      : "";
  const ofQueries = `Means over ${counted(summaries[0].queries, "query", "queries")} with 95 % intervals`;
  const lines =
    compared.length === 0
      ? [means, "", `${ofQueries}${form}.`]
      : [means, "", differences, "", `${ofQueries}; differences with a paired t-test${form}.`];
  const notes = noted(rankings, [
    [
      ({ unjudged }) => unjudged,
      (count) => `${counted(count, "query", "queries")} without a judgement left out`,
    ],
    [
      ({ unranked }) => unranked,
      (count) => `${counted(count, "judged query", "judged queries")} without a ranking, worth 0`,
    ],
  ]);
  process.stdout.write(`${[...lines, ...notes].join("\n")}\n`);
}

/** Files without their folders, where that tells them apart. */
function shortNames(files: readonly string[]): readonly string[] {
  const names = files.map((file) => basename(file));
  return new Set(names).size === names.length ? names : files;
}

/** A row for each measure, for a terminal is rather high than wide. */
function tableOf(corner: string, files: readonly string[], cells: readonly (readonly string[])[]): string {
  const table = new Table({ ...plainTable, head: [corner, ...files] });
  table.push(...rankingMeasures.map((measure, row) => [measureNames[measure], ...cells[row]]));
  return table.toString();
}

/** What is told of all rankings once where it is the same for all, else for each. */
function noted(
  rankings: readonly { readonly file: string; readonly of: JudgedRankings }[],
  kinds: readonly (readonly [countOf: (of: JudgedRankings) => number, words: (count: number) => string])[],
): string[] {
  return kinds.flatMap(([countOf, words]) => {
    const counts = rankings.map(({ of }) => countOf(of));
    if (counts.every((count) => count === counts[0])) return counts[0] === 0 ? [] : [words(counts[0])];
    return rankings.flatMap(({ file }, i) => (counts[i] === 0 ? [] : [`${file}: ${words(counts[i])}`]));
  });
}

const differenceOf = ({ difference, p }: TTest): string =>
  `${signed(difference)}${p === null ? "" : ` (p ${p < 0.001 ? "< 0.001" : short(p)})`}`;
const short = (value: number): string => value.toFixed(3);
const signed = (value: number): string => `${value < 0 ? "" : "+"}${short(value)}`;
const estimate = ({ mean, interval }: RankingEstimate): string =>
  mean === null
    ? ""
    : interval === null
      ? short(mean)
      : `${short(mean)} (${short(interval.low)} to ${short(interval.high)})`;
