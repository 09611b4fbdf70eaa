// What tells one task on an assembly from another: a record of its model, its losses and its evaluation.

import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { NonFiniteError } from "../errors/training-errors.ts";
import type { Overlaps } from "../metrics/overlap.ts";
import type { Engine } from "../runtime/engine.ts";
import type { JudgedPart, JudgeOptions, Judgement, StepLosses } from "../training/task.ts";
import type { StepInputs, StepShape } from "./assemble-step.ts";
import type { Classifier } from "./classifier.ts";
import type { Evaluation } from "./evaluation.ts";
import type { LabelSpace } from "./label-space.ts";
import type { ImageSize } from "./recorded-pass.ts";
import type { Segmenter } from "./segmenter.ts";
import type { TrainingSettings } from "./training-settings.ts";

/** What is learned on an assembly. */
export type Model = Classifier | Segmenter;

/** How well a model does on a set of images. */
export interface ModelJudgement extends Judgement<Evaluation> {
  /** [N, K] of the set's images. */
  readonly logits: Float32Array;
  /** Pixels by image and class, of a segmenter. */
  readonly overlaps?: Overlaps | undefined;
  /** [N, K] Whether the score of a segmenter is of pixels inside the outline; see `PixelPredictions`. */
  readonly located?: Uint8Array | undefined;
}

/** What a model is judged on, and how. */
export interface Judged extends JudgeOptions {
  readonly set: ImageSet;
  readonly part: JudgedPart;
  readonly classes: readonly string[];
  /** Images of a batch. */
  readonly batch: number;
}

export interface AssemblyTask<Trained extends Model = Model> {
  /** @throws UsageError or DataError for settings and images that the task cannot be learned with */
  check(assembly: Assembly, settings: TrainingSettings): void;
  /** The model that a run begins with. */
  modelOf(engine: Engine, settings: TrainingSettings, labels: LabelSpace): Trained;
  /** The losses of a step. It may be recorded: `inputs` is asked for the step's values each time it runs. */
  losses(engine: Engine, model: Trained, shape: StepShape, inputs: () => StepInputs): StepLosses;
  /** Images that `judge` takes at a time, of batches of so many. */
  passBatch(model: Trained, batch: number, image: ImageSize): number;
  /** @throws NonFiniteError for predictions that are no numbers */
  judge(engine: Engine, model: Trained, settings: TrainingSettings, judged: Judged): Promise<ModelJudgement>;
  /** A digest of what the images' labels are beside their states; undefined where there is nothing else. */
  digest(assembly: Assembly): Promise<string | undefined>;
}

/** @throws NonFiniteError before anything is made of predictions that are no numbers */
export function expectFinite(logits: Float32Array, part: JudgedPart): void {
  if (logits.every(Number.isFinite)) return;
  throw new NonFiniteError(
    `predictions on the ${part} images are no finite numbers; lower the learning rate or check the data`,
  );
}

/** @throws UsageError for a setting that weighs what is none of the classes */
export function expectClasses(
  field: "classWeights" | "positiveWeight",
  weights: object | string | undefined,
  classes: readonly string[],
): void {
  for (const name of typeof weights === "object" ? Object.keys(weights) : []) {
    if (classes.includes(name)) continue;
    throw new UsageError(
      `train: ${field} names "${name}", which is none of the classes${suggestion(name, classes)}`,
    );
  }
}

/** All sets of an assembly. */
export const setsOf = ({ sources, validation, test }: Assembly): readonly ImageSet[] => [
  ...sources,
  ...(validation === undefined ? [] : [validation]),
  test,
];
