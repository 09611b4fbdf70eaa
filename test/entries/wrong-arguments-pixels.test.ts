// As wrong-arguments.test.ts, of what predicts pixels and makes label maps of them.

import { afterAll, beforeAll, expect, test } from "vitest";
import { predictMasks } from "../../src/assemble/predict-masks.ts";
import { predictPixels } from "../../src/assemble/pixel-predictions.ts";
import { Segmenter } from "../../src/assemble/segmenter.ts";
import { completedMap, wholeMap } from "../../src/assemble/whole-maps.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { complaintsAbout, walksOf, type Rows, type Strangers } from "./argument-walk.ts";

let engine: Engine;
let other: Engine;
let strangers: Strangers;
let segmenter: Segmenter;
beforeAll(async () => {
  engine = await openEngine({ device: "reference" });
  other = await openEngine({ device: "reference" });
  const disposed = engine.zeros([2, 2]);
  disposed.dispose();
  strangers = { stranger: other.zeros([2, 2]), disposed };
  const network = { kind: "unet", inputChannels: 1, width: 2, levels: 1 } as const;
  segmenter = new Segmenter(engine, { network, classes: 2, seed: 1 });
});
afterAll(() => {
  engine.close();
  other.close();
});

const set = (): ImageSet => ({
  ...{ source: "A", count: 2, height: 2, width: 3, channels: 1 },
  ...{ pixels: new Uint8Array(12), states: Uint8Array.of(0, 255, 1, 255), maps: new Uint8Array(12) },
});
const settings = (): object => ({
  ...{ normalisation: { mean: [0.5], deviation: [0.25] }, batch: 2, exclusive: [[0, 1]] },
});

const functions = { completedMap, predictMasks, predictPixels, wholeMap };
const rows: Rows<typeof functions> = {
  completedMap: () => [Uint8Array.of(0, 254), Uint8Array.of(0, 1), Uint8Array.of(254, 1), false],
  predictMasks: () => [
    ...[engine, segmenter, set(), settings()],
    {
      sizes: [
        { height: 4, width: 6 },
        { height: 2, width: 3 },
      ],
      fit: "stretch",
      mask: () => undefined,
    },
  ],
  predictPixels: () => [engine, segmenter, set(), settings(), { memory: 1e9, image: () => undefined }],
  wholeMap: () => [
    Float32Array.of(0.1, 0.9, 0.2, 0.8),
    { height: 1, width: 2, fit: "stretch" },
    { height: 2, width: 4 },
    { softmax: false, candidates: [true, false] },
  ],
};

const walks = walksOf(functions, rows, {
  predictMasks: { name: "predictMasks|predictPixels|wholeMap", whole: [2], records: [3] },
  predictPixels: { whole: [2], records: [3] },
  wholeMap: { records: [1, 2] },
});

test.each(walks)("%s with wrong arguments works or says so in one line", async (_, walked) => {
  expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
});
