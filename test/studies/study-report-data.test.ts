// What all runs of a study predicted, put together: means of ROC curves and of probabilities, by hand.

import { expect, test } from "vitest";
import type { RunResult } from "../../src/studies/study-run.ts";
import type { TestPredictions } from "../../src/runs/test-predictions.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { rocCurve } from "../../src/metrics/roc.ts";
import {
  studyReportDataOf,
  type ReportedImages,
  type StudyReportData,
} from "../../src/studies/study-report-data.ts";
import { rocWindow } from "../../src/report/figures/mean-roc.ts";
import { meanOfRuns, meanOfSeeds, sensitivitiesAt, type RocPoints } from "../../src/studies/mean-curves.ts";
import { studyReportDataSchema } from "../../src/studies/study-report-data.ts";

test("a curve is read on its straight lines, and at its upper end where it is upright", () => {
  // Points: (0, 0), (0, .5), and, since .6 is a tie of a positive and a negative, (.5, 1), (1, 1).
  const curve = rocCurve([0.9, 0.6, 0.6, 0.1], [1, 1, 0, 0]);
  if (curve === null) throw new Error("both kinds are there");
  expect(sensitivitiesAt(curve, [0, 0.1, 0.25, 0.5, 0.75, 1])).toEqual([0.5, 0.6, 0.75, 1, 1, 1]);
});

const flat = (value: number): RocPoints => ({ curve: [value], sensitivities: [value / 2] });

test("curves are averaged over the runs that tell of a class, then over classes, then over seeds", () => {
  const first = meanOfRuns([
    new Map([
      ["a", flat(0.2)],
      ["b", flat(0.4)],
    ]),
    new Map([["b", flat(0.8)]]),
  ]);
  expect([...first]).toEqual([
    ["a", flat(0.2)],
    ["b", { curve: [expect.closeTo(0.6, 12)], sensitivities: [expect.closeTo(0.3, 12)] }],
  ]);
  // A class that one of its runs has no curve of has none.
  const second = meanOfRuns([new Map([["a", flat(1)]]), new Map([["b", flat(1)]]), new Map([["b", null]])]);
  expect(second.get("b")).toBeNull();
  // ((.2 + .6) / 2 + 1) / 2
  expect(meanOfSeeds([first, second])).toEqual({
    ...{ curve: [expect.closeTo(0.7, 12)], sensitivities: [expect.closeTo(0.35, 12)] },
    ...{ classes: ["a", "b"], leftOut: ["b"], seeds: 2 },
  });
  expect(meanOfSeeds([new Map([["a", null]])])).toBeUndefined();
  expect(meanOfSeeds([])).toBeUndefined();
});

test("a picture is enlarged as far as all curves are high at its right, and all there is where one is not", () => {
  const rates = [0, 0.01, 0.1, 1];
  expect(rocWindow(rates, [[0.5, 0.97, 1, 1]])).toEqual({ right: 0.05, bottom: 0.6 });
  expect(
    rocWindow(rates, [
      [0.5, 0.97, 1, 1],
      [0, 0.5, 0.95, 1],
    ]),
  ).toEqual({ right: 0.1, bottom: 0 });
  expect(
    rocWindow(rates, [
      [0.5, 0.97, 1, 1],
      [0, 0.01, 0.1, 1],
    ]),
  ).toEqual({ right: 1, bottom: 0 });
});

const set: ImageSet = {
  ...{ source: "test", count: 3, height: 1, width: 1, channels: 1 },
  ...{ pixels: Uint8Array.of(10, 20, 30), states: Uint8Array.of(1, 0, 0, 1, 0, 0), ids: ["x", "y", "z"] },
};
const images: ReportedImages = {
  ...{ seed: 0, given: { classes: ["k", "l"], test: set } },
  coverage: [
    {
      ...{ source: "s", part: "train", images: 1 },
      classes: [0, 1].map(() => ({ positive: 1, negative: 0, absent: 0, soft: 0, uncertain: 0 })),
    },
  ],
};

interface Table {
  readonly ids: readonly string[];
  readonly classes: readonly string[];
  /** [N, K] */
  readonly probabilities: readonly number[];
  readonly states: readonly number[];
}

const whole = { ids: ["x", "y", "z"], classes: ["k", "l"], states: [1, 0, 0, 1, 0, 0] } as const;
const alone = { ids: ["x", "y", "z"], classes: ["k"], states: [1, 0, 0] } as const;
const tables: Readonly<Record<string, Table | undefined>> = {
  "main 0": { ...whole, probabilities: [0.2, 0.1, 0.6, 0.9, 0.1, 0.4] },
  // Other test images, in another order; "w" is none of seed 0.
  "main 1": {
    ...{ ids: ["z", "x", "w"], classes: ["k", "l"], states: [0, 0, 1, 0, 0, 1] },
    probabilities: [0.3, 0.2, 0.4, 0.8, 0.9, 0.1],
  },
  // It learned k alone, and tells of it.
  "one-k 0": { ...alone, probabilities: [0.3, 0.9, 0.5] },
  // It learned both and tells of l: of k it says nothing.
  "one-l 0": { ...whole, probabilities: [0, 0.2, 1, 0.3, 1, 0.6] },
  "main+aug 0": { ...whole, probabilities: [0.9, 0.1, 0.1, 0.9, 0.1, 0.1] },
};

