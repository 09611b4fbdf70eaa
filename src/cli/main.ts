#!/usr/bin/env node
// The command line: `tessera train | add-class | evaluate | predict | study | report | inspect | plan | tune | demo |
// devices`. An error is one line on stderr; the exit code
// is 2 where the input or the machine does not fit, and 1 where the work itself failed. What computes is imported by the
// command that runs: help, a mistyped option and the list of devices need none of it.

import { Command, CommanderError, Option } from "commander";
import { CheckpointError, ModelError, RunFolderError } from "../errors/training-errors.ts";
import { studyNames, type StudyName } from "../studies/study-names.ts";
import { DataError, ManifestError } from "../errors/data-errors.ts";
import { DeviceUnavailableError, TesseraError, UsageError } from "../errors/errors.ts";
import { parts } from "../data/catalogue/listing.ts";
import type { TrainOptions } from "./begin.ts";
import type { DemoOptions } from "./commands/demo.ts";
import type { EvaluateOptions } from "./commands/evaluate.ts";
import type { InspectOptions } from "./commands/inspect.ts";
import { memoryHelp, withBudget, withDevice, withModel, withTraining } from "./terminal/option-groups.ts";
import { auc, imageShape, memorySize, rate, studyName, wholeNumber } from "./terminal/options.ts";
import { description, version } from "./terminal/package-info.ts";
import type { PlanOptions } from "./commands/plan.ts";
import type { PredictOptions } from "./commands/predict.ts";
import type { ReportOptions } from "./commands/report.ts";
import type { StudyOptions } from "./commands/study.ts";
import type { TuneCommandOptions } from "./commands/tune.ts";

const badInput = 2;
const failed = 1;

/** What another command line, file or machine mends; every other error is of the work: device lost, out of memory. */
const inputErrors = [
  UsageError,
  ManifestError,
  DataError,
  RunFolderError,
  CheckpointError,
  ModelError,
  DeviceUnavailableError,
];

const program = new Command("tessera")
  .description(description)
  .version(version)
  .option("--debug", "print stack traces")
  .configureHelp({ showGlobalOptions: true })
  .showSuggestionAfterError()
  .exitOverride()
  // Errors are printed once, in run().
  .configureOutput({ outputError: () => undefined });

/** Names of the options that were given, defaults aside. */
function givenOf(options: object, command: Command): string[] {
  return Object.keys(options).filter((name) => command.getOptionValueSource(name) === "cli");
}

withTraining(program.command("train"))
  .description("train a classifier on the sources of a manifest")
  .argument("[manifest]", "YAML file; see examples/")
  .option(
    "--resume <run>",
    "go on with the run in this folder, which was stopped or killed; needs no manifest",
  )
  .action(async (manifest: string | undefined, options: TrainOptions, command: Command) => {
    const { trainCommand } = await import("./commands/train.ts");
    await trainCommand(manifest, options, givenOf(options, command));
  });

withTraining(program.command("add-class"))
  .description("train the model of a run on for the classes that a manifest names beyond those it knows")
  .argument("<run>", "folder of a finished run, or its model.safetensors")
  .argument("<manifest>", "YAML file: the model's classes and new ones, the model's network and image")
  .action(async (run: string, manifest: string, options: TrainOptions, command: Command) => {
    const { addClassCommand } = await import("./commands/add-class.ts");
    await addClassCommand(run, manifest, options, givenOf(options, command));
  });

withModel(program.command("evaluate"))
  .description("say what a trained model is worth on the images of a manifest, class by class")
  .addOption(new Option("--part <part>", "which images").choices(parts).default("test"))
  .option(
    "--at <rate>",
    "tell sensitivity at this specificity, and specificity at this sensitivity",
    rate("--at"),
    0.95,
  )
  .option("--json", "as JSON, with each source by itself", false)
  .action(async (run: string, manifest: string | undefined, options: EvaluateOptions) => {
    const { evaluateCommand } = await import("./commands/evaluate.ts");
    await evaluateCommand(run, manifest, options);
  });

