// Confident mistakes of one run, or of many together: cards of images by class, and the same as a table.

import { fragment, type Markup } from "../html/markup.ts";
import { fixed, none } from "../html/number-text.ts";
import { folded, paragraph, table } from "../html/page.ts";
import type { Mistake } from "../../runs/run-report-data.ts";

interface MistakeWords {
  /** Text where there is no mistake. */
  readonly none: string;
  /** Words for who finds the label less likely: a run, or the mean over several. */
  readonly by: string;
  /** The last sentence. */
  readonly look: string;
  /** What the probability is. */
  readonly probability: string;
}

/** Further columns of the table. */
interface MoreCells<Each extends Mistake> {
  readonly head: readonly string[];
  readonly cells: (mistake: Each) => readonly string[];
}

/** A probability with enough decimals that it shows as 0 or 1 only where it is exactly that. */
export const sure = (value: number): string => fixed(value, value > 0.9995 || value < 0.0005 ? 6 : 3);

const heatWords =
  " Beside each image: where the run looked for the class. Warm colours speak for it, the lightest the most, each picture by its own " +
  "largest value; what speaks against it is clear.";

/** @param found in the order of classes */
export function mistakeCards<Each extends Mistake>(
  found: readonly Each[],
  words: MistakeWords,
  more: MoreCells<Each> = { head: [], cells: () => [] },
): Markup[] {
  if (found.length === 0) return [paragraph(words.none)];
  const told = ({ label }: Mistake): string => (label === "positive" ? "missed" : "false alarm");
  const card = (each: Mistake): Markup => {
    const { class: name, label, probability, source, image, png, heat } = each;
    const alt = `Image ${image} of ${source}: ${name} is labelled ${label}, its predicted ${words.probability} is ${sure(probability)}`;
    const shown = fragment`<img src="data:image/png;base64,${png}" alt="${alt}">`;
    const looked =
      heat === undefined
        ? shown
        : fragment`<div class="pair">${shown}<img src="data:image/png;base64,${heat}" alt="Where the run looked for ${name}"></div>`;
    return fragment`<li>${looked}
<p><strong>${told(each)}</strong>, p\u00a0${sure(probability)}<br>${source}: ${image}</p></li>
`;
  };
  const hasHeat = found.some(({ heat }) => heat !== undefined);
  const names = [...new Set(found.map((each) => each.class))];
  const cards = (name: string): Markup =>
    fragment`<h3>${name}</h3>\n<ul class="cards${hasHeat ? " pairs" : ""}">${found.filter((each) => each.class === name).map(card)}</ul>\n`;
  const rows = found.map((each) => {
    const { class: name, label, source, image, patient, probability } = each;
    return [name, label, source, image, patient || none, sure(probability), ...more.cells(each)];
  });
  return [
    paragraph(
      `Test images whose label is the less likely answer ${words.by}, the most confident mistakes first: positives that were `,
      `missed, and negatives with a false alarm. ${words.look}`,
      ...(hasHeat ? [heatWords] : []),
    ),
    ...names.map(cards),
    folded(
      "These mistakes as a table",
      table(
        {
          head: ["class", "label", "source", "image", "patient", words.probability, ...more.head],
          ...{ words: 5, rows },
        },
        "Confident mistakes",
      ),
    ),
  ];
}
