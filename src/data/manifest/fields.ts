// The kinds of values in manifests, each with its messages.
import { z } from "zod";
import { suggestion } from "../../errors/nearest.ts";
import { canonicalName } from "../../labels/wording.ts";
import { SpelledNumber } from "./spelled-number.ts";

/** An object that refuses unknown keys, and names the one that was probably meant. @param needs said of what is no object */
export function record<Shape extends z.ZodRawShape>(
  shape: Shape,
  needs?: string,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return issue.input === undefined ? undefined : needs;
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
  // A comma among commas is not seen without quotes.
  const shown = words.map((word) => (/\w/u.test(word) ? word : JSON.stringify(word)));
  return `must be one of ${shown.join(", ")}, not ${JSON.stringify(input)}${hint}`;
}

/**
 * A name. A bare number is taken as it is spelled, so that `knows: [1, 01, 1e3]` means the classes "1", "01" and "1e3". In YAML 1.2
 * yes, no, on and off are texts; true, false and null (also ~, or nothing at all) are none, and are refused.
 */
export const name = z
  .union([z.string().trim().min(1), z.number(), z.instanceof(SpelledNumber)], {
    error: ({ input }) => {
      if (input === undefined) return undefined;
      if (typeof input === "boolean")
        return `is a truth value in YAML; for a name write "${String(input)}" in quotes`;
      if (input === null) return 'is nothing in YAML; for a name write "null", or what it is, in quotes';
      return typeof input === "string" ? "is empty" : "must be a name; write it in quotes";
    },
  })
  .transform((input) => (input instanceof SpelledNumber ? input.spelling : String(input)));

/** [low, high]: the numbers of an image that become black and white. */
export const window = z
  .tuple([z.number(), z.number()], {
    error: () => "must be two numbers, those that become black and white, such as window: [0, 4095]",
  })
  .refine(
    ([low, high]) => low < high,
    "must rise: the number that becomes black, then the one that becomes white",
  );

export const names = z.array(name).min(1);

/** The name of a column of a table: canonical, as the names in the headers that readTable reads. */
export const column = name.transform(canonicalName);
export const columns = z.array(column).min(1);
export const wholeNumber = z.int().min(1);
export const share = z.number().min(0).max(1);
