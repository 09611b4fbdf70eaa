// Commands about tables: what one is like, and rows made after it.

import { Option, type Command } from "commander";
import type { DescribeOptions } from "./commands/describe.ts";

export const skipBadHelp = "leave out rows with a cell too few or too many, instead of refusing the table";

/** Options that say how a table is written. */
export function withTableForm(command: Command): Command {
  return command
    .addOption(
      new Option("--delimiter <text>", "what stands between two cells")
        .choices([",", ";", "tab", "blank"])
        .default(","),
    )
    .option("--no-header", "the first row is data, too; columns are called by --names, or by their numbers")
    .option("--names <names>", "with --no-header: names of the columns, parted by commas", (text) =>
      text.split(",").map((name) => name.trim()),
    )
    .option("--skip-bad", skipBadHelp, false);
}

export function addTableCommands(program: Command): void {
  withTableForm(program.command("describe"))
    .description(
      "show what the columns of a table are, and what to decide before rows are synthesised after it",
    )
    .argument("<table...>", "CSV file, gzip'd or not; several with the same columns are one table")
    .option("--manifest <file>", "write a manifest to begin with, for synthesise")
    .option(
      "--data-root <folder>",
      "with --manifest: the folder that its paths are below (default: the working folder)",
    )
    .option("--json", "print JSON", false)
    .action(async (files: string[], options: DescribeOptions) => {
      const { describeCommand } = await import("./commands/describe.ts");
      await describeCommand(files, options);
    });
}