const runOf = (name: string, scoredClasses: readonly string[]) =>
  ({ name, labels: "given", scoredClasses, changes: {} }) as const;
const armOf = (name: string, runs: readonly ReturnType<typeof runOf>[], controlOf?: string) => ({
  ...{ name, label: name, about: name, runs },
  ...(controlOf === undefined ? {} : { controlOf }),
});
const arms = [
  armOf("main", [runOf("main", ["k", "l"])]),
  armOf("one", [runOf("one-k", ["k"]), runOf("one-l", ["l"])]),
  armOf("main+aug", [runOf("main+aug", ["k", "l"])], "main"),
];
const resultOf = (run: string, seed: number): RunResult => ({
  ...{ key: "", run, seed, classes: tables[`${run} ${seed}`]?.classes ?? ["k", "l"], auc: {} },
  ...{ steps: 1, seconds: 1, queryCosines: null, course: { bce: [], pseudo: [], consistency: [] } },
});
const results = [
  ...["main", "one-k", "one-l", "main+aug"].map((run) => resultOf(run, 0)),
  ...["main", "one-k"].map((run) => resultOf(run, 1)),
];
const predictionsOf = ({ run, seed }: RunResult): Promise<TestPredictions | undefined> => {
  const table = tables[`${run} ${seed}`];
  if (table === undefined) return Promise.resolve(undefined);
  return Promise.resolve({
    classes: table.classes,
    images: table.ids.map((image) => ({ source: "test", image, patient: "" })),
    probabilities: Float64Array.from(table.probabilities),
    states: Uint8Array.from(table.states),
  });
};
const predictedOf = async (of: typeof arms): Promise<NonNullable<StudyReportData["predicted"]>> => {
  const reportData = await studyReportDataOf({ arms: of }, results, predictionsOf, images);
  expect(studyReportDataSchema.parse(JSON.parse(JSON.stringify(reportData)))).toEqual(reportData);
  const { predicted } = reportData;
  if (predicted === undefined) throw new Error("there are predictions");
  return predicted;
};

test("mistakes are those of mean probabilities over the runs that tell of a class, controls aside", async () => {
  const { finished, read, mistakes } = await predictedOf(arms);
  expect([finished, read]).toEqual([6, 5]);
  expect(mistakes).toMatchObject({ runs: 4, arms: ["main", "one"], seed: 0 });
  const about = (value: number): unknown => expect.closeTo(value, 12) as unknown;
  const found = mistakes?.found.map((each) => ({ ...each, png: each.png.slice(0, 5) }));
  expect(found).toEqual([
    // y, k: .6 of main with seed 0, .9 of one-k; no image of seed 1.
    {
      ...{ class: "k", label: "negative", source: "test", image: "y", patient: "", png: "iVBOR" },
      ...{ probability: about(0.75), byArm: [about(0.6), about(0.9)] },
    },
    // x, k: .2 and .4 of main, .3 of one-k, and nothing of one-l.
    {
      ...{ class: "k", label: "positive", source: "test", image: "x", patient: "", png: "iVBOR" },
      ...{ probability: about(0.3), byArm: [about(0.3), about(0.3)] },
    },
  ]);
});

test("an arm has its ROC curve of the seeds whose runs can all be read", async () => {
  const { roc } = await predictedOf(arms);
  expect(roc.arms.map(({ arm, seeds, classes, leftOut }) => [arm, seeds, classes, leftOut])).toEqual([
    ["main", 2, ["k", "l"], []],
    ["one", 1, ["k", "l"], []],
    ["main+aug", 1, ["k", "l"], []],
  ]);
  const [main, one, control] = roc.arms;
  // At rates of 0, just over one half, and 1. Of one, k finds nothing before the end, and l nothing before one half.
  const read = ({ curve }: RocPoints): number[] => [0, 70, 71, 99, 100].map((i) => curve[i]);
  expect(read(one)).toEqual([0, 0, 0.5, 0.5, 1]);
  expect(one.sensitivities).toEqual([0, 0, 0]);
  expect(read(control)).toEqual([1, 1, 1, 1, 1]);
  // With seed 0, k finds nothing before one half and l all at once; with seed 1, k as before and l nothing before the end.
  expect(read(main)).toEqual([0.25, 0.25, 0.75, 0.75, 1]);
  expect(main.sensitivities).toEqual([0.25, 0.25, 0.25]);
});

test("where only controls were asked for, mistakes are theirs; and none where nothing could be read", async () => {
  const { mistakes } = await predictedOf(arms.slice(2));
  expect(mistakes).toMatchObject({ runs: 1, arms: ["main+aug"], found: [] });
  const lost = await studyReportDataOf({ arms }, results, () => Promise.resolve(undefined), images);
  expect(lost.predicted).toMatchObject({ finished: 6, read: 0, roc: { arms: [] } });
  expect(lost.predicted).not.toHaveProperty("mistakes");
});
