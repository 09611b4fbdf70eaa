// The page that goes with an exported model: what it was trained on, what it came to, how to use it, and what it cannot do. Its
// first lines are those that model hubs read.

import { basename } from "node:path";
import { stringify } from "yaml";
import { counted } from "../errors/counted.ts";
import { markdownTable, markdownText, type MarkdownColumn } from "../report/markdown.ts";
import { notesOfClasses } from "../labels/wording.ts";
import { begunWith, isIdleLength } from "../report/run/settings-table.ts";
import { showAuc, showInterval } from "../report/tables.ts";
import type { ModelRecord } from "../runs/model-record.ts";
import type { RunContents } from "../runs/run-contents.ts";
import { thresholdsText } from "./card-thresholds.ts";
import { usage } from "./card-usage.ts";
import type { ExportFormat } from "./export-formats.ts";

/** What a card is made from. */
export interface CardSources {
  readonly run: RunContents;
  readonly record: ModelRecord;
  /** What stands beside the card. */
  readonly formats: readonly ExportFormat[];
  /** Of Tessera. */
  readonly version: string;
}

/**
 * Markdown with front matter. It names the sources and the manifest's file, and no patients, images or folders.
 */
export function modelCard(sources: CardSources): string {
  const { run, record } = sources;
  const title = basename(run.record.manifest.file).replace(/\.ya?ml$/u, "");
  const what =
    record.task === "segmentation"
      ? "A segmenter: it says of each pixel which classes it is of."
      : "An image classifier with a probability for each class, of which any number can be high.";
  const sections = [
    `# ${markdownText(title)}\n\n${what} Trained with Tessera ${run.record.versions.tessera} on labels of several sources; what a source ` +
      `does not label counted as ${run.record.settings["absent"] === "negative" ? "negative" : "absent, not as negative"}.\n`,
    `## Data\n\n${dataSection(run)}`,
    `## Training\n\n${trainingSection(sources)}`,
    `## Results\n\n${record.task === "segmentation" ? overlapSection(run) : aucSection(run)}`,
    ...(record.thresholds === undefined
      ? []
      : [`## Thresholds\n\n${thresholdsText({ ...record, thresholds: record.thresholds })}`]),
    `## How to use it\n\n${usage(record, sources.formats)}`,
    `## Limits\n\n${limitsSection(sources)}`,
  ];
  return `---\n${stringify(frontMatter(title, sources))}---\n\n${sections.join("\n")}`;
}

/** The fields that hubs read. */
function frontMatter(
  title: string,
  { run, record, formats }: CardSources,
): Readonly<Record<string, unknown>> {
  const isSegmenter = record.task === "segmentation";
  const task = isSegmenter ? "image-segmentation" : "image-classification";
  const { kind = "densenet" } = record.network;
  const files = formats.map((format) => (format === "torch" ? "pytorch" : format));
  return {
    license: "unknown",
    pipeline_tag: task,
    tags: [task, "partial-labels", "label-assemble", kind, "tessera", ...files],
    datasets: Object.keys(run.summary?.images ?? {}),
    metrics: [isSegmenter ? "dice" : "roc_auc"],
    "model-index": [
      {
        name: title,
        results: [
          {
            task: { type: task },
            dataset: { name: `test images of ${basename(run.record.manifest.file)}`, type: title },
            metrics: isSegmenter ? diceMetrics(run) : aucMetrics(run),
          },
        ],
      },
    ],
  };
}

interface Metric {
  readonly type: string;
  readonly name: string;
  readonly value: number;
}

/** A metric that is not defined is none. */
function metrics(type: string, values: readonly (readonly [string, number | null | undefined])[]): Metric[] {
  return values.flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [{ type, name, value: Number(value.toFixed(4)) }],
  );
}

function aucMetrics({ summary, classes }: RunContents): Metric[] {
  const byClass = classes.map((name) => [`AUC, ${name}`, summary?.auc[name]] as const);
  return metrics("roc_auc", [["AUC, mean of the classes", summary?.meanAuc], ...byClass]);
}

function diceMetrics({ summary, classes }: RunContents): Metric[] {
  const byClass = classes.map((name) => [`Dice, ${name}`, summary?.overlap?.dice[name]] as const);
  return metrics("dice", [["Dice, mean of the classes", summary?.overlap?.meanDice], ...byClass]);
}

const left = (name: string): MarkdownColumn => ({ name, align: "left" });
const right = (name: string): MarkdownColumn => ({ name, align: "right" });

/** Who labelled what. */
function dataSection({ reportData, summary, classes, missing }: RunContents): string {
  const sources = (reportData?.coverage ?? []).filter(({ part }) => part === "train");
  if (sources.length === 0) {
    const images = Object.entries(summary?.images ?? {}).map(
      ([source, count]) => `${markdownText(source)} (${count})`,
    );
    return [`Training images by source: ${images.join(", ")}.`, ...missing.map(markdownText), ""].join("\n");
  }
  const rows = classes.map((name, k) => [
    name,
    ...sources.map(({ classes: counts }) => {
      const { positive, negative, soft, uncertain } = counts[k];
      if (positive + negative + soft + uncertain === 0) return "not labelled";
      const others = soft + uncertain === 0 ? "" : `, and ${soft + uncertain} between`;
      return `${positive} with, ${negative} without${others}`;
    }),
  ]);
  const columns = [
    left("class"),
    ...sources.map(({ source, images }) => left(`${source}, ${images} images`)),
  ];
  return `Labels of the training images, by source:\n\n${markdownTable(columns, rows)}`;
}

