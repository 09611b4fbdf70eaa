// DenseNets in manifests and model files.
import { z } from "zod";
import { wholeNumber } from "../../data/manifest/fields.ts";
import { densenetConfigurations } from "../../nn/densenet.ts";
import {
  afterStem,
  sectionOf,
  stemSection,
  storedCount,
  storedStem,
  type NetworkFamily,
} from "./backbone-family.ts";

const smallStem = { features: 16, kernel: 3, stride: 1, pool: false };

/** A DenseNet by its name: the stem alone may differ, for small images. */
function named(name: keyof typeof densenetConfigurations): NetworkFamily<"densenet">["models"][string] {
  const { inputChannels: _, stem, ...layers } = densenetConfigurations[name];
  return sectionOf(name, { stem: stemSection(stem) }).transform(({ stem: chosen }) => {
    return { stem: chosen, ...layers };
  });
}

export const densenetFamily: NetworkFamily<"densenet"> = {
  task: "classification",
  models: {
    /** Of any size; where nothing is said, a small one. */
    densenet: sectionOf("densenet", {
      stem: stemSection(smallStem),
      /** Layers of each dense block; between two blocks, height and width are halved. */
      blocks: z.array(wholeNumber.max(128)).min(1).max(8).default([3, 3, 3]),
      /** Channels that each layer adds. */
      growth: wholeNumber.max(1024).default(12),
      /** Width of the 1x1 convolution before each 3x3 one, in multiples of growth (4 in DenseNet-121); null: none. */
      bottleneck: wholeNumber.max(16).nullable().default(null),
      /** Share of the channels that is kept between two blocks. */
      compression: z.number().positive().max(1).default(0.5),
    }).transform(({ backbone: _, ...model }) => model),
    /** The network of the paper. */
    densenet121: named("densenet121"),
    densenet161: named("densenet161"),
    densenet169: named("densenet169"),
    densenet201: named("densenet201"),
  },
  stored: z.strictObject({
    /** Never there: DenseNets are stored as they were before there was a choice. */
    kind: z.undefined().optional(),
    inputChannels: storedCount,
    stem: storedStem,
    blocks: z.array(storedCount).min(1),
    growth: storedCount,
    bottleneck: storedCount.nullable(),
    compression: z.number().positive().max(1),
  }),
  problem: ({ stem: { features, ...first }, blocks, growth, compression }, { height, width }) => {
    let channels = features;
    for (const layers of blocks.slice(0, -1)) {
      channels = Math.floor((channels + layers * growth) * compression);
      if (channels >= 1) continue;
      return { field: "compression", reason: `of ${compression} keeps no channel between two blocks` };
    }
    const pixels = afterStem({ features, ...first }, Math.min(height, width));
    if (Math.floor(pixels / 2 ** (blocks.length - 1)) >= 1) return undefined;
    return {
      field: "blocks",
      reason: `leave no pixel of a ${height} x ${width} image: it is halved after each block but the last`,
    };
  },
};
