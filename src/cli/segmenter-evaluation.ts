// `tessera evaluate` of a segmenter: how well its pixels overlap the outlined ones, and which patients it finds.

import { counted } from "../errors/counted.ts";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import Table from "cli-table3";
import { evaluationOf } from "../assemble/evaluation.ts";
import { testOverlap, type Estimate, type TestOverlap } from "../assemble/overlap-metrics.ts";
import type { JudgedImages, PatientResults } from "../assemble/patient-metrics.ts";
import { predictPixels } from "../assemble/pixel-predictions.ts";
import { evaluationBySource, type SourceEvaluation } from "../assemble/test-metrics.ts";
import type { Manifest } from "../assemble/training-manifest.ts";
import { concatenate, type ImageSet } from "../data/assembly/assembly.ts";
import type { Part } from "../data/catalogue/listing.ts";
import { ModelError } from "../errors/training-errors.ts";
import { UsageError } from "../errors/errors.ts";
import { background, ignored, mostMapClasses } from "../labels/label-map.ts";
import { statesAmong } from "../labels/states.ts";
import { placeOf } from "../labels/wording.ts";
import type { Overlaps } from "../metrics/overlap.ts";
import { aucTable, plainTable, showInterval } from "../report/tables.ts";
import type { Engine } from "../runtime/engine.ts";
import type { EngineOptions } from "../runtime/open-engine.ts";
import { onEngine } from "./on-engine.ts";
import { countedWork } from "../runs/counted-work.ts";
import { defaultMemory } from "../runs/load-images.ts";
import type { ModelFile } from "../runs/model-file.ts";
import { segmenterOfModel } from "../runs/model-record.ts";
import { readJson } from "../runs/read-run.ts";
import { checkDigests } from "../runs/file-digests.ts";
import { runFiles } from "../runs/run-files.ts";
import { summarySchema } from "../runs/summary.ts";
import type { ViewOptions } from "./averaged-views.ts";
import {
  columnsOf,
  loadParts,
  say,
  type LoadedParts,
  type MatchedClasses,
  type ModelOptions,
  type NamedManifest,
  type PartImages,
} from "./model-images.ts";
import { notesOf, patientTable } from "./patient-table.ts";
import { Counter, counting } from "./terminal/counter.ts";
import { mostSources } from "./test-table.ts";

export interface EvaluateOptions extends ModelOptions, ViewOptions {
  readonly part: Part;
  /** Specificity at which the sensitivity is measured, and the reverse. */
  readonly at: number;
  /** Of a classifier, on images with boxes or masks: the share of a map's range from where it counts as high. */
  readonly mapThreshold: number;
  readonly json: boolean;
}

export interface SegmenterJudging {
  readonly model: ModelFile;
  readonly named: NamedManifest;
  readonly matched: MatchedClasses;
  readonly where: EngineOptions;
  readonly options: EvaluateOptions;
}

/**
 * Images with masks have labels as a whole, too: a classifier is measured on those, and its maps against the masks.
 * @throws UsageError for a segmenter and images without masks
 */
export function checkTask({ file, record }: ModelFile, manifest: Manifest): void {
  const [task, own] = [record, manifest].map((each) => each.task ?? "classification");
  if (own === task || task === "classification") return;
  throw new UsageError(
    `${file}: is a model of task: ${task}, and ${manifest.file} is of task: ${own}; name a manifest with task: ${task}`,
  );
}

/** Images in one batch of predictions. */
const batch = 16;

/** Images of one part, judged over the classes that model and manifest share. */
interface JudgedPart extends JudgedImages {
  readonly set: ImageSet;
  readonly overlaps: Overlaps;
  readonly located: Uint8Array;
}

