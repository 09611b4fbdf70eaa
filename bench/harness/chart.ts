// Results as a picture: a panel for each work, a bar for each implementation, the spread on it, a logarithmic scale.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as Plot from "@observablehq/plot";
import { Resvg } from "@resvg/resvg-js";
import { parseHTML } from "linkedom";
import { peersFolder } from "./peers.ts";
import { digits, type Report } from "./report.ts";
import type { ImplementationName } from "./work.ts";

/** Colours that people who see few colours can tell apart (Okabe and Ito); Tessera's is the strongest. */
const colours: Readonly<Record<ImplementationName, string>> = {
  tessera: "#0072b2",
  "tessera-naive": "#56b4e9",
  reference: "#999999",
  "gpu.js-cpu": "#f0e442",
  "gpu.js-wasm": "#e69f00",
  "tfjs-webgpu": "#d55e00",
  "jax-js": "#009e73",
  "torch-cpu": "#cc79a7",
};

const width = 860;
const barHeight = 19;
const font = "DejaVu Sans";

/** The little of the DOM that is used; the types of browsers, which Plot's own build on, are not loaded here. */
interface SvgElement {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
}
const plot = Plot.plot as unknown as (options: object) => SvgElement;
const parseDocument = parseHTML as unknown as (html: string) => { readonly document: object };

type Row = Report["results"][number];

/** The panel of one work, an SVG of its own. */
function panel(rows: readonly Row[], domain: readonly [number, number], document: object): SvgElement {
  const names = rows.map(({ implementation }) => implementation);
  const label = ({ medianMs, gflops }: Row): string =>
    `${digits(medianMs)} ms${gflops === undefined ? "" : `, ${digits(gflops)} GFLOP/s`}`;
  const [first, last] = domain.map(Math.log10);
  const decades = Array.from(
    { length: Math.max(0, Math.floor(last) - Math.ceil(first) + 1) },
    (_, i) => 10 ** (Math.ceil(first) + i),
  );
  return plot({
    document,
    width,
    height: rows.length * barHeight + 26,
    marginLeft: 120,
    marginRight: 150,
    marginTop: 2,
    marginBottom: 24,
    style: { fontFamily: font, fontSize: "11px", background: "white" },
    x: {
      type: "log",
      domain,
      label: null,
      tickFormat: showTime,
      ticks: decades,
      tickSize: 3,
    },
    y: { domain: names, label: null, tickSize: 0 },
    marks: [
      Plot.gridX(decades, { stroke: "#dddddd", strokeOpacity: 1 }),
      Plot.barX([...rows], {
        x1: domain[0],
        x2: "medianMs",
        y: "implementation",
        fill: (row: Row) => colours[row.implementation],
        insetTop: 2,
        insetBottom: 2,
      }),
      Plot.ruleY([...rows], {
        x1: "minMs",
        x2: "maxMs",
        y: "implementation",
        stroke: "black",
        strokeWidth: 1.2,
      }),
      Plot.text([...rows], {
        x: (row: Row) => Math.max(row.maxMs, row.medianMs),
        y: "implementation",
        text: label,
        textAnchor: "start",
        dx: 6,
        stroke: "white",
        strokeWidth: 4,
        fill: "black",
      }),
    ],
  });
}

/** A power of ten. */
function showTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${milliseconds / 1000} s`;
  if (milliseconds >= 1) return `${milliseconds} ms`;
  return `${Math.round(milliseconds * 1000)} µs`;
}

const escape = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

/** The whole chart as SVG text. */
export function chartOf(report: Report): string {
  const { document } = parseDocument("<html><body></body></html>");
  const works = [...new Set(report.results.map(({ work }) => work))];
  const least = Math.min(...report.results.map(({ minMs }) => minMs));
  const most = Math.max(...report.results.map(({ maxMs }) => maxMs));
  const domain = [least / 2, most] as const;
  let y = 62;
  const parts = works.map((work) => {
    const rows = report.results.filter((row) => row.work === work);
    const drawn = panel(rows, domain, document);
    const height = rows.length * barHeight + 26;
    drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    drawn.setAttribute("x", "16");
    drawn.setAttribute("y", String(y + 18));
    const title = `<text x="16" y="${y + 10}" font-weight="bold" font-size="13">${escape(work)}</text>`;
    y += height + 34;
    return title + drawn.outerHTML.replace(/<style>[^]*?<\/style>/g, "");
  });
  const { adapter, machine, date } = report;
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width + 32}" height="${y}" viewBox="0 0 ${width + 32} ${y}" ` +
    `font-family="${font}, sans-serif" font-size="11">` +
    `<rect width="100%" height="100%" fill="white"/>` +
    `<text x="16" y="24" font-size="16" font-weight="bold">Median time, less is better (line: least to most)</text>` +
    `<text x="16" y="42" fill="#555555">${escape(`${adapter.name}; ${machine.cores} cores; ${date.slice(0, 10)}; ${versions.join(", ")}`)}</text>` +
    `${parts.join("")}</svg>\n`
  );
}

/** Draws to a file, SVG or PNG by its name. */
export function drawChart(file: string, report: Report): void {
  const svg = chartOf(report);
  if (!file.toLowerCase().endsWith(".png")) {
    writeFileSync(file, svg);
    return;
  }
  // Machines without a screen have no fonts; the peers bring one.
  const folder = join(peersFolder, "node_modules", "dejavu-fonts-ttf", "ttf");
  const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"]
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path));
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: 2 },
    font: { fontFiles, loadSystemFonts: fontFiles.length === 0, defaultFontFamily: font },
  });
  writeFileSync(file, resvg.render().asPng());
}
