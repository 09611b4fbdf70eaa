// What all optimisers have in common: for trainers, checkpoints and schedules, which do not care which one it is.

import type { HostArray } from "../tensor/host.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What an optimiser remembers between steps. */
export interface OptimiserState {
  readonly steps: number;
  readonly learningRate: number;
  /** By name, each of all parameters, as `engine.gather` lays them side by side, one group after the other. */
  readonly moments: Readonly<Record<string, HostArray>>;
  /** Steps that each group took part in, where there is more than one. */
  readonly groupSteps?: readonly number[];
}

/** Parameters that learn at a rate of their own. */
export interface ParameterGroup {
  readonly parameters: Iterable<Tensor>;
  /** What the optimiser's learning rate is multiplied with for them, above 0; default 1. */
  readonly rate?: number | undefined;
}

/** What an optimiser trains: parameters, or groups of them. */
export type Trainable = Iterable<Tensor> | Iterable<ParameterGroup>;

/** What a step may be told beside its gradients. */
export interface StepOptions {
  /** What the loss was multiplied by: gradients are divided by it before anything is done with them. Default 1. */
  readonly lossScale?: number;
}

export interface Optimiser extends Disposable {
  /** Its name in the table of optimisers: "adam", "sgd". */
  readonly name: string;
  /** Names of what it remembers of each parameter: Adam's first and second moment, say. */
  readonly momentNames: readonly string[];
  /** Bytes of all that it remembers of the parameters. */
  readonly momentBytes: number;
  /** May change between steps, also those of a recorded program; a schedule sets it. */
  learningRate: number;
  /** Number of steps taken, replays of a recorded one included. */
  readonly steps: number;
  /**
   * [], the norm of all gradients of the newest step before they were clipped, NaN where it was no finite number; undefined
   * without `clipNorm`.
   */
  readonly gradientNorm: Tensor | undefined;

  /**
   * One step, from the gradients in the order of the parameters, group after group. May be recorded.
   *
   * @param gradients undefined for all parameters of a group that takes no part: these, their moments and the number of their
   *   steps stay as they are, and they count in no norm
   * @param options where the gradients are those of a multiple of the loss
   * @throws ShapeError when their number or a shape differs, or a group has gradients for some of its parameters alone;
   *   UsageError when no group takes part. Nothing has changed then
   */
  step(gradients: readonly (Tensor | undefined)[], options?: StepOptions): void;

  /** What it remembers now, after all steps asked for so far. */
  state(): Promise<OptimiserState>;

  /**
   * Goes on as another one, of the same parameters and options, that had this state.
   * @throws ShapeError when a moment is missing, unknown or of other parameters, UsageError for a number of steps or a rate
   *   that is none; nothing has changed then
   */
  restore(state: OptimiserState): void;

  dispose(): void;
}
