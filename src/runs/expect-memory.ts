// Whether a device has the memory that a run needs: tried, before anything that takes long.

import { declaredLabels } from "../assemble/manifest-settings.ts";
import type { ImageShape } from "../assemble/planning/planned-training.ts";
import { plannedMemory } from "../assemble/planning/training-plan.ts";
import type { LabelSpace } from "../assemble/label-space.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import { largestBinding } from "../device/traits.ts";
import { DeviceUnavailableError, OutOfMemoryError } from "../errors/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import { openEngine } from "../runtime/open-engine.ts";
import { withFittingBatch, type NeededMemory } from "../training/fitting-batch.ts";
import type { NamedDevice } from "./device-options.ts";
import type { RunStart } from "./run-start.ts";

/** Bytes of the pieces in which it is tried whether weights and moments fit. */
const pieceBytes = 2 ** 26;

/** What a run is planned for. */
export interface PlannedRun {
  readonly settings: TrainingSettings;
  readonly image: ImageShape;
  readonly labels: LabelSpace;
  readonly batch: number;
  /** Of all sources, where they are known and stay on the device. */
  readonly images?: number | undefined;
}

/**
 * Allocates what a run needs, and lets it go.
 * @throws OutOfMemoryError with the largest buffers and a batch that would fit, where the device does not have it
 */
export async function expectMemory(
  engine: Engine,
  { settings, image, labels, batch, images }: PlannedRun,
): Promise<void> {
  const of = (count: number, batchSplit = settings.batchSplit): ReturnType<typeof plannedMemory> =>
    plannedMemory(engine.traits, { ...settings, batchSplit }, image, labels, count, images);
  const { memory, largest } = of(batch);
  const others = memory.total - memory.working;
  const pieces = [
    ...memory.pieces,
    ...Array.from({ length: Math.floor(others / pieceBytes) }, () => pieceBytes),
    Math.max(4, others % pieceBytes),
  ].sort((a, b) => b - a);
  try {
    const tried = await engine.reserve([{ ...largest, pieces }], { what: "the run" });
    await tried.release();
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    const inParts = (parts: number): NeededMemory => of(batch, parts).memory;
    const most = largestBinding(engine.traits);
    throw withFittingBatch(error, batch, (count) => of(count).memory, most, inParts);
  }
}

/**
 * The same for a run that begins: what its manifest tells, before images are looked for.
 * @returns the engine, for the run; undefined where it computes on the reference. A device that is lost meanwhile is the run's to replace
 * @throws as `expectMemory`; DeviceUnavailableError when a device is asked for that there is not
 */
export async function expectMemoryFor(
  { manifest }: RunStart,
  settings: TrainingSettings,
  where: NamedDevice,
): Promise<Engine | undefined> {
  if (where.device === "reference") return undefined;
  let engine: Engine;
  try {
    engine = await openEngine({ ...where, device: "webgpu" });
  } catch (error) {
    if (where.device === "webgpu" || !(error instanceof DeviceUnavailableError)) throw error;
    return undefined;
  }
  try {
    const { image } = manifest;
    const { batch } = settings;
    await expectMemory(engine, { settings, image, labels: declaredLabels(manifest), batch });
    return engine;
  } catch (error) {
    const loss = error instanceof OutOfMemoryError ? undefined : await engine.backend.loss?.();
    if (loss !== undefined) return engine;
    engine.close();
    throw error;
  }
}
