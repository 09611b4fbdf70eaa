// `tessera predict` for a segmenter: label maps of the images at their own size, completed ones, and a table of scores and areas.

import { join, resolve } from "node:path";
import { completedMap, type CompletedMap } from "../../assemble/whole-maps.ts";
import { predictMasks, type PredictedMask } from "../../assemble/predict-masks.ts";
import { counted } from "../../errors/counted.ts";
import { ModelError } from "../../errors/training-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { csvText } from "../../files/csv-text.ts";
import { background, ignored } from "../../labels/label-map.ts";
import { absent } from "../../labels/states.ts";
import { placeOf } from "../../labels/wording.ts";
import type { PngSize } from "../../pictures/label-png.ts";
import { columnsApart } from "../../runs/class-columns.ts";
import { engineOptions } from "../../runs/device-options.ts";
import { defaultMemory } from "../../runs/load-images.ts";
import type { ModelFile } from "../../runs/model-file.ts";
import { segmenterOfModel } from "../../runs/model-record.ts";
import { onEngine } from "../on-engine.ts";
import { checkOwnFolder, MaskFolder, ownSize } from "../mask-folder.ts";
import { averagedViews } from "../averaged-views.ts";
import { loadAsked, type Asked } from "../asked-images.ts";
import { manifestFor, matchClasses, say, type LoadedParts, type PartImages } from "../model-images.ts";
import type { PredictOptions } from "../predict-options.ts";
import { identity, showLogits, showProbabilities } from "../prediction-cells.ts";
import { Counter } from "../terminal/counter.ts";
import { makeFolderOf, replaceOutput } from "../terminal/output-files.ts";
import { unlessInterrupted } from "../terminal/progress.ts";

/** Images in one batch of predictions; `predictPixels` takes fewer of large ones. */
const batch = 16;

/** What the label maps of a command are numbered by. */
interface Numbering {
  /** The classes of the maps, and of the table. */
  readonly classes: readonly string[];
  /** By class of the maps: its number in the model, or -1. */
  readonly inModel: readonly number[];
  /** By class of the model: its number in the maps, or the background. */
  readonly inMaps: Uint8Array;
}

