// Schedules of the learning rate.

import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors/errors.ts";
import { ReduceLROnPlateau, StepLR, type PlateauOptions } from "../../src/optim/epoch-schedules.ts";
import type { Schedule } from "../../src/optim/schedule.ts";
import { scheduleNames, scheduleOf, type ScheduleSettings } from "../../src/optim/schedule-table.ts";
import { CosineRate } from "../../src/optim/step-schedules.ts";

describe("ReduceLROnPlateau", () => {
  test("halves the rate after more than `patience` epochs without improvement, down to the minimum", () => {
    const target = { learningRate: 1 };
    const schedule = new ReduceLROnPlateau(target, { patience: 2, minimum: 0.3 });
    const rates = [5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4].map((metric) => {
      schedule.afterEpoch(metric);
      return target.learningRate;
    });
    expect(rates).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3]);
  });

  test("a change of the rate by epsilon or less is not made: halving from 1e-7 ends at 1.25e-8, as torch's does", () => {
    const ratesOf = (options: PlateauOptions): number[] => {
      const target = { learningRate: 1e-7 };
      const schedule = new ReduceLROnPlateau(target, { patience: 0, ...options });
      return Array.from({ length: 7 }, () => {
        schedule.afterEpoch(1);
        return target.learningRate;
      });
    };
    // 1e-7 - 5e-8, 5e-8 - 2.5e-8 and 2.5e-8 - 1.25e-8 are more than 1e-8; 1.25e-8 - 6.25e-9 is not.
    expect(ratesOf({})).toEqual([1e-7, 5e-8, 2.5e-8, 1.25e-8, 1.25e-8, 1.25e-8, 1.25e-8]);
    expect(ratesOf({ epsilon: 0 })).toEqual([0, 1, 2, 3, 4, 5, 6].map((times) => 1e-7 / 2 ** times));
    // "More than epsilon", strictly: the change from 2^-20 to 2^-21 is 2^-21.
    const target = { learningRate: 2 ** -20 };
    const schedule = new ReduceLROnPlateau(target, { patience: 0, epsilon: 2 ** -21 });
    for (const metric of [1, 1, 1]) schedule.afterEpoch(metric);
    expect(target.learningRate).toBe(2 ** -20);
    // A minimum that is almost reached is left at the same distance.
    expect(ratesOf({ minimum: 9.5e-8 })[6]).toBe(1e-7);
  });

  test("settings take epsilon by name", () => {
    const target = { learningRate: 1 };
    const schedule = scheduleOf(target, { by: "plateau", patience: 0, epsilon: 0.3 });
    for (const metric of [1, 1, 1, 1]) schedule.afterEpoch(metric);
    expect(target.learningRate).toBe(0.5);
    expect(() => scheduleOf(target, { by: "plateau", epsilon: -1 })).toThrow(
      "plateau: epsilon must be a number from 0 up, got -1",
    );
  });

  test("an improvement smaller than the threshold does not count; NaN never does; max mode looks up", () => {
    const target = { learningRate: 1 };
    const schedule = new ReduceLROnPlateau(target, { patience: 0, threshold: 0.1, mode: "max" });
    for (const metric of [1, 2]) schedule.afterEpoch(metric);
    expect(target.learningRate).toBe(1);
    schedule.afterEpoch(2.1);
    expect(target.learningRate).toBe(0.5);
    schedule.afterEpoch(NaN);
    expect(target.learningRate).toBe(0.25);
  });
});

/** Epochs of three steps; what an epoch is told falls, then stays, then falls again. */
const metrics = [5, 4, 4, 4, 4, 3, 3, 3];
const perEpoch = 3;
const total = metrics.length * perEpoch;

