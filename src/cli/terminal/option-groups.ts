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
    );
}

export const memoryHelp =
  "MiB of images to hold at a time, or with a unit, as 2GiB. Up to there they stay on the device if it can hold them, " +
  "beyond it they are streamed from the cache; images are decoded so many at a time as take a quarter of it by their " +
  "headers, at least one. Not within it: array files (IDX, CIFAR, MedMNIST), which are read whole, and the network. " +
  "Default: a quarter of the machine's memory";

export const cacheHelp =
  "folder of decoded images; default: images in the user's cache folder (TESSERA_CACHE)";

/** Options of the commands that train: how much, on which images, by which kernels. */
export function withBudget(command: Command): Command {
  return withDevice(command)
    .option("--limit <images>", "at most so many images per source", wholeNumber("--limit", 1))
    .addOption(
      new Option("--epochs <n>", "instead of the manifest's number of epochs or steps")
        .argParser(wholeNumber("--epochs", 1))
        .conflicts("steps"),
    )
    .option("--steps <n>", "or train for so many steps", wholeNumber("--steps", 1))
    .option("--memory <size>", memoryHelp, memorySize)
    .option("--cache <folder>", cacheHelp)
    .option("--skip-bad", "leave out images and records that cannot be read, and list them", false)
    .option(
      "--tuning <file>",
      'take candidates from this tuning file, or "none"; default: the one that tessera tune made on this adapter',
    )
    .addOption(
      new Option(
        "--candidate <operator=name>",
        "take this candidate wherever the operator has it (repeatable), first for the one that always works",
      )
        .argParser(candidateOption)
        .default(new Map<string, string>(), "each operator's rule"),
    )
    .option("--quiet", "print the result only", false);
}

/** Options of the commands that train one model, those of `train` alone aside. */
export function withTraining(command: Command): Command {
  return withBudget(command)
    .option("--data-root <folder>", "folder that the manifest's paths start from")
    .option(
      "--out <folder>",
      "folder for metrics.jsonl, run.json, checkpoints, summary.json, the model, test predictions and a report",
    )
    .option(
      "--checkpoint-every <interval>",
      "minutes, or 200steps: how often a checkpoint is written beside those after every epoch; default: 5 minutes",
      checkpointInterval,
    )
    .option(
      "--seed <n>",
      "seed of initial weights, order and augmentation (default: 0)",
      wholeNumber("--seed", 0),
    )
    .option("--force", "overwrite the run in --out", false)
    .option(
      "--profile [file]",
      "first time each kernel of a step: a table, and a Chrome trace (default: profile.json in --out)",
    )
    .option("--no-report", "write no report.html; tessera report writes it whenever you like")
    .option("--json", "print the summary as JSON instead of a table", false);
}

/** Options of the commands that use a trained model. */
export function withModel(command: Command): Command {
  return withDevice(command)
    .argument("<run>", "folder of a finished run, or its model.safetensors")
    .argument("[manifest]", "YAML file; default: the one that the run was begun with")
    .option("--data-root <folder>", "folder that the manifest's paths start from; default: the run's")
    .option("--memory <size>", memoryHelp, memorySize)
    .option("--cache <folder>", cacheHelp)
    .option("--skip-bad", "leave out images and records that cannot be read, and list them", false)
    .option("--quiet", "print the result only", false);
}
