// A run that goes on with another length than it was begun with.

import { counted } from "../errors/counted.ts";
import { UsageError } from "../errors/errors.ts";
import type { CheckpointRecord } from "../training/checkpoint-record.ts";

/** In all, with what was taken; one of them counts. */
export interface Length {
  readonly epochs?: number | undefined;
  readonly steps?: number | undefined;
}

/** @throws UsageError where a run has gone further than a length, has come to it and is finished, or would end where it is */
export function expectLonger(
  out: string,
  { epochs, steps }: Length,
  done: CheckpointRecord | undefined,
  isFinished: boolean,
): void {
  if (done === undefined) return;
  const { best, optimiser, settings } = done;
  const taken = [
    { asked: epochs, has: done.epochs + (done.steps > 0 && !isFinished ? 1 : 0), what: "epoch" },
    { asked: steps, has: optimiser.steps, what: "step" },
  ];
  for (const { asked, has, what } of taken) {
    if (asked === undefined || asked > has || (asked === has && !isFinished)) continue;
    throw new UsageError(
      `${out}: the run has ${counted(has, what)} already; say how many it is to have in all (${what}s)`,
    );
  }
  const { earlyStopping } = settings;
  if (best === null || typeof earlyStopping !== "number" || done.epochs - best.epoch < earlyStopping) return;
  throw new UsageError(
    `${out}: ended early, ${counted(earlyStopping, "epoch")} after epoch ${best.epoch}, the best, and would again; begin another ` +
      `with its weights (--from ${out}), and with earlyStopping: null or a larger number`,
  );
}
