// `tessera synthesise`: fits a model to a table, and makes rows after it, with a report of how alike they are and what they give away.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { linksWithin } from "../../data/catalogue/locating.ts";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { shellWord } from "../../errors/shell-words.ts";
import { messageOf } from "../../files/causes.ts";
import { csvText } from "../../files/csv-text.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { digestOf } from "../../runs/file-digests.ts";
import { jsonText } from "../../runs/json-text.ts";
import { version } from "../../runs/package-info.ts";
import { provenance } from "../../runs/provenance.ts";
import { runFiles } from "../../runs/run-files.ts";
import {
  checkTableRun,
  openTableRun,
  readTableRecord,
  recordText,
  tableRunFiles,
  type OpenTableRun,
  type TableRunRecord,
} from "../../runs/table-run.ts";
import { trainTask } from "../../runs/train-task.ts";
import { judgementSummary } from "../../report/table/judgement-summary.ts";
import { nearestSection } from "../../report/table/nearest-section.ts";
import { tablePage } from "../../report/table/table-page.ts";
import { fitCopula } from "../../tabular/copula/fit-copula.ts";
import { numberShownBy, numberWordsBy } from "../../tabular/columns/number-shown.ts";
import { judgeTables } from "../../tabular/judging/judge-tables.ts";
import { nearestRecords } from "../../tabular/judging/nearest-records.ts";
import { networkLoop, networkTask } from "../../tabular/network/network-task.ts";
import { fitPlan, type FittedPlan } from "../../tabular/plan/fitted-plan.ts";
import { tableForm } from "../../tabular/plan/table-form.ts";
import { readTablePlan, parseTablePlan, type TablePlan } from "../../tabular/plan/table-plan.ts";
import { delimiterOf, restoreRows, restoreTexts } from "../../tabular/preparation/restore-rows.ts";
import { typedTexts } from "../../tabular/preparation/text-table.ts";
import { sample } from "../../tabular/sampling/draw-rows.ts";
import { SharedEngine } from "../on-engine.ts";
import { copulaText, networkText, openTableModel } from "../table-models.ts";
import { Counter } from "../terminal/counter.ts";
import { stopCode, unlessInterrupted } from "../terminal/signals.ts";
import { warn } from "../terminal/warn.ts";
import { expectThere, readTables } from "./describe.ts";

export interface SynthesiseOptions extends DeviceOptions {
  readonly dataRoot: string;
  /** Whether tables may lie outside the data root, where symbolic links in it lead to them. */
  readonly followLinks?: boolean;
  readonly out?: string;
  readonly resume?: string;
  readonly force: boolean;
  readonly skipBad: boolean;
  readonly seed?: number;
  readonly rows?: number;
  readonly epochs?: number;
  /** Of each of the judge's networks. */
  readonly steps: number;
  readonly judgeRows?: number;
  readonly showRecords: boolean;
  readonly quiet: boolean;
}

/** @param file a manifest; none with --resume: the run's own */
export async function synthesiseCommand(file: string | undefined, options: SynthesiseOptions): Promise<void> {
  const { out, resume } = options;
  const path = resume ?? out;
  if (path === undefined)
    throw new UsageError(
      "synthesise takes --out: the folder for the run, or --resume: the folder of one that was stopped",
    );
  if (resume !== undefined && (file !== undefined || out !== undefined || options.force)) {
    throw new UsageError(
      "--resume goes on with the manifest of its run, in its folder: leave out the manifest, --out and --force",
    );
  }
  if (file !== undefined && /\.(?:csv|tsv|data)(?:\.gz)?$|\.gz$/iu.test(file)) {
    throw new UsageError(
      `${file}: is a table by its name, and synthesise takes a manifest: tessera describe ${shellWord(file)} --manifest ${shellWord(`${basename(file).replace(/\..*$/u, "")}.yaml`)} writes one`,
    );
  }
  if (resume === undefined && file === undefined)
    throw new UsageError("synthesise takes a manifest (see: tessera describe TABLE --manifest FILE)");
  const how = { force: options.force, resume: resume !== undefined };
  await checkTableRun(path, how);
  const before = resume === undefined ? undefined : readTableRecord(resume);
  const written =
    before === undefined
      ? await readTablePlan(file ?? "")
      : parseTablePlan(before.manifest.text, before.manifest.file);
  const seed = before?.seed ?? options.seed ?? written.seed;
  const plan = { ...written, seed };
  const dataRoot = before?.dataRoot ?? options.dataRoot;
  using engine = new SharedEngine(engineOptions(options));
  const done = await unlessInterrupted(async (signal) => {
    const { fitted, record } = await readAndFit(plan, dataRoot, {
      ...options,
      followLinks: options.followLinks ?? before?.followLinks ?? false,
      skipBad: options.skipBad || (before?.skipBad ?? false),
    });
    if (before !== undefined) expectSameTables(before, record, path);
    signal.throwIfAborted();
    const run = await openTableRun(path, how);
    try {
      if (before === undefined) await run.write("record", recordText(record));
      await fitAndJudge(run, plan, fitted, engine, options, signal);
      return true;
    } finally {
      run.close();
    }
  });
  if (done !== true) {
    process.stderr.write(`stopped; go on with it: tessera synthesise --resume ${shellWord(path)}\n`);
    process.exitCode = stopCode();
  }
}

