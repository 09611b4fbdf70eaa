// A study folder, read back for its report.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { StudyScores } from "./scores.ts";
import { readJson } from "../runs/read-run.ts";
import { studyReportDataSchema, type StudyReportData } from "./study-report-data.ts";

/** Files that a study writes; of these, only the scores must be there. */
export const studyFiles = {
  scores: "scores.json",
  settings: "study.json",
  reportData: "report.json",
} as const;

/** What a study's report is made of. */
export interface StudyContents {
  readonly path: string;
  readonly scores: StudyScores;
  /** As `study.json` has them. */
  readonly settings: StudySettings;
  readonly reportData: StudyReportData | undefined;
}

const text = z.string();
const number = z.number();
const scoresSchema = z.object({
  ...{ study: text, question: text, manifest: text, classes: z.array(text) },
  groups: z.array(z.object({ name: text, classes: z.array(text) })),
  arms: z.array(
    z.object({
      ...{ name: text, label: text, about: text },
      ...{ controlOf: text.exactOptional(), models: z.int().positive().exactOptional() },
    }),
  ),
  comparisons: z.array(
    z.object({ first: text, second: text, question: text, margin: z.number().positive().exactOptional() }),
  ),
  scores: z.array(
    z.object({
      ...{ arm: text, seed: z.int(), auc: z.record(text, number.nullable()) },
      ...{ steps: number, seconds: number },
    }),
  ),
  similarity: z
    .object({
      interest: text,
      points: z.array(z.object({ class: text, seed: z.int(), similarity: number, gain: number })),
    })
    .exactOptional(),
  queries: z
    .array(
      z
        .object({ arm: text, classes: z.array(text), cosines: z.array(z.array(number)) })
        .refine(
          ({ classes, cosines }) =>
            cosines.length === classes.length && cosines.every((row) => row.length === classes.length),
          { path: ["cosines"], message: "must have a row and a column for each class" },
        ),
    )
    .exactOptional(),
  courses: z
    .array(
      z.object({
        ...{ arm: text, seed: z.int(), run: text },
        ...{ bce: z.array(number), pseudo: z.array(number), consistency: z.array(number) },
      }),
    )
    .exactOptional(),
  notes: z.array(text),
});

/** What a report reads of `study.json`; whatever else is there is shown as it is. */
const settingsSchema = z.looseObject({
  manifest: z.object({ file: text, text }).exactOptional(),
  /** Those asked for. */
  seeds: z.array(z.int()).exactOptional(),
});
export type StudySettings = z.output<typeof settingsSchema>;

/** Whether a folder is one that `tessera study` made. */
export const isStudyFolder = (path: string): boolean => existsSync(join(path, studyFiles.scores));

/** @throws RunFolderError naming file and field that cannot be used */
export function readStudy(path: string): StudyContents {
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
