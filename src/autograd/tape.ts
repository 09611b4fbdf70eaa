// The tape: the record of differentiable operator calls of one forward pass, and the reverse sweep over it.

import { described } from "../errors/arguments.ts";
import { LifetimeError, ShapeError, UsageError } from "../errors/errors.ts";
import { add } from "../functions/elementwise.ts";
import { reshape } from "../functions/movement.ts";
import type { GradientRule } from "../operators/gradient-rule.ts";
import type { Operator } from "../operators/operator.ts";
import { operators, type OperatorName } from "../operators/registry.ts";
import {
  engineOf,
  expectEngine,
  expectTensor,
  type CallObserver,
  type Engine,
  type OperatorCall,
} from "../runtime/engine.ts";
import { equalShapes, showShape } from "../tensor/shape.ts";
import { newestTensor, type Tensor } from "../tensor/tensor.ts";
import { gradients as table } from "./gradients.ts";

/** One recorded call. Ids are those of the caller's tensors; the rule reads the tape's own handles on their data. */
interface Entry {
  readonly name: string;
  readonly inputIds: readonly number[];
  readonly outputIds: readonly number[];
  /** Gradients of the inputs from that of output 0; only those for which `needed` is true are computed. */
  readonly sweep: (gradient: Tensor, needed: readonly boolean[]) => (Tensor | undefined)[];
  readonly release: () => void;
}

const recording = new WeakMap<Engine, Tape>();

/** The tape that records on this engine now, if any. */
export function currentTape(engine: Engine): Tape | undefined {
  return recording.get(engine);
}

/**
 * Records the operator calls between its creation and `gradients` (or `dispose`).
 *
 * With `watch`, only calls that depend on one of these tensors are recorded, and the memory of the others is free to
 * go; without it, everything is.
 */
export class Tape implements Disposable {
  readonly #engine: Engine;
  readonly #outer: { readonly observer: CallObserver | undefined; readonly tape: Tape | undefined };
  readonly #entries: Entry[] = [];
  readonly #tracked: Set<number> | undefined;
  #state: "recording" | "used" = "recording";

  constructor(engine: Engine, watch?: Iterable<Tensor>) {
    expectEngine("new Tape", engine);
    const watched = watch === undefined ? undefined : listOf(watch);
    this.#engine = engine;
    this.#tracked = watched && new Set(watched.map((tensor) => tensor.id));
    this.#outer = { observer: engine.observer, tape: recording.get(engine) };
    engine.observer = (call) => {
      this.#outer.observer?.(call); // an outer tape sees what an inner one sees
      this.#record(call);
    };
    recording.set(engine, this);
  }

  /** Number of recorded calls. */
  get length(): number {
    return this.#entries.length;
  }

