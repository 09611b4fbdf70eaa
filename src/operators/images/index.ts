// Images as bytes, into what a network takes, and their label maps.

import { augmentLabels } from "./augment-labels.ts";
import { augmentImages } from "./augment.ts";
import { normaliseImages } from "./normalise.ts";

export {
  unchanged,
  unmoved,
  type AugmentImagesAttributes,
  type AugmentLabelsAttributes,
  type ViewGeometry,
  type ViewSettings,
} from "./augment-attributes.ts";
export type { NormaliseImagesAttributes } from "./normalise.ts";

export const imageOperators = { normaliseImages, augmentImages, augmentLabels } as const;
