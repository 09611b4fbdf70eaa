// scores.json, written and read: what `StudyScores` says, but that a course has its losses beside its run, by term.

import { z } from "zod";
import type { StudyScores } from "./scores.ts";

const text = z.string();
const number = z.number();

/** Studies of version 0.1 said `asks`. */
const asking = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((found) => {
    if (typeof found !== "object" || found === null || !("asks" in found)) return found;
    const { asks: question, ...rest } = found;
    return { question, ...rest };
  }, schema);

const courseSchema = z
  .object({ arm: text, seed: z.int(), run: text })
  .catchall(z.array(number))
  .transform(({ arm, seed, run, ...losses }) => ({ arm, seed, run, losses }));

const schema = z.object({
  ...{ study: text, question: text, manifest: text, classes: z.array(text) },
  groups: z.array(z.object({ name: text, classes: z.array(text) })),
  arms: z.array(
    z.object({
      ...{ name: text, label: text, about: text },
      ...{ controlOf: text.exactOptional(), models: z.int().positive().exactOptional() },
    }),
  ),
  comparisons: z.array(
    asking(
      z.object({
        ...{ first: text, second: text, question: text },
        margin: z.number().positive().exactOptional(),
      }),
    ),
  ),
  scores: z.array(
    z.object({
      ...{ arm: text, seed: z.int(), auc: z.record(text, number.nullable()) },
      ...{ steps: number, seconds: number },
    }),
  ),
  similarity: z
    .object({
      interest: text,
      points: z.array(z.object({ class: text, seed: z.int(), similarity: number, gain: number })),
    })
    .exactOptional(),
  queries: z
    .array(
      z
        .object({ arm: text, classes: z.array(text), cosines: z.array(z.array(number)) })
        .refine(
          ({ classes, cosines }) =>
            cosines.length === classes.length && cosines.every((row) => row.length === classes.length),
          { path: ["cosines"], message: "must have a row and a column for each class" },
        ),
    )
    .exactOptional(),
  courses: z.array(courseSchema).exactOptional(),
  notes: z.array(text),
});

/** What is read; fields that nobody knows are left aside. */
export const scoresSchema = asking(schema);

/** What is written. */
export function scoresText(scores: StudyScores): string {
  const courses = scores.courses?.map(({ losses, ...rest }) => ({ ...rest, ...losses }));
  return `${JSON.stringify({ ...scores, ...(courses && { courses }) }, null, 2)}\n`;
}
