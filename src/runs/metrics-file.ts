// metrics.jsonl of a run folder, read.

import { readFileSync } from "node:fs";
import { RunFolderError } from "../errors/training-errors.ts";
import { parseMetrics, type RunMetrics } from "./metrics-lines.ts";

/**
 * @returns what there is: nothing where there is no such file; of a run that was killed, all but a line that breaks off
 * @throws RunFolderError naming the line that is none
 */
export function readMetrics(file: string): RunMetrics {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return { steps: [], epochs: [] };
    throw new RunFolderError(`${file}: cannot be read (${(cause as Error).message})`, { cause });
  }
  return parseMetrics(file, text);
}
