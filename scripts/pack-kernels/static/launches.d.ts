import type { Kernel, KnobValue } from "./runtime.js";

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: "f32" | "u32" | "u8";
}

/** A buffer of a candidate: of an input, an output, or scratch space, and its number. */
export type Slot = `${"input" | "output" | "temporary"} ${number}`;

/** One dispatch of a kernel. */
export interface Launch {
  readonly kernel: string;
  readonly knobs: Readonly<Record<string, KnobValue>>;
  readonly sizes: Readonly<Record<string, number | string | readonly number[]>>;
  /** A slot for every storage binding, by its name. */
  readonly bind: Readonly<Record<string, Slot>>;
}

/** One way to compute an operator. */
export interface Candidate {
  readonly name: string;
  readonly launches: readonly Launch[];
  readonly temporaries: readonly TensorSpec[];
  /** The kinds of adapter whose rule takes this candidate: "gpu", "gpuSubgroups", "software", "softwareSubgroups". */
  readonly ruleOf: readonly string[];
}

export declare function elementsOf(spec: TensorSpec): number;
export declare function bytesOf(spec: TensorSpec): number;

export interface Prepared {
  encode(pass: GPUComputePassEncoder): void;
  destroy(): void;
}

/** Compiles kernels once for each set of knobs, and binds and encodes launches. */
export declare class Launcher {
  /** @param load gives a kernel by its name */
  constructor(device: GPUDevice, load: (name: string) => Promise<Kernel> | Kernel);
  readonly device: GPUDevice;
  kernel(name: string): Promise<Kernel> | Kernel;
  /** Why the device cannot run a candidate: a sentence; undefined where it can. */
  whyNot(candidate: Candidate): Promise<string | undefined>;
  buffer(spec: TensorSpec, values?: ArrayBufferView): GPUBuffer;
  write(buffer: GPUBuffer, values: ArrayBufferView): void;
  prepare(
    candidate: Pick<Candidate, "launches" | "temporaries">,
    buffers: { readonly input: readonly GPUBuffer[]; readonly output: readonly GPUBuffer[] },
  ): Promise<Prepared>;
  read(
    wanted: readonly { readonly buffer: GPUBuffer; readonly spec: TensorSpec }[],
  ): Promise<(Float32Array | Uint32Array | Uint8Array)[]>;
}
