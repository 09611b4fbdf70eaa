// `tessera demo`: trains on drawn radiographs. Two sites each know some of the findings; what does one model of both sites gain
// over one of a single site?

import { warmedBudgetOf } from "../../assemble/warm-up.ts";
import { trainModel } from "../../assemble/train-classifier.ts";
import type { Evaluation } from "../../assemble/evaluation.ts";
import { concatenate, type ImageSet } from "../../data/assembly/assembly.ts";
import { stepsPerEpoch } from "../../data/assembly/sampler.ts";
import type { TaskName } from "../../data/manifest/task-names.ts";
import { phantoms } from "../../data/phantoms/index.ts";
import { siteNames, type Finding, type Site } from "../../data/phantoms/phantom-names.ts";
import { aucTable, showAuc } from "../../report/tables.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import type { Engine } from "../../runtime/engine.ts";
import { lastingEngine } from "../on-engine.ts";
import type { Demo, DemoArm, DemoImages } from "../demos/demo-row.ts";
import { demos } from "../demos/demos.ts";
import { weightsOfSteps } from "../terminal/loss-words.ts";
import { counted, Progress, untilInterrupted } from "../terminal/progress.ts";

export interface DemoOptions extends DeviceOptions {
  readonly task: TaskName;
  readonly seed: number;
  readonly quiet: boolean;
  /** Where to write a picture of the radiographs. */
  readonly sheet?: string;
}

export async function demo(options: DemoOptions): Promise<void> {
  const started = performance.now();
  const { seed, quiet, task } = options;
  const shown = demos[task];
  const { findings, knowledge, perSite, testPerSite, measure } = shown;
  const say = (text: string): void => {
    if (!quiet) process.stdout.write(`${text}\n`);
  };
  using lasting = await lastingEngine(engineOptions(options));
  const { backend, traits } = lasting.engine;

  say(
    `Two sites draw chest radiographs of ${findings.length} findings; each ${shown.verb} only some of them:`,
  );
  for (const site of siteNames) say(`  site ${site}, ${perSite} images: ${knowledge[site].join(", ")}`);
  const context = { seed, sheet: options.sheet, say };
  shown.before(context);
  const settings = {
    ...{ ...shown.settings, seed },
    ...(backend.kind === "reference" ? shown.withoutAdapter : {}),
  };
  const images = drawn(shown, seed, quiet);
  const arms = shown.arms(images);
  const length = settings.steps === undefined ? `${settings.epochs} epochs` : `${settings.steps} steps`;
  say(
    `${arms.length} ${shown.model}s are trained for ${length} on ${traits.name}, and tested on ${2 * testPerSite} new images of both sites.`,
  );
  for (const { title, explanation } of arms) if (explanation !== undefined) say(`  ${title}: ${explanation}`);
  if (backend.kind === "reference")
    say("Without WebGPU this takes some minutes; the time left is shown of one model at a time.");
  say("");

  const picture = shown.picture?.(images, context);
  const done: Judged[] = [];
  const widest = Math.max(...arms.map(({ title }) => title.length));
  const stopped = await untilInterrupted(async (signal) => {
    const trained = async (engine: Engine, arm: DemoArm): Promise<boolean> => {
      const own = { ...settings, ...arm.changes };
      const { batch } = own;
      const count = arm.assembly.sources.reduce((sum, { count }) => sum + count, 0);
      const budget = warmedBudgetOf(own, stepsPerEpoch(count, batch));
      const weights = weightsOfSteps(own, budget.warmup);
      const progress = new Progress({ title: arm.title.padEnd(widest), budget, batch, weights, quiet });
      const result = await trainModel(engine, arm.assembly, own, progress.listener(), signal).finally(() =>
        progress.stop(),
      );
      try {
        if (result.stopped || result.evaluation === undefined) return false;
        await picture?.add(engine, { arm, model: result.model, settings: own });
        done.push({ arm, evaluation: result.evaluation, steps: budget.steps });
        return true;
      } finally {
        result.model.dispose();
      }
    };
    for (const arm of arms) if (!(await lasting.run((engine) => trained(engine, arm)))) return true;
    return false;
  });
  if (stopped) {
    process.exitCode = 130;
    return;
  }

  const { table, gain } = results(shown, done);
  process.stdout.write(
    `\n${measure} on the test images (- where the site ${shown.verb} no such finding):\n\n${table}\n\n${stepsLine(done)}\n\n`,
  );
  picture?.write();
  say(
    `One assembled ${shown.model} answers for all ${findings.length} findings; mean gain over the better single site: ${gain} ${measure}. ` +
      `${((performance.now() - started) / 1000).toFixed(0)} s.`,
  );
  say(`Next: ${shown.next}`);
}

function drawn(
  { findings, knowledge, perSite, testPerSite, size, drawing }: Demo,
  seed: number,
  quiet: boolean,
): DemoImages {
  const total = 2 * (perSite + testPerSite);
  return counted({ title: `drawing ${total} radiographs`, total, quiet }, (onImage) => {
    const draw = (site: Site, count: number, from: number, knows: readonly Finding[]): ImageSet =>
      phantoms({ ...drawing, count, size, site, seed: seed + from, findings, knows, onImage });
    return {
      sites: { A: draw("A", perSite, 0, knowledge.A), B: draw("B", perSite, 0, knowledge.B) },
      test: concatenate(
        "test",
        siteNames.map((site) => draw(site, testPerSite, 1, findings)),
      ),
    };
  });
}

interface Judged {
  readonly arm: DemoArm;
  readonly evaluation: Evaluation;
  /** That the model was trained for. */
  readonly steps: number;
}

/** A gain of a model that was trained for longer is not of its data alone. */
function stepsLine(done: readonly Judged[]): string {
  const list = done.map(({ arm, steps }) => `${arm.title} ${steps}`).join(", ");
  return `Training steps: ${list}. A model of both sites has twice the images and takes twice the steps; part of its gain may be of these steps.`;
}

/** A column for each model, and what the assembled one gains over the better one of a single site. */
function results(
  { findings, byClass }: Demo,
  done: readonly Judged[],
): { readonly table: string; readonly gain: string } {
  const scores = done.map(({ arm, evaluation }) => ({ ...arm, of: byClass(evaluation) }));
  const columns = scores.map(({ title, of }) => {
    const defined = Object.values(of).flatMap((value) => value ?? []);
    const mean = defined.length === 0 ? null : sum(defined) / defined.length;
    // Each mean is over the findings that the model answers for.
    return {
      name: title,
      cell: (name: string) => showAuc(of[name]),
      mean: `${showAuc(mean)} (of ${Object.keys(of).length})`,
    };
  });
  const assembled = scores.find(({ role }) => role === "assembled");
  const gainOf = (name: string): number => {
    const single = scores.flatMap(({ role, of }) => (role === "site" ? (of[name] ?? []) : []));
    return single.length === 0 ? NaN : (assembled?.of[name] ?? NaN) - Math.max(...single);
  };
  const signed = (gain: number): string =>
    Number.isFinite(gain) ? `${gain >= 0 ? "+" : ""}${gain.toFixed(4)}` : "-";
  const gain = signed(sum(findings.map(gainOf)) / findings.length);
  const table = aucTable(findings, [
    ...columns,
    { name: "gain over the better site", cell: (name) => signed(gainOf(name)), mean: gain },
  ]);
  return { table, gain };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
