// Images as bytes, into what a network takes.

import { augmentImages } from "./augment.ts";
import { normaliseImages } from "./normalise.ts";

export { unchanged, type AugmentImagesAttributes, type ViewSettings } from "./augment-attributes.ts";
export type { NormaliseImagesAttributes } from "./normalise.ts";

export const imageOperators = { normaliseImages, augmentImages } as const;
