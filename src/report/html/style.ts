// The style of pages: system fonts, and colours that colour-blind people can distinguish (Okabe and Ito, darkened in light
// mode to a contrast of 3 to 1 for lines and 4.5 to 1 for text), in light, in dark and on paper.

/** Colours in light mode, and in pictures that are files of their own. */
export const light = {
  ...{
    paper: "#ffffff",
    ink: "#1c1e21",
    muted: "#5a6068",
    rule: "#d5d9de",
    shade: "#f4f6f8",
    link: "#0a58a6",
  },
  ...{ c1: "#0072b2", c2: "#c75000", c3: "#00815e", c4: "#9a3d86", c5: "#8a6a00", c6: "#5a6068" },
} as const;
const dark: Readonly<Record<keyof typeof light, string>> = {
  ...{
    paper: "#16181b",
    ink: "#e8eaed",
    muted: "#a3aab3",
    rule: "#3a3f46",
    shade: "#1f2226",
    link: "#7cbcf5",
  },
  ...{ c1: "#56b4e9", c2: "#f39255", c3: "#3cc99b", c4: "#dd8fcb", c5: "#e2c04c", c6: "#a3aab3" },
};
const variables = (colours: Readonly<Record<string, string>>): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(" ");

export const fonts =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', sans-serif";

/** Colours that charts name. */
export const palette = [1, 2, 3, 4, 5, 6].map((n) => `var(--c${n})`);
export const ink = "currentColor";
export const muted = "var(--muted)";
export const paper = "var(--paper)";
/** Colours of heat maps, for values above and below zero. */
export const [warm, cool] = ["var(--c2)", "var(--c1)"];

export const style = `
:root { color-scheme: light dark; ${variables(light)} }
@media screen and (prefers-color-scheme: dark) {
  :root { ${variables(dark)} }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 4rem; max-width: 60rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.5 ${fonts};
  overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.75rem 0 .5rem; padding-top: .6rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.5rem 0 .35rem; }
p { margin: .4rem 0; max-width: 46rem; }
a { color: var(--link); }
.lead, .note, figcaption, footer { color: var(--muted); }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; margin: 1rem 0; }
.facts { display: flex; flex-wrap: wrap; gap: .75rem 2.25rem; margin: 1.25rem 0; }
.facts div { min-width: 5rem; }
.facts dt { color: var(--muted); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0 1.75rem; }
figcaption { font-size: .9rem; max-width: 46rem; margin-top: .5rem; }
.scroll { overflow-x: auto; max-width: 100%; }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
svg { display: block; font-family: inherit; }
svg text { white-space: pre; }
details { margin: .5rem 0; font-size: .9rem; }
summary { cursor: pointer; color: var(--link); }
table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; color: var(--muted); padding-bottom: .25rem; }
th, td { padding: .22rem .9rem .22rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
thead th { color: var(--muted); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 400; }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
.settings { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 0 2rem; }
.settings dl { display: grid; grid-template-columns: auto 1fr; gap: .1rem .9rem; margin: 0; font-size: .9rem; }
.settings dt { color: var(--muted); }
.settings dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
pre {
  font: .8rem/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  background: var(--shade); padding: .75rem; overflow-x: auto; white-space: pre-wrap; margin: .5rem 0;
}
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); gap: 1rem; list-style: none; padding: 0; margin: .5rem 0; }
.cards img { display: block; width: 7rem; height: 7rem; object-fit: contain; background: #000; image-rendering: pixelated; }
.cards.pairs { grid-template-columns: repeat(auto-fill, minmax(14.5rem, 1fr)); }
.pair { display: flex; gap: .25rem; }
.cards p { margin: .3rem 0 0; font-size: .8rem; line-height: 1.35; }
.strips { display: grid; gap: 1rem; list-style: none; padding: 0; margin: .5rem 0; }
.strips img { display: block; width: 100%; max-width: 46rem; height: auto; image-rendering: pixelated; }
.panels { display: grid; grid-template-columns: repeat(3, 1fr); gap: .4rem; max-width: 46rem; color: var(--muted); font-weight: 600; font-size: .9rem; margin: 1rem 0 -.5rem; }
.strips p { margin: .3rem 0 0; font-size: .8rem; line-height: 1.35; }
.gauges { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); gap: 1.5rem 2rem; list-style: none; padding: 0; margin: 1rem 0; }
.gauges h3 { margin: 0; }
.gauges .value { font-size: 1.3rem; font-variant-numeric: tabular-nums; margin: 0; }
.gauges .value small { color: var(--muted); font-size: .8rem; }
.gauges svg { width: 100%; height: auto; margin: .3rem 0; }
.gauges .note { font-size: .85rem; }
.beside { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); gap: 0 2rem; }
.beside figure { margin: .5rem 0 1rem; min-width: 0; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; list-style: none; padding: 0; margin: .4rem 0; font-size: .9rem; }
.swatch { display: inline-block; margin-right: .4rem; vertical-align: -.05em; }
@media print {
  @page { margin: 14mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, summary { display: none; }
  h2, h3 { break-after: avoid; }
  figure, tr, .cards li, .strips li { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; }
  .number { white-space: normal; }
  th, td { padding-right: .6rem; }
  .scroll > svg { max-width: 100%; height: auto; }
  a { color: inherit; text-decoration: none; }
}
`.trim();
