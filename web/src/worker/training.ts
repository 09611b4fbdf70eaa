// Trains the models of a setup side by side, each on an engine of its own on the one device, and tells the page.

import { trainClassifier, type Classifier, type TrainingSettings } from "tessera/assemble";
import type { Assembly } from "tessera/data";
import type { Engine } from "tessera";
import { armsOf, type Arm, type Setup, type StepLosses, type Told } from "../protocol.ts";
import { mistakesOf, similarities } from "./judged.ts";
import { assemblyOf, type Radiographs } from "./radiographs.ts";
import { settingsOf } from "./settings.ts";
import type { Keeper } from "./keeper.ts";

/** Losses are told this often, in milliseconds: the page draws no faster. */
const telling = 250;

export interface Trained {
  readonly arm: Arm;
  readonly classifier: Classifier;
  readonly engine: Engine;
  readonly learned: Assembly;
  readonly settings: TrainingSettings;
  /** The epoch of its weights. */
  readonly kept: number;
}

/**
 * @param open an engine on the device
 * @param keeper where checkpoints go, and come from where there are any
 * @returns the models, whether they came to their end or were stopped
 */
export async function trainAll(
  setup: Setup,
  radiographs: Radiographs,
  open: () => Promise<Engine>,
  keeper: Keeper,
  signal: AbortSignal,
  tell: (told: Told) => void,
): Promise<{ readonly stopped: boolean; readonly models: Trained[] }> {
  const arms = armsOf(setup);
  const pace = new Pace(arms.length);
  const ended = await Promise.all(
    arms.map(async (arm) => {
      const engine = await open();
      return await trainOne(arm, engine, { setup, radiographs, keeper, signal, tell, pace });
    }),
  );
  return { stopped: ended.some(({ stopped }) => stopped), models: ended.map(({ trained }) => trained) };
}

/** Images a second and seconds left, of all models together. */
class Pace {
  readonly #models: number;
  readonly #left = new Map<string, number>();
  #began = performance.now();
  #images = 0;

  constructor(models: number) {
    this.#models = models;
  }

  add(
    arm: string,
    images: number,
    imagesLeft: number,
  ): { readonly imagesPerSecond: number; readonly left: number } {
    // The first steps compile; what they took says nothing about the others.
    if (this.#left.size < this.#models) this.#began = performance.now();
    else this.#images += images;
    this.#left.set(arm, imagesLeft);
    const seconds = (performance.now() - this.#began) / 1000;
    const imagesPerSecond = seconds > 0 ? this.#images / seconds : 0;
    const left = [...this.#left.values()].reduce((sum, each) => sum + each, 0);
    return { imagesPerSecond, left: imagesPerSecond > 0 ? left / imagesPerSecond : NaN };
  }
}

interface Context {
  readonly setup: Setup;
  readonly radiographs: Radiographs;
  readonly keeper: Keeper;
  readonly signal: AbortSignal;
  readonly tell: (told: Told) => void;
  readonly pace: Pace;
}

async function trainOne(
  arm: Arm,
  engine: Engine,
  { setup, radiographs, keeper, signal, tell, pace }: Context,
): Promise<{ readonly stopped: boolean; readonly trained: Trained }> {
  const learned = assemblyOf(radiographs, setup, arm);
  const settings = settingsOf(setup);
  const { batch } = settings;
  const images = learned.sources.reduce((sum, { count }) => sum + count, 0);
  const steps = setup.epochs * Math.max(1, Math.floor(images / batch));
  let reports: StepLosses[] = [];
  let told = performance.now();
  let since = 0;
  const send = (step: number): void => {
    const paced = pace.add(arm.name, since * batch, (steps - step) * batch);
    tell({ kind: "steps", arm: arm.name, reports, ...paced });
    [reports, since, told] = [[], 0, performance.now()];
  };
  const result = await trainClassifier(
    engine,
    learned,
    settings,
    {
      step: ({ step, losses }) => {
        reports.push({ step, steps, total: losses.total });
        since++;
        if (performance.now() - told >= telling || step === steps) send(step);
      },
      epoch: ({ epoch, evaluation }) => {
        if (reports.length > 0) send(reports.at(-1)?.step ?? 0);
        if (evaluation === undefined) return;
        const { meanAuc, auc } = evaluation;
        tell({ kind: "epoch", arm: arm.name, epoch, meanAuc, auc });
      },
    },
    signal,
    await keeper.checkpoints(arm.name),
  );
  const { classifier, logits, stopped, kept } = result;
  const found = await similarities(classifier);
  if (found !== undefined) tell({ kind: "similarities", arm: arm.name, classes: arm.classes, values: found });
  if (!stopped && logits !== undefined) {
    const perSource = radiographs.test.count / setup.sources.length;
    const sourceOf = (row: number): string => setup.sources[Math.floor(row / perSource)]?.name ?? "";
    const list = await mistakesOf(engine, classifier, settings, logits, learned.test, arm.classes, sourceOf);
    tell({ kind: "mistakes", arm: arm.name, list });
  }
  return { stopped, trained: { arm, classifier, engine, learned, settings, kept } };
}
