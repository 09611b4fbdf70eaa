// What a run's predictions on its test images come to: intervals over patients, and each source by itself.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { aucIntervals } from "../metrics/auc-intervals.ts";
import { overlapsOfRows, type Overlaps } from "../metrics/overlap.ts";
import type { Interval } from "../statistics/interval.ts";
import { evaluationOf, type Evaluation } from "./evaluation.ts";

/** An interval, or why there is none. */
export interface AucInterval {
  readonly interval: Interval | null;
  readonly note: string | null;
}

/** Percentile intervals by bootstrap over patients; an image without one is a patient of its own. */
export interface TestIntervals {
  readonly level: number;
  readonly resamples: number;
  /** Patients that were drawn from. */
  readonly patients: number;
  readonly mean: AucInterval;
  readonly byClass: Readonly<Record<string, AucInterval>>;
}

/** @param logits [N, K] of a set; the progress is told of resamples */
export function testIntervals(
  logits: Float32Array,
  { states, patients }: ImageSet,
  classes: readonly string[],
  progress?: (done: number, total: number) => void,
): TestIntervals {
  const found = aucIntervals(logits, states, classes, { patients, progress });
  const short = ({ interval, note }: AucInterval): AucInterval => ({ interval, note });
  return {
    ...{ level: found.level, resamples: found.resamples, patients: found.patients },
    mean: short(found.mean),
    byClass: Object.fromEntries(classes.map((name) => [name, short(found.byClass[name])])),
  };
}

/** An evaluation of a part of the test images. */
export interface SourceEvaluation extends Evaluation {
  readonly images: number;
}

/** Logits and label states of the images of one source. */
export interface SourceShare {
  readonly source: string;
  readonly images: number;
  /** [images, K] */
  readonly logits: Float32Array;
  /** [images, K] */
  readonly states: Uint8Array;
  /** Of a segmenter. */
  readonly overlaps?: Overlaps;
}

/** Metrics by class over each source's test images, by source; of a set that is all of one source, that one. */
export function evaluationBySource(
  logits: Float32Array,
  set: ImageSet,
  classes: readonly string[],
  overlaps?: Overlaps,
): Readonly<Record<string, SourceEvaluation>> {
  return Object.fromEntries(
    sharesOf(logits, set, classes.length, overlaps).map(({ source, images, ...share }) => [
      source,
      { images, ...evaluationOf(share.logits, share, classes, share.overlaps) },
    ]),
  );
}

/** @param width K */
export function sharesOf(
  logits: Float32Array,
  set: ImageSet,
  width: number,
  overlaps?: Overlaps,
): SourceShare[] {
  const { origins = { names: [set.source], of: new Uint16Array(set.count) } } = set;
  return origins.names.map((name, source) => {
    const rows = Array.from(origins.of.keys()).filter((row) => origins.of[row] === source);
    const taken = <Values extends Float32Array | Uint8Array>(from: Values, into: Values): Values => {
      rows.forEach((row, i) => into.set(from.subarray(row * width, (row + 1) * width), i * width));
      return into;
    };
    return {
      source: name,
      images: rows.length,
      logits: taken(logits, new Float32Array(rows.length * width)),
      states: taken(set.states, new Uint8Array(rows.length * width)),
      ...(overlaps === undefined ? {} : { overlaps: overlapsOfRows(overlaps, rows, width) }),
    };
  });
}
