// What somebody should decide about a table before anything is learned from it.

export const findingTopics = [
  "doubt",
  "few rows",
  "identifier",
  "one value",
  "computed",
  "together",
  "list",
  "count",
  "order",
  "code",
  "dominant",
  "categories",
  "spellings",
  "rare",
] as const;

/**
 * doubt: can be read in two ways; few rows: too few to learn from; identifier: says who a row is; one value: nothing to learn;
 * computed: follows from another column and back, together: follows from another; list: several words in a cell; count: a row
 * stands for several; order: a date never before another; code: a number that means something else, such as -1; dominant: one value
 * that most rows have; categories: numbers that act as names; spellings: categories that differ only in how they are written; rare:
 * categories of fewer than ten rows.
 */
export type FindingTopic = (typeof findingTopics)[number];

export interface Finding {
  readonly topic: FindingTopic;
  /** Columns that it is about, those that decide first. */
  readonly columns: readonly string[];
  /** What is so, with figures. */
  readonly sentence: string;
  /** What can be said in a manifest. */
  readonly advice: string;
  /** Sentence and advice for files that are passed on, where these name values that fewer than ten rows have. */
  readonly withoutValues?: string;
}
