// Trains the models of a setup side by side, each on an engine of its own on the one device, and tells the page. A model whose device is
// lost goes on from its checkpoint on another one.

import { LastingEngine, type Engine, type OpensEngine } from "@tessera-gpu/tessera";
import {
  Classifier,
  QueryHead,
  trainClassifier,
  type Evaluation,
  type TrainingResult,
  type TrainingSettings,
} from "@tessera-gpu/tessera/assemble";
import type { Assembly } from "@tessera-gpu/tessera/data";
import {
  armsOf,
  assembledName,
  type Arm,
  type History,
  type Setup,
  type StepLosses,
  type Told,
} from "../protocol.ts";
import { mistakesOf, similarities } from "./judged.ts";
import type { Keeper } from "./keeper.ts";
import { Pace } from "./pace.ts";
import { assemblyOf, type Radiographs } from "./radiographs.ts";
import { settingsOf } from "./settings.ts";

/** Losses are told this often, in milliseconds: the page draws no faster. */
const telling = 250;

/** A model that learns, or has learned. */
export interface Learning {
  readonly arm: Arm;
  readonly classifier: Classifier;
  readonly engine: Engine;
  readonly learned: Assembly;
  readonly settings: TrainingSettings;
}

export interface Trained extends Learning {
  readonly result: TrainingResult;
  readonly history: History;
  /** Since the training was begun, or went on. */
  readonly seconds: number;
}

export interface Training {
  readonly setup: Setup;
  readonly radiographs: Radiographs;
  readonly keeper: Keeper;
  readonly signal: AbortSignal;
  /** An engine on the device; on another one where that was lost. */
  readonly open: OpensEngine;
  /** Told of a model when it begins to learn. */
  readonly began: (learning: Learning) => void;
  readonly tell: (told: Told) => void;
}

/** @returns the models, whether they came to their end or were stopped */
export async function trainAll(
  training: Training,
): Promise<{ readonly stopped: boolean; readonly models: Trained[] }> {
  const arms = armsOf(training.setup);
  const pace = new Pace(arms.length);
  // What fails in one ends the others.
  const failed = new AbortController();
  const signal = AbortSignal.any([training.signal, failed.signal]);
  const ended = await Promise.allSettled(
    arms.map(async (arm) => {
      try {
        return await trainArm(arm, { ...training, signal, pace });
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  const models = ended.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  if (failed.signal.aborted) {
    for (const { engine } of models) engine.close();
    throw failed.signal.reason;
  }
  return { stopped: models.some(({ result }) => result.stopped), models };
}

type Paced = Training & { readonly pace: Pace };

/** @returns with the engine, which is the caller's to close */
async function trainArm(arm: Arm, training: Paced): Promise<Trained> {
  const lost = (): void => {
    training.pace.restart(arm.name);
    training.tell({
      kind: "notice",
      text: "The graphics device was lost, as it is when its driver starts anew. The training goes on from its last checkpoint, on another device.",
    });
  };
  const lasting = await LastingEngine.open(training.open, { lost });
  let saved = 0;
  try {
    return await lasting.run(
      (engine) => trainOn(engine, arm, training, () => saved++),
      () => saved,
    );
  } catch (error) {
    lasting[Symbol.dispose]();
    throw error;
  }
}

async function trainOn(
  engine: Engine,
  arm: Arm,
  { setup, radiographs, keeper, signal, tell, pace, began }: Paced,
  saved: () => void,
): Promise<Trained> {
  const since = performance.now();
  const { sourceOf } = radiographs;
  const learned = assemblyOf(radiographs, setup, arm);
  const settings = settingsOf(setup);
  const { batch } = settings;
  const images = learned.sources.reduce((sum, { count }) => sum + count, 0);
  const steps = setup.epochs * Math.max(1, Math.floor(images / batch));
  const before = await keeper.history(arm.name);
  const history = { steps: [...before.steps], epochs: [...before.epochs] };
  if (history.steps.length > 0) tell({ kind: "history", arm: arm.name, history });
  const checkpoints = await keeper.checkpoints(arm.name, history, saved);
  let reports: StepLosses[] = [];
  let told = performance.now();
  const send = (step: number): void => {
    tell({
      kind: "steps",
      arm: arm.name,
      reports,
      ...pace.add(arm.name, reports.length * batch, (steps - step) * batch),
    });
    [reports, told] = [[], performance.now()];
  };
  let learning: Learning | undefined;
  const tellQueries = async (): Promise<void> => {
    if (learning === undefined || arm.name !== assembledName) return;
    const { head } = learning.classifier;
    if (!(head instanceof QueryHead)) return;
    const values = await similarities(head.queries);
    tell({ kind: "similarities", arm: arm.name, classes: arm.classes, values });
  };
  const tellEpoch = (epoch: number, { meanAuc, auc }: Evaluation): void =>
    tell({ kind: "epoch", arm: arm.name, epoch, meanAuc, auc });
  const result = await trainClassifier(
    engine,
    learned,
    settings,
    {
      begun: (module) => {
        if (!(module instanceof Classifier)) return;
        learning = { arm, classifier: module, engine, learned, settings };
        began(learning);
      },
      step: ({ epoch, step, losses }) => {
        const report = { step, steps, total: losses.total };
        reports.push(report);
        replaceFrom(history.steps, { ...report, epoch, losses }, (each) => each.step);
        if (performance.now() - told >= telling || step === steps) send(step);
      },
      epoch: ({ epoch, evaluation, learningRate, losses }) => {
        if (reports.length > 0) send(reports.at(-1)?.step ?? 0);
        if (evaluation !== undefined) {
          const { meanAuc, auc } = evaluation;
          replaceFrom(history.epochs, { epoch, meanAuc, auc, learningRate, losses }, (each) => each.epoch);
          tellEpoch(epoch, evaluation);
        }
        // A device that is lost meanwhile is noticed by the training itself.
        void tellQueries().catch(() => undefined);
      },
    },
    signal,
    checkpoints,
  );
  const { classifier, logits, stopped, evaluation } = result;
  if (history.epochs.at(-1)?.epoch !== result.kept && evaluation !== undefined)
    tellEpoch(result.kept, evaluation);
  await tellQueries();
  if (!stopped && logits !== undefined && arm.name === armsOf(setup).at(-1)?.name) {
    const list = await mistakesOf(engine, classifier, settings, logits, learned.test, arm.classes, sourceOf);
    tell({ kind: "mistakes", arm: arm.name, list });
  }
  const seconds = (performance.now() - since) / 1000;
  return { arm, classifier, engine, learned, settings, result, history, seconds };
}

/** Adds what was told to what was told before it; what a run tells again, from its checkpoint on, takes the place of what it told. */
export function replaceFrom<Report>(told: Report[], next: Report, at: (report: Report) => number): void {
  while (told.length > 0 && at(told.at(-1) as Report) >= at(next)) told.pop();
  told.push(next);
}
