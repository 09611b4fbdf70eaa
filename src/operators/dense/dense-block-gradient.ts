// The way back through a dense block: every reader of a channel adds to one gradient of the block, and what the batch's
// statistics take away from it is taken away once, when the channel's producer is reached.

import type { Operator } from "../operator.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { conv2dInputGradient } from "../convolution/conv2d-input-gradient.ts";
import { conv2dWeightGradient } from "../convolution/conv2d-weight-gradient.ts";
import { ofEachGroup, sumOverGroups, type BatchGroups } from "../normalisation/batch-groups.ts";
import { expectRoles, type Role } from "../roles.ts";
import { settle, settled } from "../stored.ts";
import { gradientCandidate } from "./gradient-candidate.ts";
import { alongAxes, paddingToFours, withChannelPadding } from "../channel-padding.ts";
import { layoutOfGradient, numbersOf, placed } from "./gradient-layout.ts";
import { asSpecs, slidingOf, stageAxes, widenedLayout, type DenseLayersAttributes } from "./dense-layers.ts";
import { firstChannels, putChannels, reductionsFor, zeros } from "./row-chunks.ts";
import { activate, activateGradient } from "./stage.ts";

export type DenseBlockGradientAttributes = DenseLayersAttributes & BatchGroups;

/**
 * Inputs block [N, H, W, C], statistics [2, C] and dy, the gradient of the block; then for each layer what denseBlock
 * kept of it and its weights: factors, weight; with a bottleneck also z, its statistics, factors, weight. Outputs dx
 * [N, H, W, C0], then for each layer dgamma, dbeta, dweight; with a bottleneck twice.
 *
 * With g_l the gradient of what layer l normalises, masked by its ReLU, and s_l = gamma_l / sqrt(variance + epsilon),
 * the gradient of a channel is G - mean(..) - h mean(.. h) where G = dy + the sum of s_l g_l over its readers, the
 * means run over the rows of that sum without dy, and h is the normalised channel. With groups of images, statistics and
 * factors are [groups, 2, ..], the means run over the rows of a group, and what the parameters get is the sum over all groups.
 */
export const denseBlockGradient: Operator<DenseBlockGradientAttributes> = {
  name: "denseBlockGradient",
  infer(inputs, attributes) {
    const { image, inputChannels, width, layers, stored } = layoutOfGradient(inputs, attributes);
    const stages = layers.flat();
    const roles = stages.flatMap((stage): Role[] => {
      const { channels, weight, reads } = stage;
      const own = [
        { role: "factors", shape: ofEachGroup([2, channels], attributes) },
        { role: "weight", shape: weight },
      ];
      const inner = [
        { role: "z", shape: [...image, channels], dtype: stored },
        { role: "z's statistics", shape: ofEachGroup([2, channels], attributes) },
      ];
      return reads === "block" ? own : [...inner, ...own];
    });
    expectRoles("denseBlockGradient", inputs, [
      { role: "block", dtype: stored },
      { role: "statistics", shape: ofEachGroup([2, width], attributes) },
      { role: "dy", shape: [...image, width], dtype: stored },
      ...roles,
    ]);
    return asSpecs([
      { shape: [...image, inputChannels] },
      ...stages.flatMap(({ channels, weight }) =>
        [[channels], [channels], weight].map((shape) => ({ shape })),
      ),
    ]);
  },
  reference(inputs, outputs, attributes) {
    const { groups: _, ...ofOne } = attributes;
    const weights = new Set(
      layoutOfGradient(inputs, attributes)
        .layers.flat()
        .map((stage) => numbersOf(stage).weight),
    );
    const [dx, ...parameters] = outputs;
    sumOverGroups(parameters, attributes, ({ images, own }, sums) => {
      const given = inputs.map((each, i) =>
        weights.has(i) ? each : each.shape.length === 4 ? images(each) : own(each),
      );
      gradientOfBlock(given, [images(dx), ...sums], ofOne);
    });
  },
  candidates(inputs, attributes, adapter) {
    const layout = layoutOfGradient(inputs, attributes);
    const padding = paddingToFours(layout.inputChannels);
    const wide = placed(widenedLayout(layout, padding, attributes));
    const all = reductionsFor(layout.groups * layout.rows, adapter, "back").map((reductions) =>
      gradientCandidate(reductions, wide, attributes, adapter),
    );
    if (padding.zeros === 0) return all;
    const ofChannels = layout.groups === 1 ? 1 : 2;
    const given = alongAxes(inputs, [3, ofChannels, 3, ...stageAxes(layout, [ofChannels, 2], 4)]);
    const made = alongAxes(denseBlockGradient.infer(inputs, attributes), [
      3,
      ...stageAxes(layout, [0, 0, 2], 3),
    ]);
    return all.map((each) => withChannelPadding(each, padding, given, made));
  },
};

/** The gradient of a block of images that are one group. */
function gradientOfBlock(
  inputs: readonly HostTensor[],
  outputs: readonly HostTensor[],
  attributes: DenseLayersAttributes,
): void {
  const layout = layoutOfGradient(inputs, attributes);
  const [block, , dy] = inputs;
  const collected: HostTensor = { ...dy, data: dy.data.slice() };
  layout.layers.toReversed().forEach((stages, i) => {
    const { growth, epsilon } = attributes;
    let gradient = settled(firstChannels(collected, growth, layout.width - (i + 1) * growth), layout.stored);
    for (const stage of stages.toReversed()) {
      const { z, statistics, factors, weight } = numbersOf(stage);
      const x = stage.reads === "inner" ? inputs[z] : firstChannels(block, stage.channels);
      const sliding = slidingOf(stage);
      const activated = activate(x, inputs[factors]);
      conv2dWeightGradient.reference([activated, gradient], [outputs[stage.output + 2]], {
        ...sliding,
        filterShape: stage.weight,
      });
      const da = { ...zeros(x.shape), dtype: layout.stored };
      conv2dInputGradient.reference([gradient, inputs[weight]], [da], { ...sliding, inputShape: x.shape });
      settle(da);
      const back = activateGradient(x, inputs[statistics], inputs[factors], da, epsilon);
      outputs[stage.output].data.set(back.dgamma.data);
      outputs[stage.output + 1].data.set(back.dbeta.data);
      gradient = stage.reads === "inner" ? settled(back.dx, layout.stored) : back.dx;
    }
    putChannels(gradient, collected, 0, "add");
  });
  outputs[0].data.set(firstChannels(collected, layout.inputChannels).data);
}