/** @param model of a segmenter. @param asked a manifest or images; default: the run's own manifest */
export async function predictLabelMaps(
  run: string,
  { manifest: file, files }: Asked,
  model: ModelFile,
  options: PredictOptions,
): Promise<void> {
  const where = engineOptions(options);
  averagedViews(model, options);
  if (options.decide !== undefined) {
    throw new UsageError(
      `--decide is of classifiers, and ${run} is a segmenter, which decides by pixel: see --masks`,
    );
  }
  const { complete, masks, force = false } = options;
  const named = files === undefined ? await manifestFor(run, file, options) : undefined;
  if (complete && named?.manifest.task !== "segmentation") {
    throw new UsageError("--complete needs a manifest of task: segmentation, whose masks are completed");
  }
  if (complete && masks === undefined) {
    throw new UsageError(
      "--complete of a segmenter completes label maps: name a folder for them with --masks",
    );
  }
  if (complete && named !== undefined) matchClasses(model.record.classes, named.manifest.classes, options);
  const numbering = numberingOf(
    model.record.classes,
    complete && named !== undefined ? named.manifest.classes : model.record.classes,
  );
  if (masks !== undefined) checkOwnFolder("--masks", masks, force);
  const table = options.out ?? join(masks ?? "", "images.csv");
  makeFolderOf("--out", table);
  const part = options.part ?? (complete ? "all" : "test");

  const found = await unlessInterrupted(async (signal) => {
    const loaded = await loadAsked(files, named, part, model.record, options, signal);
    return await onEngine(where, async (engine) => {
      const segmenter = segmenterOfModel(engine, model);
      const written = await writeMasks(
        loaded,
        { engine, segmenter, model, numbering, options, files },
        signal,
      );
      return { loaded, ...written, adapter: engine.traits.name };
    });
  });
  if (found === undefined) {
    process.exitCode = 130;
    return;
  }
  const { loaded, folder, rows, adapter } = found;
  const columns = tableColumns(numbering.classes, folder !== undefined);
  await replaceOutput("--out", table, (handle) => handle.writeFile(csvText([columns, ...rows])));
  if (options.json) {
    const { file: modelFile, sha256, record } = model;
    const result = {
      model: { file: modelFile, sha256, epoch: record.epoch },
      ...(named === undefined ? { images: files?.paths } : { manifest: named.manifest.file, part }),
      ...{ adapter, file: resolve(table), rows: rows.length, columns },
      ...(masks === undefined ? {} : { masks: resolve(masks), maskFiles: folder?.written ?? 0 }),
      skipped: loaded.skipped,
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const maps = masks === undefined ? "" : `; ${counted(folder?.written ?? 0, "label map")} in ${masks}`;
  say(
    options,
    `${counted(rows.length, "image")}, ${counted(numbering.classes.length, "class", "classes")}, on ${adapter}; the table is in ${table}${maps}`,
  );
}

function numberingOf(model: readonly string[], classes: readonly string[]): Numbering {
  const inModel = classes.map(placeOf(model));
  const inMaps = new Uint8Array(256).fill(background);
  for (const [k, place] of inModel.entries()) if (place >= 0) inMaps[place] = k;
  inMaps[ignored] = ignored;
  return { classes, inModel, inMaps };
}

interface Work {
  readonly engine: Parameters<typeof predictMasks>[0];
  readonly segmenter: Parameters<typeof predictMasks>[1];
  readonly model: ModelFile;
  readonly numbering: Numbering;
  readonly options: PredictOptions;
  readonly files: Asked["files"];
}

/** Writes the label maps, where a folder is named for them. @returns the rows of the table */
async function writeMasks(
  loaded: LoadedParts,
  { engine, segmenter, model, numbering, options, files }: Work,
  signal: AbortSignal,
): Promise<{ readonly rows: string[][]; readonly folder: MaskFolder | undefined }> {
  const { masks, complete, logits: asLogits, memory = defaultMemory() } = options;
  const { record } = model;
  const total = loaded.parts.reduce((sum, { set }) => sum + set.count, 0);
  const masked = loaded.parts.map(({ source, samples }) => ({
    source: files === undefined ? source : undefined,
    samples,
  }));
  const folder = masks === undefined ? undefined : new MaskFolder(masks, numbering.classes, masked, complete);
  using counter = new Counter("predicting", total, options.quiet);
  const rows: string[][] = [];
  for (const [at, each] of loaded.parts.entries()) {
    const { source, part, samples, set } = each;
    const sizes: PngSize[] = [];
    for (const { image } of samples) sizes.push(await ownSize(image));
    const areas: Uint32Array[] = [];
    const before = rows.length;
    const { normalisation, exclusive, exhaustive } = record;
    const settings = { normalisation, batch, exclusive, exhaustive };
    // Without its label maps: what is predicted must not depend on what is labelled.
    const { maps: _, ...unlabelled } = set;
    const { logits } = await predictMasks(engine, segmenter, unlabelled, settings, {
      ...{ signal, memory, sizes, fit: record.image.fit },
      progress: (done) => counter.update(before + done, total),
      mask: async (mask) => {
        const written = complete
          ? await completed(mask, each, sizes[mask.index], numbering)
          : { map: mask.map };
        areas.push(areasOf(written.map, numbering.classes.length));
        await folder?.add(at, mask.index, samples[mask.index], sizes[mask.index], written);
      },
    });
    refuseDiverged(logits, each, model);
    const count = record.classes.length;
    for (const [i, { id, patient }] of samples.entries()) {
      const own = logits.subarray(i * count, (i + 1) * count);
      const shown = asLogits ? showLogits(own) : showProbabilities(own);
      const byClass = numbering.inModel.flatMap((place, k) => [
        place < 0 ? "" : shown[place],
        String(areas[i][k]),
      ]);
      const path = folder === undefined ? [] : [folder.paths[at][i]];
      rows.push([source, part ?? "", id, patient ?? "", ...path, ...byClass]);
    }
  }
  await folder?.finish(files === undefined ? [...new Set(loaded.parts.map(({ source }) => source))] : []);
  return { rows, folder };
}

/** @throws ModelError, naming the image */
function refuseDiverged(
  logits: Float32Array,
  { source, samples }: PartImages,
  { file, record }: ModelFile,
): void {
  const odd = logits.findIndex((logit) => !Number.isFinite(logit));
  if (odd < 0) return;
  const { classes } = record;
  const { id } = samples[Math.floor(odd / classes.length)];
  throw new ModelError(
    file,
    `its score of ${classes[odd % classes.length]} for image ${id} of ${source} is no finite number: its weights have ` +
      "diverged; train again with a lower learning rate",
  );
}

/** The image's own label map without gaps, in the manifest's numbers. */
async function completed(
  mask: PredictedMask,
  { set, wholeMap }: PartImages,
  size: PngSize,
  { classes, inModel, inMaps }: Numbering,
): Promise<CompletedMap> {
  const { index } = mask;
  const states = set.states.subarray(index * classes.length, (index + 1) * classes.length);
  const isKnown = Array.from(states, (state) => state !== absent);
  const candidates = (wanted: (k: number) => boolean): boolean[] => {
    const chosen = Array<boolean>(inModel.length).fill(false);
    for (const [k, place] of inModel.entries()) if (place >= 0) chosen[place] = wanted(k);
    return chosen;
  };
  const numbered = (map: Uint8Array): Uint8Array => map.map((label) => inMaps[label]);
  return completedMap(
    // Without a mask nobody labelled it.
    (await wholeMap?.(index, size)) ?? new Uint8Array(size.height * size.width).fill(ignored),
    numbered(mask.among(candidates(() => true))),
    numbered(mask.among(candidates((k) => !isKnown[k]))),
    isKnown.every(Boolean),
  );
}

function areasOf(map: Uint8Array, classes: number): Uint32Array {
  const areas = new Uint32Array(classes);
  for (const label of map) if (label < classes) areas[label]++;
  return areas;
}

/** Of each class its score for the image, and its pixels in the label map. */
function tableColumns(classes: readonly string[], withMasks: boolean): string[] {
  const first = [...identity, ...(withMasks ? ["mask"] : [])];
  return [...first, ...columnsApart(first, classes, (name) => [name, `${name} pixels`]).flat()];
}
