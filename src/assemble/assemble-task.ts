// Label-Assemble as a task of the training loop, whatever is learned with it: settings name one of the table in tasks.ts.

import { relationsOf, type ClassRelations } from "../labels/class-relations.ts";
import { sha256 } from "#sha256";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import type { Sampler } from "../data/assembly/sampler.ts";
import { writeWeights } from "../nn/weights.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Weights } from "../tensor/held.ts";
import type { JudgedPart, JudgeOptions, StepLosses, Task } from "../training/task.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { optimisationStep } from "../training/optimisation-step.ts";
import { TrainingImages } from "../training/training-images.ts";
import { taughtSources } from "./absent-policy.ts";
import { bothAtOnce } from "./planning/both-at-once.ts";
import { plannedPasses } from "./planning/planned-passes.ts";
import { bothViewsOf } from "./planning/steps-taken.ts";
import { stepInputs } from "./step-inputs.ts";
import type { StepInputs, StepShape } from "./assemble-step.ts";
import {
  assembleTerms,
  lambdasOf,
  noLambdas,
  strongViewTerms,
  supervisedTerm,
  takesStrongView,
  unsupervisedTerms,
  type Lambdas,
} from "./assemble-terms.ts";
import { setsOf, type AssemblyTask, type Model, type ModelJudgement } from "./assembly-task.ts";
import { labelSpaceOf, statesForHead } from "./label-space.ts";
import { reestimateStatistics, reestimation, type Reestimated } from "./reestimate.ts";
import { taskOf } from "./tasks.ts";
import {
  checkBatchParts,
  namedLabels,
  partOf,
  reproducibleSettings,
  samplerOf,
  stepShape,
  type TrainingSettings,
} from "./training-settings.ts";
import { warmedBudgetOf, type WarmedBudget } from "./warm-up.ts";

/** Which views a step computes: the weak one alone, as in warm-up, or both. */
export const variantOf = (bothViews: boolean): "both" | "weak" => (bothViews ? "both" : "weak");

