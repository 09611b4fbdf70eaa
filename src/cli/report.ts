// `tessera report`: a run folder or a study folder as one HTML file.

import { statSync } from "node:fs";
import { join } from "node:path";
import { analyse } from "../assemble/studies/analysis.ts";
import { RunFolderError, runFiles } from "../assemble/index.ts";
import { replaceFile } from "../data/files/whole-files.ts";
import { makeFolderOf } from "./output-files.ts";
import { version } from "./package-info.ts";

export interface ReportOptions {
  readonly out?: string;
  readonly quiet: boolean;
}

export async function reportCommand(path: string, { out, quiet }: ReportOptions): Promise<void> {
  if (out !== undefined) makeFolderOf("--out", out);
  const file = await writeReport(path, out);
  if (!quiet) process.stdout.write(`${file}\n`);
}

/**
 * Writes the report of a folder whole or not at all.
 * @param out where to, unless into the folder
 * @returns the file
 * @throws RunFolderError when the folder holds no run, or what it holds is damaged, or the report cannot be written
 */
export async function writeReport(path: string, out = join(path, runFiles.report)): Promise<string> {
  const text = await reportText(path);
  try {
    await replaceFile(out, (handle) => handle.writeFile(text));
  } catch (cause) {
    throw new RunFolderError(
      `${out}: cannot be written (${(cause as Error).message}); name another file with --out`,
      { cause },
    );
  }
  return out;
}

async function reportText(path: string): Promise<string> {
  const { isRunFolder, isStudyFolder, readRun, readStudy, runPage, studyPage, comparisonTables } =
    await import("../report/pages.ts");
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new RunFolderError(`${path}: is no folder; name that of a run or a study`);
  }
  if (isRunFolder(path)) return runPage(await readRun(path));
  if (isStudyFolder(path)) {
    const study = readStudy(path);
    const analysis = analyse(study.scores);
    const tables = comparisonTables(study.scores, analysis);
    return studyPage(study, { tables, notes: analysis.notes }, version);
  }
  throw new RunFolderError(
    `${path}: holds no run (${runFiles.record}) and no study (scores.json); name a folder that has one`,
  );
}
