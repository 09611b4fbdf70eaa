// What can be said against a manifest's model and views before any data is read: sizes that leave nothing.
import type { z } from "zod";
import type { Fail } from "../data/manifest/manifest-checks.ts";
import type { ManifestContent } from "../data/manifest/manifest-schema.ts";
import type { ViewSettings } from "./augmentation.ts";
import { modelProblem, type model } from "./backbones/model-section.ts";

interface CheckedSections extends Pick<ManifestContent, "task" | "image"> {
  readonly model: z.output<typeof model>;
  readonly augment: { readonly weak: ViewSettings; readonly strong: ViewSettings };
}

/** Sizes must suit the network, and shifts leave something in sight. */
export function checkSections({ task, image, model: section, augment }: CheckedSections, fail: Fail): void {
  const problem = modelProblem(section, task, image);
  if (problem !== undefined) fail(["model", problem.field], problem.reason);
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
