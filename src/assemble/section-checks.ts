// What can be said against a manifest's model and views before any data is read: sizes that leave nothing.
import type { Fail } from "../data/manifest/manifest-checks.ts";
import type { ManifestContent } from "../data/manifest/manifest-schema.ts";
import type { z } from "zod";
import type { ViewSettings } from "./augmentation.ts";
import type { model } from "./model-section.ts";

interface CheckedSections extends Pick<ManifestContent, "image"> {
  readonly model: z.output<typeof model>;
  readonly augment: { readonly weak: ViewSettings; readonly strong: ViewSettings };
}

/** Sizes must suit the network, and shifts leave something in sight. */
export function checkSections({ image, model, augment }: CheckedSections, fail: Fail): void {
  model.blocks.slice(0, -1).reduce((channels, layers) => {
    const kept = Math.floor((channels + layers * model.growth) * model.compression);
    if (kept < 1) {
      fail(["model", "compression"], `of ${model.compression} keeps no channel between two blocks`);
    }
    return kept;
  }, model.stem.features);

  const halvings = model.blocks.length - 1;
  const smallest = Math.floor(Math.min(image.height, image.width) / (model.stem.stride * 2 ** halvings));
  if (smallest < 1) {
    fail(
      ["model", "blocks"],
      `leave no pixel of a ${image.height} x ${image.width} image: it is halved after each block but the last`,
    );
  }
  for (const view of ["weak", "strong"] as const) {
    const { shift } = augment[view];
    if (shift >= Math.min(image.height, image.width)) {
      fail(
        ["augment", view, "shift"],
        `of ${shift} pixels moves a ${image.height} x ${image.width} image out of sight`,
      );
    }
  }
}
