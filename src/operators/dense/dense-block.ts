// A dense block (Huang et al. 2017) without concatenation: one buffer that grows, a channel's statistics computed once,
// batch norm and ReLU folded into the load of the convolution behind them.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, temporary, type Candidate, type Operator, type Slot } from "../operator.ts";
import type { HostTensor } from "../../tensor/host.ts";
import type { FloatType, TensorSpec } from "../../tensor/shape.ts";
import { compose, type Step } from "../compose.ts";
import { conv2d } from "../convolution/conv2d.ts";
import { convolutionForward } from "../convolution/launches.ts";
import { expectAttribute } from "../roles.ts";
import { expectHalves, settled, storedAs } from "../stored.ts";
import { batchGroups, ofEachGroup, type BatchGroups } from "../normalisation/batch-groups.ts";
import { alongAxes, paddingToFours, withChannelPadding } from "../channel-padding.ts";
import {
  asSpecs,
  extentsOfStage,
  keptRoles,
  layoutOfBlock,
  slidingOf,
  stageAxes,
  stageInput,
  stageInputs,
  strideOf,
  widenedLayout,
  type DenseLayersAttributes,
  type DenseLayout,
} from "./dense-layers.ts";
import {
  chunksOf,
  isWhole,
  joinKnobs,
  firstChannels,
  putChannels,
  reductionsFor,
  wholeKnobs,
  zeros,
  type Reductions,
} from "./row-chunks.ts";
import { activate, computeFactors, computeMoments, normTensors } from "./stage.ts";
import { largest, momentsStep, normSlots, partialSpec, placeStep, shares, step } from "./steps.ts";

export interface DenseBlockAttributes extends DenseLayersAttributes, BatchGroups {
  /** Weight of the batch in the running statistics, in [0, 1]; 0 leaves them alone. */
  readonly momentum: number;
}

/** Which of the inputs are running statistics. */
function updatedInputs(inputs: number): number[] {
  const stages = (inputs - 1) / stageInputs.length;
  return Array.from({ length: stages }, (_, stage) => [stageInput(stage) + 2, stageInput(stage) + 3]).flat();
}

/**
 * Inputs x [N, H, W, C0], then for each layer gamma [C], beta [C], running mean [C], running variance [C] (both
 * overwritten in place) and weight: [3, 3, C, growth], C = C0 + layers before * growth. With a bottleneck of B channels
 * the weight is [1, 1, C, B] and a second batch norm of B channels and a weight [3, 3, B, growth] follow.
 *
 * Outputs: block [N, H, W, C0 + layers * growth], x's channels and then each layer's; statistics [2, ..], the mean and
 * the biased variance of its channels; and what the gradient needs, for each layer factors [2, C] (scale and shift of
 * its batch norm), with a bottleneck also z [N, H, W, B], its statistics [2, B] and its factors [2, B].
 *
 * A layer convolves max(batchNorm(all channels before it), 0); with a bottleneck z = that 1x1 convolution, and the
 * layer's channels are the 3x3 convolution of max(batchNorm(z), 0). With groups of images, statistics and factors are
 * [groups, 2, ..].
 */
export const denseBlock: Operator<DenseBlockAttributes> = {
  name: "denseBlock",
  updates: updatedInputs,
  infer(inputs, attributes) {
    const layout = layoutOfBlock("denseBlock", inputs, attributes);
    const { momentum } = attributes;
    expectAttribute("denseBlock", "momentum", momentum, momentum >= 0 && momentum <= 1, "in [0, 1]");
    return asSpecs([
      { shape: [...layout.image, layout.width], dtype: layout.stored },
      { shape: ofEachGroup([2, layout.width], layout) },
      ...keptRoles(layout),
    ]);
  },
  reference([x, ...parameters], outputs, attributes) {
    const { groups: _, ...ofOne } = attributes;
    for (const { index, images, own } of batchGroups(attributes)) {
      // Of what is made for each image there are four axes; the rest there is of each group.
      const made = outputs.map((each) => (each.shape.length === 4 ? images(each) : own(each)));
      const momentum = index === 0 ? attributes.momentum : 0;
      growBlock([images(x), ...parameters], made, { ...ofOne, momentum });
    }
  },
  candidates(inputs, attributes, adapter) {
    const layout = layoutOfBlock("denseBlock", inputs, attributes);
    if (layout.stored === "f16") expectHalves("denseBlock", adapter);
    const padding = paddingToFours(layout.inputChannels);
    const wide = widenedLayout(layout, padding, attributes);
    const all = reductionsFor(layout.rows, adapter, "forward").map((reductions) =>
      candidate(reductions, wide, attributes, adapter),
    );
    if (padding.zeros === 0) return all;
    const given = alongAxes(inputs, [3, ...stageAxes(layout, [0, 0, 0, 0, 2], stageInputs.length)]);
    const ofChannels = layout.groups === 1 ? 1 : 2;
    const axes = [3, ofChannels, ...stageAxes(layout, [ofChannels], 3)];
    const made = alongAxes(denseBlock.infer(inputs, attributes), axes);
    return all.map((each) => withChannelPadding(each, padding, given, made, updatedInputs(inputs.length)));
  },
};

