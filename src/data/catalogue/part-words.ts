// What datasets call the parts of a split, in columns of their tables.
import { suggestion } from "../../errors/nearest.ts";
import type { Part } from "./listing.ts";

const words: Readonly<Record<string, Part>> = {
  train: "train",
  training: "train",
  valid: "validation",
  val: "validation",
  validation: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
};

/** Those that need no explanation. */
export const partWords: readonly string[] = Object.keys(words);

/** @returns undefined for a word that is none */
export function partOf(word: string): Part | undefined {
  const key = word.toLowerCase();
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** What can stand in a column of parts, and the nearest of them, for messages. */
export function partHint(word: string): string {
  return `${partWords.join(", ")}${suggestion(word, partWords)}`;
}