  /**
   * The gradients of a scalar with respect to tensors, in their order; zeros where it does not depend on one.
   * Ends the recording and releases what the tape held: a tape is used once.
   *
   * @throws LifetimeError at the second use or when a tensor of `wrt` was not watched, ShapeError when `scalar` has
   *   more than one element
   */
  gradients(scalar: Tensor, wrt: readonly Tensor[]): Tensor[] {
    if (this.#state === "used") {
      throw new LifetimeError("this tape was used already; record the forward pass again on a new Tape");
    }
    expectTensor("gradients", 0, 1, scalar);
    engineOf(wrt, "gradients");
    if (scalar.size !== 1) {
      throw new ShapeError(`gradients: takes a scalar, got ${showShape(scalar.shape)}; sum or mean it first`);
    }
    const strange = wrt.find(({ id }) => this.#tracked?.has(id) === false);
    if (strange !== undefined) {
      throw new LifetimeError(
        `gradients: tensor ${strange.id} ${showShape(strange.shape)} was not watched; name it in new Tape(engine, [...])`,
      );
    }
    this.#stop();
    // Gradients are constants to an outer tape: there are no second derivatives.
    const outer = this.#engine.observer;
    this.#engine.observer = undefined;
    try {
      return this.#engine.phase("backward", () => this.#engine.scope(() => this.#sweep(scalar, wrt)));
    } finally {
      this.#engine.observer = outer;
      this.dispose();
    }
  }

  /** Ends the recording and releases what it held. Safe to call twice. */
  dispose(): void {
    if (this.#state === "recording") this.#stop();
    for (const entry of this.#entries) entry.release();
    this.#entries.length = 0;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Adds a call with a gradient of its own to this tape and those around it; see `customGradient`. */
  recordCustom(inputs: readonly Tensor[], outputs: readonly Tensor[], makeSweep: MakeSweep): void {
    if (this.#outer.observer !== undefined) this.#outer.tape?.recordCustom(inputs, outputs, makeSweep);
    this.#add("customGradient", inputs, outputs, makeSweep);
  }

  #add(name: string, inputs: readonly Tensor[], outputs: readonly Tensor[], makeSweep: MakeSweep): void {
    if (this.#state === "used") return; // ended, but a tape inside it is still open
    if (this.#tracked !== undefined) {
      if (!inputs.some((tensor) => this.#tracked?.has(tensor.id))) return;
      for (const tensor of outputs) this.#tracked.add(tensor.id);
    }
    // The caller may dispose its handles long before the reverse sweep; the tape keeps its own.
    const held = {
      inputs: inputs.map((t) => this.#engine.share(t)),
      outputs: outputs.map((t) => this.#engine.share(t)),
    };
    this.#entries.push({
      name,
      inputIds: inputs.map((tensor) => tensor.id),
      outputIds: outputs.map((tensor) => tensor.id),
      sweep: makeSweep(held.inputs, held.outputs),
      release: () => {
        for (const tensor of [...held.inputs, ...held.outputs]) tensor.dispose();
      },
    });
  }

  #record({ operator, inputs, outputs, attributes }: OperatorCall): void {
    const rule = ruleOf(operator);
    if (rule === undefined || rule === "nondifferentiable") return;
    this.#add(operator.name, inputs, outputs, (heldInputs, heldOutputs) => (gradient, needed) => {
      const thunks = rule({
        inputs: heldInputs,
        outputs: heldOutputs,
        attributes,
        gradient,
      });
      return heldInputs.map((_, i) => (needed[i] ? thunks[i]?.() : undefined));
    });
  }

  #sweep(scalar: Tensor, wrt: readonly Tensor[]): Tensor[] {
    const wanted = new Set(wrt.map((tensor) => tensor.id));
    // Only calls on a path from a wanted tensor are worth a gradient.
    const onPath = new Set(wanted);
    for (const { inputIds, outputIds } of this.#entries) {
      if (inputIds.some((id) => onPath.has(id))) for (const id of outputIds) onPath.add(id);
    }
    const found = new Map<number, Tensor>([[scalar.id, this.#engine.full(scalar.shape, 1)]]);
    for (const entry of this.#entries.toReversed()) {
      const [first = -1, ...others] = entry.outputIds;
      for (const id of others) {
        if (found.has(id)) throw new LifetimeError(`${entry.name}: only its first output has a gradient`);
      }
      const gradient = found.get(first);
      if (gradient === undefined || !onPath.has(first)) continue;
      const needed = entry.inputIds.map((id) => onPath.has(id));
      const parts = this.#engine.scope(() => {
        const newest = newestTensor();
        return separate(newest, entry.sweep(gradient, needed));
      });
      if (!wanted.has(first)) {
        found.delete(first);
        gradient.dispose();
      }
      entry.inputIds.forEach((id, i) => {
        const part = parts[i];
        if (part === undefined) return;
        const sum = found.get(id);
        if (sum === undefined) {
          found.set(id, part);
          return;
        }
        found.set(id, add(sum, part));
        sum.dispose();
        part.dispose();
      });
    }
    return wrt.map((tensor) => {
      const gradient = found.get(tensor.id) ?? this.#engine.zeros(tensor.shape);
      if (!equalShapes(gradient.shape, tensor.shape)) {
        throw new ShapeError(
          `gradients: a rule gave ${showShape(gradient.shape)} for a tensor ${showShape(tensor.shape)}`,
        );
      }
      return gradient;
    });
  }

  #stop(): void {
    this.#state = "used";
    this.#engine.observer = this.#outer.observer;
    if (this.#outer.tape === undefined) recording.delete(this.#engine);
    else recording.set(this.#engine, this.#outer.tape);
  }
}

function listOf(watch: Iterable<Tensor>): readonly Tensor[] {
  const iterator: unknown = (watch as Partial<Iterable<Tensor>> | null)?.[Symbol.iterator];
  if (typeof iterator !== "function") {
    throw new UsageError(`new Tape: the tensors to watch must be a list, got ${described(watch)}`);
  }
  const tensors = [...watch];
  tensors.forEach((tensor, i) => expectTensor("new Tape", i, tensors.length, tensor));
  return tensors;
}

/**
 * A rule may pass on a tensor that it did not make (its gradient, a held input, one of the caller's), or one tensor
 * twice; the sweep owns what it adds up, so each input gets a handle of its own.
 */
function separate(newest: number, parts: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  const taken = new Set<Tensor>();
  return parts.map((part) => {
    if (part === undefined) return undefined;
    if (part.id <= newest || taken.has(part)) return reshape(part, part.shape);
    taken.add(part);
    return part;
  });
}

/** The row of the table for an operator of the registry, what its record says for any other. */
function ruleOf(operator: Operator<never>): GradientRule<unknown> | "nondifferentiable" | undefined {
  const name = operator.name as OperatorName;
  const rule: unknown = (operators[name] as unknown) === operator ? table[name] : operator.gradient;
  return rule as GradientRule<unknown> | "nondifferentiable" | undefined;
}

type MakeSweep = (inputs: readonly Tensor[], outputs: readonly Tensor[]) => Entry["sweep"];
