// The tape: the record of differentiable operator calls of one forward pass, and the reverse sweep over it.

import "../tensor/disposal.ts";
import { LifetimeError, ShapeError, UsageError } from "../errors/errors.ts";
import { add } from "../functions/elementwise.ts";
import { reshape } from "../functions/movement.ts";
import type { GradientOf, OutputsRule } from "../operators/gradient-rule.ts";
import { updatesOf, type Operator } from "../operators/operator.ts";
import { isBuiltIn, type OperatorName } from "../operators/registry.ts";
import type { CallObserver, Engine, OperatorCall } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import { equalShapes, showShape, type Shape } from "../tensor/shape.ts";
import { newestTensor, type Tensor } from "../tensor/tensor.ts";
import { expectTensors, expectUpstream, type GradientOptions } from "./gradient-options.ts";
import { checkedRule } from "./checked-rule.ts";
import { gradients as table } from "./gradients.ts";
import { partOfFirst } from "./gradients/gradient-parts.ts";

/**
 * The gradients of a call's inputs from those of its outputs, of which all but the first are undefined unless the call's
 * operator has a rule for all of them; only those for which `needed` is true are computed.
 */
type Sweep = (
  gradients: readonly (Tensor | undefined)[],
  needed: readonly boolean[],
) => (Tensor | undefined)[];

/** What a call did, by the ids of the caller's tensors. */
interface Ids {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Inputs that it overwrote in place. */
  readonly updated: readonly number[];
}

/** One recorded call. A call with a rule holds handles of the tape on its tensors; one without holds nothing but ids. */
interface Entry {
  readonly name: string;
  readonly ids: Ids;
  readonly shapes: readonly Shape[];
  /** Undefined where there is no rule: a gradient that arrives here is an error, which says `instead`. */
  readonly sweep: Sweep | undefined;
  /** Whether every output carries a gradient, and not the first alone. */
  readonly ofOutputs: boolean;
  readonly instead: string;
  readonly release: () => void;
}

const recording = new WeakMap<Engine, Tape>();

/** The tape that records on this engine now, if any. */
export function currentTape(engine: Engine): Tape | undefined {
  return recording.get(engine);
}

/** Whether a tape that records on this engine now follows one of the tensors, so that a call on them needs a gradient rule. */
export function isFollowed(engine: Engine, tensors: readonly Tensor[]): boolean {
  return engine.observer !== undefined && recording.get(engine)?.follows(tensors) === true;
}

/**
 * Records the operator calls between its creation and `gradients` (or `dispose`).
 *
 * With `watch`, only calls that depend on one of these tensors are recorded, and the memory of the others is free to
 * go; without it, everything is.
 *
 * @throws UsageError when `watch` is not a list of tensors
 */
export class Tape implements Disposable {
  readonly #engine: Engine;
  readonly #outer: { readonly observer: CallObserver | undefined; readonly tape: Tape | undefined };
  readonly #entries: Entry[] = [];
  readonly #tracked: Set<number> | undefined;
  #state: "recording" | "used" = "recording";

