#!/usr/bin/env node
// The command line: `tessera train | add-class | evaluate | predict | calibrate | embed | probe | export | study | cross-validate | find-rate |
// report | describe | synthesise | sample | judge | encode | index | search | rank | judge-ranking | inspect | plan | tune | demo | devices |
// doctor`. An error is one line on stderr; the exit code is 2 where the input or the machine does not fit, and 1 where the work itself
// failed. A command imports its code when it runs, so help and errors about options start fast.

import { Argument, Command, CommanderError, Option } from "commander";
import { CheckpointError, ModelError, RunFolderError } from "../errors/training-errors.ts";
import { isWaiting } from "../device/waits.ts";
import { addRateCommand, addStudyCommands } from "./study-commands.ts";
import { DataError, ManifestError } from "../errors/data-errors.ts";
import { DeviceUnavailableError, TesseraError, UsageError } from "../errors/errors.ts";
import { taskNames } from "../data/manifest/task-names.ts";
import type { TrainOptions } from "./commands/train.ts";
import type { CacheCommandOptions } from "./commands/cache.ts";
import type { DemoOptions } from "./commands/demo.ts";
import type { InspectOptions } from "./commands/inspect.ts";
import { addJudgeCommand } from "./judge-options.ts";
import { printPlainly } from "./terminal/harmless-output.ts";
import { addEncodeCommands } from "./encode-commands.ts";
import { addModelCommands } from "./model-commands.ts";
import { addTextCommands } from "./text-commands.ts";
import { addTableCommands } from "./table-commands.ts";
import {
  cacheHelp,
  identifyHelp,
  memoryHelp,
  withDataRoot,
  withDevice,
  withTraining,
} from "./terminal/option-groups.ts";
import { ageInMilliseconds, imageShape, memorySize, sizeInBytes, wholeNumber } from "./terminal/options.ts";
import { description, version } from "../runs/package-info.ts";
import type { PlanOptions } from "./commands/plan.ts";
import type { ReportOptions } from "./commands/report.ts";
import type { TuneCommandOptions } from "./commands/tune.ts";

const badInput = 2;
const failed = 1;

/** Errors that another command line, file or machine mends. All others come from the work: device lost, out of memory. */
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
  .description(
    "train a classifier of images, or a segmenter of pixels (task: segmentation), on the sources of a manifest",
  )
  .argument("[manifest]", "YAML file; see examples/")
  .option(
    "--init <file>",
    "begin with these weights, as far as they fit: .safetensors or .pth with PyTorch's names, or a run; instead of train.init",
  )
  .option(
    "--from <run>",
    "the same with a run of one's own: classes of the same name keep what was learned of them",
  )
  .option(
    "--resume <run>",
    "go on with the stopped or killed run in this folder, or with --epochs or --steps train a finished one longer; needs no manifest",
  )
  .action(async (manifest: string | undefined, options: TrainOptions, command: Command) => {
    const { trainCommand } = await import("./commands/train.ts");
    await trainCommand(manifest, options, givenOf(options, command));
  });

withTraining(program.command("add-class"))
  .description("train the model of a run further, for the classes of a manifest that it does not know yet")
  .argument("<run>", "folder of a finished run, or its model.safetensors")
  .argument("<manifest>", "YAML file: the model's classes and new ones, with the model's network and image")
  .action(async (run: string, manifest: string, options: TrainOptions, command: Command) => {
    const { addClassCommand } = await import("./commands/add-class.ts");
    await addClassCommand(run, manifest, options, givenOf(options, command));
  });

addModelCommands(program);

addStudyCommands(program);
addTableCommands(program);
addRateCommand(program);
addJudgeCommand(program);
addEncodeCommands(program, givenOf);

program
  .command("report")
  .description(
    "write the report of a run or a study: one HTML file with all its figures, which needs no network",
  )
  .argument("<folder>", "folder of a run (tessera train) or of a study")
  .option("--out <file>", "default: report.html in the folder")
  .option("--identify", identifyHelp, false)
  .option("--quiet", "do not print where the report is", false)
  .action(async (folder: string, options: ReportOptions) => {
    const { reportCommand } = await import("./commands/report.ts");
    await reportCommand(folder, options);
  });

