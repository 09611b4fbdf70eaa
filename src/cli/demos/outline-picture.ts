// The picture of the demo of segmentation: a few test images, what is outlined on them, and what each model sees in them.

import { predictPixels } from "../../assemble/pixel-predictions.ts";
import type { Segmenter } from "../../assemble/segmenter.ts";
import { pixelsInMemory, type ImageSet } from "../../data/assembly/assembly.ts";
import { siteNames, type Finding } from "../../data/phantoms/phantom-names.ts";
import { background } from "../../labels/label-map.ts";
import { positive } from "../../labels/states.ts";
import { countOverlaps, overlapScores } from "../../metrics/overlap.ts";
import { colours, contactSheet, type Cell, type Word } from "../../pictures/contact-sheet.ts";
import { letterWidth } from "../../pictures/letters.ts";
import { classLegend } from "../../pictures/overlay-sheet.ts";
import { overlay } from "../../pictures/overlay.ts";
import { zoomTo } from "../../pictures/zoom.ts";
import type { Engine } from "../../runtime/engine.ts";
import { writeOutput } from "../terminal/output-files.ts";
import type { DemoImages, DemoPicture, TrainedArm } from "./demo-row.ts";

/** Images of each site on the picture. */
const shownPerSite = 2;
/** Of images with so many findings the first ones are shown, else those with the most. */
const enough = 3;
/** A finding counts as found from this Dice on. */
const found = 0.5;
const cellWidth = 200;
const letterScale = 2;

interface Shown {
  readonly image: Cell;
  /** [H, W] */
  readonly given: Uint8Array;
  readonly site: string;
}

/** @param test of both sites, with the label maps of all findings in their order; by `siteNames` its origins */
export function outlinePicture(
  { test }: DemoImages,
  findings: readonly Finding[],
  file: string,
  say: (text: string) => void,
): DemoPicture {
  const [values, maps] = [test.pixels, test.maps ?? test.pixels].map((pixels) =>
    pixelsInMemory({ ...test, pixels }),
  );
  const { height, width } = test;
  const size = height * width;
  const part = (all: Uint8Array, i: number): Uint8Array => all.slice(i * size, (i + 1) * size);
  const chosen = shownImages(test, findings.length);
  const shown = chosen.map(({ index, site }): Shown => {
    const image = { height, width, channels: 1, pixels: part(values, index) };
    return { image, given: part(maps, index), site };
  });
  const set: ImageSet = {
    ...{ source: "shown", count: chosen.length, height, width, channels: 1 },
    pixels: Uint8Array.from(shown.flatMap(({ image }) => Array.from(image.pixels))),
    states: new Uint8Array(chosen.length * findings.length).fill(positive),
  };
  const columns: { readonly heading: string; readonly cells: readonly Cell[] }[] = [];
  const zoom = zoomTo(width, cellWidth);
  const add = (heading: string, cells: readonly Cell[]): void => void columns.push({ heading, cells });
  add(
    "radiograph",
    shown.map((each) => ({
      ...overlay({ ...each, given: undefined, zoom }),
      caption: [[word(`site ${each.site}`)]],
    })),
  );
  add(
    "outlined",
    shown.map((each) => overlay({ ...each, zoom })),
  );

  return {
    add: async (engine: Engine, { arm, model, settings }: TrainedArm) => {
      const { classes, exclusive, exhaustive } = arm.assembly;
      const numbers = classes.map((name) => findings.indexOf(name as Finding));
      const cells: Cell[] = [];
      const states = new Uint8Array(set.count * classes.length).fill(positive);
      await predictPixels(
        engine,
        model as Segmenter,
        { ...set, states },
        { ...settings, exclusive, exhaustive },
        {
          image: (index, map) => {
            const predicted = map.map((label) => (label === background ? background : numbers[label]));
            const { image, given } = shown[index];
            cells.push({
              ...overlay({ image, predicted, zoom }),
              caption: [verdict(given, predicted, findings)],
            });
          },
        },
      );
      add(arm.title, cells);
    },
    write: () => {
      const rows = shown.map((_, row) => ({
        caption: "",
        headings: row > 0 ? [] : columns.map(({ heading }, column) => ({ column, text: heading })),
        cells: columns.map(({ cells }) => cells[row]),
      }));
      const title = [...classLegend(findings), word(`found: Dice above ${found} on the image`)];
      const widest = Math.max(...columns.map(({ heading }) => heading.length + 1));
      const narrowest = letterScale * letterWidth * widest;
      const sheet = contactSheet({ title, columns: [], zoom: 1, letterScale, narrowest, rows });
      writeOutput("--sheet", file, sheet);
      say(`What each model sees in ${shown.length} of the test images: ${file}`);
    },
  };
}

const word = (text: string): Word => ({ text, colour: colours.plain });

/** How many of the outlined findings a prediction has. */
function verdict(given: Uint8Array, predicted: Uint8Array, findings: readonly Finding[]): Word[] {
  const states = new Uint8Array(findings.length).fill(positive);
  const counts = countOverlaps(given, predicted, states, findings.length);
  const dices = findings.flatMap(
    (_, k) => overlapScores(counts.given[k], counts.predicted[k], counts.both[k]).dice ?? [],
  );
  const seen = dices.filter((dice) => dice > found).length;
  const colour = seen === dices.length ? colours.positive : seen === 0 ? colours.negative : colours.soft;
  return [{ text: `finds ${seen} of ${dices.length}`, colour }];
}

/** Of each site's images those with enough findings, by a rule that looks at no prediction. */
function shownImages(
  { states, count, origins }: ImageSet,
  classes: number,
): { index: number; site: string }[] {
  const findingsOf = (i: number): number =>
    states.subarray(i * classes, (i + 1) * classes).filter((state) => state === positive).length;
  const images = Array.from({ length: count }, (_, index) => ({
    ...{ index, site: siteNames[origins?.of[index] ?? 0] },
    findings: Math.min(enough, findingsOf(index)),
  }));
  return siteNames.flatMap((site) =>
    images
      .filter((image) => image.site === site)
      .sort((a, b) => b.findings - a.findings || a.index - b.index)
      .slice(0, shownPerSite),
  );
}
