// A reference backend that writes down what it computes, for tests that ask which operators a step calls, on what.

import type { Operand } from "../../src/runtime/operand.ts";
import type { Operator } from "../../src/operators/operator.ts";
import type { Recording } from "../../src/runtime/recording.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import type { TensorSpec } from "../../src/tensor/shape.ts";

export interface Call {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

export class WatchingBackend extends ReferenceBackend {
  readonly calls: Call[] = [];
  readonly #watched: readonly string[];

  /** @param watched operators whose calls are kept */
  constructor(watched: readonly string[]) {
    super();
    this.#watched = watched;
  }

  override execute<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    outputs: readonly TensorSpec[],
    attributes: A,
  ): ReturnType<ReferenceBackend["execute"]> {
    return super.execute(this.#watch(operator), inputs, outputs, attributes);
  }

  override compile(
    recording: Recording,
    results: readonly Operand[],
  ): ReturnType<ReferenceBackend["compile"]> {
    recording.calls.forEach((call, i) => {
      recording.calls[i] = { ...call, operator: this.#watch(call.operator) };
    });
    return super.compile(recording, results);
  }

  /** The calls of one operator, in order. */
  of(name: string): Call[] {
    return this.calls.filter((call) => call.name === name);
  }

  #watch<A>(operator: Operator<A>): Operator<A> {
    if (!this.#watched.includes(operator.name)) return operator;
    return {
      ...operator,
      reference: (given, made, options) => {
        operator.reference(given, made, options);
        this.calls.push({
          name: operator.name,
          attributes: { ...(options as object) },
          inputs: given.map(({ data }) => Array.from(data)),
          outputs: made.map(({ data }) => Array.from(data)),
        });
      },
    };
  }
}
