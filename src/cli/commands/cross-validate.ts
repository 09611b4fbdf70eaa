// `tessera cross-validate`: the images to train on, divided by patient; each part tests the model of the others. It is a study whose
// arms are the folds.

import { ofLength, settingsOf } from "../../assemble/manifest-settings.ts";
import type { Manifest } from "../../assemble/training-manifest.ts";
import { foldsOf } from "../../data/assembly/folds.ts";
import { warningLines } from "../../data/inspection/warnings.ts";
import { csvText } from "../../files/csv-text.ts";
import { countedWork } from "../../runs/counted-work.ts";
import { defaultMemory } from "../../runs/load-images.ts";
import type { CountWork } from "../../runs/run-observer.ts";
import { predictionsText } from "../../runs/predictions-table.ts";
import { crossValidation, joinedPredictions, outOfFold, planFolds } from "../../studies/cross-validation.ts";
import { assemblyOf } from "../../studies/planned-run.ts";
import { inSteps } from "../../studies/runs-of-plan.ts";
import type { StudyScores } from "../../studies/scores.ts";
import type { StudyFolder } from "../../studies/study-folder.ts";
import { knowledgeOf } from "../../studies/study-plan.ts";
import type { RunResult } from "../../studies/study-run.ts";
import { counting } from "../terminal/counter.ts";
import { armWarnings, imagesOf } from "../study-images.ts";
import {
  preparedStudy,
  type CommandOutput,
  type PreparedStudy,
  type StudyWorkOptions,
} from "../study-preparation.ts";
import { studyWork } from "../study-work.ts";
import { warn } from "../terminal/warn.ts";

export interface CrossValidateOptions extends StudyWorkOptions {
  readonly folds: number;
  /** Of the division, initial weights, order and augmentation. */
  readonly seed: number;
}

export async function crossValidateCommand(file: string, options: CrossValidateOptions): Promise<void> {
  await studyWork(crossValidation, file, options, prepare);
}

async function prepare(
  manifest: Manifest,
  { options, say, signal }: CommandOutput<CrossValidateOptions>,
): Promise<PreparedStudy> {
  const { memory = defaultMemory(), folds, seed } = options;
  const loaded = await imagesOf(
    manifest,
    { ...options, memory, untested: true },
    { say, warn },
    signal,
  )(seed);
  const { given } = loaded.images;
  const { classes } = given;
  const divided = await foldsOf(given.sources, classes.length, folds, seed);
  const images = { given, folds: divided };
  const first = { ...loaded, images };
  const read = { ...ofLength(settingsOf(manifest, seed), options), memory };
  const context = { classes, knowledge: knowledgeOf(given), settings: read, init: manifest.train.init };
  const plan = planFolds(context, { folds, seed }, images);
  for (const line of warningLines(armWarnings(plan, first))) warn(line);
  // Every fold takes as many steps, those that so many images take.
  const settings = inSteps(read, assemblyOf(plan.arms[0].runs[0], images));
  return await preparedStudy(
    {
      ...{ manifest, plan, settings, seeds: [seed], first },
      images: () => Promise.resolve(first),
      ...{ asked: { folds }, fixed: { folds } },
      together: (scores, results, folder) => withOutOfFold(scores, results, folder, counting(options.quiet)),
    },
    options,
  );
}

/** Adds what all folds come to, once they are finished and their predictions are there, and writes these as tables. */
async function withOutOfFold(
  scores: StudyScores,
  results: readonly RunResult[],
  folder: StudyFolder,
  count: CountWork | undefined,
): Promise<StudyScores> {
  const folds = results.flatMap((result) => {
    const predictions = folder.predictions(result);
    return predictions === undefined ? [] : [{ result, predictions }];
  });
  if (folds.length < scores.arms.length) return scores;
  const joined = joinedPredictions(folds.map(({ predictions }) => predictions));
  await folder.replace("out-of-fold.csv", predictionsText(joined));
  await folder.replace("folds.csv", foldsText(folds));
  const { images, classes } = joined;
  const found = countedWork(images.length, classes.length, count, (progress) =>
    outOfFold(scores, folds, progress),
  );
  return { ...scores, outOfFold: found };
}

/** The fold of each image. */
const foldsText = (folds: Parameters<typeof outOfFold>[1]): string =>
  csvText([
    ["source", "image", "patient", "fold"],
    ...folds.flatMap(({ predictions: { images } }, fold) =>
      images.map(({ source, image, patient }) => [source, image, patient, fold + 1]),
    ),
  ]);
