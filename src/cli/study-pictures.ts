// Makes the part of a study's report that shows predictions, while the images are there, and keeps it in the study's folder.

import { setImmediate } from "node:timers/promises";
import { runFiles } from "../runs/run-files.ts";
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

/** Reading this many probabilities takes about a second. */
const longWork = 3e5;

export function writeReportData(folder: StudyFolder, reportData: StudyReportData): Promise<void> {
  return folder.replace(runFiles.reportData, `${JSON.stringify(reportData)}\n`);
}

/** Writes the report data. The results are on disk by now, so an error here is only a warning. */
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
    // Reading a table blocks the thread; Ctrl-C is handled between two of them.
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
