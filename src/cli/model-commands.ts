// Commands that use a trained model, and what they are asked.

import { Option, type Command } from "commander";
import { viewPresetNames } from "../assemble/augmentation.ts";
import { parts } from "../data/catalogue/listing.ts";
import { planes } from "../data/volumes/slicing.ts";
import { exportFormats } from "../export/export-formats.ts";
import type { EmbedOptions } from "./commands/embed.ts";
import type { ExportOptions } from "./commands/export.ts";
import type { ProbeOptions } from "./commands/probe.ts";
import { operatingRules, usualRate } from "../metrics/operating-points.ts";
import { calibrated, type CalibrateOptions } from "./calibrate-options.ts";
import type { PredictOptions } from "./predict-options.ts";
import type { EvaluateOptions } from "./segmenter-evaluation.ts";
import { withDataRoot, withDevice, withModel } from "./terminal/option-groups.ts";
import { greyWindow, penalty, rate, sampleBits, sliceAxis, wholeNumber } from "./terminal/options.ts";

const manifestHelp = "YAML file; default: the one that the run was begun with";
const imagesHelp =
  "a manifest's YAML file, or image files, volumes (.nii.gz) and folders of them; default: the manifest that the run was begun with";

/** Options of the commands that average over views of an image. */
function withViews(command: Command): Command {
  return command
    .option(
      "--augment <n>",
      "of a classifier: average the logits over so many views of each image, of which the first is the image itself",
      wholeNumber("--augment", 1),
    )
    .addOption(
      new Option(
        "--view <preset>",
        "with --augment: how the others are changed; default: as in the weak view of the training",
      ).choices(viewPresetNames),
    )
    .option(
      "--view-seed <n>",
      "with --augment: seed of the views (default: 0)",
      wholeNumber("--view-seed", 0),
    );
}

/** Options of the commands that take images of a manifest, or others by name. */
function withImages(command: Command): Command {
  return command
    .option(
      "--bits <n>",
      "with images: the bits that a sample of these files has; default: as of the images that the model was trained on",
      sampleBits,
    )
    .option(
      "--window <low,high>",
      "with images: the numbers in these files that become black and white",
      greyWindow,
    )
    .option(
      "--axis <plane>",
      `with images that are volumes: across which axis they are cut, ${planes.join(", ")}, or 0, 1, 2; default: as of the ` +
        "volumes that the model was trained on",
      sliceAxis,
    );
}

