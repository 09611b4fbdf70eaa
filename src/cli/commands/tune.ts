// `tessera tune`: measures the candidates of a training run's operators, and keeps those faster than the rule's choice.

import Table from "cli-table3";
import { declaredLabels, settingsOf } from "../../assemble/manifest-settings.ts";
import { traceTraining, type TracedStep } from "../../assemble/planning/traced-steps.ts";
import { readTrainingManifest } from "../../assemble/training-manifest.ts";
import { UsageError } from "../../errors/errors.ts";
import { plainTable } from "../../report/tables.ts";
import { lastingEngine } from "../on-engine.ts";
import { hasChoice, worksOf } from "../../tuning/works.ts";
import { tune, type TunedWork, type Tuning } from "../../tuning/tuner.ts";
import { Counter } from "../terminal/counter.ts";
import { checkFolderOf } from "../terminal/output-files.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { version } from "../../runs/package-info.ts";
import { untilInterrupted } from "../terminal/progress.ts";
import { readTuning, tuningPath, withTuned, writeTuning } from "../../runs/tuning-file.ts";

export interface TuneCommandOptions extends DeviceOptions {
  readonly batch?: number;
  readonly seconds: number;
  readonly tuning?: string;
  readonly quiet: boolean;
}

export async function tuneCommand(manifestFile: string, options: TuneCommandOptions): Promise<void> {
  const where = engineOptions(options);
  if (where.device === "reference") {
    throw new UsageError("--device reference has no kernels to tune; tune for a WebGPU adapter");
  }
  if (options.tuning === "none") {
    throw new UsageError(
      "--tuning none means no tuning file where training reads one; name the file to write",
    );
  }
  const manifest = await readTrainingManifest(manifestFile);
  const settings = settingsOf(manifest, 0);
  const batch = options.batch ?? settings.batch;
  const say = (text: string): void => {
    if (!options.quiet) process.stderr.write(`${text}\n`);
  };
  using lasting = await lastingEngine({ ...where, device: "webgpu" });
  const { traits } = lasting.engine;
  const file = options.tuning ?? tuningPath(traits, version);
  checkFolderOf("--tuning", file);
  const before = readTuning(file, traits, version);
  if (before.kind === "unusable") {
    if (options.tuning !== undefined) {
      throw new UsageError(`--tuning ${file} ${before.problem}; name another file or delete it`);
    }
    process.stderr.write(`warning: the tuning file ${file} ${before.problem}; it is written anew\n`);
  }
  const steps = traceTraining(traits, settings, manifest.image, declaredLabels(manifest), batch);
  const works = worksOf(
    steps.map(({ recording }) => recording),
    traits,
  );
  const open = works.filter(hasChoice).length;
  say(
    `${works.length} different works in batches of ${batch}, ${open} with more than one candidate; on ${traits.name}; ` +
      `at most about ${options.seconds} s`,
  );
  const tuning = await untilInterrupted((signal) => {
    signal.addEventListener("abort", () => (process.exitCode = 130), { once: true });
    return measured(signal);
  });

  async function measured(signal: AbortSignal): Promise<Tuning> {
    const end = performance.now() + 1000 * options.seconds;
    using counter = new Counter("tune", 2 * open, options.quiet);
    return await lasting.run((engine) =>
      tune(engine, works, {
        seconds: options.seconds,
        signal,
        onProgress: ({ stage, done, total, work }) => {
          const left = Math.max(0, (end - performance.now()) / 1000);
          counter.update(stage === "looking" ? done : total + done, 2 * total, work.operator.name, left);
        },
      }),
    );
  }

  const known = before.kind === "tuning" ? before.tuning : undefined;
  if (tuning.tuned.length > 0) await writeTuning(file, withTuned(known, traits, version, tuning.tuned));
  process.stdout.write(report(tuning, steps));
  say(
    tuning.tuned.length > 0
      ? `kept in ${file}; tessera train ${options.tuning === undefined ? "takes it from now on" : `takes it with --tuning ${file}`}`
      : "nothing was measured; no file was written",
  );
}

