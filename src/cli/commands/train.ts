// `tessera train`: from a manifest to a run folder.

import { join } from "node:path";
import { UsageError } from "../../errors/errors.ts";
import { shellWord } from "../../errors/shell-words.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { checkChoices, type ChoiceOptions } from "../../runs/kernel-choices.ts";
import { profileFile } from "../../runs/run-files.ts";
import { silent, type RunObserver } from "../../runs/run-observer.ts";
import {
  beginRun,
  resumeRun,
  type FreeOptions,
  type RunStart,
  type RunOptions,
} from "../../runs/run-start.ts";
import { loadRun, openRunEngine, type LoadedRun } from "../../runs/loaded-run.ts";
import { RunSession } from "../../runs/run-session.ts";
import { describeLoaded } from "../loading.ts";
import { checkProfiled, profileRun } from "../profile-output.ts";
import { counting } from "../terminal/counter.ts";
import { checkFolderOf } from "../terminal/output-files.ts";
import { weightsOfSteps } from "../terminal/loss-words.ts";
import { Progress } from "../terminal/progress.ts";
import { sayWhenStopped, stopCode, unlessInterrupted, untilInterrupted } from "../terminal/signals.ts";
import { testTable } from "../test-table.ts";
import { finishReport, lacksReport, stoppedBeforeReport } from "./finish-report.ts";
import { reportFinished } from "./report.ts";
import { warn } from "../terminal/warn.ts";

export interface TrainOptions
  extends FreeOptions, DeviceOptions, ChoiceOptions, Omit<RunOptions, "dataRoot" | "out" | "candidate"> {
  readonly out?: string;
  /** A run to take weights from: `init`, by the name that a run of one's own has. */
  readonly from?: string;
  /** A run folder to go on with. */
  readonly resume?: string;
  readonly skipNonfinite?: boolean;
  readonly quiet: boolean;
  /** Whether the summary is printed as JSON instead of a table. */
  readonly json: boolean;
  /** Whether report.html is written, and shows patients by their names. */
  readonly report: boolean;
  readonly identify: boolean;
  /** Where the trace goes; true: into the run folder. */
  readonly profile?: string | true;
}

/** Options that may be given with --resume: another length, and those that change no bit. */
const free = [
  "resume",
  "epochs",
  "steps",
  "dataRoot",
  "followLinks",
  "cache",
  "memory",
  "quiet",
  "json",
  "report",
  "identify",
  "checkpointEvery",
  "keepCheckpoints",
  "hangAfter",
];

