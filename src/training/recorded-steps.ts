// The training step of a run, recorded: one program without the strong view, another one with it.

import type { Adam } from "../optim/adam.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Program } from "../runtime/program.ts";
import type { Readings } from "../runtime/readings.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Classifier } from "../assemble/classifier.ts";
import { trainingStep, type StepInputs, type StepShape } from "../assemble/training-step.ts";

/** A step that can be run again and again. */
export interface RecordedStep {
  /** Queues the step on these values. */
  run(inputs: StepInputs): void;
  /** The losses of each run: total, bce, pseudo, consistency. */
  readonly readings: Readings;
}

export class RecordedSteps implements Disposable {
  readonly #record: (bothViews: boolean, inputs: () => StepInputs) => Promise<Program<Tensor>>;
  #current:
    | { readonly bothViews: boolean; readonly program: Program<Tensor>; readonly step: RecordedStep }
    | undefined;

  /** @param after recorded behind each step */
  constructor(
    engine: Engine,
    classifier: Classifier,
    optimiser: Adam,
    shape: Omit<StepShape, "bothViews">,
    after: () => void = () => undefined,
  ) {
    this.#record = (bothViews, inputs) =>
      engine.record(() => {
        const losses = trainingStep(engine, classifier, optimiser, { ...shape, bothViews }, inputs);
        after();
        return losses;
      });
  }

  /** The step with or without the strong view. Only the newest one keeps its memory. */
  async of(bothViews: boolean): Promise<RecordedStep> {
    if (this.#current?.bothViews === bothViews) return this.#current.step;
    this.dispose();
    let values: StepInputs | undefined;
    const program = await this.#record(bothViews, () => {
      if (values === undefined) throw new Error("a training step ran without inputs");
      return values;
    });
    const step = {
      readings: program.follow(program.result),
      run: (inputs: StepInputs) => {
        values = inputs;
        program.run();
      },
    };
    this.#current = { bothViews, program, step };
    return step;
  }

  dispose(): void {
    this.#current?.program.dispose();
    this.#current = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
