// Lowers a recording to a flat list of launches over buffers that have sizes and lifetimes but no memory yet.

import { kernelFor } from "../../kernels/built-in-kernels.ts";
import { type Kernel } from "../../kernels/kernel.ts";
import type { Knobs } from "../../kernels/source.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Storage } from "../../tensor/tensor.ts";
import type { Operand } from "../operand.ts";
import { updatesOf, type Launch, type Slot } from "../../operators/operator.ts";
import { PlannedStorage, type RecordedCall, type Recording } from "../recording.ts";
import { bindSlots, workgroupsOf, type Bound, type LaunchLimits } from "./bindings.ts";
import { bytesOf } from "./buffers.ts";
import type { CandidateChoice } from "./choice.ts";

/** A buffer of the step. `home` says that it lies inside another one, `offset` bytes from its start. */
export interface VirtualBuffer {
  readonly bytes: number;
  readonly label: string;
  /** What a lasting place is needed for, or whether memory may be reused. */
  readonly role: "output" | "temporary" | "pack" | "result" | "constant" | "feed";
  readonly storage?: PlannedStorage;
  home?: { readonly root: VirtualBuffer; readonly offset: number };
}

/** A buffer of the step, or one that was there before. */
export type LoweredBinding = Bound<VirtualBuffer | { readonly storage: Storage; readonly bytes: number }>;

export interface LoweredLaunch {
  readonly kernel: Kernel;
  readonly knobs: Knobs;
  readonly bindings: readonly LoweredBinding[];
  readonly sizes: Launch["sizes"];
  readonly uniforms: ArrayBuffer;
  readonly workgroups: readonly [number, number];
  /** The operator that asked for it. */
  readonly label: string;
  /** Of the operator's inputs, then of its outputs. */
  readonly shapes: readonly Shape[];
  readonly phase: string;
}

export interface LoweredStep {
  readonly launches: readonly LoweredLaunch[];
  readonly buffers: readonly VirtualBuffer[];
}

export const rootOf = (buffer: VirtualBuffer): VirtualBuffer => buffer.home?.root ?? buffer;

/** @throws KernelError naming the operator when a launch does not fit its shader */
export function lower(
  recording: Recording,
  results: readonly Operand[],
  choice: CandidateChoice,
  limits: LaunchLimits,
): LoweredStep {
  // What is packed is computed in its place in the pack. A launch may not read one part of a buffer and write
  // another, though: parts that would have to are computed elsewhere and copied.
  const apart = new Set<PlannedStorage>();
  for (;;) {
    const step = new Lowering(recording, results, choice, limits, apart).run();
    const before = apart.size;
    for (const { bindings } of step.launches) {
      for (const storage of clashing(bindings)) apart.add(storage);
    }
    if (apart.size === before) return step;
  }
}

/** Packed buffers that a launch reads from the same pack as it writes to. */
function clashing(bindings: readonly LoweredBinding[]): PlannedStorage[] {
  const written = new Set<VirtualBuffer>();
  const read = new Set<VirtualBuffer>();
  for (const { target, writes } of bindings) {
    if ("role" in target) (writes ? written : read).add(rootOf(target));
  }
  return bindings.flatMap(({ target }) => {
    if (!("role" in target) || target.home === undefined || target.storage === undefined) return [];
    const { root } = target.home;
    return written.has(root) && read.has(root) ? [target.storage] : [];
  });
}

class Lowering {
  readonly #recording: Recording;
  readonly #results: ReadonlySet<Storage>;
  readonly #choice: CandidateChoice;
  readonly #limits: LaunchLimits;
  readonly #apart: ReadonlySet<PlannedStorage>;
  /** What some call overwrites in place. */
  readonly #updated: ReadonlySet<Storage>;
  readonly #buffers: VirtualBuffer[] = [];
  readonly #byStorage = new Map<PlannedStorage, VirtualBuffer>();
  readonly #launches: LoweredLaunch[] = [];

