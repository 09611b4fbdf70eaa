// Commands about tables: what one is like, and rows made after it.

import { Option, type Command } from "commander";
import type { DescribeOptions } from "./commands/describe.ts";
import type { SampleCommandOptions } from "./commands/sample-table.ts";
import type { SynthesiseOptions } from "./commands/synthesise.ts";
import { withDevice } from "./terminal/option-groups.ts";
import { wholeNumber } from "./terminal/options.ts";

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

  withDevice(program.command("synthesise"))
    .description(
      "fit a model to a table and make rows after it, with a report of how alike they are and what they give away",
    )
    .argument(
      "[manifest]",
      "YAML file (see: tessera describe TABLE --manifest FILE); with --resume: the run's own",
    )
    .option("--data-root <folder>", "folder that the manifest's paths are below", ".")
    .option("--out <folder>", "folder for the model, the rows and the report")
    .option("--resume <folder>", "go on with a run that was stopped")
    .option("--force", "overwrite an earlier run in that folder", false)
    .option("--skip-bad", skipBadHelp, false)
    .option("--seed <n>", "seed of all draws, instead of the manifest's", wholeNumber("--seed", 0))
    .option("--rows <n>", "rows to make, instead of the manifest's", wholeNumber("--rows", 1, 2_000_000))
    .option("--epochs <n>", "of a network: train for at most so many epochs", wholeNumber("--epochs", 1))
    .option("--steps <n>", "steps of each of the networks that judge", wholeNumber("--steps", 1), 800)
    .option("--quiet", "print nothing but the summary, warnings and errors", false)
    .action(async (manifest: string | undefined, options: SynthesiseOptions) => {
      const { synthesiseCommand } = await import("./commands/synthesise.ts");
      await synthesiseCommand(manifest, options);
    });

  withDevice(program.command("sample"))
    .description("make rows from the model of a run, under conditions, or to fill the empty cells of a table")
    .argument("<run>", "folder that synthesise wrote")
    .option("--rows <n>", "how many", wholeNumber("--rows", 1, 2_000_000))
    .option(
      "--where <condition>",
      "what every row must be, as income=>50K, age>=50 or country=Mexico|Cuba; may be given several times",
      (text: string, before: string[]) => [...before, text],
      [],
    )
    .option("--fill <table>", "CSV file whose empty cells are filled; all others stay as they are")
    .addOption(
      new Option("--delimiter <text>", "of --fill: what stands between two cells")
        .choices([",", ";", "tab", "blank"])
        .default(","),
    )
    .option("--seed <n>", "same seed, same rows, on one device", wholeNumber("--seed", 0), 1)
    .option(
      "--out <file>",
      "CSV file for the rows, which is written whole or not at all; default: standard output",
    )
    .option("--quiet", "print nothing but the rows, warnings and errors", false)
    .action(async (run: string, options: SampleCommandOptions) => {
      const { sampleCommand } = await import("./commands/sample-table.ts");
      await sampleCommand(run, options);
    });
}
