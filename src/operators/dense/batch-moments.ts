// The statistics of a batch by themselves, for batch norms that are folded into what follows them.

import { input, output, temporary, type Candidate, type Operator } from "../operator.ts";
import { compose } from "../compose.ts";
import { expectFloats } from "../operands.ts";
import {
  batchGroups,
  expectBatchGroups,
  ofEachGroup,
  type BatchGroups,
} from "../normalisation/batch-groups.ts";
import { expectChannels, rowsOf } from "../normalisation/channels.ts";
import { alongAxes, paddingToFours, withChannelPadding } from "../channel-padding.ts";
import { chunksOf, joinKnobs, type GroupRows, type Reductions } from "./row-chunks.ts";
import { computeMoments } from "./stage.ts";
import { momentsStep, partialSpec, step } from "./steps.ts";

/** Input x [..., C]; output [2, C]: the mean and the biased variance of each channel; of each group with groups, [groups, 2, C]. */
export const batchMoments: Operator<BatchGroups> = {
  name: "batchMoments",
  infer(inputs, attributes) {
    expectFloats("batchMoments", inputs, ["x"]);
    expectChannels("batchMoments", inputs[0]);
    const { channels } = rowsOf(inputs[0]);
    expectBatchGroups("batchMoments", attributes, inputs[0].shape[0]);
    return [{ shape: ofEachGroup([2, channels], attributes), dtype: "f32" }];
  },
  reference([x], [statistics], attributes) {
    for (const { images, own } of batchGroups(attributes)) computeMoments(images(x), own(statistics));
  },
  candidates(inputs, attributes, adapter) {
    const [x] = inputs;
    const { groups = 1 } = attributes;
    const { rows, channels } = rowsOf(x);
    const padding = paddingToFours(channels);
    const ways = adapter.isSoftware
      ? (["chunksWide", "chunks"] as const)
      : (["chunks", "chunksWide"] as const);
    const all = ways.map((way) => inChunks({ groups, rows: rows / groups }, channels + padding.zeros, way));
    if (padding.zeros === 0) return all;
    const given = alongAxes(inputs, [x.shape.length - 1]);
    const made = alongAxes(batchMoments.infer(inputs, attributes), [groups === 1 ? 1 : 2]);
    return all.map((each) => withChannelPadding(each, padding, given, made));
  },
};

function inChunks(of: GroupRows, channels: number, way: Reductions): Candidate {
  const [moments, unused] = [temporary(0), temporary(1)];
  const sizes = {
    ...of,
    channels,
    rowStride: channels,
    firstChannel: 0,
    ...chunksOf(of, channels, way),
  };
  const steps = [
    momentsStep({ x: input(0), moments, unused }, of, channels, way),
    step("denseStatistics", { moments, statistics: output(0) }, sizes, joinKnobs(way)),
  ];
  const temporaries = [partialSpec(of, channels, way), { shape: [4], dtype: "f32" } as const];
  return compose(way, temporaries, steps);
}