withModel(program.command("predict"))
  .description("write a table of a trained model's probabilities, a row an image")
  .requiredOption("--out <file>", "the table (CSV), written whole or not at all")
  .addOption(
    new Option("--part <part>", "which images; default: test, with --complete all").choices([
      ...parts,
      "all",
    ]),
  )
  .option(
    "--complete",
    "the labels that the manifest gives, and predictions only where there are none",
    false,
  )
  .option("--images <folder>", "all images below this folder, in the place of a manifest's")
  .option(
    "--logits",
    "logits in the place of probabilities: large ones have no probability of their own",
    false,
  )
  .option("--json", "say as JSON what was written", false)
  .action(async (run: string, manifest: string | undefined, options: PredictOptions) => {
    const { predictCommand } = await import("./commands/predict.ts");
    await predictCommand(run, manifest, options);
  });

withBudget(program.command("study"))
  .description(
    "compare ways to learn from partial labels, each with several seeds: negatives, disjoint, overlap, similarity, baselines",
  )
  .argument("<name>", `one of ${studyNames.join(", ")}`, studyName)
  .argument("<manifest>", "YAML file; see examples/")
  .requiredOption("--data-root <folder>", "folder that the manifest's paths start from")
  .option("--out <folder>", "folder for finished runs, tables and the report; the same command there goes on")
  .option("--seeds <n>", "runs of each arm, with seeds one after the other", wholeNumber("--seeds", 1), 5)
  .option("--first-seed <n>", "the first of them", wholeNumber("--first-seed", 0), 0)
  .option("--interest <class...>", "classes that negatives (default: all) or similarity (one) is about")
  .option("--arms <name...>", "some of the study's arms alone; --dry-run lists them")
  .option(
    "--preset <name>",
    "train with this preset in the place of the manifest's train section, batch and sampling aside",
  )
  .option("--margin <auc>", "within which two arms are called equal", auc("--margin"), 0.003)
  .option(
    "--at-once <runs>",
    "so many runs at a time; default: 2 where a software device has two cores or more, else 1",
    wholeNumber("--at-once", 1),
  )
  .option("--dry-run", "say what it would train and how long that takes, by a trial of a few steps", false)
  .option("--json", "the result as JSON", false)
  .action(async (name: StudyName, manifest: string, options: StudyOptions) => {
    const { studyCommand } = await import("./commands/study.ts");
    await studyCommand(name, manifest, options);
  });

program
  .command("report")
  .description(
    "write the report of a run or a study: one HTML file with all its figures, which needs no network",
  )
  .argument("<folder>", "of a run (tessera train) or of a study")
  .option("--out <file>", "default: report.html in the folder")
  .option("--quiet", "do not print where it is", false)
  .action(async (folder: string, options: ReportOptions) => {
    const { reportCommand } = await import("./commands/report.ts");
    await reportCommand(folder, options);
  });

withDevice(program.command("inspect"))
  .description(
    "say what a manifest selects: labels by source and class; leaks, contradictions, copies; pictures to check labels by",
  )
  .argument("<manifest>", "YAML file; see examples/")
  .requiredOption("--data-root <folder>", "folder that the manifest's paths start from")
  .option("--json", "as JSON, with every case of every finding", false)
  .option(
    "--sheets <folder>",
    "write a contact sheet of each source and part, with its labels, into this folder",
  )
  .option("--views <file>", "write a picture of both augmented views of some images to this PNG file")
  .option(
    "--skip-bad",
    "exit code 0 although images or records cannot be read: training will skip them",
    false,
  )
  .option("--cache <folder>", "folder of decoded images; default: in the user's cache folder")
  .option("--limit <images>", "at most so many training images per source", wholeNumber("--limit", 1))
  .option("--seed <n>", "draws which images a limit keeps and which are shown", wholeNumber("--seed", 0), 0)
  .option("--quiet", "no progress", false)
  .action(async (manifest: string, options: InspectOptions) => {
    const { inspectCommand } = await import("./commands/inspect.ts");
    await inspectCommand(manifest, options);
  });

