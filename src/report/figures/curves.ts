// What happened in the course of a run: its losses by step, its score by epoch.

import * as Plot from "@observablehq/plot";
import { shownTerms } from "../../training/loss-terms.ts";
import { draw, grid, label, pageWidth, type Drawing } from "../html/drawing.ts";
import { digits, fixed, whole } from "../html/number-text.ts";
import type { Figure, TableContent } from "../html/page.ts";
import { muted, palette, paper } from "../html/style.ts";
import type { OverlapSummary } from "../../metrics/overlap.ts";
import type { EpochLine, RunMetrics, TaskReport } from "../../runs/metrics-lines.ts";
import { termName, termTitle } from "./term-titles.ts";

/** The most points of a curve that a page can show apart. */
const mostPoints = 300;
/** The most rows of a table that somebody reads. */
const mostRows = 100;

/** Some steps in a row, drawn as one point. */
interface Point {
  readonly step: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

/** Joins steps to at most `mostPoints` points, each of the same number of steps. */
function pointsOf(steps: RunMetrics["steps"], term: string): Point[] {
  const each = Math.ceil(steps.length / mostPoints);
  return Array.from({ length: Math.ceil(steps.length / each) }, (_, i) => {
    const piece = steps.slice(i * each, (i + 1) * each);
    const values = piece.map(({ losses }) => losses[term]);
    return {
      step: piece[piece.length - 1].step,
      low: Math.min(...values),
      high: Math.max(...values),
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    };
  });
}

/** The moving mean of the points, over a twentieth of the run. */
function smoothed(points: readonly Point[]): { readonly step: number; readonly mean: number }[] {
  const reach = Math.floor(points.length / 40);
  return points.map(({ step }, i) => {
    const around = points.slice(Math.max(0, i - reach), i + reach + 1);
    return { step, mean: around.reduce((sum, { mean }) => sum + mean, 0) / around.length };
  });
}

/** @param warmup the last step of the warm-up; 0 without a warm-up */
export function lossCurves({ steps, epochs }: RunMetrics, warmup: number): Figure | undefined {
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  // The first is drawn even where it is nothing: every run has it.
  const used = shownTerms(Object.keys(last.losses)).filter(
    (term, i) => i === 0 || steps.some(({ losses }) => losses[term] !== 0),
  );
  const panels = used.map((term, i): Drawing => {
    const points = pointsOf(steps, term);
    const colour = palette[i % palette.length];
    const bottom = i === used.length - 1;
    return draw({
      ...{ width: pageWidth, height: bottom ? 178 : 140, marginLeft: 52, marginRight: 16, marginTop: 26 },
      marginBottom: bottom ? 38 : 14,
      x: {
        domain: [0, last.step],
        label: bottom ? "step" : null,
        ticks: bottom ? 8 : [],
        labelArrow: "none",
      },
      y: { label: null, zero: true, ticks: 4, nice: true, grid: true },
      marks: [
        Plot.areaY(points, { x: "step", y1: "low", y2: "high", fill: colour, fillOpacity: 0.22 }),
        Plot.lineY(points, { x: "step", y: "mean", stroke: colour, strokeOpacity: 0.4, strokeWidth: 1 }),
        Plot.lineY(smoothed(points), { x: "step", y: "mean", stroke: colour, strokeWidth: 2 }),
        ...(warmup > 0 && warmup < last.step
          ? [
              Plot.ruleX([warmup], { stroke: muted, strokeDasharray: "4 3" }),
              ...(i === 0
                ? [
                    Plot.text([warmup], {
                      ...{ x: (step: number) => step, frameAnchor: "top", text: () => "warm-up ends" },
                      ...{ textAnchor: warmup < last.step * 0.8 ? "start" : "end", dy: 3 },
                      ...{
                        dx: warmup < last.step * 0.8 ? 5 : -5,
                        fill: muted,
                        stroke: paper,
                        strokeWidth: 4,
                      },
                    }),
                  ]
                : []),
            ]
          : []),
        Plot.text([termTitle(term)], {
          frameAnchor: "top-left",
          dy: -20,
          dx: -44,
          text: (text: string) => text,
          fontWeight: 600,
        }),
      ],
    });
  });
  return {
    id: "loss",
    title: "Losses by step",
    text: lossText(used, steps.length, epochs, warmup),
    drawing: grid(panels, 1, 4),
    table: epochTable(epochs, Object.keys(last.losses)),
  };
}

function lossText(
  used: readonly string[],
  steps: number,
  epochs: readonly EpochLine[],
  warmup: number,
): string {
  const [first, last] = [epochs.at(0), epochs.at(-1)];
  const sentences = [`Losses of ${whole(steps)} steps.`];
  if (first !== undefined && last !== undefined && last !== first) {
    const of = used.map((term) => {
      const [from, to] = [first, last].map(
        ({ epoch, losses }) => `${digits(losses[term])} in epoch ${epoch}`,
      );
      return `${termName(term)} from ${from} to ${to}`;
    });
    sentences.push(`Means over epochs: ${of.join("; ")}.`);
  }
  if (warmup > 0) sentences.push(`Up to step ${whole(warmup)} (warm-up) only given labels taught.`);
  sentences.push(
    steps > mostPoints
      ? `The thin line is the mean of every ${Math.ceil(steps / mostPoints)} steps, the band their range; the thick one is smoothed.`
      : "The thin line is each step, the thick one is smoothed.",
  );
  return sentences.join(" ");
}

function epochTable(epochs: readonly EpochLine[], terms: readonly string[]): TableContent {
  const every = Math.ceil(epochs.length / mostRows);
  const shown = epochs.filter((_, i) => i % every === 0 || i === epochs.length - 1);
  return {
    caption: every > 1 ? `Means over each epoch; every ${every}th epoch is shown` : "Means over each epoch",
    head: ["epoch", "learning rate", ...terms.map(termName)],
    rows: shown.map(({ epoch, learningRate, losses }) => [
      String(epoch),
      digits(learningRate, 3),
      ...terms.map((term) => digits(losses[term])),
    ]),
  };
}

/** The number that a task's reports begin with, and what figures call it. */
interface CurvedScore {
  readonly value: (report: TaskReport | undefined) => unknown;
  readonly id: string;
  readonly title: string;
  /** What it is measured on. */
  readonly of: string;
}

const meanAucField = "meanAuc";
const meanAucCurve = {
  ...{ value: (report: TaskReport | undefined) => report?.[meanAucField] },
  ...{ id: "auc-curve", title: "Mean AUC", of: "images" },
};
/** Of a segmenter, by which its validation chooses. */
const meanDiceCurve = {
  ...{
    value: (report: TaskReport | undefined) =>
      (report?.overlap as Partial<OverlapSummary> | undefined)?.meanDice,
  },
  ...{ id: "dice-curve", title: "Mean Dice", of: "images" },
};

/**
 * The first field of the reports that can be a score, which is from 0 to 1 and null where it is not defined; undefined where
 * there is none.
 */
function curvedScore(epochs: readonly EpochLine[]): CurvedScore | undefined {
  const canBeScore = (value: unknown): boolean =>
    value === null || (typeof value === "number" && value >= 0 && value <= 1);
  for (const report of epochs.flatMap(({ report, validation }) => [report ?? {}, validation ?? {}])) {
    if (meanDiceCurve.value(report) !== undefined) return meanDiceCurve;
    const found = Object.entries(report).find(([, value]) => canBeScore(value));
    if (found === undefined) continue;
    const [field] = found;
    if (field === meanAucField) return meanAucCurve;
    return { value: (own) => own?.[field], id: "score-curve", title: label(field, 60), of: "data" };
  }
  return undefined;
}

/** @param kept the epoch whose weights were kept */
export function scoreCurves({ epochs }: RunMetrics, kept: number | undefined): Figure | undefined {
  const shown = curvedScore(epochs);
  if (shown === undefined) return undefined;
  const { value: scoreOf, id, title, of } = shown;
  const curves = [
    { name: "validation", value: ({ validation }: EpochLine) => numberIn(scoreOf(validation)) },
    { name: "test", value: ({ report }: EpochLine) => numberIn(scoreOf(report)) },
  ].flatMap(({ name, value }, i) => {
    const points = epochs.flatMap((line) => {
      const score = value(line);
      return score === undefined ? [] : [{ epoch: line.epoch, score }];
    });
    return points.length < 2 ? [] : [{ name, value, points, colour: palette[i] }];
  });
  if (curves.length === 0) return undefined;
  const all = curves.flatMap(({ points }) => points);
  const marked = kept !== undefined && kept > 0 && kept < epochs.length ? [kept] : [];
  const drawing = draw({
    ...{ width: pageWidth, height: 260, marginLeft: 52, marginRight: 76, marginTop: 22, marginBottom: 38 },
    x: {
      ...{ domain: [1, epochs.length], label: "epoch", labelArrow: "none", tickFormat: "d" },
      ticks: Math.min(epochs.length - 1, 10),
    },
    y: { label: null, nice: true, grid: true, ticks: 5 },
    marks: [
      Plot.ruleX(marked, { stroke: muted, strokeDasharray: "4 3" }),
      Plot.text(marked, {
        x: (epoch: number) => epoch,
        frameAnchor: "top",
        dy: -14,
        text: () => "kept",
        fill: muted,
      }),
      ...curves.flatMap(({ name, points, colour }) => [
        Plot.lineY(points, { x: "epoch", y: "score", stroke: colour, strokeWidth: 2 }),
        ...(points.length > 40 ? [] : [Plot.dot(points, { x: "epoch", y: "score", fill: colour, r: 2.5 })]),
        Plot.text(points.slice(-1), {
          ...{
            x: "epoch",
            y: "score",
            text: () => name,
            textAnchor: "start",
            dx: 8,
            fill: colour,
            fontWeight: 600,
          },
          // Names must not overlap.
          dy: curves.length < 2 ? 0 : points === highest(curves).points ? -7 : 7,
        }),
      ]),
    ],
  });
  const text = curves.map(({ name, points }) => {
    const best = points.reduce((high, point) => (point.score > high.score ? point : high));
    const last = points[points.length - 1];
    return (
      `${title} on the ${name} ${of}: ${fixed(points[0].score, 4)} after epoch ${points[0].epoch}, ` +
      `${fixed(last.score, 4)} after epoch ${last.epoch}, highest ${fixed(best.score, 4)} after epoch ${best.epoch}.`
    );
  });
  if (marked.length > 0) text.push(`The weights of epoch ${marked[0]} were kept.`);
  const every = Math.ceil(new Set(all.map(({ epoch }) => epoch)).size / mostRows);
  return {
    id,
    title: `${title} by epoch`,
    text: text.join(" "),
    drawing,
    table: {
      ...(every > 1 ? { caption: `Every ${every}th epoch is shown` } : {}),
      head: ["epoch", ...curves.map(({ name }) => name)],
      rows: epochs
        .filter((_, i) => i % every === 0 || i === epochs.length - 1)
        .map((line) => [String(line.epoch), ...curves.map(({ value }) => fixed(value(line), 4))]),
    },
  };
}

const numberIn = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

function highest<Curve extends { readonly points: readonly { readonly score: number }[] }>(
  curves: readonly Curve[],
): Curve {
  const end = ({ points }: Curve): number => points[points.length - 1].score;
  return curves.reduce((high, curve) => (end(curve) > end(high) ? curve : high));
}
