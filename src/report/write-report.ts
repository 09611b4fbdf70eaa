// The report of a folder, written: of a run, of a task's run, or of a study. What draws it is loaded when it is needed.

import { aFlag, aFunction, aString, expectArgument } from "../errors/arguments.ts";
import { statSync } from "node:fs";
import { join } from "node:path";
import { RunFolderError } from "../errors/training-errors.ts";
import { makeFolders } from "../files/folders.ts";
import { suggestedPath } from "../files/near-files.ts";
import { replaceFile } from "../files/whole-files.ts";
import { version } from "../runs/package-info.ts";
import { withoutName, type PatientNames } from "../runs/hidden-names.ts";
import { namesOf } from "../runs/patient-names.ts";
import { readAnyRecord, runFiles } from "../runs/run-files.ts";
import { silent } from "../runs/run-observer.ts";
import type { RunContents } from "../runs/run-contents.ts";
import type { Mistake } from "../runs/run-report-data.ts";
import type { StudyContents } from "../studies/read-study.ts";
import type { StudyReportData } from "../studies/study-report-data.ts";

interface Report {
  readonly page: string;
  /** SVG by file name. */
  readonly figures: ReadonlyMap<string, string>;
  /** What the folder does not have, in words. */
  readonly missing: readonly string[];
}

/** The folder of the figures, in a study's folder. */
const figureFolder = "figures";

/**
 * Writes the report of a folder, each file whole or not at all. The report of a study has its figures as files in
 * `figures`, too.
 * @param out another place for the page, which is then written alone
 * @param identify whether patients are shown by their names; otherwise by hashes, whose salt stays in the folder
 * @param warn told what the folder does not have
 * @returns the file of the page
 * @throws RunFolderError when the folder holds no run, or what it holds is damaged or was changed after the run ended, or the report cannot be written
 */
export async function writeReport(
  path: string,
  out?: string,
  identify = false,
  warn: (text: string) => void = silent,
): Promise<string> {
  expectArgument("writeReport", "the folder", path, aString);
  if (out !== undefined) expectArgument("writeReport", "the file of the report", out, aString);
  expectArgument("writeReport", "identify", identify, aFlag);
  expectArgument("writeReport", "warn", warn, aFunction);
  const { page, figures, missing } = await reportOf(path, identify);
  for (const line of missing) warn(`${path}: ${line}`);
  if (out !== undefined) return await writeFile(out, page);
  if (figures.size > 0) {
    const folder = join(path, figureFolder);
    try {
      makeFolders(folder);
    } catch (cause) {
      throw notWritten(folder, cause);
    }
    for (const [name, text] of figures) await writeFile(join(folder, name), text);
  }
  return await writeFile(join(path, runFiles.report), page);
}

async function writeFile(file: string, text: string): Promise<string> {
  try {
    await replaceFile(file, (handle) => handle.writeFile(text));
  } catch (cause) {
    throw notWritten(file, cause);
  }
  return file;
}

function notWritten(file: string, cause: unknown): RunFolderError {
  return new RunFolderError(
    `${file}: cannot be written (${(cause as Error).message}); name another file for the report with --out`,
    { cause },
  );
}

/** Images as a report shows them: without names, unless these are asked for. */
function shownTo(
  path: string,
  identify: boolean,
): <Shown extends Pick<Mistake, "source" | "image" | "patient">>(found: readonly Shown[]) => Shown[] {
  let names: PatientNames | undefined; // a folder whose images name nobody gets no salt
  return (found) =>
    found.map((image) =>
      identify || image.patient === "" ? image : withoutName(image, (names ??= namesOf(path))),
    );
}

/** A run whose patients are shown as asked. */
function runShown(run: RunContents, identify: boolean): RunContents {
  const { reportData, path } = run;
  if (reportData === undefined) return run;
  const shown = shownTo(path, identify);
  const { mistakes, overlays } = reportData;
  return {
    ...run,
    reportData: {
      ...{ ...reportData, mistakes: shown(mistakes) },
      ...(overlays === undefined ? {} : { overlays: shown(overlays) }),
    },
  };
}

/** The same of a study. */
function studyShown(study: StudyContents, identify: boolean): StudyContents {
  const { reportData, path } = study;
  const predicted = reportData?.predicted;
  if (predicted?.mistakes === undefined) return study;
  const mistakes = { ...predicted.mistakes, found: shownTo(path, identify)(predicted.mistakes.found) };
  return {
    ...study,
    reportData: { ...reportData, predicted: { ...predicted, mistakes } } as StudyReportData,
  };
}

async function reportOf(path: string, identify: boolean): Promise<Report> {
  const pages = await import("./pages.ts");
  const { isRunFolder, isStudyFolder, readStudy, studyFigures, studyPage } = pages;
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new RunFolderError(
      `${path}: is no folder; name that of a run or a study${await suggestedPath(path)}`,
    );
  }
  if (isRunFolder(path)) {
    if ("task" in readAnyRecord(path)) {
      const run = pages.readTaskRun(path);
      return { page: pages.taskPage(run), figures: new Map(), missing: run.missing };
    }
    const run = await pages.readRun(path);
    return {
      page: pages.runPage(runShown(run, identify), identify),
      figures: new Map(),
      missing: run.missing,
    };
  }
  if (isStudyFolder(path)) {
    // Imported here, since the analysis loads distributions, which training can do without until its report is written.
    const { analyse, furtherAnalyses } = await import("../studies/analysis.ts");
    const { similarityOf } = await import("../studies/similarity.ts");
    const study = studyShown(readStudy(path), identify);
    const analysis = analyse(study.scores);
    const others = furtherAnalyses(study.scores);
    const points = study.scores.similarity?.points ?? [];
    const similarity = points.length === 0 ? undefined : similarityOf(points);
    return {
      page: studyPage(study, analysis, similarity, version, others),
      figures: studyFigures(study, analysis, similarity, others),
      missing: [],
    };
  }
  throw new RunFolderError(
    `${path}: holds no run (${runFiles.record}) and no study (scores.json); name a folder that has one`,
  );
}
