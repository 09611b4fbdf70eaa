// The contract between the training loop and a method: what is trained, what a step computes, and how well the result does.

import {
  aFunction,
  aList,
  aRecord,
  aString,
  described,
  expectArgument,
  wholeFrom,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { Module } from "../nn/module.ts";
import { showShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a step computes from a batch. */
export interface StepLosses {
  /** [], what the parameters are trained to lower. */
  readonly total: Tensor;
  /** [T], one loss for each of the task's terms, in their order; may be left out where the total is the only term. */
  readonly losses?: Tensor;
}

/** Images that training does not learn from: validation decides which weights are kept, test images decide nothing. */
export type JudgedPart = "validation" | "test";

/** How well a module does on one part of the data. */
export interface Judgement<Report extends object = object> {
  /** From 0 to 1, more is better; null where it is not defined. Validation's decides schedules, stopping and what is kept. */
  readonly score: number | null;
  /** What a line of the metrics file says of it: anything that JSON can hold. */
  readonly report: Report;
}

export interface JudgeOptions {
  /** Ends the work before the next batch. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch, of images. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/**
 * A method of training, as the loop (`train`) sees it. The loop owns the optimiser, the schedule, the moving average, the
 * checkpoints and the choice of the best weights; everything else is the task's.
 *
 * @typeParam Inputs what changes from step to step: a batch, or which images are in it, and weights of losses
 */
export interface Task<
  Inputs = unknown,
  Judged extends Judgement = Judgement,
  Trained extends Module = Module,
> {
  /** What is trained. The loop reads its state into checkpoints; the task's owner disposes it. */
  readonly module: Trained;
  /**
   * A second module with the same initial values, for a moving average of the weights: called once if `settings.ema` is set.
   * The caller of `train` receives it and disposes it.
   */
  twin(): Trained;
  /** Names of the losses that a step returns, "total" first. */
  readonly terms: readonly string[];
  /** The term that a plateau schedule follows where no validation tells a score; default "total". */
  readonly watchedTerm?: string;
  /** Steps in which each image is seen once: the default length of an epoch. */
  readonly stepsPerEpoch: number;
  /**
   * Which recorded step a step takes, by a name of the task's own. Each variant is recorded once and replayed, so there
   * should be few, in long stretches.
   *
   * @param step of the run, from 1
   */
  variantAt(step: number): string;
  /** Terms that a variant does not compute: they are reported as 0. Default: none. */
  silentTerms?(variant: string): readonly string[];
  /**
   * The forward pass and the losses of a variant. It is recorded: what changes from step to step reaches it through
   * `engine.feed(() => ... inputs() ...)`, since a value that is read while recording stays as it was.
   */
  losses(variant: string, inputs: () => Inputs): StepLosses;
  /**
   * The inputs of `count` steps from step `first` (from 1) on, in order. They follow from the step's number alone, so that
   * a run that is resumed takes the same ones.
   */
  inputs(first: number, count: number): AsyncGenerator<Inputs, void, undefined>;
  /** What the rows of a step's batch are called, for messages; the step counts from 1. Default: they have no names. */
  rowNames?(step: number): readonly string[];
  /** Which parts there are to judge a module by; default: none. */
  readonly parts?: readonly JudgedPart[];
  /**
   * How well a module does on a part; needed where there are parts.
   * @throws the signal's reason when it ended the work; NonFiniteError when the module's outputs are no finite numbers
   */
  judge?(module: Trained, part: JudgedPart, options: JudgeOptions): Promise<Judged>;
  /**
   * Asked once, after the last step, to finish the module with the weights that are kept, before it is judged for the last time and handed
   * out. What it comes to must follow from these weights and the task alone, since a run that goes on may ask again; when it throws, the
   * module is as it was. Default: nothing is left to do.
   * @throws the signal's reason when it ended the work
   */
  settle?(module: Trained, options: JudgeOptions): Promise<void>;
  /** Settings of the task that may change a bit of a run; those of a checkpoint must be equal, by name. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** A digest of what is learned from and judged by; that of a checkpoint must be equal. */
  readonly data: string;
}

/** A task of any kind, as far as it is checked before a run. */
type CheckedTask = Pick<
  Task,
  "module" | "terms" | "watchedTerm" | "parts" | "stepsPerEpoch" | "settings" | "data"
> &
  Readonly<Record<"variantAt" | "losses" | "inputs", unknown>> & { readonly judge?: unknown };

/**
 * @throws UsageError when a member of a task is not what `Task` says, its terms cannot be told apart or do not begin with
 *   the total, or nothing judges its parts
 */
export function checkTask(task: CheckedTask): void {
  if (typeof task !== "object" || (task as object | null) === null) {
    throw new UsageError(`train: takes a task, got ${described(task)}`);
  }
  if (!(task.module instanceof Module)) {
    throw new UsageError(`task: module must be a module, got ${described(task.module)}`);
  }
  for (const name of ["variantAt", "losses", "inputs"] as const) {
    expectArgument("task", name, task[name], aFunction);
  }
  expectArgument("task", "terms", task.terms, aList);
  expectArgument("task", "stepsPerEpoch", task.stepsPerEpoch, wholeFrom(1));
  expectArgument("task", "settings", task.settings, aRecord);
  expectArgument("task", "data", task.data, aString);
  const { terms, watchedTerm = "total", parts = [], judge } = task;
  expectArgument("task", "parts", parts, aList);
  const [first] = terms;
  if (first !== "total") {
    throw new UsageError(
      `task: terms must begin with "total", the loss that is differentiated, not ${JSON.stringify(first)}`,
    );
  }
  const nameless = terms.find(
    (term) => typeof term !== "string" || term.trim() === "" || term === "__proto__",
  );
  if (nameless !== undefined) {
    throw new UsageError(
      `task: terms has ${JSON.stringify(nameless)}, which names no loss; give each term a name`,
    );
  }
  const again = terms.find((term, i) => terms.indexOf(term) !== i);
  if (again !== undefined) throw new UsageError(`task: terms name "${again}" twice`);
  if (!terms.includes(watchedTerm)) {
    throw new UsageError(`task: watchedTerm "${watchedTerm}" is none of its terms (${terms.join(", ")})`);
  }
  if (parts.length > 0 && judge === undefined) {
    throw new UsageError(`task: has ${parts.join(" and ")} to judge by, and no judge(module, part, options)`);
  }
}

/** @throws UsageError unless it is what `Task.losses` returns */
export function expectStepLosses(found: StepLosses): void {
  const { total, losses } = (found as Partial<StepLosses> | undefined | null) ?? {};
  if (total instanceof Tensor && (losses === undefined || losses instanceof Tensor)) return;
  const got = total instanceof Tensor ? `losses ${described(losses)}` : described(total ?? found);
  throw new UsageError(`task: losses must return { total: tensor } or { total, losses: tensor }, got ${got}`);
}

/** @throws UsageError when a step returns another number of losses than the task names */
export function checkLosses(terms: readonly string[], losses: Tensor): void {
  if (losses.shape.length === 1 && losses.shape[0] === terms.length) return;
  throw new UsageError(
    `task: a step returns losses ${showShape(losses.shape)}, and the task names ${terms.length} ` +
      `term${terms.length === 1 ? "" : "s"} (${terms.join(", ")}); return one loss for each, as [${terms.length}]`,
  );
}
