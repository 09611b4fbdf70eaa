// The part of a study's report that needs the images and all tables of predictions, which are not at hand later: the label
// coverage, the ROC curves of the arms, and the most confident mistakes of all runs with their pictures. The study writes it
// into report.json.

import { z } from "zod";
import { testPredictions, type TestPredictions } from "../runs/test-predictions.ts";
import type { RunResult } from "./study-run.ts";
import type { StudyPlan } from "./study-plan.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import type { LabelCoverage } from "../data/inspection/counts.ts";
import { absent } from "../labels/states.ts";
import { classColumn } from "../metrics/score-levels.ts";
import { coverageSchema, mistakeSchema, shownMistakes } from "../runs/run-report-data.ts";
import { MeanProbabilities } from "./mean-probabilities.ts";
import {
  falsePositiveRates,
  meanOfRuns,
  meanOfSeeds,
  rocPoints,
  specificities,
  type ClassCurves,
} from "./mean-curves.ts";

const text = z.string();
const count = z.int().min(0);
const rate = z.number().min(0).max(1);
const words = z.array(text).readonly();
const rates = z.array(rate).readonly();

const rocSchema = z
  .strictObject({
    /** Rates at which the curves are read. */
    ...{ falsePositiveRates: rates, specificities: rates },
    arms: z
      .array(
        z.strictObject({
          ...{ arm: text, seeds: z.int().positive(), classes: words, leftOut: words },
          /** Sensitivity at the false positive rates, and at the specificities. */
          ...{ curve: rates, sensitivities: rates },
        }),
      )
      .readonly(),
  })
  .refine(
    ({ arms, falsePositiveRates: x, specificities: at }) =>
      arms.every(
        ({ curve, sensitivities }) => curve.length === x.length && sensitivities.length === at.length,
      ),
    { path: ["arms"], message: "each must have a value at every rate" },
  );

const studyMistakesSchema = z
  .strictObject({
    /** Number of runs that probabilities are means over. */
    runs: z.int().positive(),
    arms: words,
    /** Seed of the test images. */
    seed: z.int(),
    found: z.array(mistakeSchema.extend({ byArm: z.array(rate.nullable()).readonly() })).readonly(),
  })
  .refine(({ arms, found }) => found.every(({ byArm }) => byArm.length === arms.length), {
    path: ["found"],
    message: "each must have a probability of every arm",
  });

export const studyReportDataSchema = z.strictObject({
  version: z.literal(1),
  /** Seed of the images that the coverage counts. */
  classes: words,
  coverage: coverageSchema,
  /** Results of the runs so far; left out before the first run. */
  predicted: z
    .strictObject({
      /** Number of finished runs, and of those whose predictions could be read. */
      ...{ finished: count, read: count },
      roc: rocSchema,
      mistakes: studyMistakesSchema.exactOptional(),
    })
    .exactOptional(),
});

/** `report.json` of a study. */
export type StudyReportData = z.output<typeof studyReportDataSchema>;
export type Predicted = NonNullable<StudyReportData["predicted"]>;
export type StudyRoc = Predicted["roc"];
export type StudyMistakes = NonNullable<Predicted["mistakes"]>;

/** The images of a seed, and their label coverage. */
export interface ReportedImages {
  readonly seed: number;
  readonly given: Pick<Assembly, "classes" | "test">;
  readonly coverage: readonly LabelCoverage[];
}

/** The report data before the first run. */
export const coverageReportData = ({ given: { classes }, coverage }: ReportedImages): StudyReportData => ({
  ...{ version: 1, classes, coverage },
});

/**
 * Reads one table of predictions at a time.
 * @param results results of the finished runs
 * @param predictionsOf reads the predictions of a finished run; undefined where they are lost
 * @throws DataError when a file of the cache was changed meanwhile
 */
export async function studyReportDataOf(
  { arms }: Pick<StudyPlan, "arms">,
  results: readonly RunResult[],
  predictionsOf: (result: RunResult) => Promise<TestPredictions | undefined>,
  images: ReportedImages,
): Promise<StudyReportData> {
  const { classes, test } = images.given;
  const seeds = [...new Set(results.map(({ seed }) => seed))].sort((a, b) => a - b);
  const main = arms.filter(({ controlOf }) => controlOf === undefined);
  const counted = main.length > 0 ? main : arms;
  // Used for the names and labels of the images; its logits are zeros.
  const judged = testPredictions(new Float32Array(test.states.length), test, classes);
  const names = counted.map(({ name }) => name);
  const means = new MeanProbabilities(names, classes, judged.images);
  let [finished, read] = [0, 0];
  const curves: Predicted["roc"]["arms"][number][] = [];
  for (const { name, runs } of arms) {
    const bySeed: ClassCurves[] = [];
    for (const seed of seeds) {
      const own: ClassCurves[] = [];
      for (const { name: run, scoredClasses } of runs) {
        const result = results.find((each) => each.run === run && each.seed === seed);
        if (result === undefined) continue;
        finished++;
        const predictions = await predictionsOf(result);
        if (predictions === undefined) continue;
        read++;
        means.add(name, scoredClasses, predictions);
        own.push(curvesOf(predictions, scoredClasses));
      }
      // As for its score, all runs of the arm are needed.
      if (own.length === runs.length) bySeed.push(meanOfRuns(own));
    }
    const mean = meanOfSeeds(bySeed);
    if (mean !== undefined) curves.push({ arm: name, ...mean });
  }
  return {
    ...coverageReportData(images),
    predicted: {
      ...{ finished, read, roc: { falsePositiveRates, specificities, arms: curves } },
      ...(means.runs === 0 ? {} : { mistakes: await mistakesOf(means, judged, images) }),
    },
  };
}

function curvesOf(
  { classes, probabilities, states }: TestPredictions,
  scoredClasses: readonly string[],
): ClassCurves {
  const column = (values: ArrayLike<number>, name: string): Float64Array =>
    classColumn(values, classes.indexOf(name), classes.length);
  return new Map(
    scoredClasses.map((name) => [name, rocPoints(column(probabilities, name), column(states, name))]),
  );
}

/** The most confident mistakes of the mean probabilities. */
async function mistakesOf(
  means: MeanProbabilities,
  judged: TestPredictions,
  { seed, given: { test } }: ReportedImages,
): Promise<StudyMistakes> {
  const width = judged.classes.length;
  const values = Array.from(judged.states, (_, at) => means.mean(Math.floor(at / width), at % width));
  const found = await shownMistakes(
    {
      ...judged,
      probabilities: Float64Array.from(values, (value) => value ?? 0.5),
      states: judged.states.map((state, at) => (values[at] === null ? absent : state)),
    },
    test,
  );
  return {
    ...{ runs: means.runs, arms: means.arms, seed },
    found: found.map(({ row, column, mistake }) => ({ ...mistake, byArm: means.byArm(row, column) })),
  };
}
