// Charts as SVG text: Observable Plot draws them into a document without a browser, and several become one picture.
// linkedom, not jsdom: 1.4 MB of packages against 23, and jsdom 31 does not start on Node 20.

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { fragment, Markup, printable } from "./markup.ts";

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Content of the svg element. */
  readonly markup: Markup;
}

/** The part of the DOM that is used here; the types of browsers, which Plot's types need, are not loaded. */
interface SvgElement {
  readonly innerHTML: string;
  readonly querySelectorAll: (selector: string) => Iterable<{ remove(): void }>;
}
const plot = Plot.plot as unknown as (options: object) => SvgElement;
const parseDocument = parseHTML as unknown as (text: string) => { readonly document: object };

/** Width in pixels that fits a page on a screen and on paper. */
export const pageWidth = 680;

/** @param options those of Plot.plot; text in marks must go through `label` */
export function draw(
  options: Plot.PlotOptions & { readonly width: number; readonly height: number },
): Drawing {
  const { document } = parseDocument("<html><body></body></html>");
  const drawn = plot({ ...options, document });
  for (const part of drawn.querySelectorAll("style")) part.remove();
  const { width, height } = options;
  return { width, height, markup: new Markup(drawn.innerHTML) };
}

/** Text from data for use in a chart, cut where it would not fit. */
export function label(text: string, letters = Infinity): string {
  const shown = printable(text);
  return shown.length <= letters ? shown : `${shown.slice(0, Math.max(1, letters - 1))}…`;
}

/** Text from data in lines of limited length, broken at spaces, and cut after the last line. */
export function lines(text: string, letters: number, most = Infinity): string[] {
  const found: string[] = [];
  for (const word of printable(text).split(/[ \t\n]+/)) {
    const last = found.length - 1;
    const joined = last < 0 ? word : `${found[last]} ${word}`;
    if (last >= 0 && (joined.length <= letters || found.length >= most)) found[last] = joined;
    else found.push(word);
  }
  return found.map((line) => label(line, letters));
}

/** Joins drawings to one, in rows of some columns. */
export function grid(drawings: readonly Drawing[], columns: number, gap = 12): Drawing {
  const shape = (count: number, side: "width" | "height"): number[] =>
    Array.from({ length: count }, (_, line) =>
      Math.max(
        ...drawings
          .filter((_, i) => (side === "width" ? i % columns : Math.floor(i / columns)) === line)
          .map((each) => each[side]),
      ),
    );
  const widths = shape(Math.min(columns, drawings.length), "width");
  const heights = shape(Math.ceil(drawings.length / columns), "height");
  const start = (sizes: readonly number[], at: number): number =>
    sizes.slice(0, at).reduce((sum, size) => sum + size + gap, 0);
  const placed = ({ width, height, markup }: Drawing, i: number): Markup => {
    const [x, y] = [start(widths, i % columns), start(heights, Math.floor(i / columns))];
    return fragment`<svg x="${x}" y="${y}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${markup}</svg>\n`;
  };
  return {
    width: start(widths, widths.length) - gap,
    height: start(heights, heights.length) - gap,
    markup: fragment`${drawings.map(placed)}`,
  };
}
