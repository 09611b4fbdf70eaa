// A study folder, read back for its report.

import { aString, expectArgument } from "../errors/arguments.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { scoresSchema, type StudyScores } from "./scores.ts";
import { readJson } from "../runs/read-run.ts";
import { studyReportDataSchema, type StudyReportData } from "./study-report-data.ts";

/** Files that a study writes; a report needs only the scores. */
export const studyFiles = {
  scores: "scores.json",
  settings: "study.json",
  reportData: "report.json",
} as const;

/** Everything that a study's report is made from. */
export interface StudyContents {
  readonly path: string;
  readonly scores: StudyScores;
  /** From `study.json`. */
  readonly settings: StudySettings;
  readonly reportData: StudyReportData | undefined;
}

const text = z.string();
/** The fields of `study.json` that a report reads; others are shown as they are. */
const settingsSchema = z.looseObject({
  manifest: z.object({ file: text, text }).exactOptional(),
  /** The seeds that were asked for. */
  seeds: z.array(z.int()).exactOptional(),
});
export type StudySettings = z.output<typeof settingsSchema>;

/** Whether `tessera study` made a folder. */
export const isStudyFolder = (path: string): boolean => existsSync(join(path, studyFiles.scores));

/** @throws RunFolderError naming the file and field that cannot be used */
export function readStudy(path: string): StudyContents {
  expectArgument("readStudy", "the folder", path, aString);
  const optional = <Schema extends z.ZodType>(
    name: keyof typeof studyFiles,
    schema: Schema,
  ): z.output<Schema> | undefined => {
    const file = join(path, studyFiles[name]);
    return existsSync(file) ? readJson(file, schema) : undefined;
  };
  return {
    path,
    scores: readJson(join(path, studyFiles.scores), scoresSchema),
    settings: optional("settings", settingsSchema) ?? {},
    reportData: optional("reportData", studyReportDataSchema),
  };
}
