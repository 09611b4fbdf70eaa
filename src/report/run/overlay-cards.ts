// Test images with what is given, what a run predicts and what is wrong, by class.

import { classColour, hexColour } from "../../pictures/class-colours.ts";
import { verdictColours } from "../../pictures/overlay.ts";
import type { OverlayPicture } from "../../runs/overlay-record.ts";
import { fragment, type Markup } from "../html/markup.ts";
import { fixed, none } from "../html/number-text.ts";
import { folded, paragraph, table } from "../html/page.ts";

/** @param found in the order of classes */
export function overlayCards(found: readonly OverlayPicture[], classes: readonly string[]): Markup[] {
  if (found.length === 0) return [];
  const card = ({ kind, dice, source, image, unknown, png, ...each }: OverlayPicture): Markup => {
    const alt = `Image ${image} of ${source}, given, predicted and wrong beside each other: Dice of ${each.class} ${fixed(dice, 3)}`;
    const more = unknown.length === 0 ? "" : `; not outlined there: ${unknown.join(", ")}`;
    return fragment`<li><img src="data:image/png;base64,${png}" alt="${alt}">
<p><strong>${kind}</strong>, Dice\u00a0${fixed(dice, 3)}: ${source}: ${image}${more}</p></li>
`;
  };
  const shown = [...new Set(found.map((each) => each.class))];
  const cards = (name: string): Markup =>
    fragment`<h3>${swatch(hexColour(classColour(classes.indexOf(name))))}${name}</h3>
<ul class="strips">${found.filter((each) => each.class === name).map(card)}</ul>
`;
  return [
    paragraph(
      "Of each class the test image with the lowest Dice, and one in the middle. From left to right: what is given, what the run " +
        "predicts, and what is wrong" +
        (found.some(({ unknown }) => unknown.length > 0)
          ? "; hatched there: predicted of a class that the source does not outline, so neither right nor wrong."
          : "."),
    ),
    legend([...classes.map((name, k): [string, string] => [hexColour(classColour(k)), name])]),
    legend([
      [hexColour(verdictColours.missed), "missed"],
      [hexColour(verdictColours.falseAlarm), "false alarm"],
      ...(classes.length < 2
        ? []
        : [[hexColour(verdictColours.otherClass), "another class"] as [string, string]]),
    ]),
    fragment`<p class="panels"><span>given</span><span>predicted</span><span>wrong</span></p>
`,
    ...shown.map(cards),
    folded(
      "These images as a table",
      table(
        {
          head: ["class", "which", "source", "image", "patient", "Dice"],
          ...{
            words: 5,
            rows: found.map((each) => [
              each.class,
              each.kind,
              each.source,
              each.image,
              each.patient || none,
              fixed(each.dice, 4),
            ]),
          },
        },
        "Images with their outlines",
      ),
    ),
  ];
}

const swatch = (colour: string): Markup =>
  fragment`<svg class="swatch" width="12" height="12" aria-hidden="true"><rect width="12" height="12" fill="${colour}" stroke="currentColor" stroke-opacity=".4"/></svg>`;

const legend = (entries: readonly (readonly [colour: string, name: string])[]): Markup =>
  fragment`<ul class="legend">${entries.map(([colour, name]) => fragment`<li>${swatch(colour)}${name}</li>`)}</ul>
`;
