// Trains on a manifest's images, from the manifest to the run folder: what `tessera train` does, as a function, but for
// report.html and --profile.

import "../errors/disposal.ts";
import {
  aFunction,
  aSignal,
  expectArgument,
  expectOptions,
  madeWith,
  type OptionChecks,
} from "../errors/arguments.ts";
import { type RunObserver } from "./run-observer.ts";
import { type RunStart } from "./run-start.ts";
import type { Summary } from "./summary.ts";
import { loadRun } from "./loaded-run.ts";
import { RunSession } from "./run-session.ts";

const aStart = madeWith("what beginRun or resumeRun gives", ["manifest", "options", "folder"]);
const observerFields: OptionChecks<RunObserver> = {
  say: aFunction,
  warn: aFunction,
  count: aFunction,
  loaded: aFunction,
  training: aFunction,
};

/**
 * Trains, and leaves all of it in the run folder: metrics, checkpoints, and in the end summary, model and predictions.
 *
 *     const summary = await trainRun(await beginRun("sources.yaml", { dataRoot: "data", out: "runs/first" }));
 *
 * @param start of `beginRun` or `resumeRun`
 * @param observer told what happens; a program that needs nothing of it leaves it out
 * @param signal stops the run after the steps under way; `interrupted` is true in the summary then, and `resumeRun` goes on.
 *   While images are loaded it throws the signal's reason
 * @throws DataError or ManifestError for images and labels that cannot be used; UsageError for options that do not fit;
 *   DeviceUnavailableError; ModelError for a model that cannot grow; RunFolderError or CheckpointError when a file cannot be
 *   written, or the checkpoint is of another run; NonFiniteError when the run diverges; TesseraError when it would go on with
 *   other kernels than it was begun with
 */
export async function trainRun(
  start: RunStart,
  observer: RunObserver = {},
  signal?: AbortSignal,
): Promise<Summary> {
  expectArgument("trainRun", "the start", start, aStart);
  expectOptions("trainRun", observer, observerFields);
  if (signal !== undefined) expectArgument("trainRun", "the signal", signal, aSignal);
  const loaded = await loadRun(start, observer, signal);
  using session = await RunSession.open(loaded, observer);
  const { summary, result } = await session.complete((train) => train(signal));
  result.model.dispose();
  return summary;
}
