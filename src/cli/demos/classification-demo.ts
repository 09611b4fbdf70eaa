// The demo of classification: does a radiograph show a finding? Each site labels some of them.

import { viewPresets } from "../../assemble/augmentation.ts";
import { drawPhantom } from "../../data/phantoms/index.ts";
import { findingNames, siteNames, type Finding, type Site } from "../../data/phantoms/phantom-names.ts";
import { contactSheet, type Cell } from "../../pictures/contact-sheet.ts";
import { writeOutput } from "../terminal/output-files.ts";
import { alone, type Demo } from "./demo-row.ts";
import { knowledge, smallTraining, smallViews, warmUpOf } from "./small-training.ts";

const size = 32;

/** One patient a site, once healthy and once with each finding. */
function sheet(seed: number): Buffer {
  const cell = (site: Site, index: number, present: readonly Finding[]): Cell => {
    const pixels = new Uint8Array(size * size);
    drawPhantom({ seed, site, index, present, size }, pixels);
    return { height: size, width: size, channels: 1, pixels };
  };
  return contactSheet({
    zoom: 4,
    columns: ["healthy", ...findingNames],
    rows: siteNames.flatMap((site) =>
      [0, 1].map((index) => ({
        caption: `site ${site}`,
        cells: [[], ...findingNames.map((name) => [name])].map((present) => cell(site, index, present)),
      })),
    ),
  });
}

export const classificationDemo: Demo = {
  verb: "labels",
  model: "classifier",
  findings: findingNames,
  knowledge,
  perSite: 800,
  testPerSite: 400,
  size,
  drawing: {},
  settings: {
    ...smallTraining,
    weak: { ...viewPresets.none, ...smallViews.weak },
    strong: { ...viewPresets.none, ...smallViews.strong },
    ...{ epochs: 6, warmupEpochs: warmUpOf(6), evaluate: "end" },
  },
  // A step takes about three times as long.
  withoutAdapter: { epochs: 4, warmupEpochs: warmUpOf(4) },
  arms: ({ sites, test }) => [
    ...siteNames.map(
      (site) =>
        ({
          title: `site ${site} alone`,
          role: "site",
          assembly: alone(sites[site], test, findingNames, knowledge[site]),
        }) as const,
    ),
    {
      title: "assembled",
      role: "assembled",
      assembly: { classes: findingNames, sources: [sites.A, sites.B], test },
    },
  ],
  measure: "AUC",
  byClass: ({ auc }) => auc,
  before: ({ seed, sheet: file, say }) => {
    if (file === undefined) return;
    writeOutput("--sheet", file, sheet(seed));
    say(`What they look like: ${file}`);
  },
  next: "npx tessera train examples/mnist-overlap.yaml --data-root DATA --out RUN",
};
