// A page: one HTML file that loads nothing else, with sections, tables and figures; each figure has a text and its data.

import { fragment, Markup, type Content } from "./markup.ts";
import { style } from "./style.ts";

export interface Section {
  /** Unique on its page, for links: letters and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly content: readonly Markup[];
}

export interface Page {
  readonly title: string;
  /** Subject of the page, in a sentence. */
  readonly lead: string;
  /** The few most important numbers. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
  /** The program that made the page. */
  readonly foot: string;
}

/** A cell: text, or a number as it is shown. */
export type Cell = string | Markup;

export interface TableContent {
  readonly caption?: string;
  readonly head: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly Cell[])[];
  /** Rows of means and sums, below the others. */
  readonly foot?: readonly (readonly Cell[])[];
  /** Number of columns with words, from the left; the others hold numbers and are aligned to the right. Default 1. */
  readonly words?: number;
}

/** A picture, with everything that a person who cannot see it needs. */
export interface Figure {
  /** Unique on its page: letters, digits and hyphens. */
  readonly id: string;
  /** Title. */
  readonly title: string;
  /** A description in sentences, with the numbers where they are few. */
  readonly text: string;
  /** The numbers as text where they are many, for screen readers; the table has them as well. */
  readonly numbers?: string;
  /** Content of an svg element of `width` x `height`. */
  readonly drawing: { readonly width: number; readonly height: number; readonly markup: Markup };
  readonly table: TableContent;
}

/** The whole file. Its content policy keeps a browser from loading anything else. */
export function pageText({ title, lead, facts, sections, foot }: Page): string {
  const shown = sections.filter(({ content }) => content.length > 0);
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  const link = ({ id, title: name }: Section): Markup => fragment`<li><a href="#${id}">${name}</a></li>`;
  const fact = ([name, value]: Page["facts"][number]): Markup =>
    fragment`<div><dt>${name}</dt><dd>${value}</dd></div>`;
  const section = ({ id, title: name, content }: Section): Markup => fragment`
<section aria-labelledby="${id}">
<h2 id="${id}">${name}</h2>
${content}</section>
`;
  return fragment`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="generator" content="${foot}">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
<nav aria-label="Contents"><ul>${shown.map(link)}</ul></nav>
<main>
<dl class="facts">${facts.map(fact)}</dl>
${shown.map(section)}</main>
<footer><p>${foot}</p></footer>
</body>
</html>
`.text;
}

export function paragraph(...content: readonly Content[]): Markup {
  return fragment`<p>${content}</p>\n`;
}

/** A note below a figure or table. */
export const note = (...content: readonly Content[]): Markup => fragment`<p class="note">${content}</p>\n`;

export const bulleted = (items: readonly string[]): Markup =>
  fragment`<ul>${items.map((item) => fragment`<li>${item}</li>\n`)}</ul>\n`;

export const folded = (summary: string, content: Content): Markup =>
  fragment`<details><summary>${summary}</summary>${content}</details>\n`;

/** A box that scrolls content wider than the page, also by keyboard. */
const box = (label: string, content: Markup): Markup =>
  fragment`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${content}</div>\n`;

export function table(content: TableContent, label = content.caption ?? "Table"): Markup {
  const { caption, head, rows, foot = [], words = 1 } = content;
  const kind = (column: number): Markup => (column < words ? fragment`` : fragment` class="number"`);
  const title = (cell: string, i: number): Markup => fragment`<th scope="col"${kind(i)}>${cell}</th>`;
  const entry = (cell: Cell, i: number): Markup =>
    i === 0 ? fragment`<th scope="row">${cell}</th>` : fragment`<td${kind(i)}>${cell}</td>`;
  const line = (cells: readonly Cell[]): Markup => fragment`<tr>${cells.map(entry)}</tr>\n`;
  return box(
    label,
    fragment`<table>
${caption === undefined ? null : fragment`<caption>${caption}</caption>`}
<thead><tr>${head.map(title)}</tr></thead>
<tbody>
${rows.map(line)}</tbody>
${foot.length === 0 ? null : fragment`<tfoot>${foot.map(line)}</tfoot>`}</table>`,
  );
}

export function figure({ id, title, text, numbers, drawing, table: data }: Figure): Markup {
  const { width, height, markup } = drawing;
  const described = numbers === undefined ? text : `${text} ${numbers}`;
  const svg = fragment`<svg role="img" aria-labelledby="${id}-title ${id}-text" width="${width}" height="${height}"
 viewBox="0 0 ${width} ${height}" fill="currentColor" font-size="12" text-anchor="middle">
<title id="${id}-title">${title}</title>
<desc id="${id}-text">${described}</desc>
${markup}</svg>`;
  return fragment`<figure id="${id}">
<h3>${title}</h3>
${box(title, svg)}
<figcaption>${text}</figcaption>
${folded("Data of this figure", table(data, `Data: ${title}`))}</figure>
`;
}

/** Those figures that there are. */
export const drawn = (...figures: readonly (Figure | undefined)[]): Markup[] =>
  figures.flatMap((each) => (each === undefined ? [] : [figure(each)]));
