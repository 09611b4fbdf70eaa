// The losses of a learning-rate test over the rate.

import * as Plot from "@observablehq/plot";
import type { RateFinding } from "../../training/rate-test.ts";
import { draw, pageWidth } from "../html/drawing.ts";
import type { Figure } from "../html/page.ts";
import { muted, palette, paper } from "../html/style.ts";

/** Shows a learning rate with two digits, such as 0.0034 or 1.2e-6. */
export const showRate = (rate: number): string =>
  rate < 1e-3 ? Number(rate.toPrecision(2)).toExponential() : String(Number(rate.toPrecision(2)));

/** @param ended where the test ended, in words */
export function rateCurve({ points, suggested, least }: RateFinding, ended: string): Figure {
  const worst = Math.max(...points.map(({ smoothed }) => smoothed));
  const best = Math.min(...points.map(({ smoothed }) => smoothed));
  const top = Math.min(worst, points[0].smoothed + 1.5 * (points[0].smoothed - best));
  const [low, high] = [best, Math.max(top, points[0].smoothed)];
  const room = 0.15 * (high - low) || 0.1;
  const marked = suggested === null ? [] : points.filter(({ rate }) => rate === suggested);
  const drawing = draw({
    ...{ width: pageWidth, height: 320, marginLeft: 58, marginRight: 20, marginTop: 24, marginBottom: 42 },
    x: {
      type: "log",
      label: "learning rate",
      labelAnchor: "center",
      labelArrow: "none",
      grid: true,
      tickFormat: showRate,
    },
    y: {
      ...{ domain: [low - room, high + room], clamp: true, label: "loss of a step", labelAnchor: "center" },
      ...{ labelArrow: "none", grid: true },
    },
    marks: [
      Plot.dot(points, { x: "rate", y: "loss", r: 1.8, fill: palette[0], fillOpacity: 0.3, clip: true }),
      Plot.line(points, { x: "rate", y: "smoothed", stroke: palette[0], strokeWidth: 2.2, clip: true }),
      ...(marked.length === 0
        ? []
        : [
            Plot.ruleX(marked, { x: "rate", stroke: muted, strokeDasharray: "4 3" }),
            Plot.dot(marked, { x: "rate", y: "smoothed", r: 5, fill: palette[1], stroke: paper }),
            Plot.text(marked, {
              ...{
                x: "rate",
                frameAnchor: "top",
                dy: -14,
                text: () => `steepest at ${showRate(marked[0].rate)}`,
              },
              fontWeight: 600,
            }),
          ]),
    ],
  });
  const rule =
    suggested === null
      ? "The loss falls by no more than the noise of single steps, so that no rate is suggested."
      : `The smoothed loss falls fastest at ${showRate(suggested)}, the rate that is suggested, and is least at ${showRate(least)}.`;
  return {
    id: "rates",
    title: "Loss of a step by its learning rate",
    text: `${rule} Dots are single steps, each with a larger rate than the one before; the line is their smoothed mean. ${ended}`,
    drawing,
    table: {
      head: ["learning rate", "loss", "smoothed"],
      rows: points.map(({ rate, loss, smoothed }) => [String(rate), String(loss), String(smoothed)]),
    },
  };
}