const milliseconds = (seconds: number): string =>
  seconds < 0.1 ? (1000 * seconds).toPrecision(3) : (1000 * seconds).toFixed(0);
const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Shapes for people: the first few, and how many more there are. */
function shapesOf({ work: { inputs } }: TunedWork): string {
  const shown = inputs.length > 3 ? 2 : 3;
  const shapes = inputs.slice(0, shown).map(({ shape }) => `[${shape.join(",")}]`);
  return inputs.length > shown ? `${shapes.join(" ")} +${inputs.length - shown}` : shapes.join(" ");
}

/** The times of the candidates that are neither the rule's nor the chosen one. */
function othersOf({ times, chosen, rule }: TunedWork): string {
  return times
    .filter(({ name }) => name !== chosen && name !== rule)
    .map(({ name, seconds, out }) => {
      if (seconds === undefined) return `${name}: ${out ?? ""}`;
      return `${name} ${out === "slower" ? "~" : ""}${milliseconds(seconds)}`;
    })
    .join(", ");
}

/** Works that take less than this share of every step, and keep the rule's choice, are counted instead of listed. */
const listedShare = 0.01;

export function report({ tuned, left }: Tuning, steps: readonly Pick<TracedStep, "name">[]): string {
  const stepSeconds = steps.map((_, step) =>
    tuned.reduce((total, { ruleSeconds, work }) => total + ruleSeconds * work.calls[step], 0),
  );
  const listed = tuned.filter(
    ({ work, rule, chosen, ruleSeconds, times }) =>
      chosen !== rule ||
      times.some(({ out }) => out === "other results") ||
      work.calls.some((calls, step) => calls * ruleSeconds >= listedShare * stepSeconds[step]),
  );
  const table = new Table({
    ...plainTable,
    head: ["operator", "shapes", "calls", "rule", "ms", "take", "ms", "gain", "the others, ms"],
    colAligns: ["left", "left", "right", "left", "right", "left", "right", "right", "left"],
  });
  for (const each of listed) {
    const { work, rule, chosen, ruleSeconds, chosenSeconds } = each;
    const changed = chosen !== rule;
    table.push([
      work.operator.name,
      shapesOf(each),
      Math.max(...work.calls),
      rule,
      milliseconds(ruleSeconds),
      changed ? chosen : "=",
      changed ? milliseconds(chosenSeconds) : "",
      changed ? percent(1 - chosenSeconds / ruleSeconds) : "",
      othersOf(each),
    ]);
  }
  const unlisted = tuned.length - listed.length;
  if (unlisted > 0)
    table.push([{ colSpan: 9, content: `${unlisted} more: below 1 % of a step, the rule's choice stays` }]);
  const changed = tuned.filter(({ chosen, rule }) => chosen !== rule).length;
  const lines = steps.map(({ name }, step) => {
    const sum = (seconds: (each: TunedWork) => number): number =>
      tuned.reduce((total, each) => total + seconds(each) * each.work.calls[step], 0);
    const [rule, chosen] = [sum((each) => each.ruleSeconds), sum((each) => each.chosenSeconds)];
    const gain = rule > 0 ? percent(1 - chosen / rule) : percent(0);
    return `  ${name}: ${milliseconds(rule)} ms with the rule, ${milliseconds(chosen)} ms tuned (${gain} less)`;
  });
  return [
    ...(tuned.length > 0 ? [table.toString(), ""] : []),
    `${changed} of ${tuned.length} works take another candidate than the rule's: its median is at least 5 % lower and it`,
    "was faster in every round but one. ~ is a time of fewer runs: clearly slower. These works in one step:",
    ...lines,
    ...(left.length > 0
      ? [`${left.length} work(s) were not reached and follow the rule; give more --seconds`]
      : []),
    "",
  ].join("\n");
}
