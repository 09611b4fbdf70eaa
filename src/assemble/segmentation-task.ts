// Segmentation as a task on an assembly: which pixels of an image are of which class.

import { sha256 } from "#sha256";
import type { Assembly } from "../data/assembly/assembly.ts";
import { ImageReader, inOrder } from "../data/assembly/image-reader.ts";
import { DataError } from "../errors/data-errors.ts";
import { allExclude } from "../labels/class-relations.ts";
import { expectArgument } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import { expectClasses, expectFinite, setsOf, type AssemblyTask } from "./assembly-task.ts";
import { takesStrongView } from "./assemble-terms.ts";
import { evaluationOf } from "./evaluation.ts";
import type { LabelSpace } from "./label-space.ts";
import { pixelBatch, predictPixels } from "./pixel-predictions.ts";
import { segmentLosses } from "./segment-step.ts";
import { pixelHead, Segmenter } from "./segmenter.ts";
import { trainingSettings } from "./settings-argument.ts";
import { inPrecision } from "./network-precision.ts";
import { imageFields } from "./recipe.ts";
import { aLabelSpace, type TrainingSettings } from "./training-settings.ts";

/** The segmenter that a run begins with. */
export function segmenterOf(engine: Engine, settings: TrainingSettings, labels: LabelSpace): Segmenter {
  expectEngine("segmenterOf", engine);
  expectArgument("segmenterOf", "the settings", settings, trainingSettings);
  expectArgument("segmenterOf", "the labels", labels, aLabelSpace);
  const { network, head = pixelHead, loss, seed } = settings;
  const { classes, exclusive, exhaustive } = labels;
  if (network.kind !== "unet") {
    throw new UsageError(
      "segmenterOf: the network gives features of whole images; take a unet, which gives those of pixels",
    );
  }
  if (head.kind !== "queries" && head.kind !== "linear") {
    throw new UsageError(
      `segmenterOf: a ${head.kind} head is for classification; for segmentation there are queries and linear`,
    );
  }
  const segmenter = new Segmenter(engine, {
    ...{ network, classes, exclusive, exhaustive, seed, head },
    background: loss === "softmax-marginal",
  });
  return inPrecision(segmenter, settings);
}

export const segmentationTask: AssemblyTask<Segmenter> = {
  check: (assembly, settings) => {
    const { classes, parents, exclusive = [] } = assembly;
    const { classWeights, loss } = settings;
    const refuse = (reason: string): never => {
      throw new UsageError(`train: ${reason}`);
    };
    if (parents !== undefined) {
      refuse("a tree of classes is for classification; give segmentation a flat list of classes");
    }
    expectClasses("classWeights", classWeights, classes);
    const other = imageFields.find((field) => settings[field] !== undefined);
    if (other !== undefined) {
      refuse(`${other} is of labels of whole images, and this is segmentation; leave it out`);
    }
    if (loss === "softmax-marginal") {
      if (!allExclude(exclusive, classes.length)) {
        refuse(
          "loss softmax-marginal gives a pixel one class, so all classes must exclude each other; say exclusive: true",
        );
      }
      if (takesStrongView(settings) || settings.lambdaPseudo > 0) {
        refuse("loss softmax-marginal has the weak view alone; set lambdaPseudo and lambdaConsistency to 0");
      }
    }
    for (const { source, maps } of setsOf(assembly)) {
      if (maps !== undefined) continue;
      throw new DataError(
        source,
        "has no label maps, and task: segmentation learns from them; give it masks",
      );
    }
  },
  modelOf: segmenterOf,
  losses: segmentLosses,
  passBatch: (model, batch, image) => pixelBatch(batch, image, model.head.classes),
  judge: async (engine, model, settings, { set, part, classes, batch, signal, progress }) => {
    const { normalisation, memory } = settings;
    const { exclusive, exhaustive } = model;
    const reading = { normalisation, batch, exclusive, exhaustive };
    const found = await predictPixels(engine, model, set, reading, { signal, memory, progress });
    const { logits, overlaps, located } = found;
    expectFinite(logits, part);
    const report = evaluationOf(logits, set, classes, overlaps);
    return { score: report.overlap?.meanDice ?? null, report, logits, overlaps, located };
  },
  digest: digestOfMaps,
};

/** Of the label maps of all sets, in the same words whether they are in memory or on disk. */
async function digestOfMaps(assembly: Assembly): Promise<string> {
  const hash = sha256().update(
    JSON.stringify(assembly.exclusive ?? []) + (assembly.exhaustive === true ? "exhaustive" : ""),
  );
  for (const set of setsOf(assembly)) {
    const { maps: pixels, ...images } = set;
    if (pixels === undefined) continue;
    const reader = new ImageReader([{ ...images, channels: 1, pixels }], digested);
    try {
      for await (const { pixels: maps } of reader.batches(inOrder(set.count, digested))) hash.update(maps);
    } finally {
      await reader.close();
    }
  }
  return hash.hex();
}

/** Maps that are read at a time. */
const digested = 16;
