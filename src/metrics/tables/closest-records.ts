// Whether synthetic rows are nearer to the rows that a model learned from than to rows that it never saw, and how near.

import { ShapeError } from "../../errors/errors.ts";
import { around, type Interval } from "../../statistics/interval.ts";
import {
  nearestDistances,
  recordMeasure,
  type MeasuredRows,
  type RecordMeasure,
} from "./record-distances.ts";
import type { TypedTable } from "./typed-columns.ts";
import { expectAlike, someRows } from "./typed-rows.ts";

export interface ClosestRecordsOptions {
  readonly seed?: number;
  /** Synthetic rows that are measured at most; default 3,000. */
  readonly rows?: number;
  /** Rows of the training and of the hold-out part, each, that they are measured against at most; default 15,000. */
  readonly others?: number;
}

/** Quantiles of the distances to the closest training record, by share: Gower distances, 0 equal, 1 different in all columns. */
export type DistanceQuantiles = readonly { readonly share: number; readonly distance: number }[];

/** How many synthetic rows are nearer to training. */
export interface NearerShare {
  /**
   * Share of synthetic rows that are nearer to a training row than to every hold-out row, of equally many; a tie counts one half. .5 is what
   * rows of which none was copied have.
   */
  readonly nearer: number;
  /** Of that share, 95 %, over synthetic rows alone: other training and hold-out rows would move it somewhat, too. */
  readonly interval: Interval;
}

export interface ClosestRecords extends NearerShare {
  readonly synthetic: DistanceQuantiles;
  /** The same of hold-out rows, which nobody copied. */
  readonly holdout: DistanceQuantiles;
  /** Synthetic rows that were measured, and rows of each part that they were measured against. */
  readonly rows: number;
  readonly others: number;
}

export const distanceShares = [0.01, 0.05, 0.25, 0.5] as const;

/**
 * Measures distances to the closest records. Numbers count by ranks, as shares, and categories 0 or 1: see `recordMeasure`.
 *
 * @throws ShapeError for tables with other columns or no rows
 */
export function closestRecords(
  training: TypedTable,
  holdout: TypedTable,
  synthetic: TypedTable,
  options: ClosestRecordsOptions = {},
): ClosestRecords {
  const { measure, learned, drawn, near, far, unseen } = nearest(training, holdout, synthetic, options);
  const { seed = 0, rows = 3000 } = options;
  const compared = measure.measured(someRows(unseen, rows, seed, 13));
  const whole = measure.most * measure.columns;
  return {
    ...shareOf(near, far),
    synthetic: quantiles(near, whole),
    holdout: quantiles(nearestDistances(measure, compared, learned), whole),
    rows: drawn.rows,
    others: learned.rows,
  };
}

/** The share of `closestRecords` alone. @throws ShapeError as it does */
export function nearerShare(
  training: TypedTable,
  holdout: TypedTable,
  synthetic: TypedTable,
  options: ClosestRecordsOptions = {},
): NearerShare {
  const { near, far } = nearest(training, holdout, synthetic, options);
  return shareOf(near, far);
}

interface Nearest {
  readonly measure: RecordMeasure;
  readonly learned: MeasuredRows;
  readonly drawn: MeasuredRows;
  /** Hold-out rows, as many as training rows. */
  readonly unseen: TypedTable;
  /** Of the drawn rows to those of training, and to those of the hold-out. */
  readonly near: Int32Array;
  readonly far: Int32Array;
}

function nearest(
  training: TypedTable,
  holdout: TypedTable,
  synthetic: TypedTable,
  { seed = 0, rows = 3000, others = 15_000 }: ClosestRecordsOptions,
): Nearest {
  expectAlike("closestRecords", training, holdout, synthetic);
  const most = Math.min(training.rows, holdout.rows, others);
  if (most < 1 || rows < 1) throw new ShapeError("closestRecords: there is no row to measure");
  const [known, unseen] = [someRows(training, most, seed, 10), someRows(holdout, most, seed, 11)];
  const measure = recordMeasure([known, unseen]);
  const learned = measure.measured(known);
  const drawn = measure.measured(someRows(synthetic, rows, seed, 12));
  return {
    ...{ measure, learned, drawn, unseen },
    near: nearestDistances(measure, drawn, learned),
    far: nearestDistances(measure, drawn, measure.measured(unseen)),
  };
}

function shareOf(near: Int32Array, far: Int32Array): NearerShare {
  const points = Float64Array.from(near, (distance, row) =>
    distance < far[row] ? 1 : distance === far[row] ? 0.5 : 0,
  );
  const nearer = points.reduce((sum, point) => sum + point, 0) / points.length;
  const squares = points.reduce((sum, point) => sum + (point - nearer) ** 2, 0);
  const error = points.length < 2 ? 0.5 : Math.sqrt(squares / (points.length - 1) / points.length);
  const { low, high } = around(nearer, 1.96 * error);
  return { nearer, interval: { low: Math.max(0, low), high: Math.min(1, high) } };
}

function quantiles(distances: Int32Array, whole: number): DistanceQuantiles {
  const sorted = distances.toSorted();
  return distanceShares.map((share) => ({
    share,
    distance: sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] / whole,
  }));
}
