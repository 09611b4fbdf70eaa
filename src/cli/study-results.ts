// Writes the results of a study as tables for people, for spreadsheets and for programs.

import { analyse, furtherAnalyses } from "../studies/analysis.ts";
import { similarityOf } from "../studies/similarity.ts";
import type { StudyFolder } from "../studies/study-folder.ts";
import type { StudyScores } from "../studies/scores.ts";
import {
  comparisonsCsv,
  scoresCsv,
  studyJson,
  studyMarkdown,
  studyTable,
} from "../report/study/study-tables.ts";
import { similarityMarkdown, similarityTable } from "../report/study/similarity-tables.ts";

/**
 * Writes results.md, results.json, scores.csv and comparisons.csv.
 * @returns the same for a terminal
 */
export async function writeResults(folder: StudyFolder, scores: StudyScores): Promise<string> {
  const analysis = analyse(scores);
  const others = furtherAnalyses(scores);
  const points = scores.similarity?.points ?? [];
  const similarity = points.length === 0 ? undefined : similarityOf(points);
  const similarityPage =
    similarity === undefined ? "" : `\n## Similarity\n\n${similarityMarkdown(similarity)}`;
  await folder.replace("results.md", `${studyMarkdown(scores, analysis, others)}${similarityPage}`);
  await folder.replace("results.json", studyJson(scores, analysis, similarity, others));
  await folder.replace("scores.csv", scoresCsv(scores));
  await folder.replace("comparisons.csv", comparisonsCsv(analysis, ...others));
  return [
    studyTable(scores, analysis, others),
    ...(similarity === undefined ? [] : [similarityTable(similarity)]),
  ].join("\n\n");
}
