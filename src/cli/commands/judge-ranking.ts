// `tessera judge-ranking`: how good rankings are by what is known of the documents, with intervals over queries.

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
  const head = ["ranking", ...rankingMeasures.map((measure) => measureNames[measure])];
  const table = new Table({ ...plainTable, head });
  table.push(
    ...rankings.map(({ file }, i) => [
      file,
      ...rankingMeasures.map((measure) => estimate(summaries[i].measures[measure])),
    ]),
    ...compared.map(({ file, tests }) => [
      `${file} less ${first.file}`,
      ...rankingMeasures.map((measure) => {
        const { difference, p } = tests[measure];
        return `${signed(difference)}${p === null ? "" : ` (p ${p < 0.001 ? "< 0.001" : short(p)})`}`;
      }),
    ]),
  );
  const { queries } = summaries[0];
  const notes = rankings.flatMap(({ file, of }) => [
    ...(of.unjudged === 0
      ? []
      : [`${file}: ${counted(of.unjudged, "query", "queries")} without a judgement left out`]),
    ...(of.unranked === 0
      ? []
      : [`${file}: ${counted(of.unranked, "judged query", "judged queries")} without a ranking, worth 0`]),
  ]);
  const form =
    options.pfound === "notebook"
      ? "; pFound with the chance to break off, 0.15, in place of that to go on"
      : "";
  process.stdout.write(
    `${[table.toString(), `Means over ${counted(queries, "query", "queries")} with 95 % intervals; differences with a paired t-test${form}.`, ...notes].join("\n")}\n`,
  );
}

const short = (value: number): string => value.toFixed(3);
const signed = (value: number): string => `${value < 0 ? "" : "+"}${short(value)}`;
const estimate = ({ mean, interval }: RankingEstimate): string =>
  mean === null
    ? ""
    : interval === null
      ? short(mean)
      : `${short(mean)} (${short(interval.low)} to ${short(interval.high)})`;
