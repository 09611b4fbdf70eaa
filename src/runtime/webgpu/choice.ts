// Which candidate of an operator runs: the one asked for by name, else the tuned one, else the rule's.

import { KernelError, UsageError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import type { Candidate, Operator } from "../../operators/operator.ts";
import { checkCandidate, checkCandidateList, inField } from "../../operators/record-checks.ts";
import { isBuiltIn } from "../../operators/registry.ts";

/** `"first"` takes every operator's first candidate: the one that works on every adapter; not always the simplest. */
export type CandidateNames = Readonly<Record<string, string>>;

/** An attribute as it stands in a key. @throws UsageError for what has no text of its own: two works would be one */
function plainAttribute(operator: string, name: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  const isList = Array.isArray(value) || ArrayBuffer.isView(value);
  const prototype: unknown =
    typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : null;
  const isRecord = prototype === null || prototype === Object.prototype;
  if (!["function", "symbol", "bigint"].includes(typeof value) && (isList || isRecord)) return value;
  const kind = typeof value === "object" ? "an object of a class" : `a ${typeof value}`;
  throw new UsageError(
    `operator ${operator}: attribute "${name}" is ${kind}; works are tuned by their attributes, which may be numbers, ` +
      "strings, booleans, null, and lists and records of these",
  );
}

/**
 * An operator with its shapes and attributes, as a key of tuning tables.
 * @throws UsageError for an attribute that cannot be part of a key
 */
export function workKey(operator: string, inputs: readonly TensorSpec[], attributes: unknown): string {
  const shapes = inputs.map(({ dtype, shape }) => `${dtype === "f32" ? "" : dtype}[${shape.join(",")}]`);
  return `${operator} ${shapes.join(" ")} ${attributesKey(operator, attributes)}`;
}

function attributesKey(operator: string, attributes: unknown): string {
  try {
    return JSON.stringify(attributes, (name, value: unknown) => plainAttribute(operator, name, value));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(
      `operator ${operator}: the attributes hold themselves, so that works cannot be told apart`,
      { cause },
    );
  }
}

/** A candidate that somebody asked for while a body runs. */
interface Request {
  readonly operator: string;
  readonly name: string;
  /** Whether a call took it up. */
  met: boolean;
}

export class CandidateChoice {
  readonly #traits: AdapterTraits;
  /** Candidate names by operator; they win over everything else. May change at any time. */
  readonly forced: Map<string, string>;
  /** Candidate names by operator, taken wherever an operator has them; they win over the tuning. May change at any time. */
  readonly whereAvailable = new Map<string, string>();
  /** Candidate names by `workKey`, as the tuner found them. A name that there is not leaves the choice to the rule. */
  readonly tuned: Map<string, string>;
  /** The newest last, which wins; they win over `forced`. */
  readonly #requests: Request[] = [];

  constructor(traits: AdapterTraits, forced: CandidateNames = {}, tuned: CandidateNames = {}) {
    this.#traits = traits;
    this.forced = new Map(Object.entries(forced));
    this.tuned = new Map(Object.entries(tuned));
  }

  /**
   * Asks for a candidate of an operator ("*" for all) until the function that it gives is called. That one says whether
   * there was a call to take it.
   */
  request(operator: string, name: string): () => boolean {
    const request: Request = { operator, name, met: false };
    this.#requests.push(request);
    return () => {
      const at = this.#requests.indexOf(request);
      if (at >= 0) this.#requests.splice(at, 1);
      return request.met;
    };
  }

  #requested(operator: string): string | undefined {
    const request = this.#requests.findLast((each) => each.operator === operator || each.operator === "*");
    if (request !== undefined) request.met = true;
    return request?.name;
  }

  /**
   * All candidates of a call, the rule's last.
   * @throws UsageError when an operator of the user's gives no such list
   */
  candidatesOf<A>(operator: Operator<A>, inputs: readonly TensorSpec[], attributes: A): readonly Candidate[] {
    const list = inField(operator, "candidates", () => operator.candidates(inputs, attributes, this.#traits));
    if (!isBuiltIn(operator)) checkCandidateList(operator.name, list);
    return list;
  }

  /**
   * @throws KernelError when the operator has no candidate of the name asked for, UsageError when the one that an operator
   *   of the user's has does not fit its kernels
   */
  choose<A>(operator: Operator<A>, inputs: readonly TensorSpec[], attributes: A): Candidate {
    const candidates = this.candidatesOf(operator, inputs, attributes);
    const byName = (name: string | undefined): Candidate | undefined =>
      name === "first" ? candidates.at(0) : candidates.find((each) => each.name === name);
    const wanted = this.#requested(operator.name) ?? this.forced.get(operator.name) ?? this.forced.get("*");
    const available = this.whereAvailable.get(operator.name) ?? this.whereAvailable.get("*");
    const tuned =
      this.tuned.size === 0 ? undefined : this.tuned.get(workKey(operator.name, inputs, attributes));
    const found =
      wanted === undefined ? (byName(available) ?? byName(tuned) ?? candidates.at(-1)) : byName(wanted);
    if (found !== undefined) {
      if (!isBuiltIn(operator)) {
        checkCandidate(operator, found, inputs.length, operator.infer(inputs, attributes).length);
      }
      return found;
    }
    const names = candidates.map(({ name }) => name).join(", ");
    throw new KernelError(
      `operator ${operator.name} has no candidate "${wanted ?? ""}" here; it has ${names}`,
    );
  }
}