async function readAndFit(
  plan: TablePlan,
  dataRoot: string,
  { skipBad, quiet, followLinks = false }: SynthesiseOptions,
): Promise<{ fitted: FittedPlan; record: TableRunRecord }> {
  const form = tableForm(plan);
  const files = plan.table;
  const heldOut = typeof plan.holdout === "number" ? [] : [plan.holdout].flat();
  const linksOf = linksWithin(dataRoot);
  const read = async (field: "table" | "holdout", names: readonly string[]) => {
    const links = linksOf((reason) => {
      throw plan.complain([field], reason);
    });
    const paths = names.map((name) => join(dataRoot, name));
    for (const [at, path] of paths.entries()) {
      if (!followLinks) links.refuse(resolve(dataRoot, names[at]));
      try {
        await expectThere(path);
      } catch (cause) {
        throw plan.complain([field], `names ${messageOf(cause)}`, cause);
      }
    }
    return await readTables(paths, form, skipBad);
  };
  const tables = await read("table", files);
  const held = heldOut.length === 0 ? undefined : await read("holdout", heldOut);
  const fitted = fitPlan(plan, tables, held);
  const { coded, real, holdout, overlap, broken, hollow } = fitted;
  if (!quiet) {
    process.stderr.write(
      `${counted(real.rows, "row")} to learn from and ${holdout.rows.toLocaleString("en")} held out; ${counted(coded.columns.length, "column")}, ` +
        `${counted(
          coded.columns.reduce((sum, { codes }) => sum + codes.length, 0),
          "code",
        )} of ten rows or more\n`,
    );
  }
  for (const line of broken) warn(`warning: ${line}; rows that are made keep it`);
  for (const line of hollow) warn(`warning: ${line}`);
  if (heldOut.length > 0 && overlap > 0) {
    warn(
      `warning: ${counted(overlap, "row")} of the hold-out ${overlap === 1 ? "is" : "are"} equal to a row that is learned from: judged against them, a copy looks like luck`,
    );
  }
  const digests = async (names: readonly string[]) =>
    Promise.all(
      names.map(async (name) => ({ file: name, sha256: digestOf(await readFile(join(dataRoot, name))) })),
    );
  return {
    fitted,
    record: {
      kind: "table",
      ...(await provenance()),
      manifest: { file: plan.file, sha256: digestOf(plan.text), text: plan.text },
      dataRoot,
      ...(followLinks ? { followLinks } : {}),
      ...(skipBad ? { skipBad } : {}),
      tables: await digests(files),
      holdout: await digests(heldOut),
      seed: plan.seed,
      model: plan.model,
      rows: { learned: real.rows, heldOut: holdout.rows },
    },
  };
}

/** @throws UsageError when a table is not the one that the run was begun with */
function expectSameTables(before: TableRunRecord, now: TableRunRecord, path: string): void {
  const all = ({ tables, holdout }: TableRunRecord) => [...tables, ...holdout];
  const changed = all(now).find(({ sha256 }, at) => all(before).at(at)?.sha256 !== sha256);
  if (changed === undefined) return;
  throw new UsageError(
    `--resume ${path}: ${changed.file} is not what the run was begun with; put it back, or begin another run with --out`,
  );
}

