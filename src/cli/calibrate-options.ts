// What `tessera calibrate` is asked for.

import type { Part } from "../data/catalogue/listing.ts";
import type { ModelOptions } from "./model-images.ts";

/** What validation images decide of a model after its training. */
export const calibrated = ["temperature", "thresholds"] as const;

export interface CalibrateOptions extends ModelOptions {
  /** Default: validation. */
  readonly part?: Part;
  readonly only?: (typeof calibrated)[number];
  /** Sensitivity, and specificity, of the thresholds; default: `usualRate`. */
  readonly at?: number;
  readonly remove: boolean;
  readonly json: boolean;
}
