// An engine for a command, and another when its device is lost.

import type { DeviceLostError } from "../errors/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import { LastingEngine, type OpensEngine } from "../runtime/lasting-engine.ts";
import type { EngineOptions } from "../runtime/open-engine.ts";
import { warnOfCpu } from "../runs/device-options.ts";
import { warn } from "./terminal/warn.ts";

/** Opens an engine that is told of, when its device is lost, as a warning; and that it is the CPU where nobody asked for it. */
export async function lastingEngine(how: EngineOptions | OpensEngine): Promise<LastingEngine> {
  const lasting = await LastingEngine.open(how, { lost: tellLoss });
  if (typeof how !== "function") warnOfCpu(lasting.engine, warn);
  return lasting;
}

/**
 * Does work that is begun again as a whole when the device is lost on the way.
 * @throws DeviceLostError when three devices were lost one after the other; what opening an engine and the work throw
 */
export async function onEngine<Result>(
  where: EngineOptions,
  work: (engine: Engine) => Promise<Result>,
): Promise<Result> {
  using lasting = await lastingEngine(where);
  return await lasting.run(work);
}

/** An engine for several pieces of work, one after the other, that is opened for the first of them. */
export class SharedEngine {
  readonly #where: EngineOptions;
  #opened: LastingEngine | undefined;

  constructor(where: EngineOptions) {
    this.#where = where;
  }

  /** As `onEngine`. */
  async run<Result>(work: (engine: Engine) => Promise<Result>): Promise<Result> {
    this.#opened ??= await lastingEngine(this.#where);
    return await this.#opened.run(work);
  }

  [Symbol.dispose](): void {
    this.#opened?.[Symbol.dispose]();
  }
}

function tellLoss({ reason }: DeviceLostError): void {
  warn(`warning: ${reason}; what was under way on it begins again on another`);
}
