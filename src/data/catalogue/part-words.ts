// The words that datasets use for the parts of a split, in columns of their tables.
import { suggestion } from "../../errors/nearest.ts";
import { canonicalName } from "../../labels/wording.ts";
import type { Part } from "./listing.ts";

const words: Readonly<Record<string, Part>> = {
  train: "train",
  training: "train",
  valid: "validation",
  val: "validation",
  validation: "validation",
  validate: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
};

/** Words that are understood without a setting. */
export const partWords: readonly string[] = Object.keys(words);

/** @returns undefined for any other word */
export function partOf(word: string): Part | undefined {
  const key = canonicalName(word).toLowerCase();
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** The words that may stand in a column of parts, and the nearest of them, for messages. */
export function partHint(word: string): string {
  return `${partWords.join(", ")}${suggestion(word, partWords)}`;
}
