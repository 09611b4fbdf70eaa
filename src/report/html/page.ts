// A page: one file that needs nothing else, its sections, tables and figures, each figure with its text and its data.

import { html, Markup, type Content } from "./markup.ts";
import { style } from "./style.ts";

export interface Section {
  /** Unique on its page, for links: letters and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly content: readonly Markup[];
}

export interface Page {
  readonly title: string;
  /** What the page is of, in a sentence. */
  readonly lead: string;
  /** The few numbers that matter most. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly sections: readonly Section[];
  /** Who made it. */
  readonly foot: string;
}

/** A cell: text, or a number as it is to be shown. */
export type Cell = string | Markup;

export interface TableContent {
  readonly caption?: string;
  readonly head: readonly string[];
  /** The first cell names the row. */
  readonly rows: readonly (readonly Cell[])[];
  /** Means and sums, below the others. */
  readonly foot?: readonly (readonly Cell[])[];
  /** How many columns hold words, from the left; the others hold numbers, set to the right. Default 1. */
  readonly words?: number;
}

/** A picture with all that somebody needs who does not see it. */
export interface Figure {
  /** Unique on its page: letters, digits and hyphens. */
  readonly id: string;
  /** What it is. */
  readonly title: string;
  /** What it shows, in sentences with its numbers. */
  readonly text: string;
  /** The content of an svg element of `width` x `height`. */
  readonly drawing: { readonly width: number; readonly height: number; readonly markup: Markup };
  readonly table: TableContent;
}

/** The whole file. It names no other: a browser that obeys its policy loads nothing. */
export function pageText({ title, lead, facts, sections, foot }: Page): string {
  const shown = sections.filter(({ content }) => content.length > 0);
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  return `${
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta http-equiv="Content-Security-Policy" content="${policy}" />
          <meta name="generator" content="${foot}" />
          <title>${title}</title>
          <style>
            ${new Markup(style)}
          </style>
        </head>
        <body>
          <header>
            <h1>${title}</h1>
            <p class="lead">${lead}</p>
          </header>
          <nav aria-label="Contents">
            <ul>
              ${shown.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}
            </ul>
          </nav>
          <main>
            <dl class="facts">
              ${facts.map(
                ([name, value]) =>
                  html`<div>
                    <dt>${name}</dt>
                    <dd>${value}</dd>
                  </div>`,
              )}
            </dl>
            ${shown.map(
              ({ id, title: name, content }) =>
                html`<section aria-labelledby="${id}">
                  <h2 id="${id}">${name}</h2>
                  ${content}
                </section> `,
            )}
          </main>
          <footer><p>${foot}</p></footer>
        </body>
      </html>`.text
  }\n`;
}

export function paragraph(...content: readonly Content[]): Markup {
  return html`<p>${content}</p> `;
}

/** A remark beside what is shown. */
export const note = (...content: readonly Content[]): Markup => html`<p class="note">${content}</p> `;

export const folded = (summary: string, content: Content): Markup =>
  html`<details>
    <summary>${summary}</summary>
    ${content}
  </details> `;

/** What is wider than the page is moved within a box of its own, by keyboard too. */
const box = (label: string, content: Markup): Markup =>
  html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${content}</div>`;

export function table(content: TableContent, label = content.caption ?? "Table"): Markup {
  const { caption, head, rows, foot = [], words = 1 } = content;
  const kind = (column: number): Markup => (column < words ? html`` : html` class="number"`);
  const line = (cells: readonly Cell[]): Markup =>
    html`<tr>
      ${cells.map((cell, i) =>
        i === 0 ? html`<th scope="row">${cell}</th>` : html`<td${kind(i)}>${cell}</td>`,
      )}
    </tr> `;
  return html`${box(
    label,
    html`<table>
      ${
        caption === undefined
          ? null
          : html`<caption>
              ${caption}
            </caption>`
      }
      <thead>
        <tr>
          ${head.map((cell, i) => html`<th scope="col" ${kind(i)}>${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
      ${
        foot.length === 0
          ? null
          : html`<tfoot>
              ${foot.map(line)}
            </tfoot>`
      }
    </table>`,
  )} `;
}

export function figure({ id, title, text, drawing, table: data }: Figure): Markup {
  const { width, height, markup } = drawing;
  return html`<figure id="${id}">
    <h3>${title}</h3>
    ${box(
      title,
      html`<svg
        role="img"
        aria-labelledby="${id}-title ${id}-text"
        width="${width}"
        height="${height}"
        viewBox="0 0 ${width} ${height}"
        fill="currentColor"
        font-size="12"
        text-anchor="middle"
      >
        <title id="${id}-title">${title}</title>
        <desc id="${id}-text">${text}</desc>
        ${markup}
      </svg>`,
    )}
    <figcaption>${text}</figcaption>
    ${folded("Data of this figure", table(data, `Data: ${title}`))}
  </figure> `;
}
