// A batch that goes through a network in parts, so that the maps of one part alone are in memory: those of the others are computed once
// more when their gradients are needed (Chen et al., "Training deep nets with sublinear memory cost", 2016). What comes out is the
// features of the whole batch, and so every loss of them is that of the whole batch.

import { customGradient, valueAndGradients } from "../autograd/functions.ts";
import { isFollowed } from "../autograd/tape.ts";
import { UsageError } from "../errors/errors.ts";
import { concat, slice, split } from "../functions/movement.ts";
import type { Mode, Module } from "../nn/module.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A network as it is trained: with gradients of its parameters. */
export type SplitNetwork = Pick<Module, "engine" | "parameters" | "state"> & {
  forward(images: Tensor, mode: Mode): Tensor;
};

/** How batch norm takes its statistics in training. */
export type TrainingMode = Exclude<Mode, "inference">;

/**
 * Features of views that go through the network as one batch, in so many parts. Each part has the same images of all views, and batch
 * norm's statistics are of each part; the running ones follow all of them, one after the other.
 *
 * @param views normalised images [B, H, W, C] each
 * @param parts one: the whole batch at once, kept for the gradients
 * @returns [B, ...] of each view
 * @throws UsageError for a network that draws anew each time it is asked, as one with dropout does
 */
export function featuresInParts(
  network: SplitNetwork,
  views: readonly Tensor[],
  mode: TrainingMode,
  parts: number,
): readonly Tensor[] {
  const [{ shape }] = views;
  if (parts === 1) return separated(network.forward(joined(views), mode), views.length);
  if ([...network.state().values()].some(({ kind }) => kind === "counter")) {
    throw new UsageError(
      "train.batchSplit: a part is computed once more for its gradients, and dropout would draw anew; leave one of them out",
    );
  }
  const [batch] = shape;
  const count = Math.min(parts, batch);
  const made = Array.from({ length: count }, (_, i) => {
    const first = Math.floor((i * batch) / count);
    const end = Math.floor(((i + 1) * batch) / count);
    return separated(featuresOfPart(network, views, mode, [first, end - first]), views.length);
  });
  return views.map((_, i) =>
    concat(
      made.map((features) => features[i]),
      0,
    ),
  );
}

/** Features of some images of all views, one view after the other; nothing on the way is kept for their gradients. */
function featuresOfPart(
  network: SplitNetwork,
  views: readonly Tensor[],
  mode: TrainingMode,
  [first, count]: readonly [number, number],
): Tensor {
  const { engine } = network;
  const parameters = [...network.parameters().values()].filter((each) => isFollowed(engine, [each]));
  const compute = (images: readonly Tensor[], how: TrainingMode): Tensor => {
    const own = images.map((view) => slice(view, [first, 0, 0, 0], [count, ...view.shape.slice(1)]));
    return network.forward(joined(own), how);
  };
  // Nothing learns here: there is nothing to compute again.
  if (parameters.length === 0) return compute(views, mode);
  return customGradient(
    [...views, ...parameters],
    (inputs) => compute(inputs.slice(0, views.length), mode),
    (gradient, { inputs }) => {
      const again = (): Tensor => compute(inputs.slice(0, views.length), untracked(mode));
      const { gradients } = valueAndGradients(again, parameters, { upstream: gradient });
      return [...views.map(() => undefined), ...gradients];
    },
  );
}

/** The same statistics, of which the running ones have heard. */
const untracked = (mode: TrainingMode): TrainingMode =>
  typeof mode === "string" ? "untracked" : { ...mode, mode: "untracked" };

const joined = (views: readonly Tensor[]): Tensor => (views.length === 1 ? views[0] : concat(views, 0));

const separated = (features: Tensor, views: number): readonly Tensor[] =>
  views === 1 ? [features] : split(features, views);
