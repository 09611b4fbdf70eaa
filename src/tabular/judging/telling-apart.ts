// What classifiers say of a synthetic table: whether it can be told from a real one, and whether what is learned from it holds for real rows.

import { auc } from "../../metrics/auc.ts";
import { aucIntervals } from "../../metrics/auc-intervals.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import { rowsOf, shuffledRows, someRows } from "../../metrics/tables/typed-rows.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Interval } from "../../statistics/interval.ts";
import type { FeatureRows, RowFeatures } from "./row-features.ts";
import { classifierLogits, type ClassifierOptions, type LabelledRows } from "./small-classifier.ts";
import { labelsOf, type Target } from "./target-column.ts";

/** An area under the ROC curve; null where it is not defined, as rows of one label alone. */
export interface Area {
  readonly auc: number | null;
  /** 95 %, by bootstrap of the judged rows. It knows nothing of another training of the classifier. */
  readonly interval: Interval | null;
}

/** Rows that a classifier learns from or is judged on, at most. */
const mostRows = 20_000;
/** Fewer rows of a kind teach nothing. */
const fewestRows = 20;

/** Of a table that has neither value of a target, such as one that writes them otherwise. */
const noRows: LabelledRows = { features: { rows: 0, write: () => undefined }, labels: new Uint8Array(0) };
const undefinedArea: Area = { auc: null, interval: null };

function areaOf(logits: Float32Array, labels: Uint8Array): Area {
  const interval = aucIntervals(logits, labels, ["1"], { resamples: 200 }).byClass["1"].interval;
  return { auc: auc(logits, labels), interval };
}

/**
 * How well a small network tells rows of a table from real rows that the table was not learned from: half of as many rows of each are
 * learned from, and the others judged. .5: not at all; 1: each row.
 *
 * @param features of the real rows
 */
export async function detection(
  engine: Engine,
  features: RowFeatures,
  real: TypedTable,
  other: TypedTable,
  options: ClassifierOptions,
): Promise<Area> {
  const each = Math.min(real.rows, other.rows, mostRows);
  if (each < 2 * fewestRows) return undefinedArea;
  const half = Math.floor(each / 2);
  const halves = [real, other].map((table, kind) => {
    const order = shuffledRows(table.rows, options.seed, 30 + kind);
    return [order.subarray(0, half), order.subarray(half, 2 * half)].map((rows) => rowsOf(table, rows));
  });
  const [learned, judged] = [0, 1].map((part) => ({
    features: joined(halves.map((both) => features.of(both[part]))),
    labels: Uint8Array.from({ length: 2 * half }, (_, row) => (row < half ? 0 : 1)),
  }));
  const [logits] = await classifierLogits(engine, features.width, learned, [judged.features], options);
  return areaOf(logits, judged.labels);
}

/** Rows of two tables one behind the other. */
function joined([first, second]: readonly FeatureRows[]): FeatureRows {
  return {
    rows: first.rows + second.rows,
    write(row, into, at) {
      if (row < first.rows) first.write(row, into, at);
      else second.write(row - first.rows, into, at);
    },
  };
}

/**
 * How well a network that learns the target from some rows predicts it on others.
 *
 * @param features without the target
 * @param judged tables of other rows
 * @returns by table; null where there are too few rows with one of the two values to learn from, or none to judge by
 */
export async function predicted(
  engine: Engine,
  features: RowFeatures,
  target: Target,
  learned: TypedTable,
  judged: readonly TypedTable[],
  options: ClassifierOptions,
): Promise<Area[]> {
  const of = (table: TypedTable, stream: number): LabelledRows => {
    const labels = labelsOf(table, target);
    const known = rowsOf(
      table,
      Array.from(labels.keys()).filter((row) => labels[row] >= 0),
    );
    if (known.rows === 0) return noRows;
    const taken = someRows(known, mostRows, options.seed, stream);
    return { features: features.of(taken), labels: Uint8Array.from(labelsOf(taken, target)) };
  };
  const source = of(learned, 40);
  const countOf = (labels: Uint8Array, kind: number): number =>
    labels.filter((label) => label === kind).length;
  if (Math.min(countOf(source.labels, 0), countOf(source.labels, 1)) < fewestRows / 4) {
    return judged.map(() => undefinedArea);
  }
  const parts = judged.map((table, i) => of(table, 41 + i));
  const logits = await classifierLogits(
    engine,
    features.width,
    source,
    parts.map((part) => part.features),
    options,
  );
  return parts.map(({ labels }, i) =>
    labels.includes(0) && labels.includes(1) ? areaOf(logits[i], labels) : undefinedArea,
  );
}
