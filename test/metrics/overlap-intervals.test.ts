// Intervals of Dice and IoU: against plain resampling of patients, and where there are none.

import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { noOverlaps, overlapsOfRows, patientOverlap, pooledOverlap } from "../../src/metrics/overlap.ts";
import { overlapIntervals } from "../../src/metrics/overlap-intervals.ts";
import { bootstrapValues } from "../../src/statistics/bootstrap.ts";

const classes = ["road", "sky"];

/** 24 patients of two images; every fourth patient has no sky. */
function drawn(): { counts: ReturnType<typeof noOverlaps>; states: Uint8Array; patients: string[] } {
  const random = randomStream(3, "overlaps");
  const images = 48;
  const counts = noOverlaps(images, 2);
  for (let at = 0; at < 2 * images; at++) {
    const shows = at % 2 === 0 || Math.floor(at / 4) % 4 !== 3;
    counts.given[at] = shows ? 20 + random.below(60) : 0;
    counts.both[at] = Math.floor(counts.given[at] * random.uniform());
    counts.predicted[at] = counts.both[at] + random.below(30);
  }
  const states = Uint8Array.from(counts.given, (given) => Number(given > 0));
  return { counts, states, patients: Array.from({ length: images }, (_, i) => `p${Math.floor(i / 2)}`) };
}

describe("intervals over patients", () => {
  const { counts, states, patients } = drawn();
  const options = { resamples: 300, seed: 4 };
  const found = overlapIntervals(counts, states, classes, patients, options);

  test("have the values of the metrics themselves", () => {
    const [pooled, own] = [pooledOverlap(counts, classes), patientOverlap(counts, states, classes, patients)];
    for (const name of classes) {
      expect(found.byClass[name].dice.value).toBeCloseTo(pooled.dice[name] ?? NaN, 12);
      expect(found.byClass[name].iou.value).toBeCloseTo(pooled.iou[name] ?? NaN, 12);
      expect(found.byClass[name].patientDice.value).toBeCloseTo(own.byClass[name].dice ?? NaN, 12);
    }
    expect(found.mean.dice.value).toBeCloseTo(pooled.meanDice ?? NaN, 12);
    expect(found.mean.iou.value).toBeCloseTo(pooled.meanIou ?? NaN, 12);
    expect(found.mean.patientDice.value).toBeCloseTo(own.meanDice ?? NaN, 12);
    expect(found).toMatchObject({ patients: 24, resamples: 300, level: 0.95 });
  });

  test("equal those of a plain bootstrap that copies the images of the patients it draws", () => {
    const everyone = [Array.from({ length: 24 }, (_, p) => p)];
    const values = bootstrapValues(
      everyone,
      (weights) => {
        const people = [...weights].flatMap((times, p) =>
          Array.from({ length: times }, (_, copy) => ({ p, copy })),
        );
        const rows = people.flatMap(({ p }) => [2 * p, 2 * p + 1]);
        const names = people.flatMap(({ p, copy }) => [`${p}-${copy}`, `${p}-${copy}`]);
        const copies = overlapsOfRows(counts, rows, 2);
        const copied = Uint8Array.from(rows.flatMap((row) => [states[2 * row], states[2 * row + 1]]));
        return [
          pooledOverlap(copies, classes).dice.sky,
          pooledOverlap(copies, classes).meanIou,
          patientOverlap(copies, copied, classes, names).byClass.sky.dice,
        ];
      },
      options,
    );
    const ends = (each: readonly (number | null)[]): number[] => {
      const sorted = each.map(Number).sort((a, b) => a - b);
      // Type 7 quantiles of 300 values at .025 and .975.
      const at = (share: number): number => {
        const place = share * 299;
        const below = Math.floor(place);
        return sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
      };
      return [at(0.025), at(0.975)];
    };
    const shown = [found.byClass.sky.dice, found.mean.iou, found.byClass.sky.patientDice];
    for (const [s, estimate] of shown.entries()) {
      const [low, high] = ends(values[s]);
      expect(estimate.interval?.low).toBeCloseTo(low, 12);
      expect(estimate.interval?.high).toBeCloseTo(high, 12);
      expect(low).toBeLessThan(high);
    }
  });
});

describe("there is no interval", () => {
  test("of a class that few patients show, nor of a mean that it is in", () => {
    const { counts, states, patients } = drawn();
    const few = { ...counts, given: counts.given.map((given, at) => (at % 2 === 1 && at > 12 ? 0 : given)) };
    const found = overlapIntervals(few, states, classes, patients, { resamples: 100 });
    expect(found.byClass.road.dice.interval).not.toBeNull();
    expect(found.byClass.sky.dice).toMatchObject({
      ...{ interval: null, note: "not given: shown by 3 patients, fewer than 10" },
    });
    expect(found.mean.dice).toMatchObject({
      ...{ interval: null, note: 'not given: "sky" is shown by 3 patients, fewer than 10' },
    });
    expect(found.mean.dice.value).not.toBeNull();
  });

  test("of a class that nobody shows, which is in no mean", () => {
    const { counts, states, patients } = drawn();
    const none = { ...counts, given: counts.given.map((given, at) => (at % 2 === 1 ? 0 : given)) };
    const found = overlapIntervals(none, states, classes, patients, { resamples: 100 });
    expect(found.byClass.sky.dice).toMatchObject({
      value: null,
      note: "undefined: no labelled image shows it",
    });
    expect(found.mean.dice.value).toBe(found.byClass.road.dice.value);
    expect(found.mean.dice.interval).toEqual(found.byClass.road.dice.interval);
  });
});