export function addModelCommands(program: Command): void {
  withViews(withModel(program.command("evaluate"), "[manifest]", manifestHelp))
    .description(
      "measure a trained model on the images of a manifest, class by class: AUC, and of a segmenter Dice, IoU and which patients it finds",
    )
    .addOption(new Option("--part <part>", "which images").choices(parts).default("test"))
    .option(
      "--at <rate>",
      "report sensitivity at this specificity, and specificity at this sensitivity",
      rate("--at"),
      0.95,
    )
    .option(
      "--map-threshold <share>",
      "of a classifier, where images have boxes or masks: maps of where it looked are high from this share of their range on",
      rate("--map-threshold"),
      0.5,
    )
    .option("--json", "print JSON, with each source by itself", false)
    .action(async (run: string, manifest: string | undefined, options: EvaluateOptions) => {
      const { evaluateCommand } = await import("./commands/evaluate.ts");
      await evaluateCommand(run, manifest, options);
    });

  withImages(withViews(withModel(program.command("predict"), "[manifest-or-images...]", imagesHelp)))
    .description(
      "write a table of a trained model's probabilities, with a row for each image, and label maps of a segmenter",
    )
    .option(
      "--out <file>",
      "CSV file for the table, which is written whole or not at all; with --masks or --maps by default images.csv there",
    )
    .option(
      "--masks <folder>",
      "of a segmenter: label maps of the images at their own size, as PNG, and of volumes as .nii.gz; with --complete, given pixels stay",
    )
    .option(
      "--maps <folder>",
      "of a classifier: maps of where it looked, of each image a file with those of all classes, and pictures of the classes that are " +
        "likelier than not",
    )
    .option(
      "--map-classes <class...>",
      "with --maps: pictures of these classes on every image, parted by blanks",
    )
    .option(
      "--map-limit <images>",
      "with --maps: of at most so many images, the first; default: 500",
      wholeNumber("--map-limit", 1),
    )
    .option("--force", "write into a folder of --masks or --maps that is not empty", false)
    .addOption(
      new Option("--part <part>", "which images; default: test, with --complete all").choices([
        ...parts,
        "all",
      ]),
    )
    .option(
      "--complete",
      "write the labels that the manifest gives, and predictions only where there are none",
      false,
    )
    .option(
      "--images <folder>",
      "all images or all volumes (.nii.gz) below this folder, or one file; the same as naming it behind the run",
    )
    .addOption(
      new Option(
        "--decide [rule]",
        "of a classifier: a column of 0 and 1 beside each class, by a threshold of the validation patients: Youden's J, or a " +
          "sensitivity or specificity of 95 %",
      )
        .choices(operatingRules)
        .preset("youden"),
    )
    .option("--logits", "logits instead of probabilities, which are all 1 for large logits", false)
    .option("--json", "print as JSON what was written", false)
    .action(async (run: string, paths: string[], options: PredictOptions) => {
      const { predictCommand } = await import("./commands/predict.ts");
      await predictCommand(run, paths, options);
    });

  withModel(program.command("calibrate"), "[manifest]", manifestHelp)
    .description(
      "fit a classifier's temperature and choose its thresholds on validation images, and keep both in its model file",
    )
    .addOption(new Option("--part <part>", "which images; default: validation").choices(parts))
    .addOption(new Option("--only <what>", "only one of both").choices(calibrated))
    .option(
      "--at <rate>",
      `the sensitivity, and specificity, that thresholds hold on these images; default: ${usualRate}`,
      rate("--at"),
    )
    .option("--remove", "take the temperature out of the model file; thresholds stay", false)
    .option("--json", "print as JSON what is kept", false)
    .action(async (run: string, manifest: string | undefined, options: CalibrateOptions) => {
      const { calibrateCommand } = await import("./commands/calibrate.ts");
      await calibrateCommand(run, manifest, options);
    });

  withImages(withModel(program.command("embed"), "[manifest-or-images...]", imagesHelp))
    .description("write a classifier's features of images, those that its head makes logits of")
    .requiredOption(
      "--out <file>",
      "features.safetensors, which probe reads, or a table as .csv; written whole or not at all",
    )
    .addOption(new Option("--part <part>", "which images; default: all").choices([...parts, "all"]))
    .option("--json", "print as JSON what was written", false)
    .action(async (run: string, paths: string[], options: EmbedOptions) => {
      const { embedCommand } = await import("./commands/embed.ts");
      await embedCommand(run, paths, options);
    });

  withDataRoot(withDevice(program.command("probe")))
    .description(
      "fit a linear head on stored features and tell its AUC: how good these features are for some labels",
    )
    .argument("<features>", "file of tessera embed, .safetensors")
    .argument(
      "[labels]",
      "a manifest, or a CSV table with a column image and 0, 1 or nothing for each class; default: the labels that came with the features",
    )
    .option("--skip-bad", "leave out records of the manifest that cannot be read", false)
    .option("--l2 <penalty>", "this penalty; default: the best of several on the validation images", penalty)
    .option("--seed <n>", "seed of the parts, where the images have none", wholeNumber("--seed", 0), 0)
    .option("--out <file>", "write the head, weight and bias, as safetensors")
    .option("--quiet", "print the result only", false)
    .option("--json", "print JSON", false)
    .action(async (features: string, labels: string | undefined, options: ProbeOptions) => {
      const { probeCommand } = await import("./commands/probe.ts");
      await probeCommand(features, labels, options);
    });

  program
    .command("export")
    .description("write a trained model as ONNX, or its weights for PyTorch, with a model card")
    .argument("<run>", "folder of a finished run")
    .addOption(
      new Option(
        "--to <format...>",
        "onnx: pixels to probabilities; safetensors, torch: weights by torchvision's names; parted by blanks",
      )
        .choices(exportFormats)
        .makeOptionMandatory(),
    )
    .option("--out <folder>", "folder for the files; default: export in the run's folder")
    .option("--force", "write the model card anew where there is one, which may have been edited", false)
    .option("--json", "print as JSON what was written", false)
    .action(async (run: string, options: ExportOptions) => {
      const { exportCommand } = await import("./commands/export.ts");
      await exportCommand(run, options);
    });
}
