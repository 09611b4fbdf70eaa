// Which candidate of an operator runs: the one asked for by name, else the tuned one, else the rule's; and of those that are
// not asked for by name only one whose buffers the adapter can hold.

import { KernelError, OutOfMemoryError } from "../../errors/errors.ts";
import { largestBinding, type AdapterTraits } from "../../device/traits.ts";
import { showShape, type TensorSpec } from "../../tensor/shape.ts";
import type { Candidate, Operator } from "../../operators/operator.ts";
import { attributesText } from "../../operators/attributes-text.ts";
import { checkCandidates, inField } from "../../operators/record-checks.ts";
import { isBuiltIn } from "../../operators/registry.ts";
import { CandidateRequests } from "./candidate-requests.ts";
import { bytesOf } from "./buffers.ts";

/** `"first"` takes every operator's first candidate: the one that works on every adapter; not always the simplest. */
export type CandidateNames = Readonly<Record<string, string>>;

/**
 * An operator with its shapes and attributes, as a key of tuning tables.
 * @throws UsageError for an attribute that cannot be part of a key
 */
export function workKey(operator: string, inputs: readonly TensorSpec[], attributes: unknown): string {
  const shapes = inputs.map(({ dtype, shape }) => `${dtype === "f32" ? "" : dtype}[${shape.join(",")}]`);
  return `${operator} ${shapes.join(" ")} ${attributesText(operator, attributes)}`;
}

export class CandidateChoice {
  readonly #traits: AdapterTraits;
  /** What a body asked for that runs now; wins over `forced`. */
  readonly requests = new CandidateRequests();
  /** Candidate names by operator; they win over everything else. May change at any time. */
  readonly forced: Map<string, string>;
  /** Candidate names by operator, taken wherever an operator has them; they win over the tuning. May change at any time. */
  readonly whereAvailable = new Map<string, string>();
  /** Candidate names by `workKey`, as the tuner found them. A name that there is not leaves the choice to the rule. */
  readonly tuned: Map<string, string>;

  constructor(traits: AdapterTraits, forced: CandidateNames = {}, tuned: CandidateNames = {}) {
    this.#traits = traits;
    this.forced = new Map(Object.entries(forced));
    this.tuned = new Map(Object.entries(tuned));
  }

  /**
   * All candidates of a call, the rule's last.
   * @throws UsageError when one of an operator of the user's does not fit its kernels
   */
  candidatesOf<A>(operator: Operator<A>, inputs: readonly TensorSpec[], attributes: A): readonly Candidate[] {
    const list = inField(operator, "candidates", () => operator.candidates(inputs, attributes, this.#traits));
    if (!isBuiltIn(operator)) {
      checkCandidates(operator, list, inputs, operator.infer(inputs, attributes));
    }
    return list;
  }

  /**
   * The candidate of a call that is made: a request for it is met.
   * @throws as `wouldChoose`
   */
  choose<A>(operator: Operator<A>, inputs: readonly TensorSpec[], attributes: A): Candidate {
    this.requests.meet(operator.name);
    return this.wouldChoose(operator, inputs, attributes);
  }

  /**
   * The candidate that a call would take; it is only looked at, and a request for it is not met.
   * @throws KernelError when the operator has no candidate of the name asked for, OutOfMemoryError when that one, or every
   *   one, needs a buffer that is larger than the adapter holds
   */
  wouldChoose<A>(operator: Operator<A>, inputs: readonly TensorSpec[], attributes: A): Candidate {
    const candidates = this.candidatesOf(operator, inputs, attributes);
    const byName = (name: string | undefined): Candidate | undefined =>
      name === "first" ? candidates.at(0) : candidates.find((each) => each.name === name);
    const wanted = this.requests.of(operator.name) ?? this.forced.get(operator.name) ?? this.forced.get("*");
    const available = this.whereAvailable.get(operator.name) ?? this.whereAvailable.get("*");
    const tuned =
      this.tuned.size === 0 ? undefined : this.tuned.get(workKey(operator.name, inputs, attributes));
    if (wanted === undefined) {
      const named = [byName(available), byName(tuned)].filter((each) => each !== undefined);
      const found = [...named, ...[...candidates].reverse()].find(
        (each) => this.#tooLarge(each) === undefined,
      );
      return found ?? this.#refuse(operator.name, candidates);
    }
    const found = byName(wanted);
    if (found !== undefined)
      return this.#tooLarge(found) === undefined ? found : this.#refuse(operator.name, [found]);
    const names = candidates.map(({ name }) => name).join(", ");
    throw new KernelError(`operator ${operator.name} has no candidate "${wanted}" here; it has ${names}`);
  }

  get #most(): number {
    return largestBinding(this.#traits);
  }

  /** The scratch space of a candidate that no buffer holds. */
  #tooLarge({ temporaries = [] }: Candidate): TensorSpec | undefined {
    return temporaries.find((spec) => bytesOf(spec) > this.#most);
  }

  #refuse(operator: string, candidates: readonly Candidate[]): never {
    const needs = candidates.map((each) => {
      const spec = this.#tooLarge(each);
      const size = spec === undefined ? "" : ` ${showShape(spec.shape)} of ${bytesOf(spec)} bytes`;
      return `candidate "${each.name}" needs scratch space${size}`;
    });
    throw new OutOfMemoryError(
      `operator ${operator}: ${needs.join(", ")}, and a buffer on "${this.#traits.name}" holds ${this.#most} bytes; ` +
        "use a smaller batch or image, or another candidate if this one was asked for by name",
    );
  }
}
