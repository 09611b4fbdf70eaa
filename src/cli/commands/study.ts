// `tessera study`: the paper's comparisons on any manifest, and those of its own arms, run after run, in a folder where a stopped study
// goes on.

import { absentIsNegative } from "../../studies/full-labels.ts";
import { inSteps } from "../../studies/runs-of-plan.ts";
import { knowledgeOf, withArms } from "../../studies/study-plan.ts";
import { ofLength, settingsOf } from "../../assemble/manifest-settings.ts";
import type { TrainingSettings } from "../../assemble/training-settings.ts";
import { planStudy } from "../../studies/plan-study.ts";
import { askedArms } from "../../studies/read-arms.ts";
import { studies, type Study, type StudyName } from "../../studies/studies.ts";
import type { Manifest } from "../../assemble/training-manifest.ts";
import { recipeNames } from "../../assemble/recipes.ts";
import { withPreset } from "../../assemble/train-section.ts";
import { UsageError } from "../../errors/errors.ts";
import { allExclude } from "../../labels/class-relations.ts";
import { listedNames } from "../../errors/listed-names.ts";
import { suggestion } from "../../errors/nearest.ts";
import { defaultMemory } from "../../runs/load-images.ts";
import { warningLines } from "../../data/inspection/warnings.ts";
import { armWarnings, imagesOf, scarceWarnings } from "../study-images.ts";
import {
  preparedStudy,
  type CommandOutput,
  type PreparedStudy,
  type StudyWorkOptions,
} from "../study-preparation.ts";
import { studyWork } from "../study-work.ts";
import { warn } from "../terminal/warn.ts";

export interface StudyOptions extends StudyWorkOptions {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly interest?: readonly string[];
  readonly arms?: readonly string[];
  /** Difference in AUC below which two arms count as equal. */
  readonly margin: number;
  readonly preset?: string;
}

export async function studyCommand(name: StudyName, file: string, options: StudyOptions): Promise<void> {
  await studyWork(name, file, options, (manifest, output) => prepare(name, manifest, output));
}

/** @throws UsageError for a manifest that the study makes no sense with */
async function prepare(
  name: StudyName,
  manifest: Manifest,
  { options, say, signal }: CommandOutput<StudyOptions>,
): Promise<PreparedStudy> {
  const { memory = defaultMemory(), margin, preset } = options;
  const read = settingsOf(preset === undefined ? manifest : presetting(name, manifest, preset), 0);
  const withOptions = (settings: TrainingSettings): TrainingSettings => ({
    ...ofLength(settings, options),
    memory,
  });
  const said = withOptions(read);
  const seeds = Array.from({ length: options.seeds }, (_, i) => options.firstSeed + i);
  const { classes } = manifest;
  const interest = options.interest && listedNames(options.interest, classes); // before images, which take long
  const images = imagesOf(manifest, { ...options, memory }, { say, warn }, signal);
  const first = await images(seeds[0]);
  const knowledge = knowledgeOf(first.images.given);
  const { given, full } = first.images;
  const settings = inSteps(said, given);
  const whole = planStudy(name, {
    ...{ classes, knowledge, whyNoFullLabels: first.whyNoFullLabels, settings, interest, margin },
    areExclusive: allExclude(given.exclusive ?? [], given.classes.length),
    areExhaustive: given.exhaustive,
    absentIsNegative: full !== undefined && absentIsNegative(given, full),
    init: manifest.train.init,
    asked: askedArms(manifest, (settings) => inSteps(withOptions(settings), given)),
  });
  const arms =
    options.arms &&
    listedNames(
      options.arms,
      whole.arms.map((arm) => arm.name),
    );
  const plan = arms === undefined ? whole : withArms(whole, arms);
  for (const line of warningLines([...scarceWarnings(first), ...armWarnings(plan, first)])) warn(line);
  return await preparedStudy(
    {
      ...{ manifest, plan, settings, seeds, images, first },
      asked: { margin, preset: preset ?? null, interest: interest ?? null, arms: arms ?? null },
    },
    options,
  );
}

/** @throws UsageError for an unknown preset, and for a study whose arms a preset does not reach */
function presetting(study: StudyName, manifest: Manifest, preset: string): Manifest {
  const { arms }: Study = studies[study];
  if (arms === "manifest") {
    throw new UsageError(
      `--preset ${preset}: study ${study} compares the arms of the manifest, which say how they are trained; say preset: ${preset} there`,
    );
  }
  const name = recipeNames.find((each) => each === preset);
  if (name !== undefined) return { ...manifest, train: withPreset(manifest.train, name) };
  throw new UsageError(
    `--preset ${preset}: there is no such preset${suggestion(preset, recipeNames) || ";"} there are ${recipeNames.join(", ")}`,
  );
}