export class AssembleTask implements Task<StepInputs, ModelJudgement, Model> {
  readonly module: Model;
  readonly terms: readonly string[];
  readonly watchedTerm: string;
  readonly parts: readonly JudgedPart[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly data: string;
  /** Where batch norm's statistics are to be estimated anew: from what. */
  readonly reestimated: Reestimated | undefined;
  readonly settle?: (module: Model, options: JudgeOptions) => Promise<void>;
  readonly #engine: Engine;
  readonly #task: AssemblyTask;
  readonly #assembly: Assembly;
  readonly #settings: TrainingSettings;
  readonly #initial: Weights | undefined;
  readonly #sampler: Sampler;
  readonly #images: TrainingImages;
  #shape: Omit<StepShape, "bothViews">;
  readonly #budget: WarmedBudget;

  /**
   * @param initial weights of a model of these settings to begin with; without, the seed draws them
   * @param labels a digest of what the labels are beside their states, which a run that goes on must have in common with the one
   *   that was begun
   * @throws UsageError when images come from disk and not even two batches fit into the memory that the settings allow;
   *   UsageError or DataError for settings and images that do not suit the task
   */
  constructor(
    engine: Engine,
    assembly: Assembly,
    settings: TrainingSettings,
    initial?: Weights,
    labels?: string,
  ) {
    this.#engine = engine;
    this.#task = taskOf(settings);
    this.#task.check(assembly, settings);
    checkBatchParts(settings);
    this.#assembly = assembly;
    this.#settings = settings;
    this.#initial = initial;
    this.terms = assembleTerms(settings);
    this.watchedTerm = supervisedTerm(settings);
    this.parts = assembly.validation === undefined ? ["test"] : ["validation", "test"];
    this.settings = { ...reproducibleSettings(settings), ...classesOf(assembly) };
    this.data = digestOf(assembly, labels);
    this.#sampler = samplerOf(assembly, settings);
    this.#budget = warmedBudgetOf(settings, this.#sampler.stepsPerEpoch);
    const { sources } = assembly;
    const reestimated = reestimation(
      settings,
      sources.reduce((sum, { count }) => sum + count, 0),
    );
    this.reestimated = reestimated;
    if (reestimated !== undefined) {
      this.settle = async (module, options) => {
        await reestimateStatistics(engine, module, sources, reestimated, settings, options);
      };
    }
    this.module = this.twin();
    try {
      const taught = taughtSources(assembly.sources, settings);
      const { batch } = this.#sampler;
      this.#images = new TrainingImages(
        engine,
        statesForHead(this.module.head, taught),
        batch,
        settings.memory,
      );
      const shape = stepShape(settings, this.#images, batch, namedLabels(assembly, settings));
      this.#shape = { ...shape, resident: this.#images.resident };
      const { inWarmUp = false, after = false } = bothViewsOf(settings);
      const takesTwo = inWarmUp || after || settings.supervised === "both";
      if (takesTwo) this.#shape = { ...this.#shape, atOnce: this.#takesBothAtOnce() };
    } catch (error) {
      this.module.dispose();
      throw error;
    }
  }

  get stepsPerEpoch(): number {
    return this.#sampler.stepsPerEpoch;
  }

  twin(): Model {
    const model = this.#task.modelOf(this.#engine, this.#settings, labelSpaceOf(this.#assembly));
    if (this.#initial === undefined) return model;
    try {
      writeWeights(model, this.#initial);
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /** Those that the settings let come up. */
  get variants(): readonly string[] {
    const { inWarmUp, after } = bothViewsOf(this.#settings);
    return [...new Set([after, inWarmUp].filter((each) => each !== undefined).map(variantOf))];
  }

  passes(module: Model): readonly (() => unknown)[] {
    const { sources, validation, test } = this.#assembly;
    const { height, width, channels } = sources[0];
    return plannedPasses(this.#engine, module, this.#settings, {
      image: { height, width, channels },
      batch: this.#sampler.batch,
      judged: [validation, test].flatMap((set) => (set === undefined ? [] : [set.count])),
      reestimated: this.reestimated,
    });
  }

  variantAt(step: number): string {
    return variantOf(takesStrongView({ ...this.#settings, ...this.#lambdasAt(step) }));
  }

  /**
   * Without a strong view, the weak one takes its place, and there is nothing to be consistent with. Where given labels are of mixed
   * images, these take the place of both.
   */
  silentTerms(variant: string): readonly string[] {
    if (variant === variantOf(true)) return [];
    const silent = this.#settings.mixup === undefined ? strongViewTerms : unsupervisedTerms;
    return silent.filter((name) => this.terms.includes(name));
  }

  losses(variant: string, inputs: () => StepInputs): StepLosses {
    const bothViews = variant === variantOf(true);
    const shape = { ...this.#shape, bothViews };
    return this.#task.losses(this.#engine, this.module, shape, inputs);
  }

  async *inputs(first: number, count: number): AsyncGenerator<StepInputs, void, undefined> {
    let step = first;
    for await (const images of this.#images.steps(this.#sampler.steps(first - 1, count))) {
      yield stepInputs(this.#settings, this.#images, images, step, this.#lambdasAt(step));
      step++;
    }
  }

  rowNames(step: number): readonly string[] {
    const { sources } = this.#assembly;
    const [rows = []] = this.#sampler.steps(step - 1, 1);
    return Array.from(rows, (row) => {
      let at = row;
      for (const { source, count, ids } of sources) {
        if (at < count) return `${ids?.[at] ?? `image ${at}`} of ${source}`;
        at -= count;
      }
      return `image ${row}`;
    });
  }

  async judge(module: Model, part: JudgedPart, options: JudgeOptions): Promise<ModelJudgement> {
    const { classes } = this.#assembly;
    const batch = partOf(this.#sampler.batch, this.#settings);
    const on = { ...options, set: this.#set(part), part, classes, batch };
    return await this.#task.judge(this.#engine, module, this.#settings, on);
  }

  /** Releases the images; the model stays. */
  async close(): Promise<void> {
    await this.#images.close();
  }

  #takesBothAtOnce(): boolean {
    const noInputs = (): never => {
      throw new Error("a step that is only looked at has no inputs");
    };
    const step = (): Tensor => {
      const losses = (): StepLosses => this.losses(variantOf(true), noInputs);
      return optimisationStep(this.module, { step: () => undefined }, this.terms, losses);
    };
    return bothAtOnce(this.#engine, this.#settings, step).atOnce;
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

/** What a run learns, and how its classes stand to each other. */
export const classesOf = (learned: LearnedClasses): LearnedClasses => ({
  classes: learned.classes,
  ...relationsOf(learned),
});

type LearnedClasses = Pick<Assembly, "classes" | keyof ClassRelations>;

/**
 * Of the images' number, sizes and labels. Pixels are left out, since they may be many, and on disk; so changed pixels are not
 * noticed.
 */
function digestOf(assembly: Assembly, labels: string | undefined): string {
  const hash = sha256().update(JSON.stringify(assembly.classes));
  for (const set of setsOf(assembly)) {
    const { source, height, width, channels } = set;
    hash.update(JSON.stringify([source, set.count, height, width, channels])).update(set.states);
  }
  if (labels !== undefined) hash.update(labels);
  return hash.hex();
}
