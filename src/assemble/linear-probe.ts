// A linear probe: logistic regression of each class on features that stay as they are, to see how good those are for some labels
// (Alain and Bengio, 2016).

import { valueAndGradients } from "../autograd/functions.ts";
import { binaryCrossEntropyWithLogits } from "../functions/losses.ts";
import { linear } from "../functions/products.ts";
import { negative, positive } from "../labels/states.ts";
import { aucByClass, meanAuc } from "../metrics/auc.ts";
import type { Engine } from "../runtime/engine.ts";
import { convexMinimum } from "./convex-minimum.ts";

/** Features with labels, row by row. */
export interface LabelledFeatures {
  /** [N, D] */
  readonly features: Float32Array;
  /** [N, K] label states; only 0 and 1 are learned from. */
  readonly states: Uint8Array;
}

export interface Probe {
  /** [K, D] and [K], of the features as they are. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  /** The penalty that was taken. */
  readonly l2: number;
  /** Mean AUC on the features that chose it; null where it was given. */
  readonly chosenBy: number | null;
  /** Whether the fit came to the minimum within its bound of evaluations. */
  readonly isFitted: boolean;
}

/** From strong to weak. */
export const probePenalties = [1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001] as const;
/** Of a fit. A gradient in f32 is right to about a millionth here, as features are standardised. */
const settings = { tolerance: 1e-5, evaluations: 500 } as const;

/**
 * Fits weights W and biases b that make the sum over the classes of
 *
 *     mean over the labelled rows of BCE(W x + b, y), plus l2 / 2 times the squared norm of W
 *
 * the smallest, where x are the features less their mean, over their deviation, in the rows to train on. The same rows on the same engine give
 * the same bits, and so does a penalty whether it was chosen or given.
 *
 * @param choice a penalty, or features whose labels choose among `probePenalties` by the mean AUC
 */
export async function linearProbe(
  engine: Engine,
  { features, states }: LabelledFeatures,
  classes: readonly string[],
  choice: number | LabelledFeatures,
): Promise<Probe> {
  const [count, outputs] = [states.length / classes.length, classes.length];
  const width = features.length / count;
  const { mean, deviation } = momentsOf(features, width);
  const shown = features.map((value, at) => (value - mean[at % width]) / deviation[at % width]);
  const known = Array.from({ length: outputs }, () => 0);
  states.forEach((state, at) => (known[at % outputs] += Number(state === positive || state === negative)));
  // The mean over all entries becomes the sum over the classes of the means over theirs.
  const shares = Float32Array.from(states, (state, at) =>
    state === positive || state === negative ? states.length / known[at % outputs] : 0,
  );
  const penalties = typeof choice === "number" ? [choice] : probePenalties;
  const found: { readonly probe: Probe; readonly score: number | null }[] = [];
  const inputs = engine.tensor(shown, [count, width]);
  const targets = engine.tensor(
    Float32Array.from(states, (state) => Number(state === positive)),
    [count, outputs],
  );
  const weights = engine.tensor(shares, [count, outputs]);
  const inWeight = outputs * width;
  let point: Float64Array = new Float64Array(inWeight + outputs);
  try {
    using program = await engine.record(() => {
      const weight = engine.feed(() => Float32Array.from(point.subarray(0, inWeight)), [outputs, width]);
      const bias = engine.feed(() => Float32Array.from(point.subarray(inWeight)), [outputs]);
      return valueAndGradients(() => {
        const logits = linear(inputs, weight, bias, { transposeWeight: true });
        return binaryCrossEntropyWithLogits(logits, targets, { weights });
      }, [weight, bias]);
    });
    for (const l2 of penalties) {
      const { point: best, isReached } = await convexMinimum(
        async (at) => {
          point = at;
          program.run();
          const { value, gradients } = program.result;
          const [loss, ...parts] = await Promise.all([value, ...gradients].map((each) => each.read()));
          let penalty = 0;
          const gradient = Float64Array.from([...parts[0], ...parts[1]], (each, i) => {
            if (i >= inWeight) return each;
            penalty += (l2 / 2) * at[i] ** 2;
            return each + l2 * at[i];
          });
          return { value: loss[0] + penalty, gradient };
        },
        new Float64Array(inWeight + outputs),
        settings,
      );
      const raw = rawWeights(best.subarray(0, inWeight), best.subarray(inWeight), mean, deviation);
      const score = typeof choice === "number" ? null : scoreOf(raw, choice, classes);
      found.push({ probe: { ...raw, l2, chosenBy: score, isFitted: isReached }, score });
    }
  } finally {
    for (const tensor of [inputs, targets, weights]) tensor.dispose();
  }
  // Of equals the strongest penalty.
  return found.reduce((best, each) => ((each.score ?? -1) > (best.score ?? -1) ? each : best)).probe;
}

/** Logits [N, K] of features [N, D]. */
export function probeLogits(
  { weight, bias }: Pick<Probe, "weight" | "bias">,
  features: Float32Array,
): Float32Array {
  const width = weight.length / bias.length;
  const count = features.length / width;
  const logits = new Float32Array(count * bias.length);
  for (let row = 0, at = 0; row < count; row++) {
    for (let k = 0; k < bias.length; k++, at++) {
      let total = bias[k];
      for (let i = 0; i < width; i++) total += weight[k * width + i] * features[row * width + i];
      logits[at] = total;
    }
  }
  return logits;
}

function scoreOf(
  probe: Pick<Probe, "weight" | "bias">,
  on: LabelledFeatures,
  classes: readonly string[],
): number | null {
  return meanAuc(aucByClass(probeLogits(probe, on.features), on.states, classes));
}

/** Of each feature; one that never changes has a deviation of 1, so that it stays 0. */
function momentsOf(
  features: Float32Array,
  width: number,
): { readonly mean: Float64Array; readonly deviation: Float64Array } {
  const count = features.length / width;
  const [mean, squares] = [new Float64Array(width), new Float64Array(width)];
  features.forEach((value, at) => (mean[at % width] += value / count));
  features.forEach((value, at) => (squares[at % width] += (value - mean[at % width]) ** 2 / count));
  return { mean, deviation: squares.map((square) => (square > 1e-12 ? Math.sqrt(square) : 1)) };
}

/** Weights of standardised features as those of the features themselves. */
function rawWeights(
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  mean: Float64Array,
  deviation: Float64Array,
): Pick<Probe, "weight" | "bias"> {
  const width = mean.length;
  const raw = Float64Array.from(weight, (value, at) => value / deviation[at % width]);
  return {
    weight: Float32Array.from(raw),
    bias: Float32Array.from(bias, (own, k) =>
      mean.reduce((rest, each, i) => rest - raw[k * width + i] * each, own),
    ),
  };
}
