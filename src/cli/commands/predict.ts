// `tessera predict`: writes a table of a trained model's predictions, or an assembly's label table without gaps.

import { counted } from "../../errors/counted.ts";
import { resolve } from "node:path";
import { probabilitiesOf } from "../../assemble/model-metrics.ts";
import { readModelFile, type ModelFile } from "../../runs/model-file.ts";
import { classifierOfModel } from "../../runs/model-record.ts";
import { UsageError } from "../../errors/errors.ts";
import { askedOf, loadAsked, type Asked } from "../asked-images.ts";
import { onEngine } from "../on-engine.ts";
import { averagedViews } from "../averaged-views.ts";
import { decidedLine, decisionThresholds } from "../kept-decisions.ts";
import { manifestFor, predictParts, say } from "../model-images.ts";
import { checkMaps, tellMaps, writeMaps } from "../map-folder.ts";
import type { PredictOptions } from "../predict-options.ts";
import { identity } from "../prediction-cells.ts";
import { completedColumns, predictedColumns, writeTable } from "../prediction-table.ts";
import { predictLabelMaps } from "./predict-label-maps.ts";
import { engineOptions } from "../../runs/device-options.ts";
import { expectNoInput, makeFolderOf } from "../terminal/output-files.ts";
import { stopCode, unlessInterrupted } from "../terminal/signals.ts";

/** @param paths a manifest, or images; default: the run's own manifest */
export async function predictCommand(
  run: string,
  paths: readonly string[],
  options: PredictOptions,
): Promise<void> {
  const asked = askedOf(paths, options.images);
  checkOptions(asked, options);
  if (options.out !== undefined) expectNoInput("--out", options.out, paths);
  const model = await readModelFile(run);
  const mapTable = checkMaps(model, options);
  await (model.record.task === "segmentation"
    ? predictLabelMaps(run, asked, model, options)
    : predictClasses(run, asked, model, { ...options, out: options.out ?? mapTable }));
}

/** Options that do not go together, whatever the model is. @throws UsageError */
function checkOptions({ manifest, files }: Asked, options: PredictOptions): void {
  engineOptions(options);
  const { complete, maps, masks } = options;
  if (options.out === undefined && masks === undefined && maps === undefined) {
    throw new UsageError(
      "required option '--out <file>' for a table not specified, or '--maps <folder>' for maps of where it looked, or of a segmenter " +
        "'--masks <folder>' for label maps",
    );
  }
  if (complete && options.logits) {
    throw new UsageError(
      "--complete fills gaps between labels 0 and 1 with probabilities; leave out --logits",
    );
  }
  if (complete && options.decide !== undefined) {
    throw new UsageError(
      "--complete fills gaps with probabilities, and --decide decides; leave one of them out",
    );
  }
  if (files !== undefined && (manifest !== undefined || complete || options.part !== undefined)) {
    const other = manifest !== undefined ? "a manifest" : complete ? "--complete" : "--part";
    const said = options.images === undefined ? files.said : "--images";
    throw new UsageError(`${said} names images without labels or parts: leave it out, or ${other}`);
  }
  const given = (["bits", "window", "axis"] as const).find((name) => options[name] !== undefined);
  if (files === undefined && given !== undefined) {
    throw new UsageError(
      `--${given} is about images that are named or those of --images; a source of a manifest has ${given} of its own`,
    );
  }
}

async function predictClasses(
  run: string,
  { manifest, files }: Asked,
  model: ModelFile,
  options: PredictOptions,
): Promise<void> {
  const where = engineOptions(options);
  const { out, complete, masks, maps } = options;
  if (masks !== undefined || out === undefined) {
    throw new UsageError(
      `--masks is for a model of task: segmentation, and ${run} classifies whole images; name a table with --out`,
    );
  }
  const { classes } = model.record;
  const named = files === undefined ? await manifestFor(run, manifest, options) : undefined;
  const augment = averagedViews(model, options);
  const thresholds = options.decide && decisionThresholds(run, model, options.decide, options);
  if (augment !== undefined && thresholds !== undefined) {
    say(options, "--decide: the thresholds were chosen on single views; of averages they hold only roughly");
  }
  const columns =
    complete && named !== undefined
      ? completedColumns(classes, named, options)
      : predictedColumns(classes, options, thresholds);
  for (const [name, [column]] of columns.byClass) {
    if (column !== name)
      say(options, `class "${name}" is column "${column}" of the table, which has another "${name}"`);
  }
  makeFolderOf("--out", out);
  const part = options.part ?? (complete ? "all" : "test");

  const found = await unlessInterrupted(async (signal) => {
    const loaded = await loadAsked(files, named, part, model.record, options, signal);
    return await onEngine(where, async (engine) => {
      const classifier = classifierOfModel(engine, model);
      const logits = await predictParts(engine, classifier, model, loaded.parts, options, signal, augment);
      const work = { engine, classifier, model, options };
      const written = maps === undefined ? undefined : await writeMaps(work, maps, loaded.parts, signal);
      return { loaded, logits, written, adapter: engine.traits.name };
    });
  });
  if (found === undefined) {
    process.exitCode = stopCode();
    return;
  }
  const { loaded, logits, written, adapter } = found;
  const names = [...identity, ...[...columns.byClass.values()].flat()];
  await writeTable(out, columns, loaded.parts, logits);
  const rows = loaded.parts.reduce((sum, { set }) => sum + set.count, 0);
  if (options.json) {
    const { file: modelFile, sha256, record } = model;
    const result = {
      model: { file: modelFile, sha256, epoch: record.epoch },
      ...(named === undefined ? { images: files?.paths } : { manifest: named.manifest.file, part }),
      ...{ adapter, file: resolve(out), rows, columns: names },
      columnsByClass: Object.fromEntries(columns.byClass),
      ...(thresholds === undefined ? {} : { decided: decidedBy(options, model.record, thresholds) }),
      ...(augment === undefined ? {} : { views: augment.draws }),
      ...{ values: options.logits ? "logits" : complete ? "labels and probabilities" : "probabilities" },
      ...(maps === undefined ? {} : { maps: { folder: resolve(maps), ...written } }),
      skipped: loaded.skipped,
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  say(
    options,
    `${counted(rows, "image")}, ${counted(classes.length, "class", "classes")}, on ${adapter}; the table is in ${out}`,
  );
  if (options.decide !== undefined && thresholds !== undefined)
    say(options, decidedLine(options.decide, model.record, thresholds));
  if (maps !== undefined && written !== undefined) tellMaps(written, maps, options);
}

/** Thresholds as people see them, by class. */
const decidedBy = (
  { decide: rule }: PredictOptions,
  { classes, thresholds: kept }: ModelFile["record"],
  thresholds: readonly (number | null)[],
): object => ({
  ...{ rule, at: kept?.at, part: kept?.part ?? "validation" },
  thresholds: Object.fromEntries(
    classes.map((name, k) => {
      const logit = thresholds[k];
      return [name, logit === null ? null : probabilitiesOf([logit])[0]];
    }),
  ),
});
