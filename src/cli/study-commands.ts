// The commands that train to find something out: `tessera study`, `tessera cross-validate` and `tessera find-rate`.

import type { Command } from "commander";
import { studyNames, type StudyName } from "../studies/studies.ts";
import type { CrossValidateOptions } from "./commands/cross-validate.ts";
import type { FindRateOptions } from "./commands/find-rate.ts";
import type { StudyOptions } from "./commands/study.ts";
import {
  identifyHelp,
  withBudget,
  withChoices,
  withDataRoot,
  withDevice,
  withImages,
} from "./terminal/option-groups.ts";
import {
  difference,
  foldCount,
  interestHelp,
  learningRate,
  rate,
  studyName,
  studyQuestions,
  wholeNumber,
} from "./terminal/options.ts";

const atOnceHelp = "number of runs at a time; default: 2 on a software device with two cores or more, else 1";
const joinHelp =
  "share the runs of the folder with other processes that say so, on any machines that see it; one of them writes the analysis";
const dryRunHelp = "print what would be trained, and estimate how long that takes by a trial of a few steps";

/** Options of a command that trains many runs. */
const withRuns = (command: Command): Command =>
  command
    .option(
      "--at <rate>",
      "of segmentation: the specificity on the validation patients that sensitivity is told at; default: 0.95",
      rate("--at"),
    )
    .option("--at-once <runs>", atOnceHelp, wholeNumber("--at-once", 1))
    .option("--join", joinHelp, false)
    .option("--dry-run", dryRunHelp, false)
    .option("--identify", `in the report, ${identifyHelp}`, false)
    .option("--json", "print the result as JSON", false);

/** Adds them to the command line. */
export function addStudyCommands(program: Command): void {
  const study = withDataRoot(withBudget(program.command("study")), { isRequired: true })
    .description(
      `compare ways to learn from partial labels, each with several seeds: ${studyNames.join(", ")}`,
    )
    .argument("<name>", `one of ${studyNames.join(", ")}`, studyName)
    .argument("<manifest>", "YAML file; see examples/")
    .option(
      "--out <folder>",
      "folder for finished runs, tables and the report; the same command goes on with what is there",
    )
    .option("--seeds <n>", "number of runs of each arm, with consecutive seeds", wholeNumber("--seeds", 1), 5)
    .option("--first-seed <n>", "the first of these seeds", wholeNumber("--first-seed", 0), 0)
    .option("--interest <class...>", interestHelp())
    .option(
      "--arms <name...>",
      "train only these arms of the study, parted by blanks or commas; --dry-run lists them",
    )
    .option(
      "--preset <name>",
      "train with this preset instead of the manifest's train section, whose batch and sampling are kept",
    )
    .option(
      "--margin <difference>",
      "difference below which two arms count as equal, in each measure of the study: AUC, or IoU, Dice and others of pixels",
      difference("--margin"),
      0.003,
    );
  withRuns(study)
    .addHelpText("after", studyQuestions())
    .action(async (name: StudyName, manifest: string, options: StudyOptions) => {
      const { studyCommand } = await import("./commands/study.ts");
      await studyCommand(name, manifest, options);
    });

  const validation = withDataRoot(withBudget(program.command("cross-validate")), { isRequired: true })
    .description(
      "divide the images to train on into folds, by patient, and test on each the model of the others: one table and one report",
    )
    .argument("<manifest>", "YAML file; see examples/. Its test images are left alone, and need not be there")
    .option(
      "--out <folder>",
      "folder for finished folds, tables and the report; the same command goes on with what is there",
    )
    .option("--folds <n>", "number of folds", foldCount, 5)
    .option(
      "--seed <n>",
      "seed of the division, initial weights, order and augmentation",
      wholeNumber("--seed", 0),
      0,
    );
  withRuns(validation).action(async (manifest: string, options: CrossValidateOptions) => {
    const { crossValidateCommand } = await import("./commands/cross-validate.ts");
    await crossValidateCommand(manifest, options);
  });
}

/** Adds `find-rate`. */
export function addRateCommand(program: Command): void {
  withImages(withDataRoot(withChoices(withDevice(program.command("find-rate"))), { isRequired: true }))
    .description(
      "find a learning rate: it rises at each step of a short training until the loss diverges; the rate at which the loss falls fastest",
    )
    .argument("<manifest>", "YAML file; see examples/. Its schedule, learningRate and length are left aside")
    .option("--out <folder>", "write rates.svg, the loss over the rate, and rates.csv into this folder")
    .option("--from <rate>", "the first learning rate", learningRate("--from"), 1e-6)
    .option("--to <rate>", "the last one", learningRate("--to"), 1)
    .option("--steps <n>", "number of steps", wholeNumber("--steps", 10), 200)
    .option("--seed <n>", "seed of initial weights, order and augmentation", wholeNumber("--seed", 0), 0)
    .option("--json", "print the finding with all its points as JSON", false)
    .action(async (manifest: string, options: FindRateOptions) => {
      const { findRateCommand } = await import("./commands/find-rate.ts");
      await findRateCommand(manifest, options);
    });
}
