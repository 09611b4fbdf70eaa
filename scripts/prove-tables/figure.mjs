// The figure of docs/tables.md: three columns of the census table that a synthesis library left as it came got wrong, real and as made by
// that library, by the rank copula and by the network. It shows shares of at least ten rows and counts, and no row.
//
// The library's figures are those that a webinar printed ("SDV, default algorithms", 48,842 rows made after both parts of the table). It
// printed none of hours, and of the countries the most frequent one alone.

import { writeFileSync } from "node:fs";
import * as Plot from "@observablehq/plot";
import sharp from "sharp";
import { draw, grid } from "../../dist/report/html/drawing.js";
import { whole } from "../../dist/report/html/number-text.js";
import { pictureText } from "../../dist/report/html/picture.js";
import { ink, muted, palette, paper } from "../../dist/report/html/style.js";

/** Fewer rows are not shown. */
const fewest = 10;
const webinar = {
  name: "SDV in the webinar",
  colour: palette[1],
  country: ["Cuba", 7253 / 48_842],
  countries: 24,
  capital: 17_428,
};
const colours = { real: palette[5], copula: palette[0], network: palette[2] };
/** Of the real table, where it stands in for what was not told. */
const pale = { fill: colours.real, fillOpacity: 0.25 };
const [width, side, foot] = [212, 46, 30];

const valuesOf = (table, name) => table.columns.find((column) => column.name === name).values;

/** How many rows have each value. */
function counts(values) {
  const found = new Map();
  for (const value of values) found.set(value, (found.get(value) ?? 0) + 1);
  return found;
}

/** Shares in percent of the values that ten rows and more have. */
const shares = (values) =>
  new Map(
    [...counts(values)]
      .filter(([, count]) => count >= fewest)
      .map(([value, count]) => [value, (100 * count) / values.length]),
  );

const percent = (share, digits = 0) => `${share.toFixed(digits)} %`;

/** A panel with what it shows in words above it. */
function panel({ height, words, x, y, marks }) {
  const [first, second] = words;
  const head = (text, at, style) =>
    Plot.text([text], { frameAnchor: "top-left", dx: 4 - side, dy: at, fill: ink, fontSize: 12, ...style });
  return draw({
    ...{ width, height, marginLeft: side, marginRight: 8, marginTop: 44, marginBottom: foot },
    x: { label: null, tickSize: 0, tickPadding: 6, ...x },
    y: { label: null, tickSize: 0, tickPadding: 6, grid: true, ...y },
    marks: [
      ...marks,
      head(first, -38, { fontWeight: 600, textAnchor: "start" }),
      head(second, -21, { fill: muted, textAnchor: "start" }),
    ],
  });
}

/** Countries by how frequent they are in the real table, each a dot; the real ones are grey in every panel. */
function countryPanel(real, { name, colour, values }) {
  const wanted = shares(real);
  const order = [...wanted.keys()].toSorted((a, b) => wanted.get(b) - wanted.get(a));
  const made =
    name === webinar.name ? new Map([[webinar.country[0], 100 * webinar.country[1]]]) : shares(values);
  const number = name === webinar.name ? webinar.countries : counts(values).size;
  const dots = (of) => order.flatMap((each, at) => (of.has(each) ? [[at + 1, of.get(each)]] : []));
  const cuba = [order.indexOf("Cuba") + 1, made.get("Cuba")];
  const most = [...made].toSorted((a, b) => b[1] - a[1])[0];
  const named = most[0] === "United-States" ? "U. S." : most[0];
  return panel({
    height: 210,
    words: [name, `${number} countries; most: ${named}, ${percent(most[1])}`],
    x: { domain: [0, order.length + 1], ticks: [1, 10, 20, 30, 40] },
    y: { type: "log", domain: [0.015, 100], ticks: [0.1, 1, 10, 100], tickFormat: (share) => `${share} %` },
    marks: [
      Plot.dot(dots(wanted), { r: 2.5, stroke: colours.real, strokeOpacity: 0.8 }),
      ...(name === "real" ? [] : [Plot.dot(dots(made), { r: 2.5, fill: colour })]),
      Plot.dot([cuba], { r: 4.5, fill: colour }),
      Plot.text([cuba], {
        ...{
          text: () => `Cuba ${percent(cuba[1], cuba[1] < 1 ? 2 : 0)}`,
          dx: 2,
          dy: -15,
          textAnchor: "start",
        },
        ...{ fill: name === "real" ? ink : colour, stroke: paper, strokeWidth: 4, fontWeight: 600 },
      }),
    ],
  });
}

