// A training run without data and without a device: its steps can be recorded, planned and looked at, not run.

import type { AdapterTraits } from "../device/index.ts";
import { Adam } from "../optim/index.ts";
import { Engine, PlanningBackend } from "../runtime/index.ts";
import type { Tensor } from "../tensor/index.ts";
import { Classifier } from "./classifier.ts";
import { trainingStep } from "./step.ts";
import { stepShape, type TrainingSettings } from "./trainer.ts";

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
  readonly #optimiser: Adam;
  readonly #settings: TrainingSettings;
  readonly #image: ImageShape;

  constructor(traits: AdapterTraits, settings: TrainingSettings, image: ImageShape, classes: number) {
    const { network, seed, learningRate } = settings;
    this.engine = new Engine(new PlanningBackend(traits));
    this.classifier = new Classifier(this.engine, { network, classes, seed });
    this.#optimiser = new Adam(this.classifier.parameters().values(), { learningRate });
    this.#settings = settings;
    this.#image = image;
  }

  /** The step on batches of `count` images, with or without the strong view. */
  step(count: number, unsupervised: boolean): Tensor {
    const shape = { ...stepShape(this.#settings, this.#image, count), unsupervised };
    return trainingStep(this.engine, this.classifier, this.#optimiser, shape, noValues);
  }

  [Symbol.dispose](): void {
    this.engine.close();
  }
}
