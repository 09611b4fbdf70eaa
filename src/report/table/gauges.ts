// Gauges: a value on a line between its yardsticks.

import { fragment, type Markup } from "../html/markup.ts";
import { fixed } from "../html/number-text.ts";
import { muted, palette } from "../html/style.ts";
import { meaning, shownValue, type MeasureWords } from "./measure-words.ts";

/** Of the picture, which is stretched to the width of its card. */
const size = { width: 300, height: 44, edge: 12, middle: 14 } as const;
/** What lies farther beyond a yardstick is drawn at the end of the line. */
const beyond = 0.12;
/** A part of the line that has room for two names. */
const legible = 0.6;
/** Yardsticks that are nearer to each other have nothing between them: the line then begins at 0. */
const apart = 0.01;

/** Where the line begins and ends. */
interface Scale {
  readonly from: number;
  readonly to: number;
}

/** Cards with a gauge each. */
export function gauges(measures: readonly MeasureWords[]): Markup {
  return fragment`<ul class="gauges">${measures.map(card)}</ul>\n`;
}

function card(measure: MeasureWords): Markup {
  const { title, found, decimals, yardsticks } = measure;
  const [value, reach = ""] = shownValue(measure).split(/ (?=\()/u);
  const said = `Independent columns ${fixed(found.floor, decimals)}, ${yardsticks.ceiling === "real" ? "real rows" : yardsticks.ceiling} ${fixed(found.ceiling, decimals)}.`;
  return fragment`<li>
<h3>${title}</h3>
<p class="value">${value} <small>${reach}</small></p>
${line(measure)}<p class="note">${meaning(measure)}${found.value === null ? "" : ` ${said}`}</p>
</li>
`;
}

/** The scale of a measure; undefined where a yardstick is missing. */
function scaleOf({ id, found: { floor, ceiling } }: MeasureWords): Scale | undefined {
  if (id === "nearer") return { from: 0.5, to: Math.max(ceiling ?? 1, 0.6) };
  if (floor === null || ceiling === null) return undefined;
  return Math.abs(ceiling - floor) < apart
    ? { from: 0, to: Math.max(floor, ceiling) }
    : { from: floor, to: ceiling };
}

function line(measure: MeasureWords): Markup | null {
  const { id, found, decimals, yardsticks } = measure;
  const scale = scaleOf(measure);
  if (scale === undefined || found.value === null) return null;
  const { width, height, edge, middle } = size;
  const placeOf = (value: number): number => {
    const share = (value - scale.from) / (scale.to - scale.from);
    const clipped = Math.min(1 + beyond, Math.max(-beyond, share));
    return edge + ((clipped + beyond) / (1 + 2 * beyond)) * (width - 2 * edge);
  };
  // Towards copies is no merit.
  const colour = id === "nearer" ? palette[1] : palette[0];
  const [start, end] = [placeOf(scale.from), placeOf(found.value)];
  const ticks =
    id === "nearer"
      ? [
          { at: 0.5, label: "right 0.5", anchor: "start" },
          // Where copies are as far away as all others, there is no room for their name beside the other.
          ...(found.ceiling !== null && found.ceiling < 0.5 + legible * (scale.to - 0.5)
            ? []
            : [
                {
                  at: found.ceiling ?? 1,
                  label: `${yardsticks.ceiling} ${fixed(found.ceiling, decimals)}`,
                  anchor: "end",
                },
              ]),
        ]
      : scale.from === 0
        ? [
            { at: 0, label: "0", anchor: "start" },
            { at: scale.to, label: `both yardsticks ${fixed(found.ceiling, decimals)}`, anchor: "end" },
          ]
        : [
            { at: scale.from, label: `${yardsticks.floor} ${fixed(found.floor, decimals)}`, anchor: "start" },
            { at: scale.to, label: `${yardsticks.ceiling} ${fixed(found.ceiling, decimals)}`, anchor: "end" },
          ];
  const tick = ({ at, label, anchor }: (typeof ticks)[number]): Markup => {
    const x = placeOf(at).toFixed(1);
    const textAt = anchor === "start" ? Math.max(0, placeOf(at) - 8) : Math.min(width, placeOf(at) + 8);
    return fragment`<line x1="${x}" x2="${x}" y1="${middle - 9}" y2="${middle + 9}" stroke="${muted}" stroke-width="2"/>
<text x="${textAt.toFixed(1)}" y="${height - 6}" text-anchor="${anchor}">${label}</text>
`;
  };
  const [left, right] = [Math.min(start, end), Math.max(start, end)];
  return fragment`<svg aria-hidden="true" viewBox="0 0 ${width} ${height}" fill="currentColor" font-size="11">
<rect x="${edge}" y="${middle - 4}" width="${width - 2 * edge}" height="8" rx="4" fill="var(--rule)"/>
<rect x="${left.toFixed(1)}" y="${middle - 4}" width="${(right - left).toFixed(1)}" height="8" fill="${colour}" fill-opacity="0.55"/>
${ticks.map(tick)}<circle cx="${end.toFixed(1)}" cy="${middle}" r="7" fill="${colour}" stroke="var(--paper)" stroke-width="2"/>
</svg>
`;
}