  constructor(engine: Engine, watch?: Iterable<Tensor>) {
    expectEngine("new Tape", engine);
    const watched =
      watch === undefined ? undefined : expectTensors("new Tape", "the tensors to watch", watch);
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

  /** Whether it, or a tape around it, records calls on one of these tensors. */
  follows(tensors: readonly Tensor[]): boolean {
    const tracked = this.#tracked;
    const isRecording = this.#state === "recording";
    if (isRecording && (tracked === undefined || tensors.some(({ id }) => tracked.has(id)))) return true;
    return this.#outer.observer !== undefined && this.#outer.tape?.follows(tensors) === true;
  }

  /**
   * The gradients of a scalar with respect to tensors, in their order; zeros where it does not depend on one. With
   * `upstream`, the value may have any shape, and the gradients are those of sum(value * upstream).
   * Ends the recording and releases what the tape held: a tape is used once.
   *
   * @throws LifetimeError at the second use, while a tape begun after this one records, or when a tensor of `wrt` was not
   *   watched; ShapeError when the value has more
   *   than one element and there is no upstream gradient, or one of another shape; UsageError when the value depends on a
   *   tensor of `wrt` through a call that has no gradient rule, which it names
   */
  gradients(value: Tensor, wrt: readonly Tensor[], options: GradientOptions = {}): Tensor[] {
    if (this.#state === "used") {
      throw new LifetimeError("this tape was used already; record the forward pass again on a new Tape");
    }
    if (recording.get(this.#engine) !== this) {
      throw new LifetimeError(
        "gradients: a tape that was begun after this one still records; take its gradients, or dispose it, before",
      );
    }
    const upstream = expectUpstream(value, options);
    expectTensors("gradients", "the tensors to differentiate by", wrt);
    for (const tensor of [value, ...wrt]) {
      if (tensor.owner === this.#engine) continue;
      throw new LifetimeError(
        `gradients: tensor ${tensor.id} ${showShape(tensor.shape)} lives on another engine`,
      );
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
      const found = this.#engine.phase("backward", () =>
        this.#engine.scope(() => this.#sweep(value, wrt, upstream)),
      );
      if (this.#outer.observer !== undefined) {
        const origins = upstream === undefined ? [value] : [value, upstream];
        this.#outer.tape?.recordGradients(origins, found);
      }
      return found;
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

  /** Notes the gradients that an inner tape found, for this tape and those around it: none goes through them. */
  recordGradients(origins: readonly Tensor[], found: readonly Tensor[]): void {
    if (this.#outer.observer !== undefined) this.#outer.tape?.recordGradients(origins, found);
    this.#note("the gradients of an inner tape", idsOf(origins, found), secondDerivatives);
  }

  /** Whether the tape cares for a call: if so, for what comes of it as well. */
  #follows({ inputs, outputs, updated }: Ids): boolean {
    if (this.#state === "used") return false; // ended, but a tape inside it is still open
    if (this.#tracked === undefined) return true;
    if (!inputs.some((id) => this.#tracked?.has(id))) return false;
    for (const id of [...outputs, ...updated]) this.#tracked.add(id);
    return true;
  }

  #add(
    name: string,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    makeSweep: MakeSweep,
    { updates = [], ofOutputs = false }: { updates?: readonly number[]; ofOutputs?: boolean } = {},
  ): void {
    const ids = idsOf(inputs, outputs, updates);
    if (!this.#follows(ids)) return;
    // The caller may dispose its handles long before the reverse sweep; the tape keeps its own.
    const held = {
      inputs: inputs.map((t) => this.#engine.hold(t)),
      outputs: outputs.map((t) => this.#engine.hold(t)),
    };
    this.#entries.push({
      name,
      ids,
      shapes: inputs.map(({ shape }) => shape),
      sweep: makeSweep(held.inputs, held.outputs),
      ofOutputs,
      instead: "",
      release: () => {
        for (const tensor of [...held.inputs, ...held.outputs]) tensor.dispose();
      },
    });
  }

  /** Notes a call without a rule. */
  #note(name: string, ids: Ids, instead: string): void {
    if (!this.#follows(ids)) return;
    const sweep = { sweep: undefined, ofOutputs: false };
    this.#entries.push({ name, ids, shapes: [], ...sweep, instead, release: () => undefined });
  }

  #record({ operator, inputs, outputs, attributes }: OperatorCall): void {
    const rule = ruleOf(operator);
    const updates = operator.updates === undefined ? [] : updatesOf(operator, inputs.length);
    if (rule === "piecewise constant") {
      // The gradient is zero: what follows depends on nothing, but for what the call overwrote.
      if (updates.length > 0) this.#note(operator.name, idsOf(inputs, [], updates), ruleOfOnesOwn);
      return;
    }
    if (rule === undefined || rule === "nondifferentiable") {
      this.#note(
        operator.name,
        idsOf(inputs, outputs, updates),
        isBuiltIn(operator) ? ruleInPlace : ruleOfOnesOwn,
      );
      return;
    }
    const ofOutputs = typeof rule === "object";
    const makeSweep: MakeSweep = (heldInputs, heldOutputs) => (gradients, needed) => {
      const call = { inputs: heldInputs, outputs: heldOutputs, attributes };
      const [gradient] = gradients;
      const thunks = ofOutputs
        ? rule.ofOutputs({ ...call, gradients })
        : gradient === undefined
          ? []
          : rule({ ...call, gradient });
      return heldInputs.map((_, i) => {
        if (!needed[i]) return undefined;
        if (thunks[i] !== partOfFirst) return thunks[i]?.();
        this.#expectFromFirst(operator.name, inputs[0].id, inputs[i].id, i);
        return undefined;
      });
    };
    this.#add(operator.name, inputs, outputs, makeSweep, { updates, ofOutputs });
  }

  /**
   * For an input whose gradient a rule counts into that of the first input.
   * @throws UsageError unless it was computed from that input, or by the same call
   */
  #expectFromFirst(name: string, first: number, id: number, at: number): void {
    const source = this.#entries.find(({ ids }) => ids.outputs.includes(id))?.ids;
    if (source !== undefined && [...source.inputs, ...source.outputs].includes(first)) return;
    throw new UsageError(
      `${name}: the gradient of input ${at + 1} counts into that of input 1, from which it must have been computed; pass it ` +
        "through stopGradient() where it is a constant",
    );
  }

  #sweep(value: Tensor, wrt: readonly Tensor[], upstream: Tensor | undefined): Tensor[] {
    const wanted = new Set(wrt.map((tensor) => tensor.id));
    // Only calls on a path from a wanted tensor are worth a gradient.
    const onPath = new Set(wanted);
    const needs = this.#entries.map(({ ids: { inputs, outputs, updated } }) => {
      const needed = inputs.map((id) => onPath.has(id));
      if (needed.includes(true)) for (const id of [...outputs, ...updated]) onPath.add(id);
      return needed;
    });
    // A handle of the sweep's own on the upstream gradient: the sweep releases what it has used.
    const start = upstream === undefined ? this.#engine.full(value.shape, 1) : reshape(upstream, value.shape);
    const found = new Map<number, Tensor>([[value.id, start]]);
    for (let at = this.#entries.length - 1; at >= 0; at--) {
      const entry = this.#entries[at];
      const needed = needs[at];
      if (!needed.includes(true)) continue;
      const gradients = arrived(entry, found);
      const { sweep } = entry;
      if (sweep === undefined || gradients.every((gradient) => gradient === undefined)) continue;
      const parts = this.#engine.scope(() => {
        const newest = newestTensor();
        return separate(newest, sweep(gradients, needed));
      });
      gradients.forEach((gradient, i) => {
        const id = entry.ids.outputs[i];
        if (gradient === undefined || wanted.has(id)) return;
        found.delete(id);
        gradient.dispose();
      });
      entry.ids.inputs.forEach((id, i) => {
        const part = parts[i];
        if (part === undefined || !needed[i]) return;
        if (!equalShapes(part.shape, entry.shapes[i])) {
          throw new ShapeError(
            `${entry.name}: its gradient rule gave ${showShape(part.shape)} for input ${i}, which is ` +
              showShape(entry.shapes[i]),
          );
        }
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
    return wrt.map((tensor) => found.get(tensor.id) ?? this.#engine.zeros(tensor.shape));
  }

  #stop(): void {
    this.#state = "used";
    if (recording.get(this.#engine) !== this) return; // a tape inside it records on, and will leave this one out
    let { observer, tape } = this.#outer;
    while (tape !== undefined && tape.#state === "used") {
      // Inside noGradient there is no observer, whatever tapes there are.
      if (observer !== undefined) observer = tape.#outer.observer;
      tape = tape.#outer.tape;
    }
    this.#engine.observer = observer;
    if (tape === undefined) recording.delete(this.#engine);
    else recording.set(this.#engine, tape);
  }
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

const ruleInPlace =
  "make a constant of its result with stopGradient() or noGradient(), or give the calculation a rule with customGradient()";
const ruleOfOnesOwn =
  "give its record a `gradient` rule, or make a constant of its result with stopGradient() or noGradient()";
const secondDerivatives =
  "second derivatives are not supported: make constants of them with stopGradient(), or find them outside of the outer tape";

/**
 * The gradients that have arrived at the outputs of a call through which a wanted tensor acts on the value.
 * @throws UsageError when it is one that the call cannot take on: it would end here and leave a gradient of zero
 */
function arrived(
  { name, ids, sweep, ofOutputs, instead }: Entry,
  found: ReadonlyMap<number, Tensor>,
): (Tensor | undefined)[] {
  if (ids.updated.some((id) => found.has(id))) {
    throw new UsageError(
      `${name}: the value depends on a tensor that ${name} overwrote in place, and no gradient goes through that; ` +
        "call it inside noGradient(), or after the gradients",
    );
  }
  if (sweep === undefined && ids.outputs.some((id) => found.has(id))) {
    throw new UsageError(
      `${name}: has no gradient rule, but the value depends through it on a tensor to differentiate by; ${instead}`,
    );
  }
  if (!ofOutputs && ids.outputs.slice(1).some((id) => found.has(id))) {
    throw new LifetimeError(`${name}: only its first output has a gradient`);
  }
  return ids.outputs.map((id) => found.get(id));
}

function idsOf(inputs: readonly Tensor[], outputs: readonly Tensor[], updates: readonly number[] = []): Ids {
  return {
    inputs: inputs.map(({ id }) => id),
    outputs: outputs.map(({ id }) => id),
    updated: updates.map((index) => inputs[index].id),
  };
}

/** The row of the table for an operator of the registry, what its record says for any other. */
function ruleOf(operator: Operator<never>): GradientOf<unknown> | OutputsRule<unknown> | undefined {
  if (isBuiltIn(operator))
    return table[operator.name as OperatorName] as GradientOf<unknown> | OutputsRule<unknown>;
  const rule = operator.gradient as GradientOf<unknown> | undefined;
  return typeof rule === "function" ? checkedRule(operator, rule) : rule;
}

type MakeSweep = (inputs: readonly Tensor[], outputs: readonly Tensor[]) => Sweep;
