import type { Candidate, Launcher, Prepared, TensorSpec } from "./launches.js";

/** An input of the bench list and how it is filled. */
export interface FilledTensor extends TensorSpec {
  readonly fill: "uniform" | "whole" | "values";
  /** Uniform numbers in [from, to). */
  readonly from?: number;
  readonly to?: number;
  /** Whole numbers in [0, below). */
  readonly below?: number;
  readonly values?: readonly number[];
}

export interface BenchItem {
  /** An operator; for a ceiling of the adapter, a kernel. */
  readonly operator: string;
  readonly title: string;
  readonly attributes: unknown;
  readonly inputs: readonly FilledTensor[];
  readonly outputs: readonly TensorSpec[];
  /** Floating-point operations of the leanest candidate; a multiply-add counts two. */
  readonly operations: number;
  /** Each input read once, each output written once. */
  readonly bytes: number;
  readonly candidates: readonly (Candidate & { readonly operations: number })[];
}

/** Seconds of one turn of a candidate's launches. */
export interface Time {
  readonly median: number;
  /** The lower and the upper quartile. */
  readonly low: number;
  readonly high: number;
  readonly measurements: number;
  /** Turns in each measurement. */
  readonly turns: number;
}

export interface TimedCandidate extends Partial<Time> {
  readonly candidate: string;
  /** GFLOP/s; null for what only moves numbers. */
  readonly gflops?: number | null;
  /** GB/s. */
  readonly gigabytes?: number;
  readonly message?: string;
  readonly skipped?: string;
}

export declare class Clock {
  /** Measures what a queue takes for nothing, and whether timestamps are rounded. */
  static open(device: GPUDevice): Promise<Clock>;
  readonly hasTimestamps: boolean;
  /** Whether every timestamp so far was a multiple of 100 µs. */
  readonly isRounded: boolean | undefined;
  readonly method: "timestamps" | "rounded" | "queue";
  seconds(prepared: Prepared, turns: number): Promise<number>;
  measure(prepared: Prepared, rest?: () => unknown): Promise<Time>;
}

export declare function filled(spec: FilledTensor): Float32Array | Uint32Array | Uint8Array;
export declare function timeItem(
  launcher: Launcher,
  clock: Clock,
  item: BenchItem,
  isWanted: (candidate: Candidate) => boolean,
  rest?: () => unknown,
): AsyncGenerator<TimedCandidate, void, void>;
