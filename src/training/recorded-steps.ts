// The training step of a run, recorded: one program for each variant of the task's step, and for each phase of what is trained.

import "../errors/disposal.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Program } from "../runtime/program.ts";
import type { Readings } from "../runtime/readings.ts";
import type { StepPlan } from "../runtime/step-plan.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { planOf } from "./run-memory.ts";

/** A step that can be run again and again. */
export interface RecordedStep<Inputs> {
  /** Queues the step on these values. */
  run(inputs: Inputs): void;
  /** The losses of each run, in the order of the task's terms. */
  readonly readings: Readings;
}

export class RecordedSteps<Inputs> implements Disposable {
  readonly #engine: Engine;
  readonly #step: (variant: string, phase: number, inputs: () => Inputs) => Tensor;
  #current:
    | {
        readonly variant: string;
        readonly phase: number;
        readonly program: Program<Tensor>;
        readonly step: RecordedStep<Inputs>;
      }
    | undefined;

  /** @param step computes a variant of the step in a phase and returns its losses */
  constructor(engine: Engine, step: (variant: string, phase: number, inputs: () => Inputs) => Tensor) {
    this.#engine = engine;
    this.#step = step;
  }

  /** The program of a variant in a phase. Only the newest one keeps its memory. */
  async of(variant: string, phase: number): Promise<RecordedStep<Inputs>> {
    if (this.#current?.variant === variant && this.#current.phase === phase) return this.#current.step;
    this.dispose();
    let values: { readonly inputs: Inputs } | undefined;
    const program = await this.#engine.record(
      () =>
        this.#step(variant, phase, () => {
          if (values === undefined) throw new Error("a training step ran without inputs");
          return values.inputs;
        }),
      { shared: true },
    );
    const readings = program.follow(program.result);
    await this.#engine.synchronise(); // what is refused is told before the first step
    const step = {
      readings,
      run: (inputs: Inputs) => {
        values = { inputs };
        program.run();
      },
    };
    this.#current = { variant, phase, program, step };
    return step;
  }

  /** What the program of a variant in a phase would need; nothing where nothing is allocated for it. */
  planOf(variant: string, phase: number): readonly StepPlan[] {
    const noInputs = (): never => {
      throw new Error("a planned step does not run");
    };
    return planOf(this.#engine, () => this.#step(variant, phase, noInputs));
  }

  dispose(): void {
    this.#current?.program.dispose();
    this.#current = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