withDataRoot(withDevice(program.command("inspect")), { isRequired: true })
  .description(
    "check what a manifest selects: labels by source and class, leaks, contradictions and copies; pictures to check labels by",
  )
  .argument("<manifest>", "YAML file; see examples/")
  .option("--json", "print JSON, with every case of every finding", false)
  .option(
    "--sheets <folder>",
    "write a contact sheet of each source and part, with its labels, into this folder",
  )
  .option("--views <file>", "write a picture of both augmented views of some images to this PNG file")
  .option(
    "--skip-bad",
    "exit with code 0 although images or records cannot be read, as training with --skip-bad does",
    false,
  )
  .option("--cache <folder>", "folder of decoded images; default: in the user's cache folder")
  .option("--limit <images>", "at most so many training images per source", wholeNumber("--limit", 1))
  .option("--seed <n>", "seed of which images a limit keeps and which are shown", wholeNumber("--seed", 0), 0)
  .option("--identify", identifyHelp, false)
  .option("--quiet", "print no progress", false)
  .action(async (manifest: string, options: InspectOptions) => {
    const { inspectCommand } = await import("./commands/inspect.ts");
    await inspectCommand(manifest, options);
  });

withDataRoot(withDevice(program.command("plan")), {
  help: "read the tables in this folder, too, and warn of what is odd about the labels",
})
  .description(
    "print what training on a manifest needs: launches of each phase, and bytes by purpose; allocates nothing",
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
    "number of images of all sources, to count those that stay on the device",
    wholeNumber("--images", 1),
  )
  .option("--memory <size>", memoryHelp, memorySize)
  .option("--json", "print JSON, with every buffer", false)
  .action(async (manifest: string, options: PlanOptions) => {
    const { planCommand } = await import("./commands/plan.ts");
    await planCommand(manifest, options);
  });

withDevice(program.command("tune"))
  .description(
    "measure which kernels are the fastest for training on a manifest, on this machine; needs no data. tessera train " +
      "then uses them",
  )
  .argument("<manifest>", "YAML file; see examples/")
  .option("--batch <images>", "instead of the manifest's batch", wholeNumber("--batch", 1))
  .option(
    "--seconds <n>",
    "start no new measurement after this many seconds",
    wholeNumber("--seconds", 1),
    120,
  )
  .option("--tuning <file>", "write this file instead of the adapter's own in the user's cache folder")
  .option("--quiet", "print the result only", false)
  .action(async (manifest: string, options: TuneCommandOptions) => {
    const { tuneCommand } = await import("./commands/tune.ts");
    await tuneCommand(manifest, options);
  });

addTextCommands(program);

withDevice(program.command("demo"))
  .description("train on drawn radiographs from two partially labelled sites; needs no data")
  .addOption(
    new Option(
      "--task <task>",
      "what is learned: whether a radiograph shows a finding, or where (segmentation)",
    )
      .choices(taskNames)
      .default("classification"),
  )
  .option(
    "--seed <n>",
    "seed of the pictures, initial weights, order and augmentation",
    wholeNumber("--seed", 0),
    0,
  )
  .option(
    "--sheet <file>",
    "write a picture of the radiographs to this PNG file; of segmentation: with what each model sees, by default to a temporary file",
  )
  .option("--quiet", "print the result only", false)
  .action(async (options: DemoOptions) => {
    const { demo } = await import("./commands/demo.ts");
    await demo(options);
  });

program
  .command("devices")
  .description("list what Tessera can compute on")
  .option("--json", "print JSON", false)
  .action(async (options: { json: boolean }) => {
    const { devices } = await import("./commands/devices.ts");
    await devices(options);
  });

program
  .command("doctor")
  .description("check step by step whether this machine computes, and say what to install where it does not")
  .option("--json", "print JSON", false)
  .action(async (options: { json: boolean }) => {
    const { doctor } = await import("./commands/doctor.ts");
    await doctor(options);
  });

program
  .command("cache")
  .description("show what is kept of decoded images, or with clean remove what no process uses")
  .addArgument(new Argument("[action]", "clean: remove entries").choices(["clean"]))
  .option("--cache <folder>", cacheHelp)
  .option(
    "--older-than <age>",
    "with clean: only entries that were not used for so long, such as 30d, 12h or 2w",
    ageInMilliseconds,
  )
  .option(
    "--to <size>",
    "with clean: only until so much is left, such as 5GB or 2GiB; what was used longest ago goes first",
    sizeInBytes("--to"),
  )
  .option("--json", "print JSON", false)
  .action(async (action: "clean" | undefined, options: CacheCommandOptions) => {
    const { cacheCommand } = await import("./commands/cache.ts");
    cacheCommand(action, options);
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
      // Messages of our own parsers are complete without the words that the library puts in front.
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
    // Nobody is told anything any more where the terminal is closed.
    if (error.code === "EPIPE" || (error.code === "EIO" && stream.isTTY)) return;
    process.exitCode = failed;
    if (stream === process.stdout)
      process.stderr.write(`error: the output cannot be written (${error.message})\n`);
  });
}

printPlainly();
process.exitCode = await run();
// What still waits for a device that does not answer would keep the process for ever.
if (isWaiting()) process.exit();
