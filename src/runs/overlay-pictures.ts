// Test images for a run's report with what is given, what the run predicts and what is wrong: of each class the worst and a typical
// one. They are kept in report.json, since the images are gone when the run is over.

import { PNG } from "pngjs";
import { predictPixels, type PixelSettings } from "../assemble/pixel-predictions.ts";
import type { Segmenter } from "../assemble/segmenter.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import { ImageReader } from "../data/assembly/image-reader.ts";
import { absent } from "../labels/states.ts";
import { overlapScores, type Overlaps } from "../metrics/overlap.ts";
import type { Cell } from "../pictures/contact-sheet.ts";
import { mistakes, overlay } from "../pictures/overlay.ts";
import { zoomTo } from "../pictures/zoom.ts";
import type { Engine } from "../runtime/engine.ts";
import { overlayKinds, type OverlayPicture } from "./overlay-record.ts";
import type { PredictedImage, TestPredictions } from "./test-predictions.ts";

/** The most classes that pictures are made of. */
const mostClasses = 12;
/** Width of a panel in pixels, about. */
const panelWidth = 200;
/** Pixels between panels. */
const gap = 6;

/** An image to be shown for a class. */
export interface ChosenOverlay {
  readonly row: number;
  readonly column: number;
  readonly kind: (typeof overlayKinds)[number];
  readonly dice: number;
}

/**
 * Of each class the image with the lowest Dice, and one in the middle, among those with given pixels; where there are more
 * than twelve classes, of those whose median is lowest. In order of classes.
 */
export function chosenOverlays(overlaps: Overlaps, width: number): ChosenOverlay[] {
  const byClass = Array.from({ length: width }, (_, column) => {
    const shown: { readonly row: number; readonly dice: number }[] = [];
    for (let at = column; at < overlaps.given.length; at += width) {
      const { dice } = overlapScores(overlaps.given[at], overlaps.predicted[at], overlaps.both[at]);
      if (dice !== null) shown.push({ row: Math.floor(at / width), dice });
    }
    shown.sort((a, b) => a.dice - b.dice || a.row - b.row);
    return { column, shown, median: shown.at(Math.floor(shown.length / 2))?.dice ?? 1 };
  });
  return byClass
    .toSorted((a, b) => a.median - b.median || a.column - b.column)
    .slice(0, mostClasses)
    .sort((a, b) => a.column - b.column)
    .flatMap(({ column, shown }) => {
      const picked = { worst: shown.at(0), typical: shown.at(Math.floor(shown.length / 2)) };
      // One image is its own worst and typical one.
      const kinds = shown.length > 1 ? overlayKinds : (["typical"] as const);
      return kinds.flatMap((kind) => {
        const found = picked[kind];
        return found === undefined ? [] : [{ column, kind, ...found }];
      });
    });
}

/**
 * The pictures of `chosenOverlays`.
 * @param set the images that the predictions are of
 * @throws DataError when a file of the cache was changed meanwhile
 */
export async function overlayPictures(
  engine: Engine,
  segmenter: Segmenter,
  settings: PixelSettings,
  set: ImageSet,
  { classes, images }: Pick<TestPredictions, "classes" | "images">,
  overlaps: Overlaps,
): Promise<OverlayPicture[]> {
  const chosen = chosenOverlays(overlaps, classes.length);
  const rows = [...new Set(chosen.map(({ row }) => row))].sort((a, b) => a - b);
  const strips = await stripsOf(engine, segmenter, settings, set, rows);
  return chosen.map(({ row, column, kind, dice }) => {
    const { source, image, patient }: PredictedImage = images[row];
    const unknown = classes.filter((_, k) => set.states[row * classes.length + k] === absent);
    const picture = { class: classes[column], kind, dice, source, image, patient, unknown };
    return { ...picture, png: strips.get(row) ?? "" };
  });
}

/** PNG files in base64, by row. */
async function stripsOf(
  engine: Engine,
  segmenter: Segmenter,
  settings: PixelSettings,
  set: ImageSet,
  rows: readonly number[],
): Promise<Map<number, string>> {
  const strips = new Map<number, string>();
  if (rows.length === 0) return strips;
  const reader = new ImageReader([set], rows.length);
  try {
    const { pixels, maps, states, count } = await reader.read(Uint32Array.from(rows));
    const { source, height, width, channels } = set;
    const some = {
      source,
      count,
      height,
      width,
      channels,
      pixels,
      states,
      ...(maps === undefined ? {} : { maps }),
    };
    const classes = states.length / count;
    await predictPixels(engine, segmenter, some, settings, {
      image: (i, predicted) => {
        const each = height * width * channels;
        const own = { height, width, channels, pixels: pixels.subarray(i * each, (i + 1) * each) };
        const given = maps?.subarray(i * height * width, (i + 1) * height * width);
        const known = Array.from(
          states.subarray(i * classes, (i + 1) * classes),
          (state) => state !== absent,
        );
        const shown = { image: own, given, known, zoom: zoomTo(width, panelWidth) };
        strips.set(
          rows[i],
          strip([
            overlay(shown),
            overlay({ ...shown, given: undefined, predicted }),
            mistakes({ ...shown, predicted }),
          ]).toString("base64"),
        );
      },
    });
  } finally {
    await reader.close();
  }
  return strips;
}

/** A PNG file of RGB panels of one size, from left to right. */
function strip(panels: readonly Cell[]): Buffer {
  const [{ height, width }] = panels;
  const png = new PNG({ width: panels.length * (width + gap) - gap, height });
  for (const [column, { pixels }] of panels.entries()) {
    for (let y = 0, from = 0; y < height; y++) {
      let to = 4 * (y * png.width + column * (width + gap));
      for (let x = 0; x < width; x++, from += 3, to += 4) {
        png.data.set(pixels.subarray(from, from + 3), to);
        png.data[to + 3] = 255;
      }
    }
  }
  return PNG.sync.write(png);
}
