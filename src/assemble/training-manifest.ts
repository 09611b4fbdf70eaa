// A manifest of a training: what data says of itself, and beside it the model, its training and the views of its images.
import { z } from "zod";
import { record } from "../data/manifest/fields.ts";
import { everyClass, type Learns } from "../data/manifest/class-filter.ts";
import {
  expectManifestSource,
  parseManifestWith,
  readManifestText,
  type DataManifest,
} from "../data/manifest/manifest.ts";
import { augmentFields } from "./view-fields.ts";
import { model, withBackbone } from "./backbones/model-section.ts";
import { arms, trainSections, withWholeArms } from "./manifest-arms.ts";
import { checkTaskFields } from "./task-field-checks.ts";
import { train } from "./train-section.ts";
import { checkSections } from "./section-checks.ts";

const sections = {
  /** The network: a backbone, and its fields; which one where nothing is said depends on the task. */
  model,
  train: train.prefault({}),
  /** Changes of `train`, by name, that a study compares; a training leaves them aside. */
  arms,
  /** Two random views of each training image. */
  augment: record(augmentFields).prefault({}),
} as const;

export type TrainingSections = z.output<z.ZodObject<typeof sections>>;

/** A checked manifest; every default is filled in. */
export interface Manifest extends DataManifest, TrainingSections {}

/** @param learns default: every class. @throws ManifestError naming file, line and field */
export async function readTrainingManifest(file: string, learns: Learns = everyClass): Promise<Manifest> {
  expectManifestSource("readTrainingManifest", file, learns, "");
  return parseTrainingManifest(await readManifestText(file), file, learns);
}

/**
 * @param file the name that messages carry
 * @param learns which classes sources are to teach; default: every class
 * @throws ManifestError naming file, line and field
 */
export function parseTrainingManifest(text: string, file: string, learns: Learns = everyClass): Manifest {
  expectManifestSource("parseTrainingManifest", file, learns, text);
  return parseManifestWith(text, file, {
    learns,
    sections,
    prepare: (tree) => withWholeArms(withBackbone(tree)),
    check: (content, fail, isStated) => {
      checkSections(content, fail, isStated);
      for (const { section, path } of trainSections(content)) {
        checkTaskFields({ ...content, train: section }, fail, path);
      }
    },
  });
}
