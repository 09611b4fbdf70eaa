// `tessera evaluate`: measures a trained model on the images of a manifest.

import { counted } from "../../errors/counted.ts";
import Table from "cli-table3";
import { readModelFile } from "../../runs/model-file.ts";
import { classifierOfModel } from "../../runs/model-record.ts";
import { metricsByClass, type ClassMetrics } from "../../assemble/model-metrics.ts";
import { sharesOf, type TestIntervals } from "../../assemble/test-metrics.ts";
import { concatenate, restrict, type ImageSet } from "../../data/assembly/assembly.ts";
import type { Part } from "../../data/catalogue/listing.ts";
import { meanAuc } from "../../metrics/auc.ts";
import { patientIndices } from "../../metrics/patient-indices.ts";
import { aucTable, intervalNotes, plainTable, showAuc, showInterval } from "../../report/tables.ts";
import { UsageError } from "../../errors/errors.ts";
import { entriesOf } from "../../data/manifest/entries.ts";
import { onEngine } from "../on-engine.ts";
import { averagedViews } from "../averaged-views.ts";
import {
  columnsOf,
  loadParts,
  manifestFor,
  matchClasses,
  predictParts,
  say,
  type PartImages,
} from "../model-images.ts";
import { engineOptions } from "../../runs/device-options.ts";
import { checkTask, evaluateSegmenter, type EvaluateOptions } from "../segmenter-evaluation.ts";
import { counting } from "../terminal/counter.ts";
import { unlessInterrupted } from "../terminal/progress.ts";
import { countedWork } from "../../runs/counted-work.ts";
import { countedIntervals } from "../../runs/test-results.ts";
import { patientTable } from "../patient-table.ts";
import { mostSources } from "../test-table.ts";
import { hasRegions, lookedTable, whereItLooked } from "../where-it-looked.ts";

type ByClass = Readonly<Record<string, ClassMetrics>>;

