// What a recorded step needs, in numbers: known before anything is allocated.

import { described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";

/** What a buffer of a step is for. */
export type Purpose =
  /** Made in one phase of the step and needed in a later one. */
  | "activations"
  /** Made and used up in one phase. */
  | "working"
  /** Inside one operator. */
  | "scratch"
  /** Packed for one launch over all of them: gradients of the parameters. */
  | "packed"
  /** Returned by the step. */
  | "results"
  /** Written before every replay. */
  | "feeds"
  | "constants";

/** One buffer of a step and the launches during which it is needed. */
export interface BufferPlan {
  /** The operator that makes it. */
  readonly label: string;
  readonly purpose: Purpose;
  readonly bytes: number;
  /** Indices of the first and the last launch that use it. */
  readonly first: number;
  readonly last: number;
}

export interface StepPlan {
  /** Launches of each phase, in order. */
  readonly launches: ReadonlyMap<string, number>;
  /** Different pipelines. */
  readonly pipelines: number;
  /** Every buffer of the step; those that are not needed at the same time share memory. */
  readonly buffers: readonly BufferPlan[];
  /** Bytes of its buffers: what is shared counts once. Uniforms and readings come on top. */
  readonly bytes: number;
  /** Bytes of the uniforms of its launches. */
  readonly uniformBytes: number;
  /** Sizes of the pieces of memory that its buffers lie in, but for what must last from run to run; the largest first. */
  readonly pieces: readonly number[];
  /** Bytes of what lasts from run to run and is the program's alone: packs and constants. */
  readonly ownBytes: number;
  /** Of these, what is reused from launch to launch (activations, working, scratch). */
  readonly reusedBytes: number;
  /** The most bytes of reused buffers that are needed at one launch: no plan can need less than this. */
  readonly peakBytes: number;
  /** What the reused bytes at that launch are for. */
  readonly peak: ReadonlyMap<Purpose, number>;
}

/** Launches of the whole step. */
export function launchesOf(plan: StepPlan): number {
  const launches: unknown = (plan as Partial<StepPlan> | undefined | null)?.launches;
  if (!(launches instanceof Map)) {
    throw new UsageError(
      `launchesOf: takes the plan of a program, which there is on WebGPU alone; got ${described(plan)}`,
    );
  }
  return [...plan.launches.values()].reduce((sum, count) => sum + count, 0);
}

/** Bytes of a step's program, uniforms and what its results are read through among them. */
export const stepBytes = ({ bytes, uniformBytes, buffers }: StepPlan): number =>
  buffers.reduce((sum, each) => sum + (each.purpose === "results" ? each.bytes : 0), bytes + uniformBytes);

/**
 * What an implementation of WebGPU takes beside the buffers: Dawn over Vulkan, November 2026, one heap of 4 to 8 MiB for each kind of
 * small buffer, and a ring of 4 MiB through which data goes to the device.
 */
export const implementationBytes = 2 ** 23;

/** Bytes of small buffers that are reserved with the memory of steps: one of each kind. */
export const reservedBytes = 512;

/**
 * What steps need that share their memory, since they run one after the other: of each piece the largest that one of them has.
 */
export function piecesOf(plans: readonly Pick<StepPlan, "pieces">[]): readonly number[] {
  const count = Math.max(0, ...plans.map(({ pieces }) => pieces.length));
  return Array.from({ length: count }, (_, i) => Math.max(...plans.map(({ pieces }) => pieces.at(i) ?? 0)));
}

/** A table of the largest buffers, for error messages. */
export const largestBuffers = (buffers: readonly BufferPlan[], count?: number): string =>
  largestOf(
    buffers.map(({ label, purpose, bytes }) => ({ label: `${purpose}  ${label}`, bytes })),
    count,
  );

/** The same of anything that has a name and a size; equal ones on one line. */
export function largestOf(
  buffers: readonly { readonly label: string; readonly bytes: number }[],
  count = 8,
): string {
  const lines = new Map<string, number>();
  for (const { label, bytes } of [...buffers].sort((a, b) => b.bytes - a.bytes)) {
    const line = `${(bytes / 2 ** 20).toFixed(1).padStart(9)} MiB  ${label}`;
    const times = lines.get(line);
    if (times === undefined && lines.size === count) break;
    lines.set(line, (times ?? 0) + 1);
  }
  return [...lines].map(([line, times]) => `  ${line}${times === 1 ? "" : `, ${times} times`}`).join("\n");
}

/** How sizes in memory are written for people. */
export const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 2 : 1);
