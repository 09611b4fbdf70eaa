// Candidates as users ask about them: which there are for the calls of a function, and how to run it with one of them.

import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { builtInNames } from "../operators/registry.ts";
import type { TensorSpec } from "../tensor/shape.ts";
import type { Recording } from "./recording.ts";
import type { CandidateChoice } from "./webgpu/choice.ts";

/** One operator call and the ways there are to compute it. */
export interface CallCandidates {
  readonly operator: string;
  readonly inputs: readonly TensorSpec[];
  readonly attributes: unknown;
  /** The first works on every adapter; the last is the default for these shapes and this adapter. */
  readonly candidates: readonly string[];
  /** The one that the engine would take now. */
  readonly chosen: string;
}

/** The calls of a recording, in order. */
export function candidatesIn({ calls }: Recording, choice: CandidateChoice): CallCandidates[] {
  return calls.map(({ operator, inputs, attributes }) => {
    const specs = inputs.map(({ shape, dtype }) => ({ shape, dtype }));
    return {
      operator: operator.name,
      inputs: specs,
      attributes,
      candidates: choice.candidatesOf(operator, specs, attributes as never).map(({ name }) => name),
      chosen: choice.wouldChoose(operator, specs, attributes as never).name,
    };
  });
}

/**
 * Runs `body`, and the promise it may return to its end, with a candidate asked for.
 * @throws UsageError when no call took it, or there is nothing to choose from
 */
export function underCandidate<Result>(
  choice: CandidateChoice | undefined,
  operator: string,
  candidate: string,
  body: () => Result,
): Result {
  if (choice === undefined) {
    throw new UsageError(
      `withCandidate("${operator}", "${candidate}"): this backend has no candidates; take a WebGPU device`,
    );
  }
  const end = choice.requests.add(operator, candidate);
  const expectMet = (): void => {
    if (end()) return;
    throw new UsageError(
      `withCandidate("${operator}", "${candidate}"): no call of "${operator}" was made` +
        suggestion(
          operator,
          [...builtInNames].filter((name) => name !== operator),
        ),
    );
  };
  let result: Result;
  try {
    result = body();
  } catch (error) {
    end();
    throw error;
  }
  if (result instanceof Promise) {
    return result.then(
      (value: unknown) => {
        expectMet();
        return value;
      },
      (error: unknown) => {
        end();
        throw error;
      },
    ) as Result;
  }
  expectMet();
  return result;
}
