// Optimisers and schedules.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { Adam } from "../../src/optim/adam.ts";
import { ReduceLROnPlateau, StepLR, scheduleOf } from "../../src/optim/schedule.ts";
import { useEngine } from "../engines.ts";

for (const device of ["reference", "webgpu"] as const) {
  describe(`Adam on ${device}`, () => {
    const open = useEngine({ device });

    test("follows the published recursion, bias corrections included", async () => {
      const engine = open();
      const x = engine.tensor([1, -2]);
      const adam = new Adam([x], { learningRate: 0.1 });
      let [p, m, v] = [
        [1, -2],
        [0, 0],
        [0, 0],
      ];
      for (let t = 1; t <= 5; t++) {
        const g = [0.5 * t, -1];
        engine.scope(() => adam.step([engine.tensor(g)]));
        m = m.map((value, i) => 0.9 * value + 0.1 * (g[i] ?? 0));
        v = v.map((value, i) => 0.999 * value + 0.001 * (g[i] ?? 0) ** 2);
        p = p.map(
          (value, i) =>
            value -
            (0.1 * ((m[i] ?? 0) / (1 - 0.9 ** t))) / (Math.sqrt((v[i] ?? 0) / (1 - 0.999 ** t)) + 1e-8),
        );
      }
      const found = await x.read();
      p.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 6));
    });

    test("a changed learning rate takes effect at the next step", async () => {
      const engine = open();
      const x = engine.tensor([1]);
      const adam = new Adam([x], { learningRate: 0.1 });
      adam.step([engine.tensor([1])]);
      adam.learningRate = 0;
      adam.step([engine.tensor([1])]);
      expect(await x.item()).toBeCloseTo(0.9, 6);
      expect(adam.steps).toBe(2);
    });

    test("a gradient too few or of another shape is refused, and counts as no step", async () => {
      const x = open().tensor([1, 2]);
      const adam = new Adam([x], { learningRate: 0.1 });
      expect(() => adam.step([])).toThrow(ShapeError);
      expect(() => adam.step([open().tensor([1])])).toThrow(/adam: gradient 0 is \[1\], its parameter \[2\]/);
      expect(adam.steps).toBe(0);
      expect(Array.from(await x.read())).toEqual([1, 2]);
    });
  });
}

describe("ReduceLROnPlateau", () => {
  test("halves the rate after more than `patience` epochs without improvement, down to the minimum", () => {
    const target = { learningRate: 1 };
    const schedule = new ReduceLROnPlateau(target, { patience: 2, minimum: 0.3 });
    const rates = [5, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4].map((metric) => {
      schedule.step(metric);
      return target.learningRate;
    });
    expect(rates).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3]);
  });

  test("an improvement smaller than the threshold does not count; NaN never does; max mode looks up", () => {
    const target = { learningRate: 1 };
    const schedule = new ReduceLROnPlateau(target, { patience: 0, threshold: 0.1, mode: "max" });
    for (const metric of [1, 2]) schedule.step(metric);
    expect(target.learningRate).toBe(1);
    schedule.step(2.1);
    expect(target.learningRate).toBe(0.5);
    schedule.step(NaN);
    expect(target.learningRate).toBe(0.25);
  });
});

describe("schedules", () => {
  test("StepLR lowers the rate every so many epochs, whatever the metric does", () => {
    const target = { learningRate: 1 };
    const schedule = new StepLR(target, { every: 2, factor: 0.1 });
    const rates = Array.from({ length: 5 }, () => {
      schedule.step();
      return target.learningRate;
    });
    expect(rates).toEqual([1, 0.1, 0.1, expect.closeTo(0.01), expect.closeTo(0.01)]);
  });

  test("by name: halving as the released code does it, 21 times in 64 epochs; a plateau's patience; constant", () => {
    const after = (settings: Parameters<typeof scheduleOf>[1], epochs: number): number => {
      const target = { learningRate: 1 };
      const schedule = scheduleOf(target, settings);
      for (let epoch = 0; epoch < epochs; epoch++) schedule.step(1);
      return target.learningRate;
    };
    const halving = { by: "halving", every: 3 } as const;
    expect([2, 3, 5, 6, 64].map((epochs) => after(halving, epochs))).toEqual([1, 0.5, 0.5, 0.25, 2 ** -21]);
    // The first epoch is the best there was.
    const plateau = { by: "plateau", patience: 3 } as const;
    expect([4, 5, 8, 9].map((epochs) => after(plateau, epochs))).toEqual([1, 0.5, 0.5, 0.25]);
    expect(after({ by: "constant" }, 100)).toBe(1);
  });
});
