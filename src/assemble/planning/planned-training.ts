// A training run without data and without a device: its steps can be recorded, planned and looked at, not run.

import "../../errors/disposal.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import { optimiserOf } from "../../optim/optimiser-table.ts";
import type { Optimiser } from "../../optim/optimiser.ts";
import { optimiserSettingsOf } from "../../training/loop-settings.ts";
import { largestRead, planOf, runMemory, type RunMemory } from "../../training/run-memory.ts";
import { WeightAverage } from "../../training/weight-average.ts";
import { assembleTerms } from "../assemble-terms.ts";
import { reestimation } from "../reestimate.ts";
import { plannedPasses, plannedReport } from "./planned-passes.ts";
import { bothViewsOf } from "./steps-taken.ts";
import { precisionOf } from "../../training/precision.ts";
import { TrainedParts } from "../../training/trained-parts.ts";
import { Engine } from "../../runtime/engine.ts";
import { PlanningBackend } from "../../runtime/planning-backend.ts";
import { reservedBytes, stepBytes, type StepPlan } from "../../runtime/step-plan.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Model } from "../assembly-task.ts";
import type { LabelSpace } from "../label-space.ts";
import { taskOf } from "../tasks.ts";
import { stepShape, type TrainingSettings } from "../training-settings.ts";
import { trainingStep } from "../training-step.ts";
import { bothAtOnce, type ViewsChoice } from "./both-at-once.ts";
import { classWords } from "../../labels/label-map.ts";
import { residentBytes, type ResidentImages } from "../../training/training-images.ts";

/** Images of a training step. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** In the place of a feed's values, which a step that does not run is never asked for. */
export const noValues = (): never => {
  throw new Error("a planned step does not run");
};

export class PlannedTraining implements Disposable {
  readonly engine: Engine;
  readonly model: Model;
  readonly #parts: TrainedParts;
  readonly #optimiser: Optimiser;
  readonly #settings: TrainingSettings;
  readonly #image: ImageShape;
  readonly #labels: LabelSpace;
  readonly #resident: ResidentImages | undefined;
  readonly #twin: Model | undefined;
  readonly #average: WeightAverage<Model> | undefined;
  /** Bytes while all of it is made. */
  readonly #beginning: number;
  /** Bytes of images and label states that stay on the device; 0 where steps are fed. */
  readonly residentBytes: number;
  /** Bytes of the model's tensors, as they lie side by side; of the moments; and of the moving average, 0 without one. */
  readonly tensorBytes: { readonly model: number; readonly moments: number; readonly average: number };

  /** @param images of all sources, where their number is known: they stay on the device if they fit */
  constructor(
    traits: AdapterTraits,
    settings: TrainingSettings,
    image: ImageShape,
    labels: LabelSpace,
    images?: number,
  ) {
    this.engine = new Engine(new PlanningBackend(traits));
    this.model = taskOf(settings).modelOf(this.engine, settings, labels);
    this.#parts = new TrainedParts(this.model, settings);
    const modelBytes = this.engine.memory().bytes;
    this.#optimiser = optimiserOf(this.#parts.groups, optimiserSettingsOf(settings));
    const { ema } = settings;
    const { engine } = this;
    const trained = engine.memory().bytes;
    if (ema != null) {
      this.#twin = taskOf(settings).modelOf(engine, settings, labels);
      this.#average = new WeightAverage(engine, this.#parts, this.#twin, ema);
    }
    // To lie side by side takes a little more, and the decay of parameters has a tensor of its own: they count with the moments.
    this.#beginning = engine.memory().peakBytes;
    this.tensorBytes = {
      model: modelBytes,
      moments: trained - modelBytes,
      average: engine.memory().bytes - trained,
    };
    this.#settings = settings;
    this.#image = image;
    this.#labels = labels;
    const { height, width, channels } = image;
    const hasMaps = settings.task === "segmentation";
    const outputs = hasMaps ? labels.classes : this.model.head.outputs;
    const mapBytes = hasMaps ? height * width : 0;
    const all = { count: images ?? 0, bytesEach: height * width * channels, outputs, mapBytes };
    this.residentBytes = images === undefined ? 0 : (residentBytes(all, traits, settings.memory) ?? 0);
    if (this.residentBytes > 0) {
      // The step's plan is the same whatever their number is; one stands for all.
      const one = (...shape: readonly number[]): Tensor => {
        const values = new Uint8Array(shape.reduce((size, each) => size * each, 1));
        return this.engine.tensor(values, [1, ...shape], "u8");
      };
      const words = classWords(outputs);
      this.#resident = {
        pixels: one(height, width, channels),
        states: one(outputs),
        ...(hasMaps
          ? {
              maps: one(height, width),
              known: this.engine.tensor(new Uint32Array(words), [1, words], "u32"),
            }
          : {}),
      };
    }
  }

  /** Values that are trained at any time of the run. */
  get trainedCount(): number {
    return this.#parts.countIn(this.#parts.lastPhase);
  }

  /** Values that the optimiser keeps for each parameter. */
  get moments(): number {
    return this.#optimiser.momentNames.length;
  }

  /** The step on batches of `count` images, with or without the strong view, once all is trained that ever is. */
  step(count: number, bothViews: boolean, atOnce = true): Tensor {
    const resident = this.#resident;
    const named = stepShape(this.#settings, this.#image, count, this.#labels);
    const shape = { ...named, bothViews, atOnce, resident };
    const { lastPhase } = this.#parts;
    this.#parts.enter(lastPhase);
    const parameters = this.#parts.parametersIn(lastPhase);
    const { lossScale } = precisionOf(this.#settings.precision);
    const losses = trainingStep(
      ...([this.engine, this.model, this.#optimiser, shape] as const),
      ...([noValues, parameters, lossScale] as const),
    );
    this.#average?.step(lastPhase);
    return losses;
  }

  /** What a run needs on the device that takes steps of `count` images, with checkpoints. */
  memory(count: number, atOnce: boolean): { readonly memory: RunMemory; readonly largest: StepPlan } {
    const { engine, model } = this;
    const { inWarmUp, after } = bothViewsOf(this.#settings);
    const kinds = new Set([after, inWarmUp].filter((each) => each !== undefined));
    const passes = plannedPasses(engine, this.#twin ?? model, this.#settings, {
      image: this.#image,
      batch: count,
      judged: [Infinity],
      reestimated: reestimation({ ...this.#settings, batch: count }, Infinity),
    });
    const { model: weights, moments, average } = this.tensorBytes;
    const steps = [...kinds].flatMap((both) => planOf(engine, () => this.step(count, both, atOnce)));
    const tensors = weights + moments + average + this.residentBytes;
    const report = planOf(engine, plannedReport(engine, model, this.#settings, this.#image, count));
    const ends = report.map((plan) => weights + stepBytes(plan) + reservedBytes);
    const memory = runMemory(tensors, [this.#beginning + this.residentBytes, ...ends], {
      steps,
      passes: passes.flatMap((pass) => planOf(engine, pass)),
      terms: assembleTerms(this.#settings).length,
      readBytes: largestRead(model, this.#optimiser),
    });
    return { memory, largest: steps.reduce((most, each) => (each.bytes > most.bytes ? each : most)) };
  }

  /** How both views go through the network. */
  views(count: number): ViewsChoice {
    return bothAtOnce(this.engine, this.#settings, () => this.step(count, true));
  }

  [Symbol.dispose](): void {
    this.engine.close();
  }
}
