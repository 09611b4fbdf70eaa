// `tessera predict`: writes a table of a trained model's predictions, or an assembly's label table without gaps.

import { counted } from "../../errors/counted.ts";
import { resolve } from "node:path";
import { classifierOfModel, readModelFile } from "../../runs/model-file.ts";
import { columnsApart } from "../../runs/class-columns.ts";
import { csvText } from "../../files/csv-text.ts";
import { replaceFile } from "../../files/whole-files.ts";
import { UsageError } from "../../errors/errors.ts";
import { placeOf } from "../../labels/wording.ts";
import { targetOf } from "../../labels/states.ts";
import { openEngine } from "../../runtime/open-engine.ts";
import { loadAsked } from "../asked-images.ts";
import {
  manifestFor,
  matchClasses,
  predictParts,
  say,
  type ModelOptions,
  type NamedManifest,
  type PartImages,
} from "../model-images.ts";
import { checkMaps, tellMaps, writeMaps } from "../map-folder.ts";
import type { PredictOptions } from "../predict-options.ts";
import { identity, showLogits, showProbabilities } from "../prediction-cells.ts";
import { predictMaps } from "./predict-maps.ts";
import { engineOptions } from "../../runs/device-options.ts";
import { makeFolderOf } from "../terminal/output-files.ts";
import { unlessInterrupted } from "../terminal/progress.ts";

/** The other columns of a table, and an image's cells in them. */
interface Columns {
  /** Of each class, in order; told apart from the other columns where a class is called like one. */
  readonly byClass: ReadonlyMap<string, readonly string[]>;
  /** @param states of the image, by class of the manifest. @param logits by class of the model */
  readonly cells: (states: Uint8Array, logits: Float32Array) => readonly string[];
}

/** @param file a manifest; default: the run's own */
export async function predictCommand(
  run: string,
  file: string | undefined,
  options: PredictOptions,
): Promise<void> {
  const where = engineOptions(options);
  const { images, complete, masks } = options;
  if (options.out === undefined && masks === undefined && options.maps === undefined) {
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
  if (images !== undefined && (file !== undefined || complete || options.part !== undefined)) {
    const other = file !== undefined ? "a manifest" : complete ? "--complete" : "--part";
    throw new UsageError(`--images names images without labels or parts: leave it out, or ${other}`);
  }
  const given = (["bits", "window", "axis"] as const).find((name) => options[name] !== undefined);
  if (images === undefined && given !== undefined) {
    throw new UsageError(
      `--${given} is about the images of --images; a source of a manifest has ${given} of its own`,
    );
  }
  const model = await readModelFile(run);
  const mapTable = checkMaps(model, options);
  if (model.record.task === "segmentation") {
    await predictMaps(run, file, model, options);
    return;
  }
  const { out = mapTable, maps } = options;
  if (masks !== undefined || out === undefined) {
    throw new UsageError(
      `--masks is for a model of task: segmentation, and ${run} classifies whole images; name a table with --out`,
    );
  }
  const { classes } = model.record;
  const named = images === undefined ? await manifestFor(run, file, options) : undefined;
  const columns =
    complete && named !== undefined ? completed(classes, named, options) : predicted(classes, options);
  for (const [name, [column]] of columns.byClass) {
    if (column !== name)
      say(options, `class "${name}" is column "${column}" of the table, which has another "${name}"`);
  }
  makeFolderOf("--out", out);
  const part = options.part ?? (complete ? "all" : "test");

  const found = await unlessInterrupted(async (signal) => {
    const loaded = await loadAsked(images, named, part, model.record, options, signal);
    using engine = await openEngine(where);
    const classifier = classifierOfModel(engine, model);
    const logits = await predictParts(engine, classifier, model, loaded.parts, options, signal);
    const work = { engine, classifier, model, options };
    const written = maps === undefined ? undefined : await writeMaps(work, maps, loaded.parts, signal);
    return { loaded, logits, written, adapter: engine.traits.name };
  });
  if (found === undefined) {
    process.exitCode = 130;
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
      ...(named === undefined ? { folder: images } : { manifest: named.manifest.file, part }),
      ...{ adapter, file: resolve(out), rows, columns: names },
      columnsByClass: Object.fromEntries(columns.byClass),
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
  if (maps !== undefined && written !== undefined) tellMaps(written, maps, options);
}

function predicted(classes: readonly string[], options: PredictOptions): Columns {
  const show = options.logits ? showLogits : showProbabilities;
  return { byClass: byClassOf(classes, (name) => [name]), cells: (_, logits) => show(logits) };
}

/** Two columns for each class of the manifest: the value, and whether it is given or predicted; both empty if neither. */
function completed(classes: readonly string[], { manifest }: NamedManifest, options: ModelOptions): Columns {
  matchClasses(classes, manifest.classes, options);
  const places = manifest.classes.map(placeOf(classes));
  return {
    byClass: byClassOf(manifest.classes, (name) => [name, `${name} is`]),
    cells: (states, logits) => {
      const probabilities = showProbabilities(logits);
      return places.flatMap((place, k) => {
        const label = targetOf(states[k]);
        if (label !== undefined) return [String(label), "given"];
        return place < 0 ? ["", ""] : [probabilities[place], "predicted"];
      });
    },
  };
}

function byClassOf(
  classes: readonly string[],
  columnsOf: (name: string) => readonly string[],
): Columns["byClass"] {
  const apart = columnsApart(identity, classes, columnsOf);
  return new Map(classes.map((name, k) => [name, apart[k]]));
}

/** Writes the table whole or not at all. @throws UsageError */
async function writeTable(
  out: string,
  { byClass, cells }: Columns,
  loaded: readonly PartImages[],
  logits: readonly Float32Array[],
): Promise<void> {
  try {
    await replaceFile(out, async (handle) => {
      await handle.writeFile(csvText([[...identity, ...[...byClass.values()].flat()]]));
      for (const [i, { source, part, samples, set }] of loaded.entries()) {
        const [labels, outputs] = [set.states, logits[i]].map(({ length }) => length / set.count);
        const rows = samples.map(({ id, patient }, row) => {
          const states = set.states.subarray(row * labels, (row + 1) * labels);
          const own = logits[i].subarray(row * outputs, (row + 1) * outputs);
          return [source, part ?? "", id, patient ?? "", ...cells(states, own)];
        });
        await handle.writeFile(csvText(rows));
      }
    });
  } catch (cause) {
    throw new UsageError(`--out ${out}: cannot be written (${(cause as Error).message})`, { cause });
  }
}
