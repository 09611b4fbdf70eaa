// The dense kernels as steps of a candidate, each with the sizes it needs; channels are counted one by one here.

import type { KernelName } from "../../kernels/built-in-kernels.ts";
import type { Knobs, UniformValues } from "../../kernels/source.ts";
import { input, type Launch, type Slot } from "../operator.ts";
import { sizeOf, type FloatType, type TensorSpec } from "../../tensor/shape.ts";
import type { Step } from "../compose.ts";
import { storedAs } from "../stored.ts";
import { chunksOf, rowKnobs, type GroupRows, type Reductions } from "./row-chunks.ts";

/** One launch, its bindings given as slots of the whole. */
export function step(
  kernel: KernelName,
  bind: Readonly<Record<string, Slot>>,
  sizes: UniformValues,
  knobs: Knobs = {},
): Step {
  const inner = Object.fromEntries(Object.keys(bind).map((name, i) => [name, input(i)]));
  const launch: Launch = { kernel, knobs, bind: inner, sizes };
  return { candidate: { name: kernel, launches: [launch] }, inputs: Object.values(bind), outputs: [] };
}

/** How big the buffer of `moments` and of the gradient's sums is for some rows and channels. */
export function partialSpec(of: GroupRows, channels: number, reductions: Reductions): TensorSpec {
  return { shape: [of.groups * 3 * chunksOf(of, channels, reductions).chunks, channels], dtype: "f32" };
}

/** Of several buffers that are never needed at once, the one that holds each. */
export function largest(specs: readonly TensorSpec[]): TensorSpec {
  return specs.reduce((most, spec) => (sizeOf(spec.shape) > sizeOf(most.shape) ? spec : most));
}

/** x [groups rows, channels] and its place in rows of `stride` channels. */
export interface Place extends GroupRows {
  readonly channels: number;
  readonly stride: number;
  readonly first: number;
}

/** The moments of x's chunks, and x copied to its place in wider rows. */
export function placeStep(
  bind: { readonly x: Slot; readonly placed: Slot; readonly moments: Slot },
  { groups, rows, channels, stride, first }: Place,
  reductions: Reductions,
  knobs: Knobs,
): Step {
  const sizes = { groups, rows, channels: channels / 4, rowStride: stride / 4, firstChannel: first / 4 };
  const all = { ...sizes, ...chunksOf({ groups, rows }, channels, reductions) };
  return step("denseMoments", bind, all, { ...rowKnobs(channels, reductions), ...knobs });
}

/** The moments of x's chunks. `unused` is any small buffer; `stored`, how x lies in memory. */
export function momentsStep(
  { x, moments, unused }: { readonly x: Slot; readonly moments: Slot; readonly unused: Slot },
  { groups, rows }: GroupRows,
  channels: number,
  reductions: Reductions,
  stored: FloatType = "f32",
): Step {
  const sizes = { groups, rows, channels: channels / 4, rowStride: 0, firstChannel: 0 };
  const all = { ...sizes, ...chunksOf({ groups, rows }, channels, reductions) };
  // As where x is placed, so that there is one pipeline.
  const knobs = { ...rowKnobs(channels, reductions), ...storedAs(stored, "X", "Placed") };
  return step("denseMoments", { x, placed: unused, moments }, all, knobs);
}

/** What a batch norm binds: gamma, beta, and its running statistics, which are moved. */
export interface NormSlots {
  readonly gamma: Slot;
  readonly beta: Slot;
  readonly runningMean: Slot;
  readonly runningVariance: Slot;
}

/** The four inputs of a batch norm, from the first on. */
export function normSlots(first: number): NormSlots {
  const [gamma, beta, runningMean, runningVariance] = [0, 1, 2, 3].map((i) => input(first + i));
  return { gamma, beta, runningMean, runningVariance };
}

/** Uniforms that move running statistics. `rows` are those of a group. */
export function shares(
  rows: number,
  momentum: number,
): Record<"keep" | "meanShare" | "varianceShare", number> {
  const unbiased = rows > 1 ? rows / (rows - 1) : 1;
  return { keep: 1 - momentum, meanShare: momentum, varianceShare: momentum * unbiased };
}
