// `tessera probe`: how good stored features are for some labels, by a linear probe.

import Table from "cli-table3";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { linearProbe, probeLogits, type LabelledFeatures, type Probe } from "../../assemble/linear-probe.ts";
import type { Part } from "../../data/catalogue/listing.ts";
import { splitByPatient } from "../../data/catalogue/splits.ts";
import { plainSafetensors } from "../../interchange/tensor-file.ts";
import { negative, positive, statesAmong } from "../../labels/states.ts";
import { aucIntervals, type AucIntervals } from "../../metrics/auc-intervals.ts";
import { notesOfClasses } from "../../labels/wording.ts";
import { plainTable, showAuc, showInterval } from "../../report/tables.ts";
import { onEngine } from "../on-engine.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { readFeatures, type FeatureTable } from "../../runs/features-file.ts";
import { say } from "../model-images.ts";
import { probeLabels, type ProbeLabels, type ProbeRow } from "../probe-labels.ts";
import { makeFolderOf, replaceOutput } from "../terminal/output-files.ts";

export interface ProbeOptions extends DeviceOptions {
  readonly dataRoot?: string;
  readonly followLinks?: boolean;
  readonly skipBad: boolean;
  /** A penalty instead of those that validation chooses from. */
  readonly l2?: number;
  /** Of a split, where rows have no parts. */
  readonly seed: number;
  readonly out?: string;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** Rows to train on, to choose a penalty by, and to test on. */
type Rows = Readonly<Record<Part, readonly number[]>>;

/** @param file of `tessera embed`. @param labels a manifest or a CSV table; default: the labels that the features came with */
export async function probeCommand(
  file: string,
  labels: string | undefined,
  options: ProbeOptions,
): Promise<void> {
  const where = engineOptions(options);
  const { out, l2 } = options;
  const features = await readFeatures(file);
  const known = await probeLabels(features, file, labels, options);
  const rows = partedRows(known.rows, options);
  if (out !== undefined) makeFolderOf("--out", out, [file, ...(labels === undefined ? [] : [labels])]);
  const given = rowsOf(features, known, rows.train).states;
  const classes = known.classes.filter((_, k) => hasBoth(given, k, known.classes.length));
  const notLearned = known.classes.filter((name) => !classes.includes(name));
  if (classes.length === 0) {
    throw new UsageError(
      `${labels ?? file}: no class has labels of both kinds on the ${rows.train.length} images to train on`,
    );
  }
  const learnable = { ...known, classes, states: statesAmong(known.states, known.classes, classes) };
  const of = (part: Part): LabelledFeatures => rowsOf(features, learnable, rows[part]);
  const [train, test] = [of("train"), of("test")];
  const { probe, adapter } = await onEngine(where, async (engine) => ({
    probe: await linearProbe(engine, train, classes, l2 ?? of("validation")),
    adapter: engine.traits.name,
  }));
  const logits = probeLogits(probe, test.features);
  const patients = rows.test.map((at) => known.rows[at].patient);
  const found = aucIntervals(logits, test.states, classes, { patients });
  if (!probe.isFitted) say(options, `L2 ${probe.l2}: the fit has not settled; give a larger --l2`);
  if (out !== undefined) await writeHead(out, probe, features.width, classes);
  const counts = classes.map((name, k) => ({
    name,
    ...{
      trained: countsOf(train.states, k, classes.length),
      tested: countsOf(test.states, k, classes.length),
    },
  }));
  if (options.json) {
    const byClass = Object.fromEntries(
      counts.map(({ name, ...own }) => [
        name,
        { ...own, auc: found.byClass[name].value, ...intervalOf(found, name) },
      ]),
    );
    const images = { train: rows.train.length, validation: rows.validation.length, test: rows.test.length };
    const result = { images, features: features.width, l2: probe.l2, validation: probe.chosenBy, notLearned };
    process.stdout.write(`${JSON.stringify({ ...result, meanAuc: found.mean.value, byClass }, null, 2)}\n`);
    return;
  }
  const chosen =
    l2 === undefined ? `chosen on ${counted(rows.validation.length, "validation image")}` : "as asked";
  say(
    options,
    `${counted(features.width, "feature")}; ${counted(rows.train.length, "image")} to train on, ${counted(rows.test.length, "test image")}; ` +
      `L2 ${probe.l2}, ${chosen}; on ${adapter}`,
  );
  if (notLearned.length > 0) {
    say(
      options,
      `not learned, as their labels on the images to train on are not of both kinds: ${notLearned.join(", ")}`,
    );
  }
  process.stdout.write(`${probeTable(counts, found)}\n`);
}

const intervalOf = (found: AucIntervals, name: string): object => {
  const { interval, note } = found.byClass[name];
  return { interval, note };
};

/**
 * The parts of the rows as they say. Where none is to train or none to test on, all are drawn by patient: three fifths to train on, a
 * fifth each for the rest. Where none is for validation, a fifth of those to train on are, drawn by patient.
 */
function partedRows(rows: readonly ProbeRow[], options: ProbeOptions): Rows {
  const { seed, l2 } = options;
  const placed = rows.map(({ row, patient }) => ({
    id: String(row),
    ...(patient === undefined ? {} : { patient }),
  }));
  const isParted = (["train", "test"] as const).every((part) => rows.some((row) => row.part === part));
  const drawn = isParted
    ? rows.map(({ part }) => part)
    : splitByPatient(placed, { seed, train: 0.6, validation: 0.2, test: 0.2 });
  if (!isParted)
    say(
      options,
      "the images have no parts to train and to test on: they are drawn by patient, 60 % to train on, 20 % to test",
    );
  const of = (part: Part): number[] => Array.from(rows.keys()).filter((at) => drawn[at] === part);
  const [train, validation, test] = [of("train"), of("validation"), of("test")];
  if (validation.length > 0 || l2 !== undefined) return { train, validation, test };
  const again = splitByPatient(
    train.map((at) => placed[at]),
    { seed, train: 0.8, validation: 0.2, test: 0 },
  );
  return {
    train: train.filter((_, i) => again[i] === "train"),
    validation: train.filter((_, i) => again[i] === "validation"),
    test,
  };
}

function rowsOf(
  { features, width }: FeatureTable,
  { classes, rows, states }: ProbeLabels,
  taken: readonly number[],
): LabelledFeatures {
  const found = {
    features: new Float32Array(taken.length * width),
    states: new Uint8Array(taken.length * classes.length),
  };
  for (const [i, at] of taken.entries()) {
    const { row } = rows[at];
    found.features.set(features.subarray(row * width, (row + 1) * width), i * width);
    found.states.set(states.subarray(at * classes.length, (at + 1) * classes.length), i * classes.length);
  }
  return found;
}

interface Counts {
  readonly positives: number;
  readonly negatives: number;
}

function countsOf(states: Uint8Array, k: number, width: number): Counts {
  const of = (state: number): number =>
    states.filter((each, at) => at % width === k && each === state).length;
  return { positives: of(positive), negatives: of(negative) };
}

function hasBoth(states: Uint8Array, k: number, width: number): boolean {
  const { positives, negatives } = countsOf(states, k, width);
  return positives > 0 && negatives > 0;
}

function probeTable(
  counts: readonly { readonly name: string; readonly trained: Counts; readonly tested: Counts }[],
  found: AucIntervals,
): string {
  const head = [
    "class",
    "trained with",
    "without",
    "tested with",
    "without",
    "AUC",
    `${Math.round(100 * found.level)} % interval`,
  ];
  const colAligns = head.map((_, i) => (i === 0 ? ("left" as const) : ("right" as const)));
  const table = new Table({ ...plainTable, head, colAligns });
  for (const { name, trained, tested } of counts) {
    const own = found.byClass[name];
    table.push([
      ...[name, trained.positives, trained.negatives, tested.positives, tested.negatives],
      ...[showAuc(own.value), showInterval(own)],
    ]);
  }
  table.push(["mean", "", "", "", "", showAuc(found.mean.value), showInterval(found.mean)]);
  const names = counts.map(({ name }) => name);
  const notes = notesOfClasses(names, (name) => found.byClass[name].note).map((line) => `  ${line}`);
  return [table.toString(), ...notes].join("\n");
}

/** As PyTorch's `Linear` has it: `weight` [K, D] and `bias` [K], of the features as they are. @throws UsageError */
async function writeHead(
  out: string,
  { weight, bias }: Probe,
  width: number,
  classes: readonly string[],
): Promise<void> {
  const tensors = new Map([
    ["weight", { shape: [classes.length, width], data: weight }],
    ["bias", { shape: [classes.length], data: bias }],
  ]);
  await replaceOutput("--out", out, async (handle) => {
    for (const piece of plainSafetensors(tensors, { format: "pt", classes: JSON.stringify(classes) }))
      await handle.writeFile(piece);
  });
}
