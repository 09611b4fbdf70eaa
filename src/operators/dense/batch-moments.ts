// The statistics of a batch by themselves, for batch norms that are folded into what follows them.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, temporary, type Candidate, type Operator } from "../operator.ts";
import { compose } from "../compose.ts";
import { expectFloats } from "../operands.ts";
import { expectChannels, rowsOf } from "../normalisation/channels.ts";
import { alongAxes, paddingToFours, withChannelPadding } from "../channel-padding.ts";
import { chunksOf } from "./row-chunks.ts";
import { computeMoments } from "./stage.ts";
import { momentsStep, partialSpec, step } from "./steps.ts";

/** Input x [..., C]; output [2, C]: the mean and the biased variance of each channel. */
export const batchMoments: Operator<Readonly<Record<string, never>>> = {
  name: "batchMoments",
  infer(inputs) {
    expectFloats("batchMoments", inputs, ["x"]);
    expectChannels("batchMoments", inputs[0]);
    const { channels } = rowsOf(inputs[0]);
    return [{ shape: [2, channels], dtype: "f32" }];
  },
  reference([x], [statistics]) {
    computeMoments(x, statistics);
  },
  candidates(inputs, _, adapter) {
    const [x] = inputs;
    const { rows, channels } = rowsOf(x);
    const padding = paddingToFours(channels);
    const wide = inChunks(rows, channels + padding.zeros, adapter);
    if (padding.zeros === 0) return [wide];
    const made = alongAxes(batchMoments.infer(inputs, {}), [1]);
    return [withChannelPadding(wide, padding, alongAxes(inputs, [x.shape.length - 1]), made)];
  },
};

function inChunks(rows: number, channels: number, adapter: AdapterTraits): Candidate {
  const [moments, unused] = [temporary(0), temporary(1)];
  const sizes = {
    rows,
    channels,
    rowStride: channels,
    firstChannel: 0,
    ...chunksOf(rows, channels, adapter),
  };
  const steps = [
    momentsStep({ x: input(0), moments, unused }, rows, channels, adapter),
    step("denseStatistics", { moments, statistics: output(0) }, sizes),
  ];
  const temporaries = [partialSpec(rows, channels, adapter), { shape: [4], dtype: "f32" } as const];
  return compose("chunks", temporaries, steps);
}
