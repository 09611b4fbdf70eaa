// The report of a run: results, curves, mistakes, labels and settings.

import { counted } from "../../errors/counted.ts";
import { lastName } from "../../files/path-text.ts";
import type { AucInterval } from "../../assemble/test-metrics.ts";
import { averagePrecision } from "../../metrics/average-precision.ts";
import { brierScore, calibrationBins, expectedCalibrationError } from "../../metrics/calibration.ts";
import { cosinesOf, labelCoverage, similarityMap } from "../figures/heat-map.ts";
import { scoreCurves, lossCurves } from "../figures/curves.ts";
import { calibration } from "../figures/calibration-curves.ts";
import { columnsOf, rocCurves } from "../figures/roc-curves.ts";
import { type Markup } from "../html/markup.ts";
import { duration, fixed, interval, none, whole } from "../html/number-text.ts";
import {
  bulleted,
  drawn,
  note,
  pageText,
  paragraph,
  table,
  type Figure,
  type Section,
} from "../html/page.ts";
import type { Summary } from "../../runs/summary.ts";
import { overlapResults, patientDiceFigure } from "./overlap-section.ts";
import { overlayCards } from "./overlay-cards.ts";
import { patientSection } from "./patient-section.ts";
import { mistakeCards } from "./mistakes.ts";
import type { Mistake } from "../../runs/run-report-data.ts";
import type { RunContents } from "../../runs/run-contents.ts";
import { settingsSection } from "./settings-table.ts";

/**
 * The whole file. The same folder gives the same bytes.
 * @param named whether messages about files and rows are shown, which may name patients in their own way
 */
export function runPage(run: RunContents, named = true): string {
  const { record, metrics, summary, classes, predictions, reportData, queries, temperature, missing, name } =
    run;
  const kept = summary === undefined || summary.interrupted ? undefined : summary.kept;
  const sections: Section[] = [
    {
      id: "results",
      title: "Results on the test images",
      content: summary?.overlap === undefined ? results(run) : overlapResults(run),
    },
    { id: "patients", title: "Patients", content: patients(run) },
    {
      id: "overlap",
      title: "Dice by patient",
      content: drawn(dicePlot(run)),
    },
    {
      id: "outlines",
      title: "Outlines",
      content: [
        ...overlayCards(reportData?.overlays ?? [], classes),
        ...hashNote(reportData?.overlays ?? [], named),
      ],
    },
    {
      id: "course",
      title: "How the run went",
      content: drawn(lossCurves(metrics, warmupEnd(run)), scoreCurves(metrics, kept)),
    },
    { id: "ranking", title: "ROC curves", content: drawn(predictions && rocCurves(predictions)) },
    {
      id: "probabilities",
      title: "Calibration",
      content: drawn(predictions && calibration(predictions, temperature)),
    },
    {
      id: "mistakes",
      title: "Confident mistakes",
      content: [...mistakes(reportData?.mistakes), ...hashNote(reportData?.mistakes ?? [], named)],
    },
    {
      id: "queries",
      title: "Class queries",
      content: drawn(queries && similarityMap(classes, cosinesOf(queries), ownQueries)),
    },
    {
      id: "labels",
      title: "Label coverage",
      content: drawn(reportData && labelCoverage(classes, reportData.coverage)),
    },
    { id: "settings", title: "Settings", content: settingsSection(record) },
    { id: "left-out", title: "Left out", content: leftOut(summary?.skipped ?? [], named) },
  ];
  const images = Object.values(summary?.images ?? {}).reduce((sum, count) => sum + count, 0);
  return pageText({
    title: `Run ${name}`,
    lead: [
      `Training on ${lastName(record.manifest.file)}, seed ${record.seed}, on ${record.adapter || record.device}.`,
      ...missing,
    ].join(" "),
    facts: [
      ...headline(summary),
      ["classes", classes.length === 0 ? none : String(classes.length)],
      ["training images", summary === undefined ? none : whole(images)],
      ["epochs", String(metrics.epochs.length)],
      ...(kept !== undefined && kept < metrics.epochs.length ? [["kept epoch", String(kept)] as const] : []),
      ["weights", summary === undefined ? none : whole(summary.parameters)],
      ["time", summary === undefined ? none : duration(summary.seconds)],
    ],
    sections,
    foot: `Made by Tessera ${record.versions.tessera}`,
  });
}

/** The mean by which a run is judged, with its interval. */
function headline(summary: Summary | undefined): (readonly [name: string, value: string])[] {
  const { overlap, overlapIntervals, intervals } = summary ?? {};
  const [name, value, mean] =
    overlap === undefined
      ? ["mean test AUC", summary?.meanAuc, intervals?.mean.interval]
      : ["mean test Dice", overlap.meanDice, overlapIntervals?.mean.dice.interval];
  return [
    [name, fixed(value, 4)],
    ...(mean == null ? [] : [["95 % interval", interval(mean, 4)] as const]),
    ...(overlap === undefined ? [] : [["mean test IoU", fixed(overlap.meanIou, 4)] as const]),
  ];
}

const patients = ({ summary, classes, predictions }: RunContents): Markup[] =>
  summary?.patients === undefined ? [] : patientSection(summary.patients, classes, predictions);

