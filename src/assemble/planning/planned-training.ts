// A training run without data and without a device: its steps can be recorded, planned and looked at, not run.

import "../../tensor/disposal.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import { optimiserOf } from "../../optim/optimiser-table.ts";
import type { Optimiser } from "../../optim/optimiser.ts";
import { optimiserSettingsOf } from "../../training/loop-settings.ts";
import { TrainedParts } from "../../training/trained-parts.ts";
import { Engine } from "../../runtime/engine.ts";
import { PlanningBackend } from "../../runtime/planning-backend.ts";
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
  /** Bytes of images and label states that stay on the device; 0 where steps are fed. */
  readonly residentBytes: number;

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
    this.#optimiser = optimiserOf(this.#parts.groups, optimiserSettingsOf(settings));
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
    return trainingStep(this.engine, this.model, this.#optimiser, shape, noValues, parameters);
  }

  /** How both views go through the network. */
  views(count: number): ViewsChoice {
    return bothAtOnce(this.engine, this.#settings, () => this.step(count, true));
  }

  [Symbol.dispose](): void {
    this.engine.close();
  }
}
