// What a run's report shows that only the run itself can see, since the images are gone when it is over: the labels it
// learned from, and its most confident mistakes with their pictures. It is kept in report.json.

import { picturePng } from "#picture-png";
import { z } from "zod";
import { ImageReader } from "../data/assembly/image-reader.ts";
import type { TestPredictions } from "./test-predictions.ts";
import { kindOf, type LabelCoverage } from "../data/inspection/counts.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import type { Cell } from "../pictures/contact-sheet.ts";
import { overlaySchema, type OverlayPicture } from "./overlay-record.ts";
import { base64Of } from "../pictures/base64.ts";
import { shrunk } from "../pictures/zoom.ts";

const count = z.int().min(0);
const labelCount = z.strictObject({
  ...{ positive: count, negative: count, absent: count, soft: count, uncertain: count },
});
export const coverageSchema = z
  .array(
    z.strictObject({
      ...{ source: z.string(), part: z.enum(["train", "validation", "test"]), images: count },
      classes: z.array(labelCount).readonly(),
    }),
  )
  .readonly();
export const mistakeSchema = z.strictObject({
  class: z.string(),
  label: z.enum(["positive", "negative"]),
  probability: z.number().min(0).max(1),
  ...{ source: z.string(), image: z.string(), patient: z.string() },
  /** A PNG file in base 64. */
  png: z.base64(),
  /** Of a classifier: the same with a map of where it looked for the class over it. */
  heat: z.base64().exactOptional(),
});
export const reportDataSchema = z.strictObject({
  version: z.literal(1),
  coverage: coverageSchema,
  mistakes: z.array(mistakeSchema),
  /** Of a segmenter. */
  overlays: z.array(overlaySchema).exactOptional(),
});

/** `report.json`. */
export type RunReportData = z.output<typeof reportDataSchema>;
export type Mistake = RunReportData["mistakes"][number];

/** Of a class: so many that were missed, and so many that were wrongly found. */
const perKind = 3;
/** Of all classes. */
const mostMistakes = 40;
/** A picture's longer side, in pixels. */
const largest = 112;

/** A label that a run got wrong: by its probability, over or under one half, the other one is likelier. */
export interface WrongLabel {
  readonly row: number;
  readonly column: number;
  readonly label: "positive" | "negative";
  readonly probability: number;
  /** Of equally bad ones of its class and kind, which it is. */
  readonly rank: number;
}

/**
 * The most confident mistakes of each class, at most three of either kind and forty in all; where there are more, the
 * first of each class and kind come before the second. In order of classes.
 */
export function confidentMistakes({ classes, probabilities, states }: TestPredictions): WrongLabel[] {
  const confidence = ({ probability }: WrongLabel): number => Math.abs(probability - 0.5);
  const width = classes.length;
  const found = classes.flatMap((_, column) =>
    (["positive", "negative"] as const).flatMap((label) => {
      const wrong: WrongLabel[] = [];
      for (let at = column; at < states.length; at += width) {
        const probability = probabilities[at];
        if (kindOf(states[at]) !== label || probability === 0.5) continue;
        if (label === "positive" ? probability > 0.5 : probability < 0.5) continue;
        wrong.push({ row: Math.floor(at / width), column, label, probability, rank: 0 });
      }
      return wrong
        .sort((a, b) => confidence(b) - confidence(a) || a.row - b.row)
        .slice(0, perKind)
        .map((each, rank) => ({ ...each, rank }));
    }),
  );
  return found
    .toSorted((a, b) => a.rank - b.rank || confidence(b) - confidence(a))
    .slice(0, mostMistakes)
    .sort((a, b) => a.column - b.column || a.label.localeCompare(b.label, "en") || a.rank - b.rank);
}

/** Pictures of where a classifier looked, PNG in base64, one for each mistake. */
export type MistakeHeat = (wrong: readonly WrongLabel[]) => Promise<readonly string[]>;

/**
 * @param set the images that the predictions are of
 * @throws DataError when a file of the cache was changed meanwhile
 */
export async function reportDataOf(
  predictions: TestPredictions,
  set: ImageSet,
  coverage: readonly LabelCoverage[],
  overlays?: readonly OverlayPicture[],
  heat?: MistakeHeat,
): Promise<RunReportData> {
  const found = await shownMistakes(predictions, set, heat);
  return {
    ...{ version: 1, coverage, mistakes: found.map(({ mistake }) => mistake) },
    ...(overlays === undefined ? {} : { overlays: [...overlays] }),
  };
}

/**
 * The most confident mistakes with their pictures, and where in the predictions each is.
 * @param set the images that the predictions are of
 * @throws DataError when a file of the cache was changed meanwhile
 */
export async function shownMistakes(
  predictions: TestPredictions,
  set: ImageSet,
  heat?: MistakeHeat,
): Promise<{ readonly row: number; readonly column: number; readonly mistake: Mistake }[]> {
  const wrong = confidentMistakes(predictions);
  const pictures = await thumbnails(new Set(wrong.map(({ row }) => row)), set);
  const looked = await heat?.(wrong);
  return wrong.map(({ row, column, label, probability }, i) => ({
    ...{ row, column },
    mistake: {
      ...{ class: predictions.classes[column], label, probability, ...predictions.images[row] },
      png: pictures.get(row) ?? "",
      ...(looked === undefined ? {} : { heat: looked[i] }),
    },
  }));
}

/** PNG files in base 64, by row. */
async function thumbnails(rows: ReadonlySet<number>, set: ImageSet): Promise<Map<number, string>> {
  const pictures = new Map<number, string>();
  if (rows.size === 0) return pictures;
  const reader = new ImageReader([set], 1);
  try {
    for (const row of rows) {
      const { pixels } = await reader.read(Uint32Array.of(row));
      const { height, width, channels } = set;
      pictures.set(row, thumbnail({ height, width, channels, pixels }));
    }
  } finally {
    await reader.close();
  }
  return pictures;
}

/** A PNG file of an image in base 64, shrunk where it is large. */
const thumbnail = (image: Cell): string =>
  base64Of(picturePng(shrunk(image, Math.ceil(Math.max(image.height, image.width) / largest))));
