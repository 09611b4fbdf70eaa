// Whether a run's probabilities mean what they say: a reliability diagram for each class, before and after a temperature.

import * as Plot from "@observablehq/plot";
import type { TestPredictions } from "../../runs/test-predictions.ts";
import {
  calibrationBins,
  expectedCalibrationError,
  reliabilityPoints,
  type ReliabilityPoint,
} from "../../metrics/calibration.ts";
import { grid } from "../html/drawing.ts";
import { fixed, whole } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { palette } from "../html/style.ts";
import { columns, columnsOf, gap, square } from "./roc-curves.ts";

type Column = ReturnType<typeof columnsOf>[number];

/** The column with its logits divided by the temperature. */
function temperedColumn(
  { probabilities, labels }: Column,
  temperature: number,
): { readonly points: readonly ReliabilityPoint[]; readonly error: number } {
  // A probability of 0 or 1 is of a logit without end, and stays.
  const tempered = probabilities.map((p) => 1 / (1 + Math.exp(-Math.log(p / (1 - p)) / temperature)));
  return {
    points: reliabilityPoints(tempered, labels),
    error: expectedCalibrationError(tempered, labels) ?? NaN,
  };
}

function temperedText(
  found: readonly (Column & { readonly after: ReturnType<typeof temperedColumn> | undefined })[],
  temperature: number | undefined,
): string {
  const both = found.flatMap(({ probabilities, labels, after }) =>
    after === undefined
      ? []
      : [[expectedCalibrationError(probabilities, labels) ?? NaN, after.error] as const],
  );
  if (temperature === undefined || both.length === 0) return "";
  const mean = (at: 0 | 1): string => fixed(both.reduce((sum, pair) => sum + pair[at], 0) / both.length, 3);
  return (
    ` The blue curve is of the run as it ended, the orange one of its model since tessera calibrate: logits divided by ` +
    `${temperature.toPrecision(4)}. The mean error was ${mean(0)}, and is ${mean(1)}.`
  );
}

/**
 * @param temperature that the logits are divided by since the run ended: then both are drawn
 * @returns undefined where no label is given
 */
export function calibration(predictions: TestPredictions, temperature?: number): Figure | undefined {
  const found = columnsOf(predictions).flatMap((column) => {
    const points = reliabilityPoints(column.probabilities, column.labels);
    if (points.length === 0) return [];
    const after = temperature === undefined ? undefined : temperedColumn(column, temperature);
    return [{ ...column, points, after }];
  });
  if (found.length === 0) return undefined;
  const errorOf = ({ probabilities, labels }: Column): number =>
    expectedCalibrationError(probabilities, labels) ?? NaN;
  const errors = found.map((column) => ({ column, error: errorOf(column) }));
  const sorted = errors.toSorted((a, b) => a.error - b.error);
  const [best, worst] = [sorted[0], sorted[sorted.length - 1]];
  const describe = ({ column, error }: (typeof errors)[number]): string =>
    `${fixed(error, 3)} (${column.name})`;
  return {
    id: "calibration",
    title: "Calibration by class",
    text:
      `Share of the test images that have the class, against the predicted probability, in up to ${calibrationBins} groups of about ` +
      "equally many images. Points on the dashed diagonal mean what they say; below it the run is too sure of the class. " +
      `Expected calibration error: from ${describe(best)} to ${describe(worst)}.` +
      temperedText(found, temperature),
    drawing: grid(
      found.map(({ name, points, after }) =>
        square(
          name,
          ["probability", "share positive"],
          [
            Plot.line(points, { x: "predicted", y: "observed", stroke: palette[0], strokeWidth: 1.5 }),
            Plot.dot(points, { x: "predicted", y: "observed", fill: palette[0], r: 3 }),
            ...(after === undefined
              ? []
              : [
                  Plot.line(after.points, {
                    x: "predicted",
                    y: "observed",
                    stroke: palette[1],
                    strokeWidth: 1.5,
                  }),
                  Plot.dot(after.points, { x: "predicted", y: "observed", fill: palette[1], r: 3 }),
                ]),
          ],
        ),
      ),
      columns,
      gap,
    ),
    table: {
      caption: "The points of the chart: groups of test images by their probability",
      head: [
        ...["class", "images", "mean probability", "share positive"],
        ...(temperature === undefined ? [] : ["mean probability, calibrated"]),
      ],
      rows: found.flatMap(({ name, points, after }) =>
        points.map(({ count, predicted, observed }, i) => [
          ...[name, whole(count), fixed(predicted, 4), fixed(observed, 4)],
          ...(after === undefined ? [] : [fixed(after.points.at(i)?.predicted, 4)]),
        ]),
      ),
    },
  };
}
