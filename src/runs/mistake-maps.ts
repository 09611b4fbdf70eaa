// Where a classifier looked in its most confident mistakes, as pictures for the report.

import type { Classifier } from "../assemble/classifier.ts";
import { predictActivations } from "../assemble/predict-activations.ts";
import type { Normalisation } from "../assemble/views.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import { heatOverlay, heatSize } from "../pictures/heat-overlay.ts";
import type { Engine } from "../runtime/engine.ts";
import { picturePng } from "#picture-png";
import { base64Of } from "../pictures/base64.ts";
import type { WrongLabel } from "./run-report-data.ts";

/** Width of a picture in pixels, about. */
const shownWidth = 160;
/** Images in one batch of predictions. */
const batch = 16;

/**
 * The image of each mistake with the map of its class over it.
 * @param set the images that the mistakes are of
 * @returns PNG files in base64, in the order of the mistakes
 * @throws DataError when a file of the cache was changed meanwhile
 */
export async function mistakeMaps(
  engine: Engine,
  classifier: Classifier,
  normalisation: Normalisation,
  set: ImageSet,
  wrong: readonly WrongLabel[],
): Promise<string[]> {
  const pictures = new Map<WrongLabel, string>();
  const rows = [...new Set(wrong.map(({ row }) => row))].sort((a, b) => a - b);
  if (rows.length === 0) return [];
  const { zoom, size } = heatSize(set, shownWidth);
  const { height, width, channels } = set;
  await predictActivations(
    ...([engine, classifier, set, normalisation, batch] as const),
    (row, { pixels, enlarged }) => {
      const image = { height, width, channels, pixels };
      for (const each of wrong) {
        if (each.row !== row) continue;
        const picture = heatOverlay(image, enlarged[each.column], zoom);
        pictures.set(each, base64Of(picturePng(picture)));
      }
    },
    { rows, size },
  );
  return wrong.map((each) => pictures.get(each) ?? "");
}
