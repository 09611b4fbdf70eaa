// U-Nets in manifests and model files.
import { z } from "zod";
import { wholeNumber } from "../../data/manifest/fields.ts";
import { halvingProblem, mostLevels } from "../../nn/unet.ts";
import { sectionOf, storedCount, type NetworkFamily } from "./backbone-family.ts";

export const unetFamily: NetworkFamily<"unet"> = {
  task: "segmentation",
  models: {
    unet: sectionOf("unet", {
      /** Channels at the size of the image, which each halving doubles; the features of a pixel. */
      width: wholeNumber.max(1024).default(16),
      /** Sizes at which the image is looked at, each half the one before. */
      levels: wholeNumber.max(mostLevels).default(4),
    }).transform(({ width, levels }) => ({ kind: "unet", width, levels })),
  },
  stored: z.strictObject({
    kind: z.literal("unet"),
    inputChannels: storedCount,
    width: storedCount,
    levels: storedCount.max(mostLevels),
  }),
  problem: ({ levels }, { height, width }) => {
    const problem = halvingProblem(levels, height, width);
    return problem === undefined ? undefined : { field: "levels", reason: `of ${levels} ${problem}` };
  },
};