const dicePlot = ({ summary, classes, predictions, overlaps }: RunContents): Figure | undefined =>
  summary?.overlapIntervals && predictions && overlaps
    ? patientDiceFigure(predictions, overlaps, summary.overlapIntervals, classes)
    : undefined;

const mistakes = (found: readonly Mistake[] | undefined): Markup[] =>
  found === undefined
    ? []
    : mistakeCards(found, {
        none: "The run got no label of a test image wrong.",
        by: "by the run",
        look: "Look at the images: the label may be wrong, too.",
        probability: "probability",
      });

/** Where patients are hashes, how to see their names. */
const hashNote = (shown: readonly { readonly patient: string }[], named: boolean): Markup[] =>
  named || shown.every(({ patient }) => patient === "")
    ? []
    : [
        note(
          "Patients are shown by hashes, in names of images, too; tessera report --identify shows their names.",
        ),
      ];

const ownQueries = { id: "similarity", title: "Similarity of the class queries", of: "the run" };

/** The last step of the warm-up; 0 without a warm-up. */
function warmupEnd({ record: { settings }, metrics: { steps } }: RunContents): number {
  const { warmupSteps, warmupEpochs } = settings;
  if (typeof warmupSteps === "number") return warmupSteps;
  if (typeof warmupEpochs !== "number") return 0;
  return steps.findLast(({ epoch }) => epoch <= warmupEpochs)?.step ?? 0;
}

function results({ summary, classes, predictions }: RunContents): Markup[] {
  if (summary === undefined || summary.meanAuc === null) return [];
  const { intervals, sources, auc, meanAuc } = summary;
  const columns = new Map(
    predictions === undefined ? [] : columnsOf(predictions).map((each) => [each.name, each]),
  );
  const level = intervals === null ? "" : `${Math.round(100 * intervals.level)} % interval`;
  const undefinedClasses = classes.filter((name) => auc[name] === null);
  const own = (name: string): string[] => {
    const column = columns.get(name);
    if (column === undefined) return [];
    const { probabilities, labels, positives, negatives } = column;
    return [
      fixed(averagePrecision(probabilities, labels), 4),
      fixed(brierScore(probabilities, labels), 4),
      fixed(expectedCalibrationError(probabilities, labels), 4),
      whole(positives),
      whole(negatives),
    ];
  };
  const content = [
    table({
      caption: "By class, over labelled entries only",
      head: [
        ...["class", "AUC"],
        ...(intervals === null ? [] : [level]),
        ...(columns.size === 0
          ? []
          : ["average precision", "Brier score", "calibration error", "positive", "negative"]),
      ],
      rows: classes.map((name) => [
        ...[name, fixed(auc[name], 4)],
        ...(intervals === null ? [] : [intervalCell(intervals.byClass[name])]),
        ...own(name),
      ]),
      foot: [
        [
          ...["mean", fixed(meanAuc, 4)],
          ...(intervals === null ? [] : [intervalCell(intervals.mean)]),
          ...(columns.size === 0 ? [] : ["", "", "", "", ""]),
        ],
      ],
    }),
  ];
  if (intervals !== null) {
    content.push(
      note(
        `Intervals: bootstrap over ${counted(intervals.patients, "patient")} (an image without a patient counts as one), ` +
          `${whole(intervals.resamples)} resamples, percentiles. Calibration error: the expected one, over ${calibrationBins} groups of equal size.`,
      ),
    );
  }
  if (undefinedClasses.length > 0) {
    content.push(
      note(
        `${none}: the labelled test images are not of both kinds. The mean leaves these classes out: ${undefinedClasses.join(", ")}.`,
      ),
    );
  }
  const each = Object.entries(sources ?? {});
  if (each.length > 1) {
    content.push(
      table({
        caption: "AUC by source of the test images",
        head: ["class", ...each.map(([name]) => name)],
        rows: classes.map((name) => [name, ...each.map(([, source]) => fixed(source.auc[name], 4))]),
        foot: [
          ["mean", ...each.map(([, source]) => fixed(source.meanAuc, 4))],
          ["images", ...each.map(([, { images }]) => whole(images))],
        ],
      }),
    );
  }
  return content;
}

/** An interval, or the reason why there is none. */
const intervalCell = (found: AucInterval | undefined): string =>
  found?.interval === null && found.note !== null ? found.note : interval(found?.interval, 4);

/** The most reasons that are shown; summary.json has all of them. */
const mostReasons = 50;

function leftOut(skipped: readonly string[], named: boolean): Markup[] {
  if (skipped.length === 0) return [];
  const more = skipped.length - mostReasons;
  const count = counted(skipped.length, "image or record", "images or records");
  const what = `${count} could not be read and ${skipped.length === 1 ? "was" : "were"} left out`;
  if (!named) {
    return [
      paragraph(
        `${what}. Their names may be of patients: summary.json lists them, and --identify shows them here.`,
      ),
    ];
  }
  return [
    paragraph(`${what}:`),
    bulleted(skipped.slice(0, mostReasons)),
    ...(more > 0 ? [note(`and ${whole(more)} more; summary.json lists all of them.`)] : []),
  ];
}
