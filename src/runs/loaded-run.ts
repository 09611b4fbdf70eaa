// The first part of a run: its images, and the engine that it is going to have.

import "../errors/disposal.ts";
import { describeParts } from "../assemble/asked-parts.ts";
import { declaredLabels, ofLength, settingsOf } from "../assemble/manifest-settings.ts";
import { traceTraining } from "../assemble/planning/traced-steps.ts";
import { type TrainingSettings } from "../assemble/training-settings.ts";
import { PixelsOnDemand } from "../data/cache/pixel-rows.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Recording } from "../runtime/recording.ts";
import { engineOptions, openNamedEngine, type NamedDevice } from "./device-options.ts";
import { checkChoices, takeChoices } from "./kernel-choices.ts";
import { defaultMemory, loadImages, type Loaded } from "./load-images.ts";
import { type RunObserver } from "./run-observer.ts";
import type { RunChoices } from "./run-record.ts";
import { type RunStart } from "./run-start.ts";

/** A run whose images are there. */
export interface LoadedRun {
  readonly start: RunStart;
  readonly settings: TrainingSettings;
  readonly images: Loaded;
  /** What is trained when, where not all of the model is in every epoch. */
  readonly parts: string | undefined;
}

/**
 * The first part of a run: everything that needs no device.
 * @throws ModelError when the model to begin with cannot grow; what `loadImages` throws
 */
export async function loadRun(
  start: RunStart,
  observer: RunObserver,
  signal: AbortSignal | undefined,
): Promise<LoadedRun> {
  const { manifest, options, initial } = start;
  const { dataRoot, limit, seed, skipBad, cache, memory = defaultMemory() } = options;
  checkedEngineOptions(start);
  const skips = options.skipNonFinite === true ? { skipNonFinite: true } : {};
  const settings = { ...ofLength(settingsOf(manifest, seed), options), ...skips, memory };
  const labels = declaredLabels(manifest);
  initial?.check({ ...manifest, settings }, labels);
  const parts = describeParts(settings, labels);
  const loading = { dataRoot, limit, seed, skipBad, cache, memory };
  return { start, settings, parts, images: await loadImages(manifest, loading, observer, signal) };
}

/** @throws UsageError for options that do not fit the device */
function checkedEngineOptions({ options }: RunStart): NamedDevice {
  const where = engineOptions(options);
  checkChoices(where.device ?? "auto", options);
  return where;
}

/**
 * Opens the engine of a run, which takes the kernels that its options choose.
 * @param device in the place of the one that its options name
 */
export async function openRunEngine(
  { start, settings, images: { assembly } }: LoadedRun,
  say: (text: string) => void,
  warn: (text: string) => void,
  device?: "webgpu",
): Promise<{ readonly engine: Engine; readonly choices: RunChoices }> {
  const where = checkedEngineOptions(start);
  const engine = await openNamedEngine({ ...where, device: device ?? where.device }, warn);
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
