// What `tessera judge` is asked.

import { Option, type Command } from "commander";
import type { JudgeOptions } from "./commands/judge.ts";
import { withDevice } from "./terminal/option-groups.ts";
import { wholeNumber } from "./terminal/options.ts";

export function addJudgeCommand(program: Command): void {
  withDevice(program.command("judge"))
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
    .option(
      "--steps <n>",
      "steps in which each of the six networks is trained",
      wholeNumber("--steps", 1),
      800,
    )
    .option("--seed <n>", "seed of draws and networks", wholeNumber("--seed", 0), 0)
    .option("--quiet", "print the result only", false)
    .action(async (real: string, synthetic: string, options: JudgeOptions) => {
      const { judgeCommand } = await import("./commands/judge.ts");
      await judgeCommand(real, synthetic, options);
    });
}
