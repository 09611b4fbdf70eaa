// What a training needs, before it begins: memory by its plan, time by a few steps that are measured here. Until these are, time is a
// guess by the kind of device.

import type { Engine, StepPlan } from "@tessera-gpu/tessera";
import { planTraining, trainClassifier, wholeLabelSpace } from "@tessera-gpu/tessera/assemble";
import {
  armsOf,
  channelsOf,
  imagesOf,
  testImagesOf,
  type Adapter,
  type Estimate,
  type Setup,
} from "../protocol.ts";
import { assemblyOf, draw } from "./radiographs.ts";
import { settingsOf } from "./settings.ts";

/** Seconds, on a device and for a size of images. */
export interface Speed {
  /** Until the first step of a model: its shaders are compiled. */
  readonly first: number;
  /** Of a step with both views. */
  readonly step: number;
  /** That were measured; 0 for a guess. */
  readonly steps: number;
}

/** Of a step that computes one view, and of the evaluation of as many images, as a share of a step with both views. */
const oneView = 0.5;
const evaluation = 0.2;
/** Steps are measured for this long, in milliseconds, or until there are enough. */
const measuring = { milliseconds: 1500, steps: 24 };

/**
 * A guess, before anything is measured: of steps on 32 images of 32 x 32 pixels, by an integrated graphics card, and by two cores of a
 * server (2026-11) for SwiftShader and the reference backend.
 */
export function guess({ device, isSoftware }: Adapter, size: number): Speed {
  const [first, step] = device === "reference" ? [0.5, 0.25] : isSoftware ? [4, 0.25] : [1.5, 0.02];
  return { first, step: step * (isSoftware ? (size / 32) ** 2 : 1), steps: 0 };
}

/** What any adapter has, to plan with where there is none. */
const leastLimits = {
  maxWorkgroupsPerDimension: 65_535,
  maxInvocationsPerWorkgroup: 256,
  maxStorageBuffers: 8,
  maxBindingBytes: 2 ** 27,
  maxBufferBytes: 2 ** 28,
};

/** Bytes of a step: of buffers that share memory where they can, and of arrays of the reference backend, which share none. */
const bytesOfStep = ({ bytes, buffers }: StepPlan, isShared: boolean): number =>
  isShared ? bytes : buffers.reduce((sum, buffer) => sum + buffer.bytes, 0);

/** @param engine on the device that is estimated for */
export async function estimate(setup: Setup, engine: Engine, speed: Speed): Promise<Estimate> {
  const isWebGpu = engine.backend.kind === "webgpu";
  const traits = isWebGpu ? engine.traits : { ...engine.traits, ...leastLimits };
  const settings = settingsOf(setup);
  const { batch, epochs, warmupEpochs } = settings;
  const image = { height: setup.size, width: setup.size, channels: channelsOf(setup) };
  const arms = armsOf(setup);
  let bytes = 0;
  let seconds = 0;
  for (const arm of arms) {
    const images = imagesOf(setup, arm);
    const labels = wholeLabelSpace(arm.classes.length, arm.sources.length);
    const plan = await planTraining(traits, settings, image, labels, batch, images);
    const lasting = plan.parameterBytes + plan.momentBytes + plan.statisticBytes + plan.residentBytes;
    bytes += lasting + Math.max(...plan.steps.map(({ plan: step }) => bytesOfStep(step, isWebGpu)));
    const steps = Math.max(1, Math.floor(images / batch));
    const tested = (epochs * testImagesOf(setup) * evaluation) / batch;
    const [warm, both] = [steps * warmupEpochs * oneView, steps * (epochs - warmupEpochs)];
    seconds += speed.step * (warm + both + tested);
  }
  // Steps of one view, of both, and of the evaluation are compiled, those of the models at the same time.
  seconds += speed.first * (1 + arms.length);
  return { bytes, seconds, measuredSteps: speed.steps };
}

/**
 * Trains for a second or two on a few radiographs.
 * @throws the signal's reason
 */
export async function measure(engine: Engine, setup: Setup, signal: AbortSignal): Promise<Speed> {
  const { own: _, ...drawn } = setup;
  const small: Setup = { ...drawn, classes: standardClasses, sources: everything, images: 32, epochs: 1 };
  const radiographs = await draw(small, () => undefined, signal);
  const [arm] = armsOf(small).slice(-1);
  if (arm === undefined) throw new Error("both hospitals label something here");
  const enough = new AbortController();
  const settings = { ...settingsOf(small), steps: measuring.steps, warmupEpochs: 0 };
  const began = performance.now();
  let [first, last, steps] = [0, 0, 0];
  const { classifier } = await trainClassifier(
    engine,
    assemblyOf(radiographs, small, arm),
    { ...settings, evaluate: "end" },
    {
      step: () => {
        last = performance.now();
        if (steps++ === 0) first = last;
        if (last - first > measuring.milliseconds) enough.abort();
      },
    },
    AbortSignal.any([signal, enough.signal]),
  );
  classifier.dispose();
  signal.throwIfAborted();
  return { first: (first - began) / 1000, step: (last - first) / 1000 / Math.max(1, steps - 1), steps };
}

const standardClasses = ["nodule", "effusion"];
const everything = [
  { name: "A", knows: standardClasses },
  { name: "B", knows: standardClasses },
];
