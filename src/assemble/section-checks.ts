// What can be said against a manifest's model and views before any data is read: sizes that leave nothing.
import type { z } from "zod";
import type { Fail, FieldPath } from "../data/manifest/complaints.ts";
import type { ManifestContent } from "../data/manifest/manifest-schema.ts";
import { unmoved } from "../operators/images/augment-attributes.ts";
import { modelProblem, type model } from "./backbones/model-section.ts";
import type { Views } from "./views.ts";

interface CheckedSections extends Pick<ManifestContent, "image" | "task"> {
  readonly model: z.output<typeof model>;
  readonly augment: Views;
}

/** Sizes must suit the network, shifts leave something in sight, and views of pixels have one geometry. */
export function checkSections(
  { task, image, model: section, augment }: CheckedSections,
  fail: Fail,
  isStated: (path: FieldPath) => boolean,
): void {
  const problem = modelProblem(section, task, image);
  if (problem !== undefined) fail(["model", problem.field], problem.reason);
  // The geometry of a preset is left out in silence: nobody asked for it by name.
  const moved = Object.keys(unmoved).find((change) => isStated(["augment", "strong", change]));
  if (task === "segmentation" && moved !== undefined) {
    fail(
      ["augment", "strong", moved],
      `is not for segmentation, which compares both views pixel by pixel: the strong one is moved as the weak one is; set augment.weak.${moved}`,
    );
  }
  for (const view of task === "segmentation" ? (["weak"] as const) : (["weak", "strong"] as const)) {
    const { shift } = augment[view];
    if (shift >= Math.min(image.height, image.width)) {
      fail(
        ["augment", view, "shift"],
        `of ${shift} pixels moves a ${image.height} x ${image.width} image out of sight`,
      );
    }
  }
}