withDevice(program.command("plan"))
  .description(
    "say what training on a manifest needs: launches of each phase, bytes by purpose; allocates nothing",
  )
  .argument("<manifest>", "YAML file; see examples/")
  .option("--batch <images>", "instead of the manifest's batch", wholeNumber("--batch", 1))
  .option(
    "--image <size>",
    "instead of the manifest's image: height x width x channels, as 224x224x3",
    imageShape,
  )
  .option(
    "--images <n>",
    "images of all sources, whose number files alone know: counts what stays on the device",
    wholeNumber("--images", 1),
  )
  .option("--memory <size>", memoryHelp, memorySize)
  .option("--json", "as JSON, with every buffer", false)
  .action(async (manifest: string, options: PlanOptions) => {
    const { planCommand } = await import("./commands/plan.ts");
    await planCommand(manifest, options);
  });

withDevice(program.command("tune"))
  .description(
    "measure which kernels are the fastest for training on a manifest, here; needs no data. tessera train takes what " +
      "was found",
  )
  .argument("<manifest>", "YAML file; see examples/")
  .option("--batch <images>", "instead of the manifest's batch", wholeNumber("--batch", 1))
  .option("--seconds <n>", "begin nothing new after so many seconds", wholeNumber("--seconds", 1), 120)
  .option("--tuning <file>", "write this file instead of the adapter's own in the user's cache folder")
  .option("--quiet", "print the result only", false)
  .action(async (manifest: string, options: TuneCommandOptions) => {
    const { tuneCommand } = await import("./commands/tune.ts");
    await tuneCommand(manifest, options);
  });

withDevice(program.command("demo"))
  .description("train on drawn radiographs from two partially labelled sites; needs no data")
  .option(
    "--seed <n>",
    "seed of pictures, initial weights, order and augmentation",
    wholeNumber("--seed", 0),
    0,
  )
  .option("--sheet <file>", "write a picture of the radiographs to this PNG file")
  .option("--quiet", "print the result only", false)
  .action(async (options: DemoOptions) => {
    const { demo } = await import("./commands/demo.ts");
    await demo(options);
  });

program
  .command("devices")
  .description("list what Tessera can compute on")
  .option("--json", "as JSON", false)
  .action(async (options: { json: boolean }) => {
    const { devices } = await import("./commands/devices.ts");
    await devices(options);
  });

for (const command of program.commands)
  command.exitOverride().configureOutput({ outputError: () => undefined });

async function run(): Promise<number> {
  try {
    await program.parseAsync();
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0; // --help, --version
      if (error.code === "commander.help") return badInput; // no command: the help was printed
      // What our own parsers say is whole without the words that the library puts before it.
      const message = error.message
        .replace(/\s*\n\s*/g, " ")
        .replace(
          /^error: (?:option|command-argument value) .* is invalid(?: for argument '[^']*')?\. (?!Allowed)/,
          "error: ",
        );
      const name = program.commands.find((each) => each.name() === process.argv[2])?.name();
      process.stderr.write(`${message} (see: tessera ${name === undefined ? "" : `${name} `}--help)\n`);
      return badInput;
    }
    const debug = program.opts<{ debug?: boolean }>().debug === true;
    const known = error instanceof TesseraError;
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `error: ${known ? text : `unexpected: ${text}; run again with --debug for the stack trace`}\n`,
    );
    if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
    return inputErrors.some((kind) => error instanceof kind) ? badInput : failed;
  }
}

// A reader that goes away (`| head -1`) ends the output, not the training; anything else is one line.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.exitCode = failed;
    if (stream === process.stdout)
      process.stderr.write(`error: the output cannot be written (${error.message})\n`);
  });
}

process.exitCode = await run();
