// The picture of the demo of segmentation: a few test images, what is outlined on them, and what each model sees in them.

import { predictPixels } from "../../assemble/pixel-predictions.ts";
import type { Segmenter } from "../../assemble/segmenter.ts";
import { pixelsInMemory, type ImageSet } from "../../data/assembly/assembly.ts";
import { siteNames, type Finding } from "../../data/phantoms/phantom-names.ts";
import { background } from "../../labels/label-map.ts";
import { positive } from "../../labels/states.ts";
import type { Engine } from "../../runtime/engine.ts";
import { writeOutput } from "../terminal/output-files.ts";
import type { DemoImages, DemoPicture, TrainedArm } from "./demo-row.ts";
import { findingSheet, type FindingRow, type ModelColumn } from "./finding-sheet.ts";

/** Images of each site on the picture. */
const shownPerSite = 2;
/** Of images with so many findings the first ones are shown, else those with the most. */
const enough = 3;

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
  const rows = chosen.map(({ index, site }): FindingRow => {
    const image = { height, width, channels: 1, pixels: part(values, index) };
    return { image, given: part(maps, index), site };
  });
  const set: Omit<ImageSet, "states"> = {
    ...{ source: "shown", count: chosen.length, height, width, channels: 1 },
    pixels: Uint8Array.from(rows.flatMap(({ image }) => Array.from(image.pixels))),
  };
  const models: ModelColumn[] = [];

  return {
    add: async (engine: Engine, { arm, model, settings }: TrainedArm) => {
      const { classes, exclusive, exhaustive } = arm.assembly;
      const numbers = classes.map((name) => findings.indexOf(name as Finding));
      const predicted: Uint8Array[] = [];
      const states = new Uint8Array(set.count * classes.length).fill(positive);
      await predictPixels(
        engine,
        model as Segmenter,
        { ...set, states },
        { ...settings, exclusive, exhaustive },
        {
          image: (index, map) => {
            predicted[index] = map.map((label) => (label === background ? background : numbers[label]));
          },
        },
      );
      models.push({
        title: arm.title,
        explanation: arm.explanation ?? `learns ${classes.join(", ")}`,
        learned: findings.map((name) => classes.includes(name)),
        maps: predicted,
      });
    },
    write: () => {
      writeOutput("--sheet", file, findingSheet({ findings, rows, models }));
      say(
        `Picture of what each model finds on ${rows.length} test images; look for stripes, where it misses a finding: ${file}`,
      );
    },
  };
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
