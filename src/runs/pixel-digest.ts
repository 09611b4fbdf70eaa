// A digest of what images show: a run goes on with the images that it was begun with, or not at all.

import { sha256 } from "#sha256";
import type { SampleList } from "../data/catalogue/sample-lists.ts";

/**
 * SHA-256 of the pixels of all images before they are resized, and of their label maps, in the order of the lists.
 * @param hashes of the pixels of each image, by list
 */
export function pixelDigest(
  lists: readonly Pick<SampleList, "source" | "part" | "masks">[],
  hashes: readonly (readonly string[])[],
): string {
  const hash = sha256();
  lists.forEach(({ source, part, masks }, i) => {
    hash.update(JSON.stringify([source, part, hashes[i]]));
    if (masks !== undefined) hash.update(masks.maps);
  });
  return hash.hex();
}
