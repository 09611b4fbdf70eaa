import type { Candidate, Launcher, TensorSpec } from "./launches.js";

/** A tensor whose values lie in cases/values.bin. */
export interface StoredTensor extends TensorSpec {
  /** The byte at which its values begin. */
  readonly at: number;
}

/** What must come out: f32 is stored as float64, at a byte that is a multiple of eight. */
export interface ExpectedTensor extends StoredTensor {
  /** The byte at which an f32 for each value begins: the size of the numbers behind it. Where it is missing, its own. */
  readonly magnitudesAt?: number;
}

/** A call of an operator. A result may be off by unit * (|expected| + magnitude). */
export interface Case {
  /** What is special about it. */
  readonly name: string;
  readonly attributes: unknown;
  readonly inputs: readonly StoredTensor[];
  readonly outputs: readonly ExpectedTensor[];
  /** What inputs that are overwritten must hold afterwards. */
  readonly updates: readonly (ExpectedTensor & { readonly input: number })[];
  readonly unit: number;
  readonly candidates: readonly Candidate[];
}

export interface CaseResult {
  readonly candidate: string;
  /** The largest error in units of its bound; at most 1 where all is right. */
  readonly worst?: number;
  /** What is wrong. */
  readonly message?: string;
  /** Why it was not run. */
  readonly skipped?: string;
}

export declare function worstError(
  actual: ArrayLike<number>,
  expected: ExpectedTensor,
  unit: number,
  values: ArrayBuffer,
): number;
export declare function valuesOf(
  spec: StoredTensor,
  values: ArrayBuffer,
): Float32Array | Uint32Array | Uint8Array;
export declare function runCase(
  launcher: Launcher,
  each: Case,
  values: ArrayBuffer,
): AsyncGenerator<CaseResult, void, void>;
