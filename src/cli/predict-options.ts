// What `tessera predict` is asked for, of a classifier and of a segmenter.

import type { Part } from "../data/catalogue/listing.ts";
import type { OperatingRule } from "../metrics/operating-points.ts";
import type { ViewOptions } from "./averaged-views.ts";
import type { FolderReading } from "./folder-images.ts";
import type { MapOptions } from "./map-folder.ts";
import type { ModelOptions } from "./model-images.ts";

export interface PredictOptions extends ModelOptions, FolderReading, MapOptions, ViewOptions {
  /** The table; a segmenter that writes masks has a place for it. */
  readonly out?: string | undefined;
  /** Of a segmenter: the folder for label maps. */
  readonly masks?: string;
  /** Whether label maps, or maps of where it looked, may be written into a folder that is not empty. */
  readonly force?: boolean;
  readonly part?: Part | "all";
  /** Whether the table has the given labels, and predictions only where there are none. */
  readonly complete: boolean;
  /** A folder of images or volumes, or one of them, instead of a manifest. */
  readonly images?: string;
  /** Whether the table has logits instead of probabilities. */
  readonly logits: boolean;
  /** Of a classifier: by which of the model's thresholds the table decides. */
  readonly decide?: OperatingRule;
  readonly json: boolean;
}
