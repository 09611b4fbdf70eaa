// `tessera report`: a run folder or a study folder as one HTML file.

import { shellWord } from "../../errors/shell-words.ts";
import { writeReport } from "../../report/write-report.ts";
import { makeFolderOf } from "../terminal/output-files.ts";

export interface ReportOptions {
  readonly out?: string;
  /** Whether patients are shown by their names. */
  readonly identify: boolean;
  readonly quiet: boolean;
}

const warn = (text: string): void => void process.stderr.write(`warning: ${text}\n`);

export async function reportCommand(path: string, { out, quiet, identify }: ReportOptions): Promise<void> {
  if (out !== undefined) makeFolderOf("--out", out);
  const file = await writeReport(path, out, identify, warn);
  if (!quiet) process.stdout.write(`${file}\n`);
}

/** Writes the report of a finished run or study. Its results are on disk by now, so an error here is only a warning. */
export async function reportFinished(
  path: string,
  identify: boolean,
  say: (text: string) => void,
): Promise<void> {
  try {
    say(`the report is ${await writeReport(path, undefined, identify, warn)}`);
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    process.stderr.write(
      `warning: the report could not be written (${reason}); once that is mended: tessera report ${shellWord(path)}\n`,
    );
  }
}
