// A dense block with given statistics: inference.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, temporary, type Candidate, type Operator, type Slot } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { compose, preferred, type Step } from "../compose.ts";
import { conv2d } from "../convolution/conv2d.ts";
import { convolutionForward } from "../convolution/launches.ts";
import { copyCandidates, stridedCopy } from "../movement/strided-copy.ts";
import { alongAxes, paddingToFours, withChannelPadding } from "../channel-padding.ts";
import {
  asSpecs,
  extentsOfStage,
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
import { firstChannels, putChannels, zeros } from "./row-chunks.ts";
import { activate, computeFactors, normTensors } from "./stage.ts";
import { normSlots, step } from "./steps.ts";

/**
 * Inputs as denseBlock; output block [N, H, W, C0 + layers * growth], every batch norm taking its running statistics
 * for those of its channels. They are left alone, and there is no gradient.
 */
export const denseBlockInference: Operator<Omit<DenseLayersAttributes, "stored">> = {
  name: "denseBlockInference",
  infer(inputs, attributes) {
    const { image, width } = layoutOfBlock("denseBlockInference", inputs, attributes);
    return asSpecs([{ shape: [...image, width] }]);
  },
  reference(inputs, [block], attributes) {
    const layout = layoutOfBlock("denseBlockInference", inputs, attributes);
    putChannels(inputs[0], block, 0);
    let first = stageInput(0);
    layout.layers.forEach((stages, layer) => {
      let map = firstChannels(block, stages[0].channels);
      for (const stage of stages) {
        const norm = normTensors(inputs, first);
        const [statistics, factors] = [zeros([2, stage.channels]), zeros([2, stage.channels])];
        statistics.data.set(norm.runningMean.data);
        statistics.data.set(norm.runningVariance.data, stage.channels);
        computeFactors(statistics, norm, { ...attributes, rows: layout.rows, momentum: 0 }, factors);
        const y = zeros([...layout.image, stage.weight[3]]);
        conv2d.reference([activate(map, factors), inputs[first + 4]], [y], slidingOf(stage));
        first += stageInputs.length;
        map = y;
      }
      putChannels(map, block, layout.inputChannels + layer * attributes.growth);
    });
  },
  candidates(inputs, attributes, adapter) {
    const layout = layoutOfBlock("denseBlockInference", inputs, attributes);
    const padding = paddingToFours(layout.inputChannels);
    const wide = folded(widenedLayout(layout, padding, attributes), attributes, adapter);
    if (padding.zeros === 0) return [wide];
    const given = alongAxes(inputs, [3, ...stageAxes(layout, [0, 0, 0, 0, 2], stageInputs.length)]);
    return [
      withChannelPadding(wide, padding, given, alongAxes(denseBlockInference.infer(inputs, attributes), [3])),
    ];
  },
};

function folded(layout: DenseLayout, attributes: DenseLayersAttributes, adapter: AdapterTraits): Candidate {
  const { rows, width, image, layers, inputChannels } = layout;
  const { growth, bottleneck, epsilon } = attributes;
  const block = output(0);
  const [grown, z, factors] = [0, 1, 2].map(temporary);
  const widest = Math.max(...layers.flat().map(({ channels }) => channels));
  const temporaries: TensorSpec[] = asSpecs([
    { shape: [...image, growth] },
    { shape: bottleneck === null ? [4] : [...image, bottleneck] },
    { shape: [2, widest] },
  ]);
  const place = (from: Slot, start: number, channels: number): Step => {
    const copy = stridedCopy([rows, channels], { strides: [channels, 1] }, { start, strides: [width, 1] });
    const candidates = copyCandidates([copy]);
    return { candidate: preferred(candidates), inputs: [from], outputs: [block] };
  };

  const steps = [place(input(0), 0, inputChannels)];
  let count = 0; // stages so far
  layers.forEach((stages, layer) => {
    stages.forEach((stage, i) => {
      const first = stageInput(count++);
      const x = stage.reads === "block" ? block : z;
      const load = { rowStride: strideOf(layout, stage), activated: true };
      steps.push(
        step("denseRunningFactors", { ...normSlots(first), factors }, { channels: stage.channels, epsilon }),
        {
          candidate: convolutionForward(extentsOfStage(layout, stage), slidingOf(stage), load, adapter),
          inputs: [x, input(first + 4), factors],
          outputs: [i === stages.length - 1 ? grown : z],
        },
      );
    });
    steps.push(place(grown, inputChannels + layer * growth, growth));
  });
  return compose("folded", temporaries, steps);
}