  constructor(
    recording: Recording,
    results: readonly Operand[],
    choice: CandidateChoice,
    limits: LaunchLimits,
    apart: ReadonlySet<PlannedStorage>,
  ) {
    this.#recording = recording;
    this.#results = new Set(results.map(({ storage }) => storage));
    this.#choice = choice;
    this.#limits = limits;
    this.#apart = apart;
    this.#updated = new Set(
      recording.calls.flatMap(({ operator: each, inputs }) =>
        updatesOf(each, inputs.length).map((index) => inputs[index].storage),
      ),
    );
  }

  run(): LoweredStep {
    for (const feed of this.#recording.feeds) this.#bufferOf(feed, "feed");
    // Packs first: their parts must know where they belong before they are computed.
    for (const call of this.#recording.calls) this.#placeParts(call);
    for (const call of this.#recording.calls) this.#lowerCall(call);
    for (const storage of this.#results) {
      if (storage instanceof PlannedStorage) this.#bufferOf(storage, "result");
    }
    return { launches: this.#launches, buffers: this.#buffers };
  }

  #placeParts({ operator, inputs, outputs, attributes }: RecordedCall): void {
    const offsets = operator.placements?.(attributes as never);
    if (offsets === undefined) return;
    const root = this.#bufferOf(outputs[0], operator.name, "pack");
    inputs.forEach(({ storage }, i) => {
      if (!(storage instanceof PlannedStorage) || storage.origin.kind !== "computed") return;
      if (this.#results.has(storage) || this.#apart.has(storage) || this.#byStorage.has(storage)) return;
      // A part that changes later, or whose pack does, is another value than the pack's; an odd offset cannot be bound.
      if (this.#updated.has(storage) || this.#updated.has(outputs[0]) || (4 * offsets[i]) % 256 !== 0) return;
      const part = this.#bufferOf(storage, operator.name, "output");
      part.home = { root, offset: 4 * offsets[i] };
    });
  }

  #lowerCall(call: RecordedCall): void {
    const { operator, inputs, outputs, attributes } = call;
    const candidate = this.#choice.choose(operator, inputs, attributes as never);
    const places = operator.placements?.(attributes as never);
    const slots = {
      input: inputs.map((operand) => this.#target(operand, operator.name)),
      output: outputs.map((storage) => this.#bufferOf(storage, operator.name)),
      temporary: (candidate.temporaries ?? []).map((spec): VirtualBuffer => {
        const buffer = { bytes: bytesOf(spec), label: operator.name, role: "temporary" } as const;
        this.#buffers.push(buffer);
        return buffer;
      }),
    };
    const shapes = [...inputs.map(({ shape }) => shape), ...outputs.map(({ spec }) => spec.shape)];
    candidate.launches.forEach((launch, i) => {
      if (places !== undefined) {
        // One launch for each part, in order; a part that is computed in its place needs none.
        const part = slots.input[i];
        const home = "role" in part ? part.home : undefined;
        if (home?.root === slots.output[0] && home.offset === 4 * places[i]) return;
      }
      this.#launches.push({ ...this.#lowerLaunch(operator.name, launch, slots), shapes, phase: call.phase });
    });
  }

  #lowerLaunch(
    operator: string,
    launch: Launch,
    slots: Readonly<Record<Slot["kind"], readonly LoweredBinding["target"][]>>,
  ): Omit<LoweredLaunch, "shapes" | "phase"> {
    const { knobs = {}, sizes } = launch;
    const source = kernelFor(launch.kernel);
    return {
      kernel: source,
      knobs,
      bindings: bindSlots(operator, launch, slots),
      sizes,
      uniforms: source.pack(sizes),
      workgroups: workgroupsOf(operator, source, launch, this.#limits),
      label: operator,
    };
  }

  #target(operand: Operand, operator: string): LoweredBinding["target"] {
    const { storage } = operand;
    if (storage instanceof PlannedStorage) return this.#bufferOf(storage, operator);
    return { storage, bytes: bytesOf(operand) };
  }

  #bufferOf(storage: PlannedStorage, label: string, role?: VirtualBuffer["role"]): VirtualBuffer {
    let buffer = this.#byStorage.get(storage);
    if (buffer === undefined) {
      const { kind } = storage.origin;
      const otherwise = kind !== "computed" ? kind : this.#results.has(storage) ? "result" : "output";
      // A pack that is returned keeps its place like every pack.
      buffer = { bytes: bytesOf(storage.spec), label, role: role ?? otherwise, storage };
      this.#byStorage.set(storage, buffer);
      this.#buffers.push(buffer);
    }
    return buffer;
  }
}
