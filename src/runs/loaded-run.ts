// The first part of a run: its images, and the engine that it is going to have.

import "../errors/disposal.ts";
import { describeParts } from "../assemble/asked-parts.ts";
import { declaredLabels, ofLength, settingsOf } from "../assemble/manifest-settings.ts";
import { withoutIdleSettings } from "../assemble/idle-settings.ts";
import { traceTraining } from "../assemble/planning/traced-steps.ts";
import { checkBatchParts, type TrainingSettings } from "../assemble/training-settings.ts";
import { PixelsOnDemand } from "../data/cache/pixel-rows.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Recording } from "../runtime/recording.ts";
import { engineOptions, openNamedEngine, type NamedDevice } from "./device-options.ts";
import { checkChoices, takeChoices } from "./kernel-choices.ts";
import { expectMemoryFor } from "./expect-memory.ts";
import { defaultMemory, loadImages, type Loaded } from "./load-images.ts";
import { type RunObserver } from "./run-observer.ts";
import type { RunChoices } from "./run-record.ts";
import { type RunStart } from "./run-start.ts";

/** A run whose images are there. */
export interface LoadedRun {
  readonly start: RunStart;
  readonly settings: TrainingSettings;
  readonly images: Loaded;
  /** The engine that its memory was tried on, until somebody takes it. */
  readonly opened: OpenedEngine;
  /** What is trained when, where not all of the model is in every epoch. */
  readonly parts: string | undefined;
}

/**
 * The first part of a run: its images. Whether the device has the memory for its steps is tried before.
 * @throws OutOfMemoryError where it has not; DeviceUnavailableError; ModelError when the model to begin with cannot grow; what `loadImages` throws
 */
export async function loadRun(
  start: RunStart,
  observer: RunObserver,
  signal: AbortSignal | undefined,
): Promise<LoadedRun> {
  const { manifest, options, initial } = start;
  const { dataRoot, limit, seed, skipBad, followLinks, cache, memory = defaultMemory() } = options;
  const where = checkedEngineOptions(start);
  const { batchSplit, skipNonFinite } = options;
  const settings = withoutIdleSettings({
    ...{ ...ofLength(settingsOf(manifest, seed), options), memory },
    ...(skipNonFinite === true ? { skipNonFinite } : {}),
    ...(batchSplit === undefined ? {} : { batchSplit }),
  });
  checkBatchParts(settings);
  const labels = declaredLabels(manifest);
  initial?.check({ ...manifest, settings }, labels);
  const parts = describeParts(settings, labels);
  const opened = new OpenedEngine(await expectMemoryFor(start, settings, where));
  const loading = { dataRoot, limit, seed, skipBad, followLinks, cache, memory };
  try {
    return { start, settings, parts, opened, images: await loadImages(manifest, loading, observer, signal) };
  } catch (error) {
    opened.take()?.close();
    throw error;
  }
}

/** An engine that is there before it is needed; whoever takes it closes it. */
export class OpenedEngine {
  #engine: Engine | undefined;

  constructor(engine: Engine | undefined) {
    this.#engine = engine;
  }

  take(): Engine | undefined {
    const engine = this.#engine;
    this.#engine = undefined;
    return engine;
  }
}

/** @throws UsageError for options that do not fit the device */
function checkedEngineOptions({ options }: RunStart): NamedDevice {
  const where = engineOptions(options);
  checkChoices(where.device ?? "auto", options);
  return where;
}

/**
 * The engine of a run, the one that is open or another, which takes the kernels that its options choose.
 * @param device in the place of the one that its options name
 */
export async function openRunEngine(
  { start, settings, images: { assembly }, opened }: LoadedRun,
  say: (text: string) => void,
  warn: (text: string) => void,
  device?: "webgpu",
): Promise<{ readonly engine: Engine; readonly choices: RunChoices }> {
  const where = checkedEngineOptions(start);
  const engine = opened.take() ?? (await openNamedEngine({ ...where, device: device ?? where.device }, warn));
  try {
    const { manifest, options } = start;
    const { total, batch } = sizesOf(assembly, settings);
    const inMemory = isStreamed(assembly) ? undefined : total;
    const steps = (): ReturnType<typeof traceTraining> =>
      traceTraining(engine.traits, settings, manifest.image, declaredLabels(manifest), batch, inMemory);
    const traced = (): readonly Recording[] => steps().map(({ recording }) => recording);
    return { engine, choices: takeChoices(engine, options, traced, say, warn) };
  } catch (error) {
    engine.close();
    throw error;
  }
}

/** Images to train on, and those of a step. */
export function sizesOf(
  { sources }: Loaded["assembly"],
  settings: TrainingSettings,
): { readonly total: number; readonly batch: number } {
  const total = sources.reduce((sum, { count }) => sum + count, 0);
  return { total, batch: Math.min(settings.batch, total) };
}

export const isStreamed = ({ sources }: Loaded["assembly"]): boolean =>
  sources.some(({ pixels }) => pixels instanceof PixelsOnDemand);
