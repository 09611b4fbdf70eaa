// `tessera train --resume` of a run that has everything but its report: the process was killed while it wrote that, or was told not to.

import { shellWord } from "../../errors/shell-words.ts";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeReport } from "../../report/write-report.ts";
import { isFinished, readAnyRecord, runFiles } from "../../runs/run-files.ts";
import { lockFolder } from "../../runs/run-lock.ts";
import { endBySignals, sayWhenStopped } from "../terminal/signals.ts";

/** Whether a folder holds a run on a manifest's images that came to its end, and no report of it. */
export function lacksReport(path: string): boolean {
  if (!existsSync(join(path, runFiles.record)) || existsSync(join(path, runFiles.report))) return false;
  return isFinished(path) && !("task" in readAnyRecord(path));
}

/** What Ctrl-C says while a report is written. */
export const stoppedBeforeReport = (path: string): string =>
  `stopped before the report was written; everything else of the run is in ${path}; write it with: tessera report ${shellWord(path)}`;

/**
 * Writes the report of such a run, under the run's lock: one that a killed process left is taken over, and gone afterwards.
 * @throws RunFolderError when another process writes the folder now, or what it holds is damaged
 */
export async function finishReport(
  path: string,
  { identify, json }: { readonly identify: boolean; readonly json: boolean },
  say: (text: string) => void,
): Promise<void> {
  const unlock = lockFolder(path);
  try {
    say("the run is finished, and only its report is missing");
    sayWhenStopped(stoppedBeforeReport(path));
    endBySignals();
    const file = await writeReport(path, undefined, identify);
    if (json) process.stdout.write(readFileSync(join(path, runFiles.summary), "utf8"));
    say(`the report is ${file}`);
  } finally {
    unlock();
    sayWhenStopped("");
  }
}
