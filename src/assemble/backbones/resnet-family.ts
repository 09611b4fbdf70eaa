// ResNets in manifests and model files.
import { z } from "zod";
import { resnetConfigurations } from "../../nn/resnet.ts";
import {
  afterStem,
  sectionOf,
  stemSection,
  storedCount,
  storedStem,
  type NetworkFamily,
} from "./backbone-family.ts";

/** A ResNet by its name: the stem alone may differ, for small images or for a narrower network. */
function named(name: keyof typeof resnetConfigurations): NetworkFamily<"resnet">["models"][string] {
  const { inputChannels: _, stem, ...layers } = resnetConfigurations[name];
  return sectionOf(name, { stem: stemSection(stem) }).transform(({ stem: chosen }) => {
    return { ...layers, stem: chosen };
  });
}

export const resnetFamily: NetworkFamily<"resnet"> = {
  task: "classification",
  models: { resnet18: named("resnet18"), resnet34: named("resnet34"), resnet50: named("resnet50") },
  stored: z.strictObject({
    kind: z.literal("resnet"),
    inputChannels: storedCount,
    stem: storedStem,
    blocks: z.array(storedCount).min(1),
    block: z.enum(["basic", "bottleneck"]),
  }),
  // A stage halves the image, but leaves a single pixel as it is.
  problem: ({ stem }, { height, width }) => {
    if (afterStem(stem, Math.min(height, width)) >= 1) return undefined;
    return {
      field: "stem",
      reason: `leaves no pixel of a ${height} x ${width} image: its kernel is too large`,
    };
  },
};