const optionName = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** @param given names of the options that were given, defaults aside */
export async function trainCommand(
  file: string | undefined,
  options: TrainOptions,
  given: readonly string[],
): Promise<void> {
  // What the command line alone says is refused before a file is read.
  const { device = "auto" } = engineOptions(options);
  checkChoices(device, options);
  if (options.profile !== undefined) checkProfiled(device);
  if (typeof options.profile === "string") checkFolderOf("--profile", options.profile);
  const say = (text: string): void => {
    if (!options.quiet) process.stderr.write(`${text}\n`);
  };
  if (wantsReportAlone(file, options, given)) {
    await finishReport(options.resume, options, say);
    return;
  }
  const start = await startOf(file, options, given);
  const { out } = start.options;
  let progress: Progress | undefined;
  const observer: RunObserver = {
    say,
    warn,
    count: counting(options.quiet),
    loaded: (selected, decoded) => describeLoaded(selected, decoded, say),
    training: ({ budget, batch, settings }) => {
      const weights = weightsOfSteps(settings, budget.warmup);
      progress = new Progress({ title: "train", budget, batch, weights, quiet: options.quiet });
      return progress.listener();
    },
  };
  const loaded = await unlessInterrupted((signal) => loadRun(start, observer, signal));
  if (loaded === undefined) {
    say("stopped before training; what was decoded is in the cache");
    process.exitCode = stopCode();
    return;
  }
  if (options.profile !== undefined) {
    await profiled(
      loaded,
      options.profile === true ? join(out, profileFile) : options.profile,
      options.quiet,
    );
  }
  using session = await RunSession.open(loaded, observer);
  const next = `go on with: tessera train --resume ${shellWord(out)}`;
  const { result, summary } = await session.complete(async (train) => {
    const trained = await untilInterrupted(train).finally(() => progress?.stop());
    // The bootstrap blocks the thread, so Ctrl-C then ends the process at once.
    sayWhenStopped(`stopped before the results were written; ${next}`);
    return trained;
  });
  const { model, evaluation, overlaps, stopped, kept, epochs } = result;
  model.dispose();
  if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
  else if (evaluation !== undefined) {
    process.stdout.write(`${testTable(summary, { ...loaded.images.assembly, overlaps })}\n`);
  }
  if (options.report && !stopped) {
    sayWhenStopped(stoppedBeforeReport(out));
    await reportFinished(out, options.identify, say);
  }
  sayWhenStopped("");
  if (kept < epochs) say(`the weights of epoch ${kept} were kept, the best by validation`);
  const took = `${stopped ? "stopped" : "done"} after ${summary.seconds.toFixed(0)} s`;
  say(`${took}; the run is in ${out}${stopped ? `; ${next}` : ""}`);
  if (stopped) process.exitCode = stopCode();
}

/** Whether a finished run is to go on no further, and lacks its report. */
function wantsReportAlone(
  file: string | undefined,
  options: TrainOptions,
  given: readonly string[],
): options is TrainOptions & { readonly resume: string } {
  const { resume, report } = options;
  if (resume === undefined || file !== undefined || !report) return false;
  const more = (name: string): boolean => !free.includes(name) || name === "epochs" || name === "steps";
  return !given.some(more) && lacksReport(resume);
}

/** @throws UsageError for options that are missing, or that a run to go on with has already */
async function startOf(
  file: string | undefined,
  {
    resume,
    quiet: _quiet,
    json: _json,
    report: _report,
    identify: _identify,
    profile: _profile,
    skipNonfinite: skipNonFinite,
    ...options
  }: TrainOptions,
  given: readonly string[],
): Promise<RunStart> {
  if (resume !== undefined) {
    const own = given.find((name) => !free.includes(name));
    if (file === undefined && own === undefined) {
      const { dataRoot, followLinks, memory, cache, checkpointEvery, keepCheckpoints, hangAfter } = options;
      const { epochs, steps } = options;
      const anew = {
        dataRoot,
        followLinks,
        memory,
        cache,
        checkpointEvery,
        keepCheckpoints,
        hangAfter,
        epochs,
        steps,
      };
      return await resumeRun(resume, anew);
    }
    const what = own === undefined ? `a manifest (${file ?? ""})` : optionName(own);
    throw new UsageError(
      `--resume goes on as the run was begun: ${what} cannot be given with it; leave it out`,
    );
  }
  const { dataRoot, out, from, init = from } = options;
  if (from !== undefined && init !== from) {
    throw new UsageError("--init and --from both name weights to begin with; leave one of them out");
  }
  if (file === undefined) throw new UsageError("missing required argument 'manifest', or --resume RUN");
  if (dataRoot === undefined) throw new UsageError("required option '--data-root <folder>' not specified");
  if (out === undefined) throw new UsageError("required option '--out <folder>' not specified");
  const { from: _from, ...others } = options;
  return await beginRun(file, { ...others, dataRoot, out, init, skipNonFinite });
}

/** On a device of its own, so that the run finds all memory free. */
async function profiled(loaded: LoadedRun, trace: string, quiet: boolean): Promise<void> {
  const { engine } = await openRunEngine(loaded, silent, silent);
  using _ = engine;
  await profileRun(engine, loaded.images.assembly, loaded.settings, trace, quiet);
}
