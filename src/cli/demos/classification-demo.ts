// The demo of classification: does a radiograph show a finding? Each site labels some of them.

import { viewPresets } from "../../assemble/augmentation.ts";
import { drawPhantom } from "../../data/phantoms/index.ts";
import { findingNames, siteNames, type Finding, type Site } from "../../data/phantoms/phantom-names.ts";
import { contactSheet, type Cell } from "../../pictures/contact-sheet.ts";
import { writeOutput } from "../terminal/output-files.ts";
import { alone, type Demo } from "./demo-row.ts";

const size = 32;

/** Which findings each site's radiologists report. */
const knowledge: Readonly<Record<Site, readonly Finding[]>> = {
  A: findingNames.filter((_, i) => i < 4),
  B: findingNames.filter((_, i) => i >= 2),
};

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
  /**
   * Small enough for a CPU: 8,000 weights. The unsupervised terms start late and weigh little, since a network that is
   * still guessing would teach itself its guesses (with weights of 1 from the fourth epoch the mean AUC fell by .04).
   */
  settings: {
    network: {
      inputChannels: 1,
      stem: { features: 8, kernel: 3, stride: 2, pool: false },
      blocks: [2, 2, 2],
      growth: 8,
      bottleneck: null,
      compression: 0.5,
    },
    normalisation: { mean: [0.5], deviation: [0.25] },
    weak: { ...viewPresets.none, shift: 1 },
    strong: { ...viewPresets.none, shift: 3, noise: 12 },
    batch: 32,
    epochs: 6,
    warmupEpochs: 4,
    learningRate: 5e-3,
    lambdaPseudo: 0.1,
    lambdaConsistency: 0.1,
    threshold: 0.5,
    temperature: 4,
    stopGradient: true,
    evaluate: "end",
  },
  // A step takes about three times as long.
  withoutAdapter: { epochs: 4, warmupEpochs: 3 },
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
