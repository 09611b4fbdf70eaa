// What is kept of the images that a model was trained on, in its file, and in the record of a run that keeps its classes.

import { z } from "zod";
import { examplesSchema } from "../data/inspection/example-figures.ts";
import { planes } from "../data/volumes/slicing.ts";

export const trainedOn = {
  /**
   * How the image files that it was trained on were read, each way once; left out where the manifest said nothing of it, and by
   * models of before it could.
   */
  readings: z
    .array(
      z.strictObject({
        bits: z.int().optional(),
        window: z.tuple([z.number(), z.number()]).readonly().optional(),
      }),
    )
    .optional(),
  /** How the volumes that it was trained on were cut and shown, each way once; left out where there were none. */
  volumes: z
    .array(
      z.strictObject({
        axis: z.union([z.enum(planes), z.literal(0), z.literal(1), z.literal(2)]),
        /** Left out where each volume's own numbers gave it. */
        window: z.tuple([z.number(), z.number()]).readonly().optional(),
      }),
    )
    .optional(),
  /** What the images that it was trained on look like; models of before did not say. */
  examples: z.array(examplesSchema).optional(),
};
