// What is to be said of a run that has not ended.

import { counted } from "../errors/counted.ts";
import type { Summary } from "./summary.ts";

/** What is to be said of a run that has not ended. */
export function unfinishedNotes(summary: Pick<Summary, "interrupted" | "epochs"> | undefined): string[] {
  if (summary === undefined) return ["The run has not come to its end; this is what it has written so far."];
  if (!summary.interrupted) return [];
  return [`The run was stopped after ${counted(summary.epochs, "epoch")}; it can go on with --resume.`];
}
