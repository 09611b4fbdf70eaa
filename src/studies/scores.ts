// The scores of a study: the contract between the code that runs it, compares its arms, and draws them. The schema of
// scores.json is where it stands, so that what is written, what is read and the types cannot differ.

import { z } from "zod";
import { measureNames, type ByClass, type MeasureName } from "../metrics/measures.ts";

const text = z.string();
const number = z.number();
const list = <Schema extends z.ZodType>(schema: Schema): z.ZodReadonly<z.ZodArray<Schema>> =>
  z.array(schema).readonly();

const armSchema = z
  .object({
    /** Name in files and tables, such as `partial-bce`. */
    name: text,
    /** A short phrase for figures and tables, such as "partial labels, BCE". */
    label: text,
    /** Description in one sentence. */
    about: text,
    /** For a control: the name of the arm that it is the control of, which may have been left out by --arms. */
    controlOf: text.exactOptional(),
    /** Number of models that it trains with each seed, each in a run of its own; default 1. */
    models: z.int().positive().exactOptional(),
  })
  .readonly();

/** Studies of earlier builds said `asks`. */
const asking = <Schema extends z.ZodType>(schema: Schema): z.ZodPreprocess<Schema> =>
  z.preprocess((found) => {
    if (typeof found !== "object" || found === null || !("asks" in found)) return found;
    const { asks: question, ...rest } = found;
    return { question, ...rest };
  }, schema);

const comparisonSchema = z
  .object({
    /** Names of arms; the difference is that of the first less the second. */
    first: text,
    second: text,
    /** The question of the comparison, in one sentence. */
    question: text,
    /** Where given, a test asks whether both are equal to within this much, in the mean of the measure. */
    margin: z.number().positive().exactOptional(),
  })
  .readonly();

const groupSchema = z
  .object({
    /** Such as "all", "known to one source", "known to several". */
    name: text,
    classes: list(text),
  })
  .readonly();

const scoreSchema = z
  .object({
    arm: text,
    seed: z.int(),
    /** AUC on the test images, by class; null where undefined. For an arm of several runs, the mean of those that know the class. */
    auc: z.record(text, number.nullable()).readonly(),
    /** By the other measures of the study, by class. */
    further: z
      .partialRecord(z.enum(measureNames), z.record(text, number.nullable()).readonly())
      .readonly()
      .exactOptional(),
    /** Sums over its runs. */
    steps: number,
    seconds: number,
  })
  .readonly();

const pointSchema = z
  .object({
    /** The other class. */
    class: text,
    seed: z.int(),
    /** Cosine of the two classes' queries in a model that learned all classes. */
    similarity: number,
    /** AUC of the class of interest learned with the other class, less its AUC learned alone. */
    gain: number,
  })
  .readonly();

const queriesSchema = z
  .object({
    arm: text,
    /** [K] Classes that its model knows. */
    classes: list(text),
    /** [K, K] cosines. */
    cosines: list(list(number)),
  })
  .readonly()
  .refine(
    ({ classes, cosines }) =>
      cosines.length === classes.length && cosines.every((row) => row.length === classes.length),
    { path: ["cosines"], message: "must have a row and a column for each class" },
  );

/** In the file, the losses of each term stand beside the names of the run. */
// Stated, since a declaration of what zod infers of a catchall does not compile.
const courseSchema: z.ZodType<Course> = z
  .object({ arm: text, seed: z.int(), run: text })
  .catchall(list(number))
  .transform(({ arm, seed, run, ...losses }): Course => ({ arm, seed, run, losses }));

const intervalSchema = z.object({ low: number, high: number }).readonly();

/** A measure over folds. */
const overFoldsFields = {
  /** Of each fold; null where undefined. */
  byFold: list(number.nullable()),
  /** Over the folds that have one. */
  foldMean: number.nullable(),
  foldDeviation: number.nullable(),
} as const;

