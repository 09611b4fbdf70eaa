// `tessera demo`: trains on drawn radiographs. Two sites each label some of the findings; what does one classifier of both
// sites gain over one of a single site?

import { budgetOf } from "../../training/budget.ts";
import { trainClassifier } from "../../assemble/train-classifier.ts";
import type { Evaluation } from "../../assemble/evaluation.ts";
import type { TrainingSettings } from "../../assemble/training-settings.ts";
import { concatenate, restrict, type Assembly, type ImageSet } from "../../data/assembly/assembly.ts";
import { drawPhantom, phantoms } from "../../data/phantoms/index.ts";
import { findingNames, siteNames, type Finding, type Site } from "../../data/phantoms/phantom-names.ts";
import { stepsPerEpoch } from "../../data/assembly/sampler.ts";
import { viewPresets } from "../../assemble/augmentation.ts";
import { aucTable, showAuc } from "../../report/tables.ts";
import { contactSheet, type Cell } from "../../pictures/contact-sheet.ts";
import { openEngine } from "../../runtime/open-engine.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { writeOutput } from "../terminal/output-files.ts";
import { counted, Progress, untilInterrupted } from "../terminal/progress.ts";

export interface DemoOptions extends DeviceOptions {
  readonly seed: number;
  readonly quiet: boolean;
  /** Where to write a picture of the radiographs. */
  readonly sheet?: string;
}

const size = 32;

/** Which findings each site's radiologists report. */
const knowledge: Readonly<Record<Site, readonly Finding[]>> = {
  A: findingNames.filter((_, i) => i < 4),
  B: findingNames.filter((_, i) => i >= 2),
};

/**
 * Small enough for a CPU: 8,000 weights. The unsupervised terms start late and weigh little, since a network that is
 * still guessing would teach itself its guesses (with weights of 1 from the fourth epoch the mean AUC fell by .04).
 */
const settings: Omit<TrainingSettings, "seed"> = {
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
};

/** The assembly of one site alone: its classifier learns the findings that the site labels, and is tested on them. */
function alone(set: ImageSet, test: ImageSet, known: readonly Finding[]): Assembly {
  const narrow = (from: ImageSet): ImageSet => restrict(from, findingNames, known);
  return { classes: known, sources: [narrow(set)], test: narrow(test) };
}

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

export async function demo(options: DemoOptions): Promise<void> {
  const started = performance.now();
  const { seed, quiet } = options;
  const say = (text: string): void => {
    if (!quiet) process.stdout.write(`${text}\n`);
  };
  using engine = await openEngine(engineOptions(options));
  const perSite = 800;
  const testPerSite = 400;

  say(`Two sites draw chest radiographs of ${findingNames.length} findings; each labels only some of them:`);
  for (const site of siteNames) say(`  site ${site}, ${perSite} images: ${knowledge[site].join(", ")}`);
  if (options.sheet !== undefined) {
    writeOutput("--sheet", options.sheet, sheet(seed));
    say(`What they look like: ${options.sheet}`);
  }
  // Without WebGPU a step takes about three times as long on the same cores; the demo should still end within minutes.
  const shorter = engine.backend.kind === "reference" ? { epochs: 4, warmupEpochs: 3 } : {};
  const chosen = { ...settings, ...shorter, seed };
  say(
    `Three classifiers are trained for ${chosen.epochs} epochs on ${engine.traits.name}, and tested on ${2 * testPerSite} new images of both sites.\n`,
  );

  const total = 2 * (perSite + testPerSite);
  const { sites, test } = counted({ title: `drawing ${total} radiographs`, total, quiet }, (onImage) => {
    const draw = (site: Site, count: number, from: number, knows: readonly Finding[]): ImageSet =>
      phantoms({ count, size, site, seed: seed + from, knows, onImage });
    return {
      sites: { A: draw("A", perSite, 0, knowledge.A), B: draw("B", perSite, 0, knowledge.B) },
      test: concatenate(
        "test",
        siteNames.map((site) => draw(site, testPerSite, 1, findingNames)),
      ),
    };
  });

  const runs = [
    { title: "site A alone", assembly: alone(sites.A, test, knowledge.A) },
    { title: "site B alone", assembly: alone(sites.B, test, knowledge.B) },
    { title: "assembled", assembly: { classes: findingNames, sources: [sites.A, sites.B], test } },
  ];
  const done: { title: string; evaluation: Evaluation }[] = [];
  const stopped = await untilInterrupted(async (signal) => {
    for (const { title, assembly } of runs) {
      const images = assembly.sources.reduce((sum, { count }) => sum + count, 0);
      const { batch } = chosen;
      const budget = budgetOf(chosen, stepsPerEpoch(images, batch));
      const progress = new Progress({ title: title.padEnd(12), budget, batch, quiet });
      const result = await trainClassifier(engine, assembly, chosen, progress.listener(), signal).finally(
        () => progress.stop(),
      );
      result.classifier.dispose();
      if (result.stopped || result.evaluation === undefined) return true;
      done.push({ title, evaluation: result.evaluation });
    }
    return false;
  });
  if (stopped) {
    process.exitCode = 130;
    return;
  }

  const columns = done.map(({ title, evaluation }) => ({
    name: title,
    cell: (name: string) => showAuc(evaluation.auc[name]),
    // Each mean is over the findings that the classifier answers for.
    mean: `${showAuc(evaluation.meanAuc)} (of ${Object.keys(evaluation.auc).length})`,
  }));
  const assembled = done.at(-1)?.evaluation;
  const best = (name: string): number | undefined => {
    const values = done.slice(0, -1).flatMap(({ evaluation }) => evaluation.auc[name] ?? []);
    return values.length === 0 ? undefined : Math.max(...values);
  };
  const gains = findingNames.map((name) => (assembled?.auc[name] ?? NaN) - (best(name) ?? NaN));
  const signed = (gain: number): string =>
    Number.isFinite(gain) ? `${gain >= 0 ? "+" : ""}${gain.toFixed(4)}` : "-";
  const meanGain = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  columns.push({
    name: "gain over the better site",
    cell: (name) => signed(gains[findingNames.indexOf(name as Finding)] ?? NaN),
    mean: signed(meanGain),
  });
  process.stdout.write(`\nAUC on the test images (- where the site has no label of the finding):\n\n`);
  process.stdout.write(`${aucTable(findingNames, columns)}\n\n`);
  say(
    `One assembled classifier answers for all ${findingNames.length} findings; mean gain over the better single site: ${signed(meanGain)} AUC. ` +
      `${((performance.now() - started) / 1000).toFixed(0)} s.`,
  );
  say(`Next: npx tessera train examples/mnist-overlap.yaml --data-root DATA --out RUN`);
}
