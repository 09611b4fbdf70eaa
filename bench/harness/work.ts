// What is measured: a work, and an implementation that is made ready for it.

import type { HostInput } from "./data.ts";
import type { Bounds, Numbers } from "./equality.ts";

export const implementationNames = [
  "tessera",
  "tessera-naive",
  "reference",
  "gpu.js-cpu",
  "gpu.js-wasm",
  "tfjs-webgpu",
  "jax-js",
  "torch-cpu",
] as const;
export type ImplementationName = (typeof implementationNames)[number];

/** Those that compute on the adapter in this process: kernels are compiled in their first run, and its ceilings are theirs. */
export const onAdapter: ReadonlySet<ImplementationName> = new Set([
  ...(["tessera", "tessera-naive", "tfjs-webgpu", "jax-js"] as const),
]);

/** An implementation with the inputs of one work in its hands. */
export interface Subject {
  /** Does the work once, from fresh inputs, and gives what is compared; not timed. */
  results(): Promise<readonly Numbers[]>;
  /** Does the work `repeats` times; resolves when it is done, not when it is queued. This is timed. */
  run(): Promise<void>;
  /** Dispatches of the last run, where it computes in another process and counts them itself. */
  launches?(): number;
  /** Default 1; more where waiting for the device would take longer than a short work. */
  readonly repeats?: number;
  dispose(): void | Promise<void>;
}

export interface Work {
  readonly name: string;
  /** Shapes, for people. */
  readonly title: string;
  /** Floating-point operations, a multiply-add counting two; undefined where nobody counts them. */
  readonly flops?: number;
  /** Bytes that must be read and written at the least. */
  readonly bytes?: number;
  readonly bound: Bounds;
  /** Whose training step it is, by the name in `networks`; its first result is the loss. */
  readonly network?: string;
  /** Peers on WebGPU get so many seconds for a run, in a process of their own, and are timed in one; default: all they need. */
  readonly limit?: number;
  /** Who can do it; each makes itself ready when its turn comes. */
  readonly implementations: ReadonlyMap<ImplementationName, () => Promise<Subject>>;
  /** Why an implementation is not among them, for the notes below the table. */
  readonly absent?: string;
}

/** A module of bench/peers: the works it can do, by name. */
export interface PeerModule {
  readonly version: string;
  /** The works it knows. */
  readonly works: readonly string[];
  /** Makes a work ready. */
  open(
    work: string,
    inputs: readonly HostInput[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<Subject>;
  close(): Promise<void>;
}

/** An implementation that did not end within the limit of its work. */
export interface Unfinished {
  readonly work: string;
  readonly implementation: ImplementationName;
  /** The limit. */
  readonly seconds: number;
}

export interface Result {
  readonly work: string;
  readonly implementation: ImplementationName;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly samples: number;
  /** Dispatches of the work once; only of those that compute on the adapter. */
  readonly launches?: number;
  /** Of the median; only where the operations are counted. */
  readonly gflops?: number;
  /** Error against the float64 reference, in units of the work's bound. */
  readonly error: number;
}
