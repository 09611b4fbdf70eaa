// Test-time augmentation: over which views a command averages its predictions.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { viewPresets, type ViewPreset, type ViewSettings } from "../assemble/augmentation.ts";
import { viewSchema } from "../assemble/view-fields.ts";
import type { AveragedViews } from "../assemble/evaluation.ts";
import { UsageError } from "../errors/errors.ts";
import type { ModelFile } from "../runs/model-file.ts";
import { readAnyRecord, runFiles } from "../runs/run-files.ts";

export interface ViewOptions {
  /** How many views predictions are averaged over. */
  readonly augment?: number;
  /** Instead of the weak view that the model was trained with. */
  readonly view?: ViewPreset;
  /** Of the views. */
  readonly viewSeed?: number;
}

/**
 * @returns undefined where nobody asks for it
 * @throws UsageError for a segmenter, whose pixels would move; where nobody knows the view; and for one that changes nothing
 */
export function averagedViews(model: ModelFile, options: ViewOptions): AveragedViews | undefined {
  const { augment: draws, view: preset, viewSeed } = options;
  if (draws === undefined) {
    const given =
      preset !== undefined ? `--view ${preset}` : viewSeed === undefined ? "" : `--view-seed ${viewSeed}`;
    if (given !== "") throw new UsageError(`${given} is about --augment; name a number of views with it`);
    return undefined;
  }
  if (model.record.task === "segmentation") {
    throw new UsageError(
      `--augment is of classifiers, and ${model.file} is a segmenter, whose pixels views would move`,
    );
  }
  const view = preset === undefined ? weakViewOf(model) : viewPresets[preset];
  if (changesNothing(view)) {
    const which = preset === undefined ? "the weak view of the training" : `--view ${preset}`;
    throw new UsageError(
      `--augment: ${which} changes no image; name another with --view, such as paper-weak`,
    );
  }
  return { draws, view, seed: viewSeed ?? 0 };
}

/** The one in the model file, or of models of before the one that its run was trained with. */
function weakViewOf({ file, record }: ModelFile): ViewSettings {
  if (record.weak !== undefined) return record.weak;
  const folder = dirname(file);
  const settings = existsSync(join(folder, runFiles.record)) ? readAnyRecord(folder).settings : {};
  const found = viewSchema.safeParse(settings["weak"]);
  if (found.success) return found.data;
  throw new UsageError(
    `--augment: neither ${file} nor a ${runFiles.record} beside it says which view the model was trained with; name one with --view`,
  );
}

const changesNothing = (view: ViewSettings): boolean =>
  view.flip === 0 &&
  view.rotation === 0 &&
  view.shift === 0 &&
  view.scale === 0 &&
  view.brightness === 0 &&
  view.contrast === 0 &&
  view.saturation === 0 &&
  view.noise * view.noiseProbability === 0 &&
  view.saltAndPepper * view.saltAndPepperProbability === 0 &&
  view.erase === 0;
