// What a judgement of a synthetic table says: a record that a file of JSON holds as it is. No value that fewer than ten real rows have is in it.

import type { ClosestRecords } from "../../metrics/tables/closest-records.ts";
import type { Disclosure } from "../../metrics/tables/disclosure.ts";
import type { ExactCopies } from "../../metrics/tables/exact-copies.ts";
import type { Interval } from "../../statistics/interval.ts";
import type { Target } from "./target-column.ts";

/** A measure between its two yardsticks; null where it is not defined. */
export interface Yardsticked {
  readonly value: number | null;
  /** Of the real columns, each shuffled by itself: what a table has in which nothing ties columns together. */
  readonly floor: number | null;
  /** Of as many real rows: what a table has that was drawn like the hold-out. */
  readonly ceiling: number | null;
  /** Of the value, 95 %, where a simple one exists. */
  readonly interval?: Interval | null;
}

/** Of one column. */
export interface ColumnJudgement {
  readonly name: string;
  readonly kind: "category" | "number";
  readonly shape: Yardsticked;
  /** Share of the categories, or of bins of numbers, that occurs. */
  readonly coverage: number;
  /** Categories that the real table has and the synthetic one has not: how many, and the names of those that ten or more rows have. */
  readonly lost: { readonly categories: number; readonly of: number; readonly names: readonly string[] };
  /** Synthetic rows with a category that the real table has not, or a number beyond its range. */
  readonly outside: number;
  readonly missing: { readonly real: number; readonly synthetic: number };
  readonly bars: readonly Bar[];
}

/** Shares of the rows of each table with a category, or a number within bounds, in words. */
export interface Bar {
  readonly label: string;
  readonly real: number;
  readonly synthetic: number;
}

export interface PairJudgement {
  readonly columns: readonly [string, string];
  readonly shape: Yardsticked;
  /** 1 - |difference of the correlations| / 2, of two numbers; null for others, and where a correlation is not defined. */
  readonly correlation: number | null;
}

/** Cramer's V of columns. */
export interface Associations {
  readonly columns: readonly string[];
  /** [columns, columns], in [0, 1] */
  readonly real: readonly (readonly number[])[];
  readonly synthetic: readonly (readonly number[])[];
}

export interface TableJudgement {
  readonly rows: {
    readonly real: number;
    readonly holdout: number;
    readonly synthetic: number;
    /** Rows of each table that shapes, pairs and triples are measured on. */
    readonly compared: number;
    /** Hold-out rows that they are measured against. */
    readonly against: number;
  };
  /** Whether the hold-out was drawn from the real table, since none was given. */
  readonly isHalved: boolean;
  /** Hold-out rows that are equal to a real row. */
  readonly overlap: number;
  readonly seed: number;
  readonly shapes: Yardsticked;
  readonly pairs: Yardsticked;
  readonly triples: Yardsticked;
  /** Mean over pairs of numbers; null where there are none. */
  readonly correlations: Yardsticked;
  /** Mean over columns of the share of categories or bins that occurs. */
  readonly coverage: Yardsticked;
  /** Pairs and triples that were looked at, of so many. */
  readonly looked: Readonly<Record<"pairs" | "triples", { readonly taken: number; readonly all: number }>>;
  readonly use: {
    readonly target: Target;
    /** Learned from synthetic rows, judged on hold-out rows. */
    readonly trainOnSynthetic: Yardsticked;
    /** Learned from real rows, judged on synthetic ones. */
    readonly testOnSynthetic: Yardsticked;
  } | null;
  readonly detection: Yardsticked;
  readonly privacy: {
    readonly closest: ClosestRecords;
    /** The share nearer to training, with that of independent columns and of the real rows themselves, which are copies. */
    readonly nearer: Yardsticked;
    readonly copies: ExactCopies;
    readonly disclosure: Disclosure | null;
  };
  readonly columns: readonly ColumnJudgement[];
  readonly pairsOfColumns: readonly PairJudgement[];
  readonly associations: Associations;
  /** What the reader has to know of how it was measured, in sentences. */
  readonly notes: readonly string[];
}
