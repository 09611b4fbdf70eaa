// `tessera demo`: the main job on pictures drawn here. Two sites each label some of the findings; what does one
// classifier learned from both know that one site alone does not?

import { train, stepsPerEpoch, type Evaluation, type TrainingSettings } from "../assemble/index.ts";
import {
  concatenate,
  findingNames,
  phantoms,
  type Assembly,
  type Finding,
  type ImageSet,
} from "../data/index.ts";
import { aucTable, showAuc } from "../report/index.ts";
import { openEngine } from "../runtime/index.ts";
import { engineOptions, type DeviceOptions } from "./options.ts";
import { Progress, untilInterrupted } from "./progress.ts";

export interface DemoOptions extends DeviceOptions {
  readonly seed: number;
  readonly quiet: boolean;
}

const size = 32;

/** Which findings each site's radiologists report. */
const knowledge: Readonly<Record<"A" | "B", readonly Finding[]>> = {
  A: findingNames.filter((_, i) => i < 4),
  B: findingNames.filter((_, i) => i >= 2),
};

const settings: Omit<TrainingSettings, "seed"> = {
  network: {
    inputChannels: 1,
    stem: { features: 16, kernel: 3, stride: 2, pool: false },
    blocks: [3, 3],
    growth: 12,
    bottleneck: null,
    compression: 0.5,
  },
  normalisation: { mean: [0.5], deviation: [0.25] },
  weak: { shift: 1, noise: 0, flip: false },
  strong: { shift: 3, noise: 12, flip: false },
  batch: 32,
  epochs: 4,
  warmupEpochs: 2,
  learningRate: 2e-3,
  lambdaPseudo: 1,
  lambdaConsistency: 1,
  threshold: 0.5,
  temperature: 4,
  stopGradient: true,
};

/** One site's view of the classes: columns of classes it does not know are dropped. */
function alone(set: ImageSet, test: ImageSet, known: readonly Finding[]): Assembly {
  const columns = known.map((name) => findingNames.indexOf(name));
  const pick = (states: Uint8Array, count: number): Uint8Array =>
    Uint8Array.from({ length: count * columns.length }, (_, at) => {
      const row = Math.floor(at / columns.length);
      return states[row * findingNames.length + (columns[at % columns.length] ?? 0)] ?? 0;
    });
  const narrow = (from: ImageSet): ImageSet => ({ ...from, states: pick(from.states, from.count) });
  return { classes: known, sources: [narrow(set)], test: narrow(test) };
}

export async function demo(options: DemoOptions): Promise<void> {
  const started = performance.now();
  const { seed, quiet } = options;
  const say = (text: string): void => {
    if (!quiet) process.stdout.write(`${text}\n`);
  };
  using engine = await openEngine(engineOptions(options));
  const perSite = 640;
  const draw = (site: "A" | "B", count: number, from: number, knows: readonly Finding[]): ImageSet =>
    phantoms({ count, size, site, seed: seed + from, knows });
  const sites = { A: draw("A", perSite, 0, knowledge.A), B: draw("B", perSite, 0, knowledge.B) };
  const test = concatenate("test", [draw("A", 400, 1, findingNames), draw("B", 400, 1, findingNames)]);

  say(`Two sites draw chest radiographs of ${findingNames.length} findings; each labels only some of them:`);
  for (const site of ["A", "B"] as const)
    say(`  site ${site}, ${perSite} images: ${knowledge[site].join(", ")}`);
  say(
    `Three classifiers are trained on ${engine.traits.name}, and tested on ${test.count} new images of both sites.\n`,
  );

  const runs = [
    { title: "site A alone", assembly: alone(sites.A, test, knowledge.A) },
    { title: "site B alone", assembly: alone(sites.B, test, knowledge.B) },
    { title: "assembled", assembly: { classes: findingNames, sources: [sites.A, sites.B], test } },
  ];
  const done: { title: string; evaluation: Evaluation }[] = [];
  const stopped = await untilInterrupted(async (signal) => {
    for (const { title, assembly } of runs) {
      const images = assembly.sources.reduce((sum, { count }) => sum + count, 0);
      const steps = stepsPerEpoch(images, settings.batch);
      const { epochs, batch } = settings;
      const progress = new Progress({ title: title.padEnd(12), epochs, steps, batch, quiet });
      const result = await train(
        engine,
        assembly,
        { ...settings, seed },
        progress.listener(),
        signal,
      ).finally(() => progress.stop());
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
    mean: showAuc(evaluation.meanAuc),
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
  say(`Next: tessera train examples/mnist-overlap.yaml --data-root DATA --out RUN`);
}
