// A reference backend that writes down what it computes, for tests that ask which operators a step calls, on what.

import type { Operand, Operator } from "../../src/runtime/index.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import type { TensorSpec } from "../../src/tensor/index.ts";

export interface Call {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
}

export class RecordingBackend extends ReferenceBackend {
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
    if (!this.#watched.includes(operator.name)) return super.execute(operator, inputs, outputs, attributes);
    const recorded: Operator<A> = {
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
    return super.execute(recorded, inputs, outputs, attributes);
  }

  /** The calls of one operator, in order. */
  of(name: string): Call[] {
    return this.calls.filter((call) => call.name === name);
  }
}
