// Label-Assemble as a task of the training loop.

import { createHash } from "node:crypto";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import type { Sampler } from "../data/assembly/sampler.ts";
import { NonFiniteError } from "../errors/training-errors.ts";
import type { Parents } from "../labels/class-tree.ts";
import { writeWeights } from "../nn/weights.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Weights } from "../tensor/held.ts";
import type { JudgedPart, JudgeOptions, Judgement, StepLosses, Task } from "../training/task.ts";
import { TrainingImages } from "../training/training-images.ts";
import { taughtSources } from "./absent-policy.ts";
import { assembleLosses, type StepInputs, type StepShape } from "./assemble-step.ts";
import {
  assembleTerms,
  lambdasOf,
  noLambdas,
  strongViewTerms,
  supervisedTerm,
  takesStrongView,
  type Lambdas,
} from "./assemble-terms.ts";
import type { Classifier } from "./classifier.ts";
import { evaluationOf, predict, type Evaluation } from "./evaluation.ts";
import { labelSpaceOf, statesForHead } from "./label-space.ts";
import {
  classifierOf,
  reproducibleSettings,
  samplerOf,
  stepShape,
  type TrainingSettings,
} from "./training-settings.ts";
import { warmedBudgetOf, type WarmedBudget } from "./warm-up.ts";

/** How well a classifier does on a set of images. */
export interface ClassifierJudgement extends Judgement<Evaluation> {
  /** [N, K] of the set's images. */
  readonly logits: Float32Array;
}

/** Which views a step computes: the weak one alone, as in warm-up, or both. */
export const variantOf = (bothViews: boolean): "both" | "weak" => (bothViews ? "both" : "weak");

export class AssembleTask implements Task<StepInputs, ClassifierJudgement, Classifier> {
  readonly module: Classifier;
  readonly terms: readonly string[];
  readonly watchedTerm = supervisedTerm;
  readonly parts: readonly JudgedPart[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly data: string;
  readonly #engine: Engine;
  readonly #assembly: Assembly;
  readonly #settings: TrainingSettings;
  readonly #initial: Weights | undefined;
  readonly #sampler: Sampler;
  readonly #images: TrainingImages;
  readonly #shape: Omit<StepShape, "bothViews">;
  readonly #budget: WarmedBudget;

  /**
   * @param initial weights of a classifier of these settings to begin with; without, the seed draws them
   * @throws UsageError when images come from disk and not even two batches fit into the memory that the settings allow
   */
  constructor(engine: Engine, assembly: Assembly, settings: TrainingSettings, initial?: Weights) {
    this.#engine = engine;
    this.#assembly = assembly;
    this.#settings = settings;
    this.#initial = initial;
    this.terms = assembleTerms(settings);
    this.parts = assembly.validation === undefined ? ["test"] : ["validation", "test"];
    this.settings = { ...reproducibleSettings(settings), ...classesOf(assembly) };
    this.data = digestOf(assembly);
    this.#sampler = samplerOf(assembly, settings);
    this.#budget = warmedBudgetOf(settings, this.#sampler.stepsPerEpoch);
    this.module = this.twin();
    try {
      const taught = statesForHead(this.module.head, taughtSources(assembly.sources, settings));
      const { batch } = this.#sampler;
      this.#images = new TrainingImages(engine, taught, batch, settings.memory);
      this.#shape = { ...stepShape(settings, this.#images, batch), resident: this.#images.resident };
    } catch (error) {
      this.module.dispose();
      throw error;
    }
  }

  get stepsPerEpoch(): number {
    return this.#sampler.stepsPerEpoch;
  }

  twin(): Classifier {
    const classifier = classifierOf(this.#engine, this.#settings, labelSpaceOf(this.#assembly));
    if (this.#initial === undefined) return classifier;
    try {
      writeWeights(classifier, this.#initial);
      return classifier;
    } catch (error) {
      classifier.dispose();
      throw error;
    }
  }

  variantAt(step: number): string {
    return variantOf(takesStrongView({ ...this.#settings, ...this.#lambdasAt(step) }));
  }

  /** Without a strong view, the weak one takes its place, and there is nothing to be consistent with. */
  silentTerms(variant: string): readonly string[] {
    return variant === variantOf(true) ? [] : strongViewTerms.filter((name) => this.terms.includes(name));
  }

  losses(variant: string, inputs: () => StepInputs): StepLosses {
    const shape = { ...this.#shape, bothViews: variant === variantOf(true) };
    return assembleLosses(this.#engine, this.module, shape, inputs);
  }

  async *inputs(first: number, count: number): AsyncGenerator<StepInputs, void, undefined> {
    let step = first;
    for await (const images of this.#images.steps(this.#sampler.steps(first - 1, count))) {
      yield { images, step, ...this.#lambdasAt(step) };
      step++;
    }
  }

  async judge(
    module: Classifier,
    part: JudgedPart,
    { signal, progress }: JudgeOptions,
  ): Promise<ClassifierJudgement> {
    const set = this.#set(part);
    const { normalisation, memory } = this.#settings;
    const options = { signal, memory, progress };
    const logits = await predict(this.#engine, module, set, normalisation, this.#sampler.batch, options);
    if (!logits.every(Number.isFinite)) {
      throw new NonFiniteError(
        `predictions on the ${part} images are no finite numbers; lower the learning rate or check the data`,
      );
    }
    const report = evaluationOf(logits, set, this.#assembly.classes);
    return { score: report.meanAuc, report, logits };
  }

  /** Releases the images; the classifier stays. */
  async close(): Promise<void> {
    await this.#images.close();
  }

  #set(part: JudgedPart): ImageSet {
    const set = part === "validation" ? this.#assembly.validation : this.#assembly.test;
    if (set === undefined) throw new Error(`there are no ${part} images`);
    return set;
  }

  #lambdasAt(step: number): Lambdas {
    return step <= this.#budget.warmup ? noLambdas : lambdasOf(this.#settings);
  }
}

/** What a run learns; its tree is told where there is one. */
export const classesOf = ({
  classes,
  parents,
}: Assembly): { readonly classes: readonly string[]; readonly parents?: Parents } => ({
  classes,
  ...(parents === undefined ? {} : { parents }),
});

/** Of the images' number, sizes and labels. Pixels are left out, since they may be many, and on disk; so changed pixels are not noticed. */
function digestOf({ classes, sources, validation, test }: Assembly): string {
  const hash = createHash("sha256").update(JSON.stringify(classes));
  for (const set of [...sources, ...(validation === undefined ? [] : [validation]), test]) {
    const { source, height, width, channels } = set;
    hash.update(JSON.stringify([source, set.count, height, width, channels])).update(set.states);
  }
  return hash.digest("hex");
}