/** A class, or the mean over classes, in a cross-validation: its AUC. */
const foldedFields = {
  ...overFoldsFields,
  /** Of that mean, over patients; null with the reason in `note`. */
  interval: intervalSchema.nullable(),
  note: text.nullable(),
  /** AUC of the predictions of all folds in one list. */
  joined: number.nullable(),
  /** The other measures of the study. */
  further: z
    .partialRecord(z.enum(measureNames), z.object(overFoldsFields).readonly())
    .readonly()
    .exactOptional(),
} as const;

const outOfFoldSchema = z
  .object({
    ...{ folds: z.int(), images: z.int(), patients: z.int(), level: number, resamples: z.int() },
    classes: list(
      z
        .object({ class: text, positive: z.int(), negative: z.int(), absent: z.int(), ...foldedFields })
        .readonly(),
    ),
    mean: z.object(foldedFields).readonly(),
  })
  .readonly();

const schema = z
  .object({
    /** Name of the study, such as `overlap`. */
    study: text,
    /** Its question, in one sentence. */
    question: text,
    manifest: text,
    classes: list(text),
    groups: list(groupSchema),
    arms: list(armSchema),
    comparisons: list(asking(comparisonSchema)),
    /** What it is judged by, the measure that decides first; left out where that is the AUC alone. */
    measures: list(z.enum(measureNames)).exactOptional(),
    /** Scores of finished runs; some are missing while a study is under way. */
    scores: list(scoreSchema),
    /** For a study on the similarity of classes: the class of interest, and the effect of each other class on it. */
    similarity: z
      .object({ interest: text, points: list(pointSchema) })
      .readonly()
      .exactOptional(),
    /** Of a cross-validation whose folds are all finished: their predictions together. */
    outOfFold: outOfFoldSchema.exactOptional(),
    /** Query similarity of each arm whose models have class queries. */
    queries: list(queriesSchema).exactOptional(),
    /** Courses of the losses of finished runs. */
    courses: list(courseSchema).exactOptional(),
    /** What could not be compared, and why, one sentence for each. */
    notes: list(text),
  })
  .readonly();

/** One of the ways to train that a study compares. */
export type Arm = z.output<typeof armSchema>;

/** Two arms that a study compares. */
export type Comparison = z.output<typeof comparisonSchema>;

/** A group of classes, whose mean is reported by itself. */
export type ClassGroup = z.output<typeof groupSchema>;

/** An arm with one seed. */
export type Score = z.output<typeof scoreSchema>;

/** The effect of learning another class beside the class of interest, with one seed. */
export type SimilarityPoint = z.output<typeof pointSchema>;

/** What a cross-validation came to, over all its folds. */
export type OutOfFold = z.output<typeof outOfFoldSchema>;

/** Similarity of an arm's learned class queries, as the mean over seeds. */
export type QuerySimilarity = z.output<typeof queriesSchema>;

/** The losses over the course of a run: means over each epoch, or over as many equal parts of the run as can be drawn. */
export interface Course {
  readonly arm: string;
  readonly seed: number;
  /** Name of the run, among those of the arm. */
  readonly run: string;
  /** By term. */
  readonly losses: Readonly<Record<string, readonly number[]>>;
}

/** Everything that a study found. */
export type StudyScores = z.output<typeof schema>;

/** What a study is judged by, the measure that decides first. */
export const measuresOf = ({ measures }: Pick<StudyScores, "measures">): readonly MeasureName[] =>
  measures ?? ["auc"];

/** A score by class, of any measure. */
export const byClassOf = ({ auc, further }: Pick<Score, "auc" | "further">, measure: MeasureName): ByClass =>
  measure === "auc" ? auc : (further?.[measure] ?? {});

/** Reads `scores.json`; fields that nobody knows are left aside. */
export const scoresSchema = asking(schema);

/** Writes it. */
export function scoresText(scores: StudyScores): string {
  const courses = scores.courses?.map(({ losses, ...rest }) => ({ ...rest, ...losses }));
  return `${JSON.stringify({ ...scores, ...(courses && { courses }) }, null, 2)}\n`;
}
