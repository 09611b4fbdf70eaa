// Bars of a column's values, real beside synthetic.

import * as Plot from "@observablehq/plot";
import type { Bar, ColumnJudgement } from "../../tabular/judging/table-judgement.ts";
import { draw, label } from "../html/drawing.ts";
import { fragment, type Markup } from "../html/markup.ts";
import { fixed, listed, whole } from "../html/number-text.ts";
import type { Figure } from "../html/page.ts";
import { muted, palette } from "../html/style.ts";

/** Fits a telephone. */
const width = 340;
const barHeight = 24;
const letters = 19;
const colours = { real: palette[5], synthetic: palette[0] } as const;

/** What the colours of all bars mean. */
export const barLegend: Markup = fragment`<ul class="legend">${(["real", "synthetic"] as const).map(
  (part) =>
    fragment`<li><svg class="swatch" width="12" height="12" aria-hidden="true"><rect width="12" height="12" fill="${colours[part]}"/></svg>${part}</li>`,
)}</ul>\n`;

/** @param number of the figure on its page */
export function columnFigure(column: ColumnJudgement, number: number): Figure {
  const { name, bars } = column;
  const names = bars.map((_, at) => String(at));
  const longest = Math.min(letters, Math.max(...bars.map((bar) => bar.label.length), 4));
  const side = (part: keyof typeof colours, inset: Partial<Plot.BarXOptions>): Plot.Markish =>
    Plot.barX(
      bars.map((bar, at) => ({ share: 100 * bar[part], at: String(at) })),
      { x: "share", y: "at", fill: colours[part], ...inset },
    );
  return {
    id: `column-${number}`,
    title: name,
    text: sentences(column).join(" "),
    drawing: draw({
      ...{ width, height: 34 + bars.length * barHeight },
      ...{ marginLeft: 16 + 7 * longest, marginRight: 16, marginTop: 4, marginBottom: 30 },
      x: {
        label: null,
        grid: true,
        ticks: 4,
        tickFormat: (share: number) => `${share} %`,
        domain: [0, most(bars)],
      },
      y: {
        ...{ domain: names, label: null, tickSize: 0, padding: 0.15 },
        tickFormat: (at: string) => label(bars[Number(at)].label, letters),
      },
      marks: [
        side("real", { insetBottom: barHeight / 2 - 2 }),
        side("synthetic", { insetTop: barHeight / 2 - 2 }),
        Plot.ruleX([0], { stroke: muted }),
      ],
    }),
    table: {
      head: ["value", "real", "synthetic"],
      rows: bars.map((bar) => [bar.label, percent(bar.real, 2), percent(bar.synthetic, 2)]),
    },
  };
}

/** With a blank that does not break. */
const percent = (share: number, decimals: number): string => `${fixed(100 * share, decimals)}\u00a0%`;

/** The greatest share, in percent. */
const most = (bars: readonly Bar[]): number =>
  100 * Math.max(...bars.map(({ real, synthetic }) => Math.max(real, synthetic)));

function sentences({ shape, lost, outside, missing, kind }: ColumnJudgement): string[] {
  const found = [
    `Alike ${fixed(shape.value, 3)} (independent columns ${fixed(shape.floor, 3)}, real rows ${fixed(shape.ceiling, 3)}).`,
  ];
  if (lost.categories > 0) {
    const names = lost.names.length === 0 ? "" : `, among them ${listed(lost.names.slice(0, 5))}`;
    found.push(`Lost: ${whole(lost.categories)} of ${whole(lost.of)} categories${names}.`);
  }
  if (outside > 0) {
    found.push(
      kind === "category"
        ? `${whole(outside)} synthetic rows have a category that the real table has not.`
        : `${whole(outside)} synthetic rows are beyond the real range.`,
    );
  }
  if (missing.real > 0 || missing.synthetic > 0) {
    found.push(`Missing: real ${percent(missing.real, 1)}, synthetic ${percent(missing.synthetic, 1)}.`);
  }
  return found;
}
