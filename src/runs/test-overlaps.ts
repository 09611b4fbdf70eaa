// How many pixels of each test image a segmenter got right, as a table that other programs read, too: from these counts follow
// Dice and IoU of images, patients and sources.

import { checkCells, readRunTable } from "./run-table.ts";
import { csvText } from "../files/csv-text.ts";
import { absent } from "../labels/states.ts";
import type { Overlaps } from "../metrics/overlap.ts";
import type { PredictedImage, TestPredictions } from "./test-predictions.ts";

const columns = ["source", "image", "patient"] as const;
const counts = ["given", "predicted", "both"] as const satisfies readonly (keyof Overlaps)[];
const cellsOf = [...counts, "located"] as const;
const headOf = (classes: readonly string[]): readonly string[] => [
  ...columns,
  ...classes.flatMap((name) => cellsOf.map((cell) => `${name} ${cell}`)),
];

/** What the table has of each image and class, [N, K] each. */
export interface ImageOverlaps extends Overlaps {
  /** 1 where one of the pixels that the image's score of the class is of lies in the outline, absent without one; see `PixelPredictions`. */
  readonly located: Uint8Array;
}

/**
 * The table as CSV: a row an image, and for each class the pixels that are given as the class, that are predicted so (of which the second
 * score of a patient is made), and that are both, and whether the score lies in the outline. Cells are blank where the image's source does
 * not outline the class, and the last one where no pixel of the image is given as the class.
 */
export function overlapsText(
  { classes, images, states }: Pick<TestPredictions, "classes" | "images" | "states">,
  overlaps: ImageOverlaps,
): string {
  const width = classes.length;
  return csvText([
    headOf(classes),
    ...images.map(({ source, image, patient }, row) => [
      ...[source, image, patient],
      ...classes.flatMap((_, k) => {
        const at = row * width + k;
        const isBlank = (cell: (typeof cellsOf)[number]): boolean =>
          states[at] === absent || (cell === "located" && overlaps.located[at] === absent);
        return cellsOf.map((cell) => (isBlank(cell) ? null : overlaps[cell][at]));
      }),
    ]),
  ]);
}

/** The counts, and whose images they are of, in their order. */
export interface TestOverlaps extends ImageOverlaps {
  readonly images: readonly PredictedImage[];
}

/**
 * Reads a table that `overlapsText` made; counts of absent classes are 0, and they lie nowhere.
 * @throws RunFolderError naming file and line when it cannot be read, or is no such table
 */
export function readOverlaps(file: string, classes: readonly string[]): TestOverlaps {
  const expected = headOf(classes);
  const table = readRunTable(file, expected);
  const { body, refuse } = table;
  const size = body.length * classes.length;
  const found = {
    given: new Uint32Array(size),
    predicted: new Uint32Array(size),
    both: new Uint32Array(size),
    located: new Uint8Array(size),
  };
  const images = body.map((cells, row): PredictedImage => {
    checkCells(table, cells, row, expected);
    for (const [i, cell] of cells.slice(columns.length).entries()) {
      const at = row * classes.length + Math.floor(i / cellsOf.length);
      const what = cellsOf[i % cellsOf.length];
      const isOdd = what === "located" ? !/^[01]?$/u.test(cell) : !/^\d{0,9}$/u.test(cell);
      if (isOdd) {
        const kind = what === "located" ? "neither 0 nor 1" : "no number of pixels";
        refuse(`row ${row + 1}: ${JSON.stringify(cell)} is ${kind}`);
      }
      found[what][at] = what === "located" && cell === "" ? absent : Number(cell);
    }
    for (const [k, name] of classes.entries()) {
      const at = row * classes.length + k;
      if (found.both[at] <= Math.min(found.given[at], found.predicted[at])) continue;
      refuse(`row ${row + 1}: ${found.both[at]} pixels of ${name} are more than are given, or predicted`);
    }
    const [source, image, patient] = cells;
    return { source, image, patient };
  });
  return { images, ...found };
}
