// Commands about encoders of texts.

import { Option, type Command } from "commander";
import type { EncodeTrainOptions } from "./commands/encode-train.ts";
import { encoderKinds } from "../text/encoder/encoder-kinds.ts";
import { withDevice } from "./terminal/option-groups.ts";
import { checkpointInterval, learningRate, wholeNumber } from "./terminal/options.ts";

/** @param givenOf names of the options that were given, defaults aside */
export function addEncodeCommands(
  program: Command,
  givenOf: (options: object, command: Command) => string[],
): void {
  const encode = program
    .command("encode")
    .description("train encoders of texts: see tessera encode train --help");
  withDevice(encode.command("train"))
    .description(
      "train an encoder of texts on pairs of a query and a text that answers it, such as titles and their texts",
    )
    .argument("<texts>", "JSON lines, one object a line; also gzip'd")
    .option(
      "--pairs <query:text>",
      "names of the query and of the text that answers it in the file, or id:query:text (default: title:contents)",
    )
    .option(
      "--out <folder>",
      "folder of the encoder: its weights, tokenizer.json, encoder.json, and the run's files",
    )
    .option(
      "--resume <run>",
      "go on with the stopped or killed run in this folder, or with --epochs or --steps train it longer",
    )
    .option(
      "--init <folder>",
      "begin with the encoder in this folder: BERT, RoBERTa, XLM-R, or one that was trained here",
    )
    .addOption(
      new Option(
        "--encoder <kind>",
        "bag: a weighted mean of word vectors; transformer: attention (default: bag)",
      ).choices(encoderKinds),
    )
    .option(
      "--vocabulary <n>",
      "word pieces that are learned from the texts (default: 8000)",
      wholeNumber("--vocabulary", 16, 2 ** 20),
    )
    .option("--width <n>", "numbers of a vector (default: 128)", wholeNumber("--width", 1, 4096))
    .option("--layers <n>", "blocks of a transformer (default: 2)", wholeNumber("--layers", 1, 64))
    .option("--heads <n>", "heads of its attention (default: 4)", wholeNumber("--heads", 1, 64))
    .option(
      "--tokens <n>",
      "word pieces of a text; longer ones are cut (default: 128)",
      wholeNumber("--tokens", 1, 8192),
    )
    .option(
      "--query-tokens <n>",
      "word pieces of a query (default: 32)",
      wholeNumber("--query-tokens", 1, 8192),
    )
    .option(
      "--batch <pairs>",
      "pairs of a step (default: 256 for a bag, 64 for a transformer)",
      wholeNumber("--batch", 2, 2 ** 16),
    )
    .addOption(
      new Option("--epochs <n>", "how often each pair is seen (default: 5 for a bag, 10 for a transformer)")
        .argParser(wholeNumber("--epochs", 1))
        .conflicts("steps"),
    )
    .option("--steps <n>", "or train for this many steps", wholeNumber("--steps", 1))
    .option(
      "--learning-rate <rate>",
      "default: .02 for a bag, .001 for a transformer; of one in --init .002 and 5e-5",
      learningRate("--learning-rate"),
    )
    .option(
      "--held-out <pairs>",
      "pairs for validation (default: one in twenty, 500 at most)",
      wholeNumber("--held-out", 0),
    )
    .option(
      "--checkpoint-every <interval>",
      "in minutes, or steps as 200steps; default: 5 minutes",
      checkpointInterval,
    )
    .option("--seed <n>", "seed of initial weights and order (default: 0)", wholeNumber("--seed", 0))
    .option(
      "--skip-bad",
      "leave out lines that cannot be read or have the id of another, and count them",
      false,
    )
    .option("--force", "overwrite the run in --out", false)
    .option("--json", "print the summary as JSON", false)
    .option("--quiet", "print the result only", false)
    .action(async (file: string, options: EncodeTrainOptions, command: Command) => {
      const { encodeTrainCommand } = await import("./commands/encode-train.ts");
      await encodeTrainCommand(file, options, givenOf(options, command));
    });
}
