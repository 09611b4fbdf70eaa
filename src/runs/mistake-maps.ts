// Where a classifier looked in its most confident mistakes, as pictures for the report.

import type { Classifier } from "../assemble/classifier.ts";
import { predictActivations } from "../assemble/predict-activations.ts";
import { partOf, type TrainingSettings } from "../assemble/training-settings.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import { heatOverlay } from "../pictures/heat-overlay.ts";
import { heatSize, heatWidth, mostHeatMaps } from "../pictures/heat-size.ts";
import type { Engine } from "../runtime/engine.ts";
import { picturePng } from "#picture-png";
import { base64Of } from "../pictures/base64.ts";
import type { WrongLabel } from "./run-report-data.ts";

/**
 * The image of each mistake with the map of its class over it.
 * @param set the images that the mistakes are of
 * @returns PNG files in base64, in the order of the mistakes
 * @throws DataError when a file of the cache was changed meanwhile
 */
export async function mistakeMaps(
  engine: Engine,
  classifier: Classifier,
  settings: Pick<TrainingSettings, "normalisation" | "batch" | "batchSplit">,
  set: ImageSet,
  wrong: readonly WrongLabel[],
): Promise<string[]> {
  const pictures = new Map<WrongLabel, string>();
  const rows = [...new Set(wrong.map(({ row }) => row))].sort((a, b) => a - b);
  if (rows.length === 0) return [];
  const { zoom, size } = heatSize(set, heatWidth);
  const { height, width, channels } = set;
  const batch = Math.min(mostHeatMaps, partOf(settings.batch, settings));
  await predictActivations(
    ...([engine, classifier, set, settings.normalisation, batch] as const),
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