/** The rates of steps `from` + 1 up to `to`, as a trainer asks for them. */
function ratesOf(schedule: Schedule, target: { learningRate: number }, from = 0, to = total): number[] {
  const rates: number[] = [];
  for (let step = from + 1; step <= to; step++) {
    schedule.beforeStep(step, total);
    rates.push(target.learningRate);
    if (step % perEpoch === 0) schedule.afterEpoch(metrics[step / perEpoch - 1]);
  }
  return rates;
}

function run(settings: ScheduleSettings, learningRate = 1): number[] {
  const target = { learningRate };
  return ratesOf(scheduleOf(target, settings), target);
}

/** Every row of the table, with and without a warm-up. */
const everySchedule: readonly ScheduleSettings[] = [
  { by: "plateau", patience: 1, factor: 0.25 },
  { by: "cosine", minimum: 0.125 },
  { by: "geometric", final: 3 },
  { by: "step", every: 2 },
  { by: "halving", every: 3 },
  { by: "constant" },
].flatMap((settings) => [settings as ScheduleSettings, { ...settings, warmup: 7 } as ScheduleSettings]);

describe("schedules", () => {
  test("StepLR lowers the rate every so many epochs, whatever the metric does", () => {
    const target = { learningRate: 1 };
    const schedule = new StepLR(target, { every: 2, factor: 0.1 });
    const rates = Array.from({ length: 5 }, () => {
      schedule.afterEpoch();
      return target.learningRate;
    });
    expect(rates).toEqual([1, 0.1, 0.1, expect.closeTo(0.01), expect.closeTo(0.01)]);
  });

  test("by name: halving as the released code does it, 21 times in 64 epochs; a plateau's patience; constant", () => {
    const after = (settings: ScheduleSettings, epochs: number): number => {
      const target = { learningRate: 1 };
      const schedule = scheduleOf(target, settings);
      for (let epoch = 0; epoch < epochs; epoch++) schedule.afterEpoch(1);
      return target.learningRate;
    };
    const halving = { by: "halving", every: 3 } as const;
    expect([2, 3, 5, 6, 64].map((epochs) => after(halving, epochs))).toEqual([1, 0.5, 0.5, 0.25, 2 ** -21]);
    // The first epoch is the best there was.
    const plateau = { by: "plateau", patience: 3 } as const;
    expect([4, 5, 8, 9].map((epochs) => after(plateau, epochs))).toEqual([1, 0.5, 0.5, 0.25]);
    expect(after({ by: "constant" }, 100)).toBe(1);
    expect([1, 2, 4].map((epochs) => after({ by: "step", every: 2, factor: 0.25 }, epochs))).toEqual([
      1, 0.25, 0.0625,
    ]);
  });

  test("plateau, halving and constant change the rate at the ends of epochs alone", () => {
    for (const settings of [
      { by: "plateau", patience: 1 },
      { by: "halving", every: 2 },
      { by: "constant" },
    ]) {
      const rates = run(settings as ScheduleSettings);
      rates.forEach((rate, i) => {
        if (i % perEpoch > 0) expect(rate).toBe(rates[i - 1]);
      });
    }
    expect(run({ by: "halving", every: 2 }).filter((_, i) => i % perEpoch === 0)).toEqual([
      1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125,
    ]);
    expect(run({ by: "plateau", patience: 1 }).filter((_, i) => i % perEpoch === 0)).toEqual([
      1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5,
    ]);
  });

  test("cosine follows its formula, from the full rate to just above the minimum", () => {
    const rates = run({ by: "cosine", minimum: 0.1 }, 0.5);
    rates.forEach((rate, i) => {
      expect(rate).toBeCloseTo(0.1 + (0.4 * (1 + Math.cos((Math.PI * i) / total))) / 2, 14);
    });
    expect(rates[0]).toBe(0.5);
    expect(rates[total / 2]).toBeCloseTo(0.3, 14);
    expect(rates[total - 1]).toBeGreaterThan(0.1);
  });

  test("geometric changes by one factor at each step, from the full rate to the final one, up or down", () => {
    for (const final of [0.004, 2]) {
      const rates = run({ by: "geometric", final }, 0.5);
      expect([rates[0], rates[total - 1]]).toEqual([0.5, expect.closeTo(final, 12)]);
      const factor = (final / 0.5) ** (1 / (total - 1));
      rates.slice(1).forEach((rate, i) => {
        expect(rate / rates[i]).toBeCloseTo(factor, 12);
      });
    }
    const target = { learningRate: 0.5 };
    scheduleOf(target, { by: "geometric", final: 2 }).beforeStep(1, 1);
    expect(target.learningRate).toBe(0.5);
  });

  test("a warm-up rises in equal parts, and the cosine spans the steps that are left", () => {
    const rates = run({ by: "cosine", warmup: 4 });
    expect(rates.slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
    rates.slice(4).forEach((rate, i) => {
      expect(rate).toBeCloseTo((1 + Math.cos((Math.PI * i) / (total - 4))) / 2, 14);
    });
  });

  test("a warm-up over the ends of epochs has its part of the rate that they leave", () => {
    const rates = run({ by: "halving", every: 1, warmup: 4 });
    expect(rates.slice(0, 7)).toEqual([0.25, 0.5, 0.75, 0.5, 0.5, 0.5, 0.25]);
    // A run that is shorter than its warm-up never has the full rate.
    expect(run({ by: "cosine", warmup: 2 * total })).toEqual(
      Array.from({ length: total }, (_, i) => (i + 1) / (2 * total)),
    );
  });

  test.each(everySchedule)("%j goes on from its state after any step, bit for bit", (settings) => {
    const whole = run(settings, 0.3);
    expect(settings.by === "constant" && settings.warmup === undefined).toBe(new Set(whole).size === 1);
    for (let stop = 0; stop <= total; stop++) {
      const first = { learningRate: 0.3 };
      const begun = scheduleOf(first, settings);
      const before = ratesOf(begun, first, 0, stop);
      // As a checkpoint keeps it.
      const state = JSON.parse(JSON.stringify(begun.state)) as Schedule["state"];
      const second = { learningRate: 0.3 };
      const resumed = scheduleOf(second, settings);
      second.learningRate = first.learningRate;
      resumed.state = state;
      expect([...before, ...ratesOf(resumed, second, stop)]).toEqual(whole);
    }
  });

  test("the table's every row is tried here", () => {
    expect(new Set(everySchedule.map(({ by }) => by))).toEqual(new Set(scheduleNames));
  });

  test.each([
    [
      { by: "cosin" },
      'there is no schedule "cosin"; did you mean "cosine"? there are plateau, cosine, geometric, step, halving, constant',
    ],
    [{ by: "plateau", patience: -1 }, "plateau: patience must be a whole number from 0 up, got -1"],
    [{ by: "plateau", factor: 1 }, "plateau: factor must be a number above 0 and below 1, got 1"],
    [{ by: "geometric", final: 0 }, "geometric: final must be a number above 0, got 0"],
    [{ by: "step" }, "step: every is missing; it must be a whole number from 1 up"],
    [{ by: "halving", every: 2.5 }, "halving: every must be a whole number from 1 up, got 2.5"],
    [{ by: "constant", every: 3 }, 'constant: there is no option "every"; it has warmup'],
    [{ by: "cosine", warmup: -1 }, "cosine: warmup must be a whole number from 0 up, got -1"],
    [{ by: "cosine", minimum: 2 }, "cosine: the minimum 2 is above the learning rate 1 that it begins with"],
  ])("%j is refused in one line", (settings, message) => {
    const attempt = (): Schedule => scheduleOf({ learningRate: 1 }, settings as ScheduleSettings);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(message);
  });

  test("a cosine alone may be made in code", () => {
    const target = { learningRate: 2 };
    const schedule = new CosineRate(target);
    schedule.beforeStep(51, 100);
    expect(target.learningRate).toBeCloseTo(1, 14);
  });
});
