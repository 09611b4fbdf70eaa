// Which candidates a run takes: `--candidate` first, then the tuning file, then the rule of each operator.

import { resolve } from "node:path";
import type { RunChoices } from "./run-record.ts";
import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { operators } from "../operators/registry.ts";
import { WebGpuBackend } from "../runtime/webgpu/webgpu-backend.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Recording } from "../runtime/recording.ts";
import { hasChoice, worksOf, type Work } from "../tuning/works.ts";
import { version } from "./package-info.ts";
import { digestOf, readTuning, tuningPath, type TuningFile } from "./tuning-file.ts";

export interface ChoiceOptions {
  /** A tuning file, or "none"; the adapter's own when left out. */
  readonly tuning?: string;
  readonly candidate: ReadonlyMap<string, string>;
}

/** @throws UsageError when choices are asked for where there are none, before anything is opened or read */
export function checkChoices(device: string, { tuning, candidate }: ChoiceOptions): void {
  if (device !== "reference") return;
  const option =
    candidate.size > 0 ? "--candidate" : tuning !== undefined && tuning !== "none" ? "--tuning" : "";
  if (option === "") return;
  throw new UsageError(
    `${option} chooses among kernels, and --device reference runs none; leave one of them out`,
  );
}

/**
 * Tells an engine which candidates to take.
 *
 * @param traced recordings of what will run: names are checked against them
 * @param say prints what a person may want to know; `warn` prints what is wrong with a file
 * @returns the choices, for the run's summary: they decide the run's bits
 * @throws UsageError for an unknown operator or candidate, or a named file that is missing or cannot be used
 */
export function takeChoices(
  engine: Engine,
  options: ChoiceOptions,
  traced: () => readonly Recording[],
  say: (text: string) => void,
  warn: (text: string) => void,
): RunChoices {
  const { backend } = engine;
  if (!(backend instanceof WebGpuBackend)) {
    checkChoices("reference", options);
    return { tuning: null, candidates: {} };
  }
  checkOperators(options.candidate);
  const found = findTuning(engine, options.tuning, warn);
  if (found === undefined && options.candidate.size === 0) return { tuning: null, candidates: {} };
  const works = worksOf(traced(), engine.traits);
  for (const [operator, candidate] of options.candidate) {
    checkCandidate(operator, candidate, works);
    backend.choice.whereAvailable.set(operator, candidate);
  }
  const candidates = Object.fromEntries(options.candidate);
  if (found === undefined) return { tuning: null, candidates };
  const { file, tuning } = found;
  for (const [key, { candidate }] of Object.entries(tuning.works)) backend.choice.tuned.set(key, candidate);
  const open = works.filter(hasChoice);
  const known = open.filter(({ key }) => tuning.works[key] !== undefined);
  const taken = known.filter(({ key, candidates: names }) => names.includes(tuning.works[key].candidate));
  const other = taken.filter(({ key, candidates: names }) => tuning.works[key].candidate !== names.at(-1));
  const gone = known.length - taken.length;
  if (gone > 0) {
    warn(`tuning: ${file} names ${gone} candidate(s) that there are no more; the rule decides there`);
  }
  say(
    `tuning: ${taken.length} of ${open.length} works with a choice follow ${file}; ` +
      `in ${other.length} of them it is not the rule's choice`,
  );
  // The absolute path, so that a run can go on from another folder.
  return { tuning: { file: resolve(file), digest: digestOf(tuning), works: taken.length }, candidates };
}

function findTuning(
  engine: Engine,
  option: string | undefined,
  warn: (text: string) => void,
): { readonly file: string; readonly tuning: TuningFile } | undefined {
  if (option === "none") return undefined;
  const file = option ?? tuningPath(engine.traits, version);
  const found = readTuning(file, engine.traits, version);
  if (found.kind === "tuning") return { file, tuning: found.tuning };
  if (found.kind === "unusable") {
    if (option !== undefined) {
      throw new UsageError(
        `--tuning ${file}: it ${found.problem}; make another with tessera tune, or say none`,
      );
    }
    warn(`warning: the tuning file ${file} ${found.problem}; it is ignored, every operator follows its rule`);
  } else if (option !== undefined) {
    throw new UsageError(`--tuning ${file}: there is no such file; make it with tessera tune, or say none`);
  }
  return undefined;
}

function checkOperators(candidates: ReadonlyMap<string, string>): void {
  const names = Object.keys(operators);
  for (const operator of candidates.keys()) {
    if (operator === "*" || names.includes(operator)) continue;
    const near = suggestion(operator, names);
    throw new UsageError(
      `--candidate ${operator}=...: there is no operator "${operator}"${near || "; see the folders of src/operators"}`,
    );
  }
}

function checkCandidate(operator: string, candidate: string, works: readonly Work[]): void {
  const own = works.filter((work) => operator === "*" || work.operator.name === operator);
  const names = [...new Set(own.flatMap((work) => work.candidates))];
  if (own.length === 0) {
    const used = [...new Set(works.map((work) => work.operator.name))];
    throw new UsageError(
      `--candidate ${operator}=${candidate}: this training does not run ${operator}; it runs ${used.join(", ")}`,
    );
  }
  if (candidate === "first" || names.includes(candidate)) return;
  throw new UsageError(
    `--candidate ${operator}=${candidate}: ${operator} has no candidate "${candidate}" here` +
      `${suggestion(candidate, names) || ";"} it has ${names.join(", ")}`,
  );
}