function trainingSection({ run, record }: CardSources): string {
  const { settings, manifest, device, adapter, seed, commit, initial } = run.record;
  const { summary } = run;
  const { height, width, channels, fit } = record.image;
  const shown = (name: string): [string, string][] => {
    const value = settings[name];
    return value === undefined || value === null || isIdleLength(name, settings)
      ? []
      : [[name, settingText(value)]];
  };
  const epochs = counted(summary?.epochs ?? 0, "epoch");
  const length = typeof settings["steps"] === "number" ? `${settings["steps"]} steps, ${epochs}` : epochs;
  const network = { kind: "densenet", ...record.network };
  const rows: (readonly [string, string])[] = [
    ["manifest", `${basename(manifest.file)}, SHA-256 ${manifest.sha256.slice(0, 12)}`],
    ["network", JSON.stringify(network)],
    ["head", record.head.kind],
    ["images", `${height} x ${width}, ${channels === 1 ? "grey" : "colour"}, made to fit by ${fit}`],
    ["weights", String(summary?.parameters ?? "")],
    ...(initial === undefined ? [] : [["began with", begunWith(initial, basename(initial.file))] as const]),
    ["length", `${summary === undefined ? "" : `${length}, `}kept: epoch ${record.epoch}`],
    ...trainingNames.flatMap(shown),
    ["seed", String(seed)],
    ["computed on", device === "webgpu" ? adapter : "the CPU, in 64 bits"],
    ...(commit === null ? [] : [["commit", commit] as const]),
  ];
  return markdownTable([left("setting"), left("value")], rows);
}

/** What a card tells of a run's settings, where the run has them. */
const trainingNames = [
  ...["batch", "optimiser", "learningRate", "weightDecay", "schedule", "freeze", "unfreeze", "rates"],
  ...["warmupEpochs", "warmupSteps", "supervised", "positiveWeight", "focus", "labelSmoothing", "mixup"],
  ...["lambdaAucMargin", "reestimate"],
];

/** A choice by its name with its options, a list with commas, and a record as its names and values. */
function settingText(value: unknown): string {
  if (Array.isArray(value)) return value.map(settingText).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, own]) => (name === "by" ? settingText(own) : `${name} ${settingText(own)}`))
    .join(", ");
}

function aucSection({ summary, classes }: RunContents): string {
  if (summary === undefined) return "The run has no summary.\n";
  const { auc, meanAuc, intervals } = summary;
  const level = intervals === null ? "interval" : `${Math.round(100 * intervals.level)} % interval`;
  const rows = [
    ...classes.map((name) => [name, showAuc(auc[name]), showInterval(intervals?.byClass[name])]),
    ["mean", showAuc(meanAuc), showInterval(intervals?.mean)],
  ];
  const table = markdownTable([left("class"), right("AUC"), left(level)], rows);
  const notes = notesOfClasses(classes, (name) => intervals?.byClass[name]?.note);
  const how =
    intervals === null
      ? []
      : [
          `Intervals: bootstrap over ${intervals.patients} patients (an image without a patient counts as one), ${intervals.resamples} resamples.`,
        ];
  return `On the test images:\n\n${table}\n${[...how, ...notes.map(markdownText)].map((line) => `${line}\n`).join("\n")}`;
}

function overlapSection({ summary, classes }: RunContents): string {
  if (summary?.overlap === undefined) return "The run has no summary of how well outlines overlap.\n";
  const { overlap, overlapIntervals: found } = summary;
  const level = found === undefined ? "interval" : `${Math.round(100 * found.level)} % interval`;
  const rows = [
    ...classes.map((name) => [
      name,
      showAuc(overlap.dice[name]),
      showInterval(found?.byClass[name]?.dice),
      showAuc(overlap.iou[name]),
    ]),
    ["mean", showAuc(overlap.meanDice), showInterval(found?.mean.dice), showAuc(overlap.meanIou)],
  ];
  const table = markdownTable([left("class"), right("Dice"), left(level), right("IoU")], rows);
  const how =
    found === undefined
      ? ""
      : `\nIntervals: bootstrap over ${found.patients} patients, ${found.resamples} resamples.\n`;
  return `Over all labelled pixels of the test images together:\n\n${table}${how}`;
}

function limitsSection({ run, record }: CardSources): string {
  const undefinedClasses = run.classes.filter((name) => (run.summary?.auc[name] ?? null) === null);
  const lines = [
    "The results are of the test images above and of no others. Images of another hospital, camera or population may give worse ones.",
    `A probability is not a diagnosis, and it is calibrated no better than the run's report shows${record.temperature === undefined ? "" : `; its logits are divided by the temperature ${record.temperature.value.toPrecision(4)}, fitted after training on ${record.temperature.part === undefined ? "validation images" : `images of part ${record.temperature.part}, whose calibration looks better for it`}. The division is in these files already: do not divide again`}.`,
    ...(undefinedClasses.length > 0 && record.task !== "segmentation"
      ? [
          `Nothing is known of how well it finds ${undefinedClasses.map(markdownText).join(", ")}: the test images had no labels of both kinds.`,
        ]
      : []),
    ...(record.parents === undefined
      ? []
      : ["Classes stand below others: a class is never less likely than one that is a kind of it."]),
    "No licence is stated. Put yours into the first lines of this file, and look at those of the datasets first.",
  ];
  return lines.map((line) => `- ${line}\n`).join("");
}
