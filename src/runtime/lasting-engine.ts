// Work that outlives its device: when it is lost, another is opened and the work is done again from where it can go on.

import "../errors/disposal.ts";
import { aFunction, aRecord, expectArgument, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import { DeviceLostError, DeviceUnavailableError } from "../errors/errors.ts";
import type { Engine } from "./engine.ts";
import { openEngine, type EngineOptions } from "./open-engine.ts";

/** Losses one after the other, without anything gained between them, after which work is given up. */
export const mostLosses = 3;

/** Seconds to wait for an adapter: after a reset a driver takes its time. */
const patience = [1, 4, 15];

export interface LastingOptions {
  /** Told why the device is gone, before another is opened. */
  readonly lost?: ((loss: DeviceLostError) => void) | undefined;
}

const lastingOptions: OptionChecks<LastingOptions> = { lost: aFunction };

/** Opens an engine; asked `again` for one in the place of another, with the same device and the same kernels. */
export type OpensEngine = (again: boolean) => Promise<Engine>;

/**
 * An engine, and another one when its device is lost.
 *
 *     using lasting = await LastingEngine.open({ device: "webgpu" });
 *     const logits = await lasting.run(async (engine) => predict(engine, images));
 */
export class LastingEngine implements Disposable {
  readonly #open: OpensEngine;
  readonly #options: LastingOptions;
  #engine: Engine;

  /**
   * @param how options of `openEngine`, or a function that opens an engine. With `device: "auto"` an engine that takes the place of a
   *   lost one is on WebGPU, too
   * @throws what opening the first engine throws
   */
  static async open(how: EngineOptions | OpensEngine, options: LastingOptions = {}): Promise<LastingEngine> {
    if (typeof how !== "function")
      expectArgument("LastingEngine.open", "the options of the engine", how, aRecord);
    expectOptions("LastingEngine.open", options, lastingOptions);
    const open = typeof how === "function" ? how : opening(how);
    return new LastingEngine(open, options, await open(false));
  }

  private constructor(open: OpensEngine, options: LastingOptions, engine: Engine) {
    this.#open = open;
    this.#options = options;
    this.#engine = engine;
  }

  /** The one of the moment. */
  get engine(): Engine {
    return this.#engine;
  }

  /**
   * Does the work, and does it again on another engine when the device is lost on the way. What it made on the lost one is gone; what
   * it kept on the host is its own business.
   * @param gained how far the work is, as a number that grows; default: only the whole of it counts
   * @throws DeviceLostError when three devices were lost without any gain between them; DeviceUnavailableError when there is no
   *   other; what the work throws on a device that is there
   */
  async run<Result>(work: (engine: Engine) => Promise<Result>, gained = (): number => 0): Promise<Result> {
    expectArgument("LastingEngine.run", "the work", work, aFunction);
    let losses = 0;
    let before = gained();
    for (;;) {
      try {
        return await work(this.#engine);
      } catch (error) {
        const loss = await this.#lossBehind(error);
        if (loss === undefined) throw error;
        const now = gained();
        losses = now > before ? 1 : losses + 1;
        before = now;
        if (losses >= mostLosses) {
          throw new DeviceLostError(
            `${losses} devices were lost one after the other without getting any further: ${loss.reason}`,
            { cause: loss },
          );
        }
        this.#options.lost?.(loss);
        await this.#renew();
      }
    }
  }

  /** A device that is gone may be told as any error: a map that was aborted, a launch that was refused. */
  async #lossBehind(error: unknown): Promise<DeviceLostError | undefined> {
    if (error instanceof DeviceLostError) return error;
    return await this.#engine.backend.loss?.();
  }

  async #renew(): Promise<void> {
    this.#engine.close();
    for (const seconds of [...patience, undefined]) {
      try {
        this.#engine = await this.#open(true);
        return;
      } catch (error) {
        if (!(error instanceof DeviceUnavailableError) || seconds === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      }
    }
  }

  [Symbol.dispose](): void {
    this.#engine.close();
  }
}

/** A device of the program's own is the program's to open again. */
function opening(options: EngineOptions): OpensEngine {
  return async (again) => {
    if (!again) return await openEngine(options);
    if (typeof options.device === "object") {
      throw new DeviceLostError(
        "the GPUDevice that the engine was opened with is lost, and only its owner can open another",
      );
    }
    return await openEngine({ ...options, device: "webgpu" });
  };
}