const groups = [
  ["loss", (value) => value < 0],
  ["0", (value) => value === 0],
  ["to 5k", (value) => value > 0 && value < 5000],
  ["more", (value) => value >= 5000],
];

function capitalPanel(real, { name, colour, values }) {
  const isKnown = values !== undefined;
  const shareOf = (of, test) => (100 * of.filter(test).length) / of.length;
  const of = (rows) => groups.map(([label, test]) => ({ label, share: shareOf(Array.from(rows), test) }));
  const distinct = isKnown ? counts(values).size : webinar.capital;
  const zero = isKnown
    ? `0: ${percent(
        shareOf(Array.from(values), (value) => value === 0),
        1,
      )}`
    : "0: not told";
  return panel({
    height: 190,
    words: [name, `${whole(distinct)} values; ${zero}`],
    x: { type: "band", domain: groups.map(([label]) => label), tickSize: 0, padding: 0.2 },
    y: { domain: [0, 100], ticks: [0, 50, 100], tickFormat: (share) => `${share} %` },
    marks: [
      isKnown
        ? Plot.barY(of(values), { x: "label", y: "share", fill: colour })
        : Plot.barY(of(real), { x: "label", y: "share", ...pale }),
      Plot.ruleY([0], { stroke: muted }),
    ],
  });
}

function hoursPanel(real, { name, colour, values }) {
  const bars = (of) => [...shares(of)].map(([hours, share]) => ({ hours, share }));
  const bar = (of, style) =>
    Plot.rectY(of, { x1: (d) => d.hours - 0.5, x2: (d) => d.hours + 0.5, y: "share", ...style });
  const isKnown = values !== undefined;
  return panel({
    height: 190,
    words: [name, isKnown ? `40 hours: ${percent(shares(values).get(40), 1)}` : "40 hours: not told"],
    x: { domain: [0, 100], ticks: [0, 20, 40, 60, 80] },
    y: { domain: [0, 50], ticks: [0, 25, 50], tickFormat: (share) => `${share} %` },
    marks: [
      isKnown ? bar(bars(values), { fill: colour }) : bar(bars(real), pale),
      Plot.ruleY([0], { stroke: muted }),
    ],
  });
}

const title = (text) =>
  draw({
    ...{ width: 860, height: 26, margin: 0, axis: null },
    marks: [
      Plot.text([text], {
        frameAnchor: "left",
        textAnchor: "start",
        dx: 4,
        fontSize: 13,
        fontWeight: 600,
        fill: ink,
      }),
    ],
  });

/**
 * @param file ends in `.svg` or `.png`
 * @param real both parts of the real table
 */
export async function drawFigure(file, real, copula, network) {
  const made = (name) => [
    { name: "real", colour: colours.real, values: valuesOf(real, name) },
    { name: webinar.name, colour: webinar.colour },
    { name: "rank copula", colour: colours.copula, values: valuesOf(copula, name) },
    { name: "network", colour: colours.network, values: valuesOf(network, name) },
  ];
  const row = (column, panelOf) =>
    grid(
      made(column).map((each) => panelOf(valuesOf(real, column), each)),
      4,
      4,
    );
  const text = pictureText({
    ...{ id: "repaired", title: "Three columns of the census, real and made" },
    text: "48,842 rows each. Grey rings are the real countries, pale bars the real rows where the webinar told nothing. Dots and bars are of values that ten rows and more have.",
    drawing: grid(
      [
        ...[
          title(
            "Native country: share of each, from the most frequent in the real table to the rarest (log scale)",
          ),
          row("native-country", countryPanel),
        ],
        ...[title("Capital: share of rows by gain in dollars"), row("capital", capitalPanel)],
        ...[title("Hours per week: share of rows"), row("hours-per-week", hoursPanel)],
      ],
      1,
      2,
    ),
  });
  if (file.endsWith(".svg")) writeFileSync(file, text);
  else {
    const png = sharp(Buffer.from(text), { density: 144 }).png({ palette: true, colours: 64, effort: 10 });
    writeFileSync(file, await png.toBuffer());
  }
}
