// What the runs of a study came to: the contract between those who run, those who compare and those who draw. The schema of
// scores.json is where it stands, so that what is written, what is read and the types cannot differ.

import { z } from "zod";

const text = z.string();
const number = z.number();
const list = <Schema extends z.ZodType>(schema: Schema): z.ZodReadonly<z.ZodArray<Schema>> =>
  z.array(schema).readonly();

const armSchema = z
  .object({
    /** A word for files and tables, such as `partial-bce`. */
    name: text,
    /** A short phrase for figures and tables, such as "partial labels, BCE". */
    label: text,
    /** What it is, in one sentence. */
    about: text,
    /** Of a control, the name of the arm that it is one of, which the study may have been asked to leave out. */
    controlOf: text.exactOptional(),
    /** How many models it trains with a seed, each in a run of its own; default 1. */
    models: z.int().positive().exactOptional(),
  })
  .readonly();

/** Studies of version 0.1 said `asks`. */
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
    /** What the comparison asks, in one sentence. */
    question: text,
    /** Where given, whether both are equal to within so much mean AUC is tested, too. */
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
    /** On the test images, by class; null where undefined. Of an arm that is several runs, the mean of those that know the class. */
    auc: z.record(text, number.nullable()).readonly(),
    /** Steps and seconds that its runs took together. */
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
    /** AUC of the class of interest, with the other class less alone. */
    gain: number,
  })
  .readonly();

const queriesSchema = z
  .object({
    arm: text,
    /** [K] those that its model knows. */
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
const courseSchema = z
  .object({ arm: text, seed: z.int(), run: text })
  .catchall(list(number))
  .transform(({ arm, seed, run, ...losses }): Course => ({ arm, seed, run, losses }));

const schema = z
  .object({
    /** Such as `overlap`. */
    study: text,
    /** What it asks, in one sentence. */
    question: text,
    manifest: text,
    classes: list(text),
    groups: list(groupSchema),
    arms: list(armSchema),
    comparisons: list(asking(comparisonSchema)),
    /** Of finished runs: some may be missing while a study is under way. */
    scores: list(scoreSchema),
    /** Of a study on the similarity of classes: the class that it is about, and what each other class did for it. */
    similarity: z
      .object({ interest: text, points: list(pointSchema) })
      .readonly()
      .exactOptional(),
    /** Of arms whose models have class queries. */
    queries: list(queriesSchema).exactOptional(),
    /** Of finished runs. */
    courses: list(courseSchema).exactOptional(),
    /** What could not be compared, and why, a sentence each. */
    notes: list(text),
  })
  .readonly();

/** One way to train, that a study sets beside others. */
export type Arm = z.output<typeof armSchema>;

/** Two arms that a study sets against each other. */
export type Comparison = z.output<typeof comparisonSchema>;

/** Classes whose mean AUC is told by itself. */
export type ClassGroup = z.output<typeof groupSchema>;

/** An arm with one seed. */
export type Score = z.output<typeof scoreSchema>;

/** What learning another class beside the class of interest did, with one seed. */
export type SimilarityPoint = z.output<typeof pointSchema>;

/** How alike an arm's learned class queries are, as the mean over seeds. */
export type QuerySimilarity = z.output<typeof queriesSchema>;

/** How the losses of a run went: means over each epoch, or over as many equal parts of the run as can be drawn. */
export interface Course {
  readonly arm: string;
  readonly seed: number;
  /** Which of the arm's runs. */
  readonly run: string;
  /** By term. */
  readonly losses: Readonly<Record<string, readonly number[]>>;
}

/** All that a study found. */
export type StudyScores = z.output<typeof schema>;

/** Reads `scores.json`; fields that nobody knows are left aside. */
export const scoresSchema = asking(schema);

/** Writes it. */
export function scoresText(scores: StudyScores): string {
  const courses = scores.courses?.map(({ losses, ...rest }) => ({ ...rest, ...losses }));
  return `${JSON.stringify({ ...scores, ...(courses && { courses }) }, null, 2)}\n`;
}
