// A loss that is no finite number, told by what made it so.

import { NonFiniteError, type NonFiniteOrigin } from "../errors/training-errors.ts";
import type { NonFiniteOrigins } from "./non-finite-search.ts";

/** What can be found out about a step that was taken. */
export interface TakenSteps {
  /** Takes a step of the run once more, operator by operator, from the weights that it had. */
  search(step: number): Promise<NonFiniteOrigins | undefined>;
  /** The epoch of a step. */
  epochOf(step: number): number;
  /** What rows of a step's batch are called. */
  namesOf(step: number): readonly string[] | undefined;
  learningRate(): number;
}

const mostNames = 5;

/**
 * The same error with where it begins: in a step before it, where its weights were not finite any more.
 * @param error with its step. Of the origin `weights`: they are not finite after it
 */
export async function toldByOrigin(error: NonFiniteError, taken: TakenSteps): Promise<NonFiniteError> {
  const { step } = error;
  if (step === undefined) return error;
  const tell = (at: number, origin: NonFiniteOrigin, words: string): NonFiniteError =>
    new NonFiniteError(`epoch ${taken.epochOf(at)}, step ${at}: ${words}`, {
      cause: error,
      step: at,
      origin,
    });
  const toldOf = (at: number, { origin, words, rows }: NonFiniteOrigins): NonFiniteError => {
    const names = taken.namesOf(at);
    const of = names === undefined ? "" : imagesOf(rows.map((row) => names[row % names.length]));
    return tell(at, origin, `${sentences[origin](words)}${of}; ${advice[origin]}`);
  };
  const updateOf = async (at: number, weights: string): Promise<NonFiniteError> => {
    const found = await taken.search(at);
    if (found !== undefined && found.origin !== "weights") return toldOf(at, found);
    return tell(
      at,
      "weights",
      `the weights are not finite after its update (${weights}), though its gradients are; the learning rate of ` +
        `${taken.learningRate()} is too large`,
    );
  };
  if (error.origin === "weights") return await updateOf(step, error.message);
  const found = await taken.search(step);
  if (found === undefined) return error;
  if (found.origin === "weights" && step > 1) return await updateOf(step - 1, found.words);
  return toldOf(step, found);
}

const sentences: Readonly<Record<NonFiniteOrigin, (words: string) => string>> = {
  data: (words) => `the data is not finite: ${words}`,
  weights: (words) => `the weights that the run begins with are not finite: ${words}`,
  loss: (words) => `the loss is not finite, though data and weights are finite: first ${words}`,
  gradient: (words) => `the gradient is not finite, though the loss is finite: first ${words}`,
};

const advice: Readonly<Record<NonFiniteOrigin, string>> = {
  data: "check these values, and mean and deviation of the image",
  weights: "begin with others",
  loss: "lower the learning rate, or leave such batches out (skipNonFinite, --skip-nonfinite)",
  gradient:
    "lower the learning rate, clip the gradients with clipNorm, or leave such batches out (skipNonFinite, --skip-nonfinite)",
};

function imagesOf(names: readonly string[]): string {
  const each = [...new Set(names)];
  if (each.length === 0) return "";
  const more = each.length > mostNames ? ` and ${each.length - mostNames} more` : "";
  return `, of ${each.slice(0, mostNames).join(", ")}${more}`;
}
