// The path of a file or folder in a manifest.
import { z } from "zod";
import { escapes, whyOutside, withSlashes } from "../../files/path-text.ts";

/** A file or folder below the data root, with forward slashes; backslashes, as Windows writes them, are read as these. */
export const path = z
  .string()
  .min(1)
  .transform(withSlashes)
  .refine((text) => !escapes(text), {
    error: ({ input }) => {
      const text = String(input);
      const why = whyOutside(text) ?? "leads out of it";
      return `leaves the data root: "${text}" ${why}; write a path below it, as in images/train`;
    },
  });
