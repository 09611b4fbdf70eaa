// How well a run separates the images with a class from those without: a ROC curve for each class.

import * as Plot from "@observablehq/plot";
import type { TestPredictions } from "../../runs/test-predictions.ts";
import { counted } from "../../errors/counted.ts";
import { auc } from "../../metrics/auc.ts";
import { fewestPatients } from "../../metrics/auc-intervals.ts";
import { classColumn } from "../../metrics/score-levels.ts";
import { negative, positive } from "../../labels/states.ts";
import { rocCorners, rocCurve, sensitivityAtSpecificity } from "../../metrics/roc.ts";
import { draw, grid, label, pageWidth, type Drawing } from "../html/drawing.ts";
import { fixed, listed, whole } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { muted, palette, paper } from "../html/style.ts";

/** Number of small pictures in a row. */
export const columns = 4;
export const gap = 12;
const side = Math.floor((pageWidth - (columns - 1) * gap) / columns);
/** The largest step of a curve that is not visible in so small a picture. */
const leastStep = 1 / 200;

interface Column {
  readonly name: string;
  readonly probabilities: Float64Array;
  readonly labels: Float64Array;
  readonly positives: number;
  readonly negatives: number;
}

/** A small picture for each class. */
export function columnsOf({ classes, probabilities, states }: TestPredictions): Column[] {
  return classes.map((name, k) => {
    const labels = classColumn(states, k, classes.length);
    return {
      ...{ name, labels, probabilities: classColumn(probabilities, k, classes.length) },
      positives: labels.filter((state) => state === positive).length,
      negatives: labels.filter((state) => state === negative).length,
    };
  });
}

/** Both rates from 0 to 1. */
export function square(
  title: string,
  axes: readonly [x: string, y: string],
  marks: readonly Plot.Markish[],
): Drawing {
  const axis = (name: string): Plot.ScaleOptions => ({
    ...{
      domain: [0, 1],
      ticks: [0, 0.5, 1],
      tickSize: 0,
      label: name,
      labelAnchor: "center",
      labelArrow: "none",
    },
    tickFormat: (value: number) => String(value),
  });
  return draw({
    ...{ width: side, height: side + 18, marginLeft: 44, marginRight: 8, marginTop: 24, marginBottom: 36 },
    x: axis(axes[0]),
    y: axis(axes[1]),
    marks: [
      Plot.frame({ stroke: muted, strokeOpacity: 0.35 }),
      Plot.line([0, 1], {
        x: (v: number) => v,
        y: (v: number) => v,
        stroke: muted,
        strokeOpacity: 0.6,
        strokeDasharray: "3 3",
      }),
      ...marks,
      Plot.text([label(title, 20)], {
        ...{ frameAnchor: "top-left", dy: -16, dx: -36, text: (text: string) => text, fontWeight: 600 },
      }),
    ],
  });
}

/** The corners of a curve, without those too near to the last one to be seen. */
function visible(
  curve: NonNullable<ReturnType<typeof rocCurve>>,
): { readonly x: number; readonly y: number }[] {
  const { falsePositiveRates, truePositiveRates } = rocCorners(curve);
  const points: { x: number; y: number }[] = [];
  const end = falsePositiveRates.length - 1;
  for (let i = 0; i <= end; i++) {
    const [x, y] = [falsePositiveRates[i], truePositiveRates[i]];
    const before = points.at(-1);
    const far = before === undefined || x - before.x >= leastStep || y - before.y >= leastStep;
    if (far || i === end) points.push({ x, y });
  }
  return points;
}

/** What curves are of, other than test images, and a point on some of them. */
export interface RocWords {
  readonly id: string;
  readonly title: string;
  /** In "on the test images". */
  readonly of: string;
  /** What the points are, as a sentence. */
  readonly pointText: string;
  /** By class. */
  readonly points: ReadonlyMap<string, OperatingRates>;
}

/** Where a threshold lies on its curve. */
export interface OperatingRates {
  readonly sensitivity: number;
  readonly specificity: number;
}

const ofImages: RocWords = {
  ...{ id: "roc", title: "ROC curves over images", of: "images", pointText: "", points: new Map() },
};

/** @returns undefined where no class has labels of both kinds */
export function rocCurves(predictions: TestPredictions, words: RocWords = ofImages): Figure | undefined {
  const { of, points, pointText } = words;
  const found = columnsOf(predictions).flatMap((column) => {
    const curve = rocCurve(column.probabilities, column.labels);
    return curve === null
      ? []
      : [{ ...column, curve, area: auc(column.probabilities, column.labels) ?? NaN }];
  });
  if (found.length === 0) return undefined;
  const sorted = found.toSorted((a, b) => b.area - a.area);
  const [best, worst] = [sorted[0], sorted[sorted.length - 1]];
  const sensitivity = (at: number, { probabilities, labels }: Column): string =>
    fixed(sensitivityAtSpecificity(probabilities, labels, at)?.sensitivity, 3);
  return {
    ...{ id: words.id, title: words.title },
    text:
      `Sensitivity against 1 − specificity on the test ${of}, a picture for each of ${counted(found.length, "class", "classes")}; the dashed ` +
      `diagonal is guessing. Area under the curve: ${listed(found.map(({ name, area }) => `${name} ${fixed(area, 3)}`))}.` +
      (found.length > 1 ? ` The highest is of ${best.name}, the lowest of ${worst.name}.` : "") +
      (points.size === 0 ? "" : ` ${pointText}`) +
      (found.every((each) => fewOf(each) === "")
        ? ""
        : ` Curves of fewer than ${fewestPatients} positive or negative ${of} say so: another few would give other curves.`),
    drawing: grid(
      found.map(({ name, curve, area, ...counts }) =>
        square(
          name,
          ["1 − specificity", "sensitivity"],
          [
            Plot.line(visible(curve), { x: "x", y: "y", stroke: palette[0], strokeWidth: 2 }),
            Plot.dot(pointOf(points.get(name)), {
              ...{ x: "x", y: "y", r: 4.5, fill: palette[1], stroke: paper, strokeWidth: 1.5 },
            }),
            Plot.text([`AUC ${fixed(area, 3)}`], {
              ...{ frameAnchor: "bottom-right", dx: -6, dy: -6, text: (text: string) => text },
            }),
            Plot.text([fewOf(counts)], {
              ...{ frameAnchor: "bottom-right", dx: -6, dy: -22, text: (text: string) => text, fill: muted },
            }),
          ],
        ),
      ),
      columns,
      gap,
    ),
    table: {
      head: ["class", "AUC", "positive", "negative", "sensitivity at specificity .90", "at .95", "at .99"],
      rows: found.map((each) => [
        ...[each.name, fixed(each.area, 4), whole(each.positives), whole(each.negatives)],
        ...[0.9, 0.95, 0.99].map((at) => sensitivity(at, each)),
      ]),
    },
  };
}

/** Which label a curve has too few of for an interval, as its picture says it; "" where it has enough. */
function fewOf({ positives, negatives }: Pick<Column, "positives" | "negatives">): string {
  if (Math.min(positives, negatives) >= fewestPatients) return "";
  return positives < negatives ? counted(positives, "positive") : counted(negatives, "negative");
}

const pointOf = (rates: OperatingRates | undefined): readonly { readonly x: number; readonly y: number }[] =>
  rates === undefined ? [] : [{ x: 1 - rates.specificity, y: rates.sensitivity }];