/** @param file a manifest; default: the run's own */
export async function evaluateCommand(
  run: string,
  file: string | undefined,
  options: EvaluateOptions,
): Promise<void> {
  const where = engineOptions(options);
  if (!(options.mapThreshold > 0)) {
    throw new UsageError("--map-threshold 0: all of a map would be high; give a share above 0, such as 0.5");
  }
  const model = await readModelFile(run);
  const named = await manifestFor(run, file, options);
  checkTask(model, named.manifest);
  const augment = averagedViews(model, options);
  const { classes } = model.record;
  const matched = matchClasses(classes, named.manifest.classes, options);
  const { shared } = matched;
  if (model.record.task === "segmentation") {
    const judging = { model, named, matched, where, options };
    if ((await unlessInterrupted((signal) => evaluateSegmenter(judging, signal))) === undefined) {
      process.exitCode = 130;
    }
    return;
  }

  const found = await unlessInterrupted(async (signal) => {
    const { part } = options;
    const loaded = await loadParts(named, [part], model.record, options, signal, ["validation"]);
    const partsOf = (name: Part): PartImages[] => loaded.parts.filter((each) => each.part === name);
    const setOf = (name: Part): ImageSet => {
      const joined = concatenate(
        name,
        partsOf(name).map(({ set }) => set),
      );
      return restrict(joined, named.manifest.classes, shared);
    };
    return await onEngine(where, async (engine) => {
      const classifier = classifierOfModel(engine, model);
      const logitsOf = async (name: Part): Promise<Float32Array> => {
        const each = await predictParts(engine, classifier, model, partsOf(name), options, signal, augment);
        const logits = new Float32Array(each.reduce((sum, { length }) => sum + length, 0));
        let at = 0;
        for (const own of each) {
          logits.set(own, at);
          at += own.length;
        }
        return columnsOf(logits, classes, shared);
      };
      const set = setOf(part);
      // Where each patient has one image, figures by patient are those by image.
      const hasSeries = patientIndices("evaluate", set.count, set.patients).count < set.count;
      const hasChoice = hasSeries && part !== "validation" && partsOf("validation").length > 0;
      const regions = partsOf(part);
      const looking = {
        ...{ engine, classifier, model, classes: named.manifest.classes, shared },
        options: { ...options, skipBad: named.skipBad },
      };
      return {
        ...{ loaded, set, hasSeries, logits: await logitsOf(part), adapter: engine.traits.name },
        validation: hasChoice
          ? { set: setOf("validation"), logits: await logitsOf("validation") }
          : undefined,
        looked: hasRegions(regions) ? await whereItLooked(looking, regions, signal) : undefined,
      };
    });
  });
  if (found === undefined) {
    process.exitCode = 130;
    return;
  }
  const { loaded, set, looked, hasSeries, logits, validation, adapter } = found;
  const byClass = metricsByClass(logits, set, shared, options.at);
  const count = counting(options.quiet);
  const intervals = countedIntervals(logits, set, shared, count);
  const { patientResults } = await import("../../assemble/patient-metrics.ts");
  const patients = hasSeries
    ? countedWork(set.count, shared.length, count, (progress) =>
        patientResults({ set, logits }, validation, shared, { specificity: options.at, progress }),
      )
    : null;
  const sources = Object.fromEntries(
    sharesOf(logits, set, shared.length).map(({ source, images, ...share }) => {
      const own = metricsByClass(share.logits, share, shared, options.at);
      return [source, { images, ...means(own), byClass: own }];
    }),
  );
  if (options.json) {
    const { file: modelFile, sha256, record } = model;
    const result = {
      model: { file: modelFile, sha256, epoch: record.epoch },
      ...{ manifest: named.manifest.file, part: options.part, images: set.count, adapter, at: options.at },
      ...(augment === undefined ? {} : { views: augment.draws }),
      ...{ ...matched, ...means(byClass), byClass, intervals, patients, sources, skipped: loaded.skipped },
      ...(looked === undefined ? {} : { looked }),
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  say(
    options,
    `${counted(set.count, `${options.part} image`)}, ${counted(intervals.patients, "patient")}; on ${adapter}`,
  );
  const notes = intervalNotes(intervals);
  process.stdout.write(
    `${metricsTable(byClass, intervals, options.at)}\n${notes === "" ? "" : `${notes}\n`}`,
  );
  if (patients !== null)
    process.stdout.write(
      `\n${patientTable(patients, shared, validation === undefined ? null : "validation images")}\n`,
    );
  if (looked !== undefined) process.stdout.write(`\n${lookedTable(looked)}\n`);
  else if (entriesOf(named.manifest).some(({ entry }) => entry.boxes !== undefined))
    say(
      options,
      `where it looked: no ${options.part} image has a box of these classes; --part says which images`,
    );
  const names = Object.keys(sources);
  if (names.length < 2) return;
  if (names.length > mostSources) say(options, `${names.length} sources; --json tells each by itself`);
  else process.stdout.write(`\nAUC by source\n${sourceTable(shared, sources)}\n`);
}

interface Means {
  readonly meanAuc: number | null;
  readonly meanAveragePrecision: number | null;
}

/** Means over the classes where a metric is defined. */
function means(byClass: ByClass): Means {
  const over = (of: "auc" | "averagePrecision"): number | null =>
    meanAuc(Object.fromEntries(Object.entries(byClass).map(([name, metrics]) => [name, metrics[of]])));
  return { meanAuc: over("auc"), meanAveragePrecision: over("averagePrecision") };
}

const showRate = (value: number | null | undefined): string => (value == null ? "-" : value.toFixed(3));

function metricsTable(byClass: ByClass, intervals: TestIntervals, at: number): string {
  // 100 x 0.58 is not quite 58.
  const held = `${Number((100 * at).toPrecision(12))} %`;
  const head = [
    ...["class", "positive", "negative", "AUC", `${Math.round(100 * intervals.level)} % interval`],
    ...["AP", `sens. (spec. ${held})`, `spec. (sens. ${held})`, "calib. error"],
  ];
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ ...plainTable, head, colAligns });
  for (const [name, metrics] of Object.entries(byClass)) {
    const { positives, negatives, averagePrecision, atSpecificity, atSensitivity, calibrationError } =
      metrics;
    table.push([
      ...[name, positives, negatives, showAuc(metrics.auc), showInterval(intervals.byClass[name])],
      ...[averagePrecision, atSpecificity?.sensitivity, atSensitivity?.specificity].map(showRate),
      showRate(calibrationError),
    ]);
  }
  const all = means(byClass);
  table.push([
    ...["mean", "", "", showAuc(all.meanAuc), showInterval(intervals.mean)],
    ...[showRate(all.meanAveragePrecision), "", "", ""],
  ]);
  return table.toString();
}

function sourceTable(
  classes: readonly string[],
  sources: Readonly<Record<string, Means & { readonly byClass: ByClass }>>,
): string {
  return aucTable(
    classes,
    Object.entries(sources).map(([name, { meanAuc: mean, byClass }]) => ({
      name,
      cell: (of) => showAuc(byClass[of].auc),
      mean: showAuc(mean),
    })),
  );
}
