// What a run needs on the device, from what it has planned: the same sum before a device is there and on one.

import type { Engine } from "../runtime/engine.ts";
import type { Module } from "../nn/module.ts";
import type { Optimiser } from "../optim/optimiser.ts";
import { piecesOf, reservedBytes, type StepPlan } from "../runtime/step-plan.ts";
import { readingBytes } from "../runtime/readings.ts";
import { sizeOf } from "../tensor/shape.ts";

/** Bytes on the device while a run trains, evaluates and writes checkpoints: no more than these, and all of them allocated before step 1. */
export interface RunMemory {
  /** What lives all the time: weights, moments, the moving average, images that stay on the device. */
  readonly tensors: number;
  /** What steps and evaluation work in, one after the other; and its pieces, the largest first. */
  readonly working: number;
  readonly pieces: readonly number[];
  /** What the step that runs must keep for itself: packed gradients, constants, uniforms; and that of evaluation beside it. */
  readonly own: number;
  /** What is read back through: losses, predictions, weights. */
  readonly reads: number;
  readonly total: number;
}

/** What a run does on the device, planned. */
export interface PlannedWork {
  /** The steps, of which one is there at a time. */
  readonly steps: readonly StepPlan[];
  /** What evaluates, beside the step. */
  readonly passes: readonly StepPlan[];
  /** Number of losses of a step. */
  readonly terms: number;
  /** The most bytes that are read at a time beside losses and the results of passes. */
  readonly readBytes: number;
}

/** Bytes of what a step returns. */
const resultBytes = ({ buffers }: StepPlan): number =>
  buffers.reduce((sum, { purpose, bytes }) => sum + (purpose === "results" ? bytes : 0), 0);

/** The most bytes that are read at a time, but for losses. */
export const mostRead = ({ passes, readBytes }: PlannedWork): number =>
  Math.max(readBytes, ...passes.map(resultBytes));

/**
 * @param tensors bytes of what lives all the time
 * @param others bytes at other times: while weights are made, once where the seed drew them and once where they lie side by side; and
 *   when steps are over, while a report is written
 */
export function runMemory(tensors: number, others: readonly number[], work: PlannedWork): RunMemory {
  const { steps, passes, terms } = work;
  const sum = (bytes: readonly number[]): number => bytes.reduce((total, each) => total + each, 0);
  const most = (plans: readonly StepPlan[]): number =>
    Math.max(0, ...plans.map(({ ownBytes, uniformBytes }) => ownBytes + uniformBytes));
  const pieces = piecesOf([...steps, ...passes]);
  const working = sum(pieces);
  const own = most(steps) + most(passes);
  const reads = mostRead(work) + readingBytes(4 * terms) + (pieces.length > 0 ? reservedBytes : 0);
  return {
    tensors,
    working,
    pieces,
    own,
    reads,
    total: Math.max(...others, tensors + working + own + reads),
  };
}

/** Bytes of a checkpoint's largest part, which is read at once: the moments, or a module's tensors. */
export const largestRead = (module: Module, optimiser: Optimiser): number =>
  Math.max(moduleBytes(module), optimiser.momentBytes);

/** Bytes of a module's parameters, running statistics and counters. */
export const moduleBytes = (module: Module): number =>
  [...module.state().values()].reduce((sum, { tensor }) => sum + 4 * sizeOf(tensor.shape), 0);

/** What a step, or a pass, needs; undefined where nothing is allocated for it. */
export const planOf = (engine: Engine, step: () => unknown): readonly StepPlan[] => {
  const plan = engine.plan(step);
  return plan === undefined ? [] : [plan];
};
