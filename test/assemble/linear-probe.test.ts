// Linear probes, and the features that they are fitted on.

import { expect, test } from "vitest";
import { convexMinimum } from "../../src/assemble/convex-minimum.ts";
import { linearProbe, probeLogits, probePenalties } from "../../src/assemble/linear-probe.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { auc } from "../../src/metrics/auc.ts";
import { classColumn } from "../../src/metrics/score-levels.ts";
import { useEngine } from "../engines.ts";

const open = useEngine({ device: "reference" });
const classes = ["first", "second"];

/** Eight features of other units, of which the first tells one class, and nothing the other. */
function drawn(seed: string, count: number) {
  const random = randomStream(8, seed);
  const features = Float32Array.from(
    { length: count * 8 },
    (_, at) => 100 + 10 ** ((at % 8) - 4) * (random.uniform() - 0.5),
  );
  const states = Uint8Array.from({ length: 2 * count }, (_, at) =>
    at % 2 === 0
      ? Number(features[4 * at] > 100)
      : random.uniform() < 0.5
        ? 255
        : Number(random.uniform() < 0.5),
  );
  return { features, states };
}
const aucOf = (probe: Parameters<typeof probeLogits>[0], set: ReturnType<typeof drawn>, k: number) =>
  auc(classColumn(probeLogits(probe, set.features), k, 2), classColumn(set.states, k, 2));

test("finds what features tell, whatever their units, and the same bits each time", async () => {
  const [train, validation, other] = [drawn("train", 120), drawn("validation", 60), drawn("test", 200)];
  const probe = await linearProbe(open(), train, classes, validation);
  expect(probePenalties).toContain(probe.l2);
  expect(aucOf(probe, other, 0)).toBeGreaterThan(0.95);
  expect(Math.abs((aucOf(probe, other, 1) ?? NaN) - 0.5)).toBeLessThan(0.15);
  const again = await linearProbe(open(), train, classes, validation);
  expect(again).toEqual(probe);
  // Asked for, the penalty gives what it gave as the chosen one.
  const asked = await linearProbe(open(), train, classes, probe.l2);
  expect({ ...asked, chosenBy: probe.chosenBy }).toEqual(probe);
});

test("absent and soft labels are learned nothing from: as if their rows were of no class", async () => {
  const { features, states } = drawn("train", 40);
  const probe = await linearProbe(open(), { features, states }, classes, 0.1);
  const soft = states.map((state) => (state === 255 ? 130 : state));
  expect(await linearProbe(open(), { features, states: soft }, classes, 0.1)).toEqual(probe);
  const known = states.map((state, at) => (state === 255 ? at & 2 : state) & 1);
  expect((await linearProbe(open(), { features, states: known }, classes, 0.1)).weight).not.toEqual(
    probe.weight,
  );
  expect(probe).toMatchObject({ l2: 0.1, chosenBy: null });
});

test("a stronger penalty gives smaller weights", async () => {
  const train = drawn("train", 40);
  const norm = async (l2: number) => {
    const { weight } = await linearProbe(open(), train, classes, l2);
    return Math.hypot(...weight.filter((_, at) => at < 8).map((value, at) => value * 10 ** (at - 4)));
  };
  expect(await norm(10)).toBeLessThan(0.3 * (await norm(0.001)));
});

test("the fit is the minimum: there the gradient in the weights, reckoned by hand, is nothing", async () => {
  const { features: wide, states } = drawn("train", 60);
  const features = wide.map((each, at) => (each - 100) * 10 ** (4 - (at % 8)) + 3);
  const first = states.filter((_, at) => at % 2 === 0);
  for (const l2 of [1, 0.01, 0.001]) {
    const probe = await linearProbe(open(), { features, states: first }, ["first"], l2);
    expect(probe.isFitted).toBe(true);
    const wrong = probeLogits(probe, features).map((logit, row) => 1 / (1 + Math.exp(-logit)) - first[row]);
    expect(Math.abs(wrong.reduce((sum, each) => sum + each / 60, 0))).toBeLessThan(1e-4);
    for (let i = 0; i < 8; i++) {
      const column = Array.from(wrong, (_, row) => features[8 * row + i]);
      const mean = column.reduce((sum, each) => sum + each / 60, 0);
      const deviation = Math.sqrt(column.reduce((sum, each) => sum + (each - mean) ** 2 / 60, 0));
      const slope = column.reduce((sum, each, row) => sum + (wrong[row] * (each - mean)) / deviation / 60, 0);
      expect(Math.abs(slope + l2 * probe.weight[i] * deviation)).toBeLessThan(1e-4);
    }
  }
});

test("a search that runs out of evaluations says so, and one that does not finds a narrow valley's end", async () => {
  const valley = ([x, y]: Float64Array) =>
    Promise.resolve({
      value: (x - 3) ** 2 / 2 + 500 * (y + 1) ** 2,
      gradient: Float64Array.of(x - 3, 1000 * (y + 1)),
    });
  const start = new Float64Array(2);
  const short = await convexMinimum(valley, start, { tolerance: 1e-9, evaluations: 3 });
  expect(short.isReached).toBe(false);
  const found = await convexMinimum(valley, start, { tolerance: 1e-9, evaluations: 60 });
  expect(found.isReached).toBe(true);
  expect(found.point[0]).toBeCloseTo(3, 8);
  expect(found.point[1]).toBeCloseTo(-1, 8);
});
