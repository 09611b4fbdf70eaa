// What a study's report shows that only the study itself can see, for the images are gone when it is over and the tables of
// its runs are many: the labels that it learned from, the ROC curves of its arms, and the most confident mistakes of all
// runs together with their pictures. It is kept in report.json.

import { z } from "zod";
import { testPredictions, type TestPredictions } from "../runs/test-predictions.ts";
import type { RunResult } from "./run-study.ts";
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
    /** Where the curves are read. */
    ...{ falsePositiveRates: rates, specificities: rates },
    arms: z
      .array(
        z.strictObject({
          ...{ arm: text, seeds: z.int().positive(), classes: words, leftOut: words },
          /** At the false positive rates, and at the specificities. */
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
    /** That probabilities are means over. */
    runs: z.int().positive(),
    arms: words,
    /** Whose test images they are. */
    seed: z.int(),
    found: z.array(mistakeSchema.extend({ byArm: z.array(rate.nullable()).readonly() })).readonly(),
  })
  .refine(({ arms, found }) => found.every(({ byArm }) => byArm.length === arms.length), {
    path: ["found"],
    message: "each must have a probability of every arm",
  });

export const studyReportDataSchema = z.strictObject({
  version: z.literal(1),
  /** Those that the coverage is of. */
  classes: words,
  coverage: coverageSchema,
  /** Of a study that was carried out, to its end or not. */
  predicted: z
    .strictObject({
      /** Runs that are finished, and those of them whose predictions could be read. */
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

/** The images of a seed, and what their labels cover. */
export interface ReportedImages {
  readonly seed: number;
  readonly given: Pick<Assembly, "classes" | "test">;
  readonly coverage: readonly LabelCoverage[];
}

/** What there is to show before the first run. */
export const coverageReportData = ({ given: { classes }, coverage }: ReportedImages): StudyReportData => ({
  ...{ version: 1, classes, coverage },
});

/**
 * Reads one table of predictions at a time.
 * @param results of the finished runs
 * @param predictionsOf a finished run; undefined where they are lost
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
  // For names and labels of the images: nothing is predicted here.
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
      // As its score: of all runs of the arm, or not at all.
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

/** Of the mean probabilities. */
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