/** The block of images that are one group. */
function growBlock(
  inputs: readonly HostTensor[],
  [block, statistics, ...kept]: readonly HostTensor[],
  attributes: DenseBlockAttributes,
): void {
  const [x] = inputs;
  const layout = layoutOfBlock("denseBlock", inputs, attributes);
  const { rows, inputChannels, layers } = layout;
  const { growth } = attributes;
  // The statistics of x's channels are those of x as it came, before it is rounded.
  const seen = layout.stored === "f32" ? block : zeros(block.shape);
  putChannels(x, seen, 0);
  putChannels(settled(x, block.dtype), block, 0);
  let taken = 0;
  let first = 1;
  layers.forEach((stages, layer) => {
    let map = firstChannels(block, stages[0].channels);
    for (const stage of stages) {
      let moments = zeros([2, stage.channels]);
      if (stage.reads === "inner") {
        map = settled(map, block.dtype);
        kept[taken++].data.set(map.data);
        computeMoments(map, (moments = kept[taken++]));
      } else computeMoments(firstChannels(seen, stage.channels), moments);
      const factors = kept[taken++];
      computeFactors(moments, normTensors(inputs, first), { ...attributes, rows }, factors);
      const y = zeros([...layout.image, stage.weight[3]]);
      conv2d.reference([activate(map, factors), inputs[first + 4]], [y], slidingOf(stage));
      first += stageInputs.length;
      map = y;
    }
    for (const into of new Set([seen, block])) {
      putChannels(settled(map, block.dtype), into, inputChannels + layer * growth);
    }
  });
  computeMoments(seen, statistics);
}

function candidate(
  reductions: Reductions,
  layout: DenseLayout,
  attributes: DenseBlockAttributes,
  adapter: AdapterTraits,
): Candidate {
  const { groups, rows, inputChannels, width, image, layers, stored } = layout;
  const { growth, bottleneck, epsilon, momentum } = attributes;
  const [block, statistics] = [output(0), output(1)];
  const [grown, moments, unused] = [0, 1, 2].map(temporary);
  const temporaries: TensorSpec[] = [
    { shape: [...image, growth], dtype: stored },
    largest(
      [inputChannels, growth, bottleneck ?? growth].map((count) => partialSpec(layout, count, reductions)),
    ),
    { shape: [4], dtype: stored },
  ];
  const place = (x: Slot, from: FloatType, first: number, channels: number): Step => {
    const knobs = { ...storedAs(from, "X"), ...storedAs(stored, "Placed") };
    const where = { groups, rows, channels, stride: width, first };
    return placeStep({ x, placed: block, moments }, where, reductions, knobs);
  };

  const steps = [place(input(0), "f32", 0, inputChannels)];
  let next = 2; // the output that is filled next
  let count = 0; // stages so far
  layers.forEach((stages, layer) => {
    stages.forEach((stage, i) => {
      const { channels } = stage;
      const inner = stage.reads === "inner";
      const x = inner ? output(next++) : block;
      const itsStatistics = inner ? output(next++) : statistics;
      const factors = output(next++);
      const first = stageInput(count++);
      const norm = { ...normSlots(first), statistics: itsStatistics, factors };
      const numbers = { groups, rows, epsilon, ...shares(rows, momentum) };
      if (inner && isWhole(reductions)) {
        steps.push(
          step(
            "denseWholeFactors",
            { x, ...norm },
            { ...numbers, channels: channels / 4 },
            { ...wholeKnobs(reductions), ...storedAs(stored, "X") },
          ),
        );
      } else {
        // The channels whose moments wait to be joined.
        const fresh = inner ? channels : layer === 0 ? inputChannels : growth;
        if (inner) steps.push(momentsStep({ x, moments, unused }, layout, channels, reductions, stored));
        const places = { channels, known: channels - fresh, rowStride: inner ? channels : width };
        const sizes = { ...numbers, ...places, ...chunksOf(layout, fresh, reductions) };
        steps.push(step("denseFactors", { moments, ...norm }, sizes, joinKnobs(reductions)));
      }
      const load = { rowStride: strideOf(layout, stage), activated: true, groups, stored };
      steps.push({
        candidate: convolutionForward(extentsOfStage(layout, stage), slidingOf(stage), load, adapter),
        inputs: [x, input(first + 4), factors],
        outputs: [i === stages.length - 1 ? grown : output(next)],
      });
    });
    steps.push(place(grown, stored, inputChannels + layer * growth, growth));
  });
  const last = { groups, rows, channels: growth, rowStride: width, firstChannel: width - growth };
  const sizes = { ...last, ...chunksOf(layout, growth, reductions) };
  steps.push(step("denseStatistics", { moments, statistics }, sizes, joinKnobs(reductions)));
  return compose(reductions, temporaries, steps);
}