async function fitAndJudge(
  run: OpenTableRun,
  plan: TablePlan,
  fitted: FittedPlan,
  engine: SharedEngine,
  options: SynthesiseOptions,
  signal: AbortSignal,
): Promise<void> {
  const { coded, constraints, recipe, real, holdout } = fitted;
  const { quiet } = options;
  if (plan.model === "copula") {
    await run.write("model", copulaText(fitCopula(coded), { recipe, constraints }));
  } else {
    await trainNetwork(run, plan, fitted, engine, options, signal);
  }
  signal.throwIfAborted();
  const model = openTableModel(run.path, (work) => engine.run(work));
  const rows = options.rows ?? plan.rows ?? real.rows;
  const drawn = await model.use((each) =>
    sample(each, { rows, seed: plan.seed, constraints, numberShown: numberShownBy(recipe), signal }),
  );
  const texts = restoreTexts(recipe, drawn);
  const made = await restoreRows(recipe, texts, plan.seed);
  await run.write("rows", csvText([made.header, ...made.rows], delimiterOf(recipe)));
  if (!quiet) {
    const dead =
      drawn.deadEnds === 0
        ? ""
        : `; ${counted(drawn.deadEnds, "row")} came to a dead end of the constraints and ${drawn.deadEnds === 1 ? "was" : "were"} drawn again`;
    process.stderr.write(
      `${counted(made.rows.length, "row")} in ${join(run.path, tableRunFiles.rows)}${dead}\n`,
    );
  }
  const words = numberWordsBy(new Map(recipe.columns.map(({ name, form }) => [name, form])));
  using counter = new Counter("judging", 1, quiet);
  const synthetic = typedTexts(texts);
  const judged = await engine.run((each) =>
    judgeTables(
      each,
      { real, synthetic, holdout },
      {
        ...{ seed: plan.seed, steps: options.steps, rows: options.judgeRows, signal, words },
        progress: (doing, done, total) => counter.update(done, total, doing),
      },
    ),
  );
  await run.write("quality", jsonText(judged));
  await run.write(
    "page",
    tablePage(judged, {
      title: `Rows after ${plan.table.join(", ")}`,
      lead: `${counted(made.rows.length, "row")} that a ${plan.model} made, judged against ${counted(holdout.rows, "row")} that it did not learn from.`,
      foot: `Made by Tessera ${version}`,
      sections: options.showRecords
        ? [nearestSection(nearestRecords(real, synthetic, { seed: plan.seed, words }))]
        : [],
    }),
  );
  process.stdout.write(`${judgementSummary(judged)}\n`);
  if (!quiet) process.stderr.write(`report: ${join(run.path, tableRunFiles.page)}\n`);
}

async function trainNetwork(
  run: OpenTableRun,
  plan: TablePlan,
  fitted: FittedPlan,
  engine: SharedEngine,
  options: SynthesiseOptions,
  signal: AbortSignal,
): Promise<void> {
  const { coded, recipe, constraints } = fitted;
  const out = join(run.path, tableRunFiles.training);
  const { epochs = networkLoop.epochs, ...network } = plan.network;
  const length = options.epochs ?? epochs;
  const has = (name: keyof typeof runFiles): boolean => existsSync(join(out, runFiles[name]));
  using counter = new Counter("training", length, options.quiet);
  await engine.run(async (device) => {
    const given = Object.fromEntries(Object.entries(network).filter(([, value]) => value !== undefined));
    const task = networkTask(device, coded, { ...given, seed: plan.seed });
    const { module } = task;
    try {
      if (!has("summary") || !has("model")) {
        const settings = { ...networkLoop, epochs: length };
        const result = await trainTask(task, settings, {
          ...{ name: "table", out, resume: has("record"), warn, signal },
          listener: {
            epoch: ({ epoch, validation }) =>
              counter.update(
                epoch,
                length,
                validation === undefined ? "" : `loss ${validation.loss.toFixed(3)}`,
              ),
          },
        });
        if (result.module !== module) result.module.dispose();
      }
      signal.throwIfAborted();
      await run.write("model", networkText(module, coded.columns, { recipe, constraints }));
    } finally {
      module.dispose();
    }
  });
}
