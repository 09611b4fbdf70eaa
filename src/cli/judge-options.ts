// What `tessera judge` is asked.

import { Option, type Command } from "commander";
import type { JudgeOptions } from "./commands/judge.ts";
import { withDevice } from "./terminal/option-groups.ts";
import { wholeNumber } from "./terminal/options.ts";

/** Options of commands that judge a table. @param rows what the option of the rows to judge by is called */
export const withJudging = (command: Command, rows: string): Command =>
  command
    .option(
      `${rows} <n>`,
      "judge by at most so many rows of each table, drawn by the seed (default: 20000)",
      wholeNumber(rows, 100),
    )
    .option("--steps <n>", "steps of each of the six networks that judge", wholeNumber("--steps", 1), 800)
    .option(
      "--show-records",
      "show the real rows that are nearest to some synthetic ones in the report, which then must not be passed on",
      false,
    );

export function addJudgeCommand(program: Command): void {
  withJudging(withDevice(program.command("judge")), "--rows")
    .description(
      "measure how good a synthetic table is, whoever made it, and what it gives away; between independent columns and real rows",
    )
    .argument("<real>", "CSV file (.gz, too) of the table that was learned from")
    .argument("<synthetic>", "CSV file of the table that is judged, with the same columns")
    .addOption(
      new Option("--delimiter <text>", "what stands between two cells of each file")
        .choices([",", ";", "tab", "blank"])
        .default(","),
    )
    .option(
      "--manifest <file>",
      "manifest of synthesise (see: tessera describe), whose columns say how cells are read; default: as they show",
    )
    .option(
      "--holdout <file>",
      "CSV file of real rows that nothing was learned from; default: half of the real rows, drawn by the seed",
    )
    .option("--out <file>", "write a report, one HTML file, here")
    .option("--json <file>", "write all measures as JSON to this file")
    .option(
      "--target <column>",
      "a column of two values that a network learns, to see what the table is good for; default: one of two values that is called label, " +
        "target, class, outcome, income or y, else the last of two values",
    )
    .option(
      "--disclose <column>",
      "with --from: how well this column of real people is guessed from the synthetic rows",
    )
    .option(
      "--from <columns>",
      "with --disclose: columns that somebody knows of these people, parted by commas",
    )
    .option("--seed <n>", "seed of draws and networks", wholeNumber("--seed", 0), 0)
    .option("--quiet", "print the result only", false)
    .action(async (real: string, synthetic: string, options: JudgeOptions) => {
      const { judgeCommand } = await import("./commands/judge.ts");
      await judgeCommand(real, synthetic, options);
    });
}
