// The demo of segmentation: where on a radiograph is a finding? Each site outlines some of them, and what it does not outline looks
// like background in its label maps.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { viewPresets } from "../../assemble/augmentation.ts";
import type { Assembly } from "../../data/assembly/assembly.ts";
import { siteNames, type Finding, type Site } from "../../data/phantoms/phantom-names.ts";
import { makeFolderOf } from "../terminal/output-files.ts";
import { alone, type Demo } from "./demo-row.ts";
import { outlinePicture } from "./outline-picture.ts";

const findings = ["mass", "effusion", "pneumothorax", "cardiomegaly"] as const satisfies readonly Finding[];

/** Which findings each site's readers outline. */
const knowledge: Readonly<Record<Site, readonly Finding[]>> = {
  A: ["mass", "effusion", "pneumothorax"],
  B: ["effusion", "pneumothorax", "cardiomegaly"],
};

/** A pixel is of one finding at most. */
const exclusive = (assembly: Assembly): Assembly => ({
  ...assembly,
  exclusive: [assembly.classes.map((_, k) => k)],
});

export const segmentationDemo: Demo = {
  verb: "outlines",
  model: "segmenter",
  findings,
  knowledge,
  perSite: 120,
  testPerSite: 60,
  size: 32,
  drawing: { outlines: true, prevalence: 0.5 },
  /**
   * With a rate of .005 or .01 and the default weight of Dice, masses were still not found after 300 steps, hence these. A model of both
   * sites takes twice the steps of a single one, so that each image is seen as often.
   */
  settings: {
    task: "segmentation",
    network: { kind: "unet", inputChannels: 1, width: 8, levels: 3 },
    normalisation: { mean: [0.5], deviation: [0.25] },
    weak: { ...viewPresets.none, shift: 2 },
    strong: { ...viewPresets.none, shift: 2, brightness: 0.2, contrast: 0.2, noise: 12 },
    batch: 8,
    epochs: 20,
    warmupEpochs: 14,
    learningRate: 0.02,
    schedule: { by: "cosine", warmup: 10 },
    lambdaDice: 1,
    lambdaPseudo: 0.1,
    lambdaConsistency: 0.1,
    threshold: 0.5,
    temperature: 4,
    stopGradient: true,
    evaluate: "end",
  },
  withoutAdapter: { epochs: 8, warmupEpochs: 6 },
  arms: ({ sites, test }) => {
    const both = exclusive({ classes: findings, sources: [sites.A, sites.B], test });
    return [
      ...siteNames.map(
        (site) =>
          ({
            title: `site ${site} alone`,
            role: "site",
            assembly: exclusive(alone(sites[site], test, findings, knowledge[site])),
          }) as const,
      ),
      {
        title: "absent: negative",
        role: "mistake",
        explanation: "learns from both sites and takes what a site does not outline for background",
        assembly: both,
        changes: { absent: "negative", lambdaPseudo: 0, lambdaConsistency: 0 },
      },
      {
        title: "assembled",
        role: "assembled",
        explanation: "learns from both sites and takes what a site does not outline for unknown",
        assembly: both,
      },
    ];
  },
  measure: "Dice",
  byClass: ({ overlap }) => overlap?.dice ?? {},
  before: ({ sheet }) => {
    if (sheet !== undefined) makeFolderOf("--sheet", sheet);
  },
  picture: (images, { sheet, say }) => {
    const file = sheet ?? join(mkdtempSync(join(tmpdir(), "tessera-demo-")), "outlines.png");
    return outlinePicture(images, findings, file, say);
  },
  next: "npx tessera train examples/phantom-outlines.yaml --data-root . --out RUN",
};
