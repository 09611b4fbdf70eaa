// What a study's report shows of its predictions, made while the images are there and kept in the study's folder.

import { setImmediate } from "node:timers/promises";
import { runFiles } from "../runs/run-folder.ts";
import type { RunResult } from "../studies/study-run.ts";
import type { StudyFolder } from "../studies/study-folder.ts";
import type { StudyPlan } from "../studies/study-plan.ts";
import type { TestPredictions } from "../runs/test-predictions.ts";
import {
  studyReportDataOf,
  type ReportedImages,
  type StudyReportData,
} from "../studies/study-report-data.ts";
import { Counter } from "./terminal/counter.ts";

/** So many probabilities take about a second. */
const longWork = 3e5;

export function writeReportData(folder: StudyFolder, reportData: StudyReportData): Promise<void> {
  return folder.replace(runFiles.reportData, `${JSON.stringify(reportData)}\n`);
}

/** The runs are safe by now: what goes wrong with their pictures is told, and no more. */
export async function keepPictures(
  folder: StudyFolder,
  plan: Pick<StudyPlan, "arms">,
  results: readonly RunResult[],
  images: ReportedImages,
  quiet: boolean,
): Promise<void> {
  try {
    await writeReportData(folder, await reportData(folder, plan, results, images, quiet));
  } catch (error) {
    const [reason] = (error as Error).message.split("\n");
    process.stderr.write(`warning: the report will show no ROC curves and no mistakes (${reason})\n`);
  }
}

async function reportData(
  folder: StudyFolder,
  plan: Pick<StudyPlan, "arms">,
  results: readonly RunResult[],
  images: ReportedImages,
  quiet: boolean,
): Promise<StudyReportData> {
  const cells = results.length * images.given.test.states.length;
  using counter = new Counter("reading predictions", results.length, quiet || cells < longWork);
  let done = 0;
  const lost: string[] = [];
  const predictionsOf = async (result: RunResult): Promise<TestPredictions | undefined> => {
    // A table holds the thread: between two, Ctrl-C is heard.
    await setImmediate();
    counter.update(++done, results.length);
    const found = folder.predictions(result);
    if (found === undefined) lost.push(folder.predictionsFile(result));
    return found;
  };
  const made = await studyReportDataOf(plan, results, predictionsOf, images);
  const [first, ...others] = lost;
  if (first !== undefined) {
    const more = others.length === 0 ? "" : `, and ${others.length} more`;
    process.stderr.write(
      `warning: ${first} is gone or damaged${more}: ROC curves and mistakes are without these runs; ` +
        "remove the .json beside such a file to have its run again\n",
    );
  }
  return made;
}
