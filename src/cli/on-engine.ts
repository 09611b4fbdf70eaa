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

function tellLoss({ reason }: DeviceLostError): void {
  warn(`warning: ${reason}; what was under way on it begins again on another`);
}
