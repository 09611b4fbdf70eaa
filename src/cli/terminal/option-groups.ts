// Options that several commands share.

import { Option, type Command } from "commander";
import { deviceChoices } from "../../runtime/open-engine.ts";
import { candidateOption, checkpointInterval, memorySize, wholeNumber } from "./options.ts";

/** Options of every command that computes. */
export function withDevice(command: Command): Command {
  return command
    .addOption(
      new Option("--device <device>", "where to compute: auto takes WebGPU when there is an adapter")
        .choices(deviceChoices)
        .default("auto"),
    )
    .option("--adapter <name>", "the WebGPU adapter whose name contains this text (see: tessera devices)")
    .addOption(
      new Option("--power <preference>", "which adapter to prefer").choices([
        "low-power",
        "high-performance",
      ]),
    )
    .option(
      "--no-robustness",
      "leave out WebGPU's bounds checks and loop guards in kernels (docs/kernels.md)",
    )
    .option(
      "--hang-after <seconds>",
      "take a device that does not answer for so long for lost, and go on with another (default: 300)",
      wholeNumber("--hang-after", 1),
    );
}

export const memoryHelp =
  "MiB of images to hold at a time, or with a unit, as 2GiB. Up to there they stay on the device if it can hold them, " +
  "beyond it they are streamed from the cache; images are decoded so many at a time as take a quarter of it by their " +
  "headers, at least one. Not within it: array files such as IDX, which are read whole, label maps, a byte for each pixel of " +
  "each image, and the network. " +
  "Default: a quarter of the machine's memory";

export const identifyHelp = "show patients by their names, and not by hashes that mean nothing elsewhere";

export const cacheHelp =
  "folder of decoded images; default: images in the user's cache folder (TESSERA_CACHE)";

const linksHelp =
  "read files that symbolic links lead to out of the data root, too; without it, the first is refused";

/** The folder of a manifest's datasets, and what is read of it. */
export const withDataRoot = (
  command: Command,
  { help = "folder that the manifest's paths start from", isRequired = false } = {},
): Command =>
  command
    .addOption(new Option("--data-root <folder>", help).makeOptionMandatory(isRequired))
    .option("--follow-links", linksHelp);

/** Options of the commands that train: for how long, on which images, by which kernels. */
export function withBudget(command: Command): Command {
  const withLength = withDevice(command)
    .addOption(
      new Option("--epochs <n>", "train for this many epochs instead of the manifest's epochs or steps")
        .argParser(wholeNumber("--epochs", 1))
        .conflicts("steps"),
    )
    .option("--steps <n>", "or train for this many steps", wholeNumber("--steps", 1));
  return withChoices(withImages(withLength));
}

/** Options of the commands that train: on which images, and how these are held. */
export function withImages(command: Command): Command {
  return command
    .option("--limit <images>", "use at most this many images of each source", wholeNumber("--limit", 1))
    .option("--memory <size>", memoryHelp, memorySize)
    .option("--cache <folder>", cacheHelp)
    .option("--skip-bad", "leave out images and records that cannot be read, and list them", false);
}

/** Options of the commands that train: by which kernels. */
export function withChoices(command: Command): Command {
  return command
    .option(
      "--tuning <file>",
      'use the candidates of this tuning file, or "none"; default: the file that tessera tune made on this adapter',
    )
    .addOption(
      new Option(
        "--candidate <operator=name>",
        "use this candidate wherever the operator has it (repeatable); first is the one that always works",
      )
        .argParser(candidateOption)
        .default(new Map<string, string>(), "each operator's rule"),
    )
    .option("--quiet", "print the result only", false);
}

/** Options of the commands that train one model. */
export function withTraining(command: Command): Command {
  return withDataRoot(withBudget(command))
    .option(
      "--out <folder>",
      "folder for metrics.jsonl, run.json, checkpoints, summary.json, the model, test predictions and a report",
    )
    .option(
      "--checkpoint-every <interval>",
      "how often to write a checkpoint between epochs, in minutes, or steps as 200steps; default: 5 minutes",
      checkpointInterval,
    )
    .option(
      "--keep-checkpoints <n>",
      "keep so many of the last checkpoints beside the current one, as checkpoint-0003-00012.safetensors (default: none)",
      wholeNumber("--keep-checkpoints", 1),
    )
    .option(
      "--seed <n>",
      "seed of initial weights, order and augmentation (default: 0)",
      wholeNumber("--seed", 0),
    )
    .option(
      "--batch-split <parts>",
      "compute each batch in this many parts, one after the other, which needs less memory (default: the manifest's)",
      wholeNumber("--batch-split", 1),
    )
    .option(
      "--skip-nonfinite",
      "leave out batches whose loss or gradient is no finite number, and count them, instead of ending the run",
    )
    .option("--force", "overwrite the run in --out", false)
    .option(
      "--profile [file]",
      "before training, time each kernel of a step: prints a table, and writes a Chrome trace (default: profile.json in --out)",
    )
    .option("--no-report", "write no report.html; tessera report can write it later")
    .option("--identify", `in the report, ${identifyHelp}`, false)
    .option("--json", "print the summary as JSON instead of a table", false);
}

/**
 * Options of the commands that use a trained model.
 * @param input what may stand behind the run, and its help
 */
export function withModel(command: Command, input: string, inputHelp: string): Command {
  const named = withDevice(command)
    .argument("<run>", "folder of a finished run, or its model.safetensors")
    .argument(input, inputHelp);
  return withDataRoot(named, { help: "folder that the manifest's paths start from; default: the run's" })
    .option("--memory <size>", memoryHelp, memorySize)
    .option("--cache <folder>", cacheHelp)
    .option("--skip-bad", "leave out images and records that cannot be read, and list them", false)
    .option("--quiet", "print the result only", false);
}
