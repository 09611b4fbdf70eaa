// `tessera add-class`: trains a model further, for classes that it does not know yet.

import type { TrainOptions } from "./train.ts";
import { trainCommand } from "./train.ts";

/** @param given names of the options that were given, defaults aside */
export async function addClassCommand(
  run: string,
  manifest: string,
  options: TrainOptions,
  given: readonly string[],
): Promise<void> {
  await trainCommand(manifest, { ...options, model: run }, given);
}
