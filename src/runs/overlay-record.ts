// Pictures of outlines as report.json keeps them; overlay-pictures.ts makes them.

import { z } from "zod";

export const overlayKinds = ["worst", "typical"] as const;
export const overlaySchema = z.strictObject({
  class: z.string(),
  kind: z.enum(overlayKinds),
  /** Of the class on this image. */
  dice: z.number().min(0).max(1),
  ...{ source: z.string(), image: z.string(), patient: z.string() },
  /** Names of the classes that its source does not outline. */
  unknown: z.array(z.string()).readonly(),
  /** A PNG file in base64: what is given, what is predicted and what is wrong beside each other. */
  png: z.base64(),
});
export type OverlayPicture = z.output<typeof overlaySchema>;
