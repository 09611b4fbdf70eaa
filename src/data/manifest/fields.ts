// The kinds of values in manifests, each with its messages.
import { z } from "zod";
import { escapes } from "../../files/paths.ts";
import { suggestion } from "../../errors/nearest.ts";
import { canonicalName } from "../../labels/wording.ts";

/** An object that refuses unknown keys, and names the one that was probably meant. */
export function record<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      const key = issue.keys[0] ?? "";
      return `is not known here; the keys are ${Object.keys(shape).join(", ")}${suggestion(key, Object.keys(shape))}`;
    },
  });
}

/** One of a few words. */
export function oneOf<const Words extends readonly string[]>(
  words: Words,
): z.ZodEnum<z.core.util.ToEnum<Words[number]>> {
  return z.enum(words, {
    error: ({ input }) => {
      return input === undefined ? undefined : notAmong(input, words);
    },
  });
}

/** The complaint about the word that chooses among several kinds of group. */
export function wrongWord(input: unknown, key: string, words: readonly string[]): string | undefined {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
  const word: unknown = Object.hasOwn(input, key) ? Reflect.get(input, key) : undefined;
  return word === undefined ? "is missing" : notAmong(word, words);
}

function notAmong(input: unknown, words: readonly string[]): string {
  const hint = typeof input === "string" ? suggestion(input, words) : "";
  return `must be one of ${words.join(", ")}, not ${JSON.stringify(input)}${hint}`;
}

/** A name; a bare whole number is taken as its digits, so that `knows: [1, 2]` means the classes "1" and "2". */
export const name = z
  .union([z.string().trim().min(1), z.int()], {
    error: (issue) => (issue.input === undefined ? undefined : "must be a name; write it in quotes"),
  })
  .transform(String);

export const names = z.array(name).min(1);

/** The name of a column of a table: canonical, as the names in the headers that readTable reads. */
export const column = name.transform(canonicalName);
export const columns = z.array(column).min(1);
export const wholeNumber = z.int().min(1);
export const share = z.number().min(0).max(1);

/** A file or folder below the data root, with forward slashes. */
export const path = z
  .string()
  .min(1)
  .refine((text) => !escapes(text), {
    error: ({ input }) =>
      `leaves the data root: "${String(input)}"; write a path below it, with forward slashes`,
  });