/** Prints tables, or JSON. @throws ModelError, naming the image, for predictions that are no finite numbers */
export async function evaluateSegmenter(
  { model, named, matched, where, options }: SegmenterJudging,
  signal: AbortSignal,
): Promise<true> {
  const { part, at } = options;
  const loaded = await loadParts(named, [part], model.record, options, signal, ["validation"]);
  const { judged, validation, adapter } = await onEngine(where, (engine) =>
    judge(engine, { model, named, matched, where, options }, loaded, signal),
  );
  const { shared } = matched;
  const { set, logits, overlaps } = judged;
  const { patientResults, thresholdsOf } = await import("../assemble/patient-metrics.ts");
  const isChoosing = part === "validation";
  const own = validation === undefined && !isChoosing ? runThresholds(model, at) : undefined;
  const chosen = own && thresholdsOf(own);
  const isOwn = chosen !== undefined && shared.some((name) => Object.hasOwn(chosen, name));
  const thresholdsFrom = isOwn ? "run" : validation === undefined ? null : "validation images";
  const count = counting(options.quiet);
  const intervals = countedWork(set.count, shared.length, count, (progress) =>
    testOverlap(overlaps, set, shared, progress),
  );
  const patients = countedWork(set.count, shared.length, count, (progress) =>
    patientResults(judged, validation, shared, {
      ...{ specificity: at, chosen, progress },
      whyNone: isChoosing ? "validation images choose thresholds, and are not judged at them" : undefined,
    }),
  );
  const sources = evaluationBySource(logits, set, shared, overlaps);
  if (options.json) {
    const { file, sha256, record } = model;
    const result = {
      model: { file, sha256, epoch: record.epoch },
      ...{ manifest: named.manifest.file, part, images: set.count, adapter, at, ...matched },
      ...evaluationOf(logits, set, shared, overlaps),
      ...{ overlapIntervals: intervals, patients },
      thresholdsOf: thresholdsFrom,
      ...{ sources, skipped: loaded.skipped },
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return true;
  }
  say(
    options,
    `${counted(set.count, `${part} image`)}, ${counted(patients.patients, "patient")}; on ${adapter}`,
  );
  const shown = [overlapTable(intervals, shared), patientTable(patients, shared, thresholdsFrom)];
  const names = Object.keys(sources);
  if (names.length > mostSources) say(options, `${names.length} sources; --json tells each by itself`);
  else if (names.length > 1) shown.push(sourceTable(sources, shared));
  process.stdout.write(`${shown.join("\n\n")}\n`);
  return true;
}

/**
 * The detection of a model's own run, whose validation images chose thresholds at this specificity; undefined where it has none, or
 * chose them at another.
 */
function runThresholds({ file }: ModelFile, specificity: number): PatientResults | undefined {
  const summary = join(dirname(file), runFiles.summary);
  checkDigests(dirname(file), [runFiles.summary]);
  const found = existsSync(summary) ? readJson(summary, summarySchema).patients : undefined;
  return found?.specificity === specificity ? found : undefined;
}

async function judge(
  engine: Engine,
  { model, named: { manifest }, matched: { shared }, options }: SegmenterJudging,
  { parts }: LoadedParts,
  signal: AbortSignal,
): Promise<{
  readonly judged: JudgedPart;
  readonly validation: JudgedPart | undefined;
  readonly adapter: string;
}> {
  const { record, file } = model;
  const { classes, normalisation, exclusive, exhaustive } = record;
  const segmenter = segmenterOfModel(engine, model);
  const total = parts.reduce((sum, { set }) => sum + set.count, 0);
  using counter = new Counter("predicting", total, options.quiet);
  let before = 0;
  const predicted = async ({
    samples,
    source,
    set,
    part,
  }: PartImages): Promise<JudgedPart & Pick<PartImages, "part">> => {
    if (set.maps === undefined) {
      throw new UsageError(
        `${source}: has no masks, and a segmenter is measured against them; give it masks`,
      );
    }
    const own = { ...set, states: statesAmong(set.states, manifest.classes, classes) };
    const numbers = numbersAmong(manifest.classes, classes);
    const settings = { normalisation, batch, exclusive, exhaustive, numbers };
    const progress = (done: number): void => counter.update(before + done, total);
    const memory = options.memory ?? defaultMemory();
    const { logits, overlaps, located } = await predictPixels(engine, segmenter, own, settings, {
      signal,
      memory,
      progress,
    });
    before += set.count;
    const odd = logits.findIndex((logit) => !Number.isFinite(logit));
    if (odd >= 0 || overlaps === undefined || located === undefined) {
      const { id } = samples[Math.floor(odd / classes.length)];
      throw new ModelError(
        file,
        `what it predicts of ${classes[odd % classes.length]} in image ${id} of ${source} is no finite number: its weights have ` +
          "diverged; train again with a lower learning rate",
      );
    }
    const kept = <Values extends Float32Array | Uint32Array | Uint8Array>(values: Values): Values =>
      columnsOf(values, classes, shared);
    return {
      part,
      set: { ...set, states: kept(own.states) },
      ...{ logits: kept(logits), located: kept(located) },
      overlaps: {
        given: kept(overlaps.given),
        predicted: kept(overlaps.predicted),
        both: kept(overlaps.both),
      },
    };
  };
  try {
    const all: Awaited<ReturnType<typeof predicted>>[] = [];
    for (const each of parts) all.push(await predicted(each));
    const of = (part: PartImages["part"]): JudgedPart[] => all.filter((each) => each.part === part);
    const validation = options.part === "validation" ? [] : of("validation");
    return {
      judged: joined(options.part, of(options.part)),
      validation: validation.length === 0 ? undefined : joined("validation", validation),
      adapter: engine.traits.name,
    };
  } finally {
    segmenter.dispose();
  }
}

function joined(name: string, parts: readonly JudgedPart[]): JudgedPart {
  const joinedValues = <Values extends Float32Array | Uint32Array | Uint8Array>(
    of: (part: JudgedPart) => Values,
  ): Values => {
    const each = parts.map(of);
    const length = each.reduce((sum, values) => sum + values.length, 0);
    const all = new (each[0].constructor as new (length: number) => Values)(length);
    let at = 0;
    for (const values of each) {
      all.set(values, at);
      at += values.length;
    }
    return all;
  };
  return {
    set: concatenate(
      name,
      parts.map(({ set }) => set),
    ),
    logits: joinedValues(({ logits }) => logits),
    located: joinedValues(({ located }) => located),
    overlaps: {
      given: joinedValues(({ overlaps }) => overlaps.given),
      predicted: joinedValues(({ overlaps }) => overlaps.predicted),
      both: joinedValues(({ overlaps }) => overlaps.both),
    },
  };
}

/** The numbers in label maps of one list of classes as those of another; see `PixelSettings`. */
function numbersAmong(from: readonly string[], to: readonly string[]): Uint8Array {
  const place = placeOf(to);
  return Uint8Array.from({ length: 256 }, (_, number) => {
    if (number >= mostMapClasses) return number === ignored ? ignored : background;
    const k = number < from.length ? place(from[number]) : -1;
    return k < 0 ? background : k;
  });
}

/** Dice and IoU by class, as numbers with intervals. */
export function overlapTable({ byClass, mean, level }: TestOverlap, classes: readonly string[]): string {
  const interval = `${Math.round(100 * level)} % interval`;
  const head = [
    "class",
    "patients",
    "Dice",
    interval,
    "IoU",
    interval,
    "Dice by patient",
    interval,
    "false area",
  ];
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ ...plainTable, head, colAligns });
  const both = (estimate: Estimate): string[] => [showScore(estimate.value), showInterval(estimate)];
  for (const name of classes) {
    const { dice, iou, patientDice, patients, falseArea } = byClass[name];
    table.push([
      name,
      String(patients),
      ...both(dice),
      ...both(iou),
      ...both(patientDice),
      showFalseArea(falseArea),
    ]);
  }
  table.push(["mean", "", ...both(mean.dice), ...both(mean.iou), ...both(mean.patientDice), ""]);
  const notes = [
    ...notesOf(classes, (name) => vanishedNote(byClass[name].vanished)),
    ...notesOf(classes, (name) => byClass[name].dice.note),
  ];
  return [
    "Overlap: Dice and IoU over all labelled pixels together, and the mean Dice of patients with pixels of the class.",
    "False area: of patients who do not have it, those in whom some pixel is predicted, and pixels in the mean.",
    table.toString(),
    ...notes,
  ].join("\n");
}

/** Where there are patients who have the class and are in neither the Dice by patient nor the false area. */
const vanishedNote = (count = 0): string | null =>
  count === 0
    ? null
    : `left out: ${counted(count, "patient")} with the class and without a pixel of it at the network's size`;

const showScore = (value: number | null): string => (value === null ? "-" : value.toFixed(4));

const showFalseArea = ({
  patients,
  withAny,
  meanPixels,
}: TestOverlap["byClass"][string]["falseArea"]): string =>
  meanPixels === null ? "-" : `${withAny} of ${patients}, ${meanPixels.toFixed(meanPixels < 10 ? 1 : 0)}`;

function sourceTable(
  sources: Readonly<Record<string, SourceEvaluation>>,
  classes: readonly string[],
): string {
  const columns = Object.entries(sources).map(([name, { overlap }]) => ({
    name,
    cell: (of: string) => showScore(overlap?.dice[of] ?? null),
    mean: showScore(overlap?.meanDice ?? null),
  }));
  return `Dice by source\n${aucTable(classes, columns)}`;
}
