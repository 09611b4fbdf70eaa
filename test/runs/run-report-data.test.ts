// What a run keeps for its report: the mistakes that say most, each with its picture.

import { PNG } from "pngjs";
import { expect, test } from "vitest";
import type { TestPredictions } from "../../src/runs/test-predictions.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { confidentMistakes, reportDataOf } from "../../src/runs/run-report-data.ts";
import { reportDataSchema } from "../../src/runs/run-report-data.ts";

function predictions(
  classes: number,
  rows: readonly (readonly [state: number, probability: number])[],
): TestPredictions {
  const count = rows.length / classes;
  return {
    classes: Array.from({ length: classes }, (_, k) => `c${k}`),
    images: Array.from({ length: count }, (_, i) => ({ source: "s", image: `i${i}`, patient: "" })),
    states: Uint8Array.from(rows, ([state]) => state),
    probabilities: Float64Array.from(rows, ([, probability]) => probability),
  };
}

test("the most confident wrong labels come first, three of a kind; what is right, absent or soft is none", () => {
  const found = confidentMistakes(
    predictions(1, [
      ...([
        [1, 0.4],
        [1, 0.01],
        [1, 0.2],
        [1, 0.3],
        [1, 0.9],
      ] as const),
      ...([
        [0, 0.6],
        [0, 0.1],
        [255, 0.99],
        [150, 0.01],
        [0, 0.5],
        [0, 0.6],
      ] as const),
    ]),
  );
  expect(found.map(({ row, label }) => [row, label])).toEqual([
    [5, "negative"],
    [10, "negative"],
    [1, "positive"],
    [2, "positive"],
    [3, "positive"],
  ]);
});

test("of many classes the first mistakes of each are kept, forty in all", () => {
  const classes = 15;
  const rows = Array.from({ length: 8 * classes }, (_, i) => [i % 2, i % 2 === 1 ? 0.1 : 0.9] as const);
  const found = confidentMistakes(predictions(classes, rows));
  expect(found).toHaveLength(40);
  const firsts = found.filter(({ rank }) => rank === 0).map(({ column, label }) => `${column} ${label}`);
  expect(new Set(firsts).size).toBe(2 * classes);
});

test("each has its image as a PNG, shrunk where it is large, in colour where it has three channels", async () => {
  const side = 224;
  const set: ImageSet = {
    ...{ source: "s", count: 2, height: side, width: side, channels: 3 },
    pixels: Uint8Array.from(
      { length: 2 * side * side * 3 },
      (_, i) => [200, 100, i < side * side * 3 ? 0 : 50][i % 3],
    ),
    states: Uint8Array.of(0, 1),
  };
  const reportData = await reportDataOf(
    predictions(1, [
      [0, 0.9],
      [1, 0.1],
    ]),
    set,
    [],
  );
  expect(reportDataSchema.parse(reportData)).toEqual(reportData);
  const [first, second] = reportData.mistakes.map(({ png }) => PNG.sync.read(Buffer.from(png, "base64")));
  expect([first.width, first.height, ...first.data.subarray(0, 4)]).toEqual([112, 112, 200, 100, 0, 255]);
  expect([...second.data.subarray(-4)]).toEqual([200, 100, 50, 255]);

  const grey: ImageSet = {
    ...set,
    height: 3,
    width: 2,
    channels: 1,
    pixels: Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
  };
  const small = await reportDataOf(
    predictions(1, [
      [1, 0.9],
      [1, 0.1],
    ]),
    grey,
    [],
  );
  const image = PNG.sync.read(Buffer.from(small.mistakes[0].png, "base64"));
  expect([image.width, image.height]).toEqual([2, 3]);
  expect([...image.data].filter((_, i) => i % 4 === 0)).toEqual([120, 140, 160, 180, 200, 220]);
});
