// A training run without data and without a device: its steps can be recorded, planned and looked at, not run.

import type { AdapterTraits } from "../../device/traits.ts";
import { optimiserOf } from "../../optim/optimiser-table.ts";
import type { Optimiser } from "../../optim/optimiser.ts";
import { optimiserSettingsOf } from "../../training/loop-settings.ts";
import { Engine } from "../../runtime/engine.ts";
import { PlanningBackend } from "../../runtime/planning-backend.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Classifier } from "../classifier.ts";
import type { LabelSpace } from "../label-space.ts";
import { trainingStep } from "../assemble-step.ts";
import { classifierOf, stepShape, type TrainingSettings } from "../training-settings.ts";
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
  readonly classifier: Classifier;
  readonly #optimiser: Optimiser;
  readonly #settings: TrainingSettings;
  readonly #image: ImageShape;
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
    this.classifier = classifierOf(this.engine, settings, labels);
    this.#optimiser = optimiserOf(this.classifier.parameters().values(), optimiserSettingsOf(settings));
    this.#settings = settings;
    this.#image = image;
    const { height, width, channels } = image;
    const { outputs } = this.classifier.head;
    const all = { count: images ?? 0, bytesEach: height * width * channels, outputs };
    this.residentBytes = images === undefined ? 0 : (residentBytes(all, traits, settings.memory) ?? 0);
    if (this.residentBytes > 0) {
      // The step's plan is the same whatever their number is; one stands for all.
      this.#resident = {
        pixels: this.engine.tensor(new Uint8Array(all.bytesEach), [1, height, width, channels], "u8"),
        states: this.engine.tensor(new Uint8Array(outputs), [1, outputs], "u8"),
      };
    }
  }

  /** Values that the optimiser keeps for each parameter. */
  get moments(): number {
    return this.#optimiser.momentNames.length;
  }

  /** The step on batches of `count` images, with or without the strong view. */
  step(count: number, bothViews: boolean): Tensor {
    const resident = this.#resident;
    const shape = { ...stepShape(this.#settings, this.#image, count), bothViews, resident };
    return trainingStep(this.engine, this.classifier, this.#optimiser, shape, noValues);
  }

  [Symbol.dispose](): void {
    this.engine.close();
  }
}
