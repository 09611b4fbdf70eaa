// What a run predicted for each of its test images, as a table that other programs read, too: probability and label of
// each class.

import { checkCells, readRunTable } from "./run-table.ts";
import { csvText } from "../files/csv-text.ts";
import { absent, isSoft, negative, positive, softState, targetOf } from "../labels/states.ts";
import type { PredictedImage, TestPredictions } from "./test-predictions.ts";

const columns = ["source", "image", "patient"] as const;
const columnsOf = (name: string): readonly string[] => [`${name} probability`, `${name} label`];

/**
 * The table as CSV: a row an image. A label is 1, 0, blank where it is absent, and has two decimals where it is soft;
 * probabilities have all their digits. They rank images as the logits do, so that metrics of the table are those of the run,
 * but for images whose logits differ and whose probabilities do not (see `probabilitiesOf`): they are ties here.
 */
export function predictionsText({ classes, images, probabilities, states }: TestPredictions): string {
  const width = classes.length;
  return csvText([
    [...columns, ...classes.flatMap(columnsOf)],
    ...images.map(({ source, image, patient }, row) => [
      ...[source, image, patient],
      ...classes.flatMap((_, k) => [probabilities[row * width + k], labelText(states[row * width + k])]),
    ]),
  ]);
}

function labelText(state: number): string {
  return isSoft(state) ? (targetOf(state)?.toFixed(2) ?? "") : state === absent ? "" : String(state);
}

/**
 * Reads a table that `predictionsText` made.
 * @throws RunFolderError naming file and line when it cannot be read, or is no such table
 */
export function readPredictions(file: string, classes: readonly string[]): TestPredictions {
  const expected = [...columns, ...classes.flatMap(columnsOf)];
  const table = readRunTable(file, expected);
  const { body, refuse } = table;
  const width = classes.length;
  const probabilities = new Float64Array(body.length * width);
  const states = new Uint8Array(body.length * width);
  const rowOf = new Map<string, number>();
  const images = body.map((cells, row): PredictedImage => {
    checkCells(table, cells, row, expected);
    const key = JSON.stringify(cells.slice(0, 2));
    const before = rowOf.get(key);
    if (before !== undefined)
      refuse(
        `row ${row + 1} is of the image ${JSON.stringify(cells[1])} of ${cells[0]}, as row ${before + 1} is`,
      );
    rowOf.set(key, row);
    for (let k = 0; k < width; k++) {
      const [probability, label] = cells.slice(columns.length + 2 * k);
      const value = probability === "" ? NaN : Number(probability);
      if (!(value >= 0 && value <= 1)) {
        refuse(`row ${row + 1}: ${JSON.stringify(probability)} of ${classes[k]} is no probability`);
      }
      const state = stateOf(label);
      if (state === undefined)
        refuse(`row ${row + 1}: ${JSON.stringify(label)} of ${classes[k]} is no label`);
      probabilities[row * width + k] = value;
      states[row * width + k] = state ?? absent;
    }
    const [source, image, patient] = cells;
    return { source, image, patient };
  });
  return { classes, images, probabilities, states };
}

function stateOf(label: string): number | undefined {
  if (label === "") return absent;
  if (label === "0") return negative;
  if (label === "1") return positive;
  return /^(0\.\d\d|1\.00)$/.test(label) ? softState(Number(label)) : undefined;
}
