// A program: a recorded step that is replayed. The engine makes it; a backend runs it.

import "../errors/disposal.ts";
import { described } from "../errors/arguments.ts";
import { LifetimeError, UsageError } from "../errors/errors.ts";
import { disposed, Tensor } from "../tensor/tensor.ts";
import type { CompiledProgram, Follower } from "./backend.ts";
import type { LaunchTimer } from "./launch-timer.ts";
import type { Readings } from "./readings.ts";
import { PlannedStorage } from "./recording.ts";
import type { StepPlan } from "./step-plan.ts";

export class Program<Result> implements Disposable {
  /** What the step returned. Its tensors hold the values of the newest replay; before the first they cannot be read. */
  readonly result: Result;
  readonly #compiled: CompiledProgram;
  readonly #tensors: readonly Tensor[];
  readonly #results: readonly PlannedStorage[];
  readonly #followers: Follower[] = [];
  #runs = 0;
  #disposed = false;

  /** `tensors` are those of the result that the program owns. */
  constructor(result: Result, tensors: readonly Tensor[], compiled: CompiledProgram) {
    this.result = result;
    this.#tensors = tensors;
    this.#results = tensors.map(({ storage }) => storage).filter((each) => each instanceof PlannedStorage);
    this.#compiled = compiled;
  }

  /** Launches and bytes of the step; undefined on the reference backend, which has neither. */
  get plan(): StepPlan | undefined {
    return this.#compiled.plan;
  }

  /** Replays so far. */
  get runs(): number {
    return this.#runs;
  }

  /**
   * Replays the step: every feed is asked for its values, then the work is queued. Returns before it is done.
   * @throws LifetimeError after the program was disposed, and any error the device reported since the last call
   */
  run(): void {
    this.#checkLive("run");
    this.#compiled.run(() => this.#ran());
  }

  /**
   * Replays whose launches are timed one by one. They compute what `run` computes, more slowly, and count as runs.
   * @throws UsageError on a backend that launches nothing
   */
  timer(): LaunchTimer {
    this.#checkLive("timer");
    const timer = this.#compiled.timer?.();
    if (timer === undefined) {
      throw new UsageError(
        "there is nothing to profile: this backend launches no kernels; take a WebGPU device",
      );
    }
    return {
      launches: timer.launches,
      clock: () => timer.clock(),
      resolution: () => timer.resolution(),
      run: async () => {
        const times = await timer.run();
        this.#ran();
        return times;
      },
      destroy: () => timer.destroy(),
    };
  }

  /**
   * Collects the values that a tensor of the result has after each run, through a ring of staging buffers: reading
   * does not make the device wait.
   *
   * @param every runs that come back together; default 16
   * @throws LifetimeError after the program was disposed
   */
  follow(tensor: Tensor, every = 16): Readings {
    this.#checkLive("follow");
    if (!Number.isInteger(every) || every < 1) {
      throw new UsageError(`follow: every must be a whole number from 1, got ${described(every)}`);
    }
    if (!(tensor instanceof Tensor)) {
      throw new UsageError(`follow: takes a tensor of the program's result, got ${described(tensor)}`);
    }
    if (tensor.disposed) throw disposed(tensor, "follow");
    const follower = this.#compiled.follow(
      { shape: tensor.shape, dtype: tensor.dtype, storage: tensor.storage },
      every,
    );
    this.#followers.push(follower);
    return follower;
  }

  /** Releases the program's buffers and disposes the tensors of its result. Safe to call twice. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const follower of this.#followers) follower.destroy();
    for (const tensor of this.#tensors) tensor.dispose();
    this.#compiled.destroy();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkLive(call: string): void {
    if (this.#disposed) throw new LifetimeError(`${call}: the program was disposed; record the step again`);
  }

  #ran(): void {
    if (this.#runs++ === 0) for (const storage of this.#results) storage.computed = true;
    for (const follower of this.#followers) follower.record();
  }
}
