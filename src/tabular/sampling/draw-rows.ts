// Rows from a model of codes: column after column, within what is asked for and what must hold, with nothing rejected but the rows
// that constraints have led to a dead end.

import {
  aFunction,
  aList,
  aRecord,
  aSignal,
  expectArgument,
  expectOptions,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { DeadEndError } from "../../errors/table-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { counted } from "../../errors/counted.ts";
import { randomStream } from "../../data/random-stream.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import { admits, cellWithin, type Domain } from "../cell-domain.ts";
import type { CodeModel, Drawing, DrawingOptions } from "../code-model.ts";
import type { Drawn } from "../coded-table.ts";
import { aModel, aTypedTable } from "../table-checks.ts";
import type { NumberShown } from "../constraints/condition.ts";
import { constraintShown, type Constraint } from "../constraints/constraint.ts";
import type { Conditions } from "./conditions.ts";
import { drawnTogether } from "./drawn-together.ts";
import { KnownCells } from "./known-cells.ts";
import { samplingPlan, type SamplingPlan } from "./sampling-plan.ts";

/** Rows that a model draws at once, at most: a matter of memory. */
const blockRows = 16_384;

export interface SampleOptions {
  /** Default: as many as `fill` has. */
  readonly rows?: number;
  /** Same seed, same rows, on one device. Default 0. */
  readonly seed?: number;
  /** What every row must be, by column. No row is rejected for it. */
  readonly given?: Conditions;
  /** What must hold in every row. */
  readonly constraints?: readonly Constraint[];
  /**
   * Rows of which some cells are known: columns of the model by name, NaN and "" where a cell is to be drawn. Columns that are not
   * there are drawn; so missing cells are filled, and rows added that are alike in some columns. Known cells stay as they are.
   */
  readonly fill?: TypedTable;
  /** How often rows at a dead end are drawn again before it is an error. Default 100. */
  readonly redraws?: number;
  /** How numbers are written in messages, where not as numbers: dates. */
  readonly numberShown?: NumberShown;
  /** Looked at between columns. */
  readonly signal?: AbortSignal;
}

export interface SampledTable {
  readonly rows: number;
  readonly columns: readonly SampledColumn[];
  /** Rows that constraints left no code for a column, and that were drawn again. */
  readonly deadEnds: number;
  /**
   * About the share of rows like these among all, by the model, where there are conditions and the model can tell. Far below one
   * row of what was learned from, they are guesses: no such row was seen.
   */
  readonly share?: number;
  /** Known cells that the model has no code for, and so drew the others without. */
  readonly unknownCells: number;
}

export interface SampledColumn {
  readonly name: string;
  /** [rows] */
  readonly values: readonly Drawn[];
}

const optionChecks: OptionChecks<SampleOptions> = {
  rows: wholeFrom(0),
  seed: wholeFrom(0),
  given: aRecord,
  constraints: aList,
  fill: aTypedTable,
  redraws: wholeFrom(0),
  numberShown: aFunction,
  signal: aSignal,
};

/**
 * Draws rows from a model. Conditions, constraints and known cells are drawn by, not sought among other rows.
 *
 * @throws UsageError for options that cannot work, and for conditions and constraints that leave a column no value
 * @throws DeadEndError for rows that still came to a dead end after `redraws`
 */
export async function sample(model: CodeModel, options: SampleOptions): Promise<SampledTable> {
  expectArgument("sample", "model", model, aModel);
  expectOptions("sample", options, optionChecks);
  const { seed = 0, given = {}, constraints = [], fill, redraws = 100, signal } = options;
  const rows = options.rows ?? fill?.rows;
  if (rows === undefined) throw new UsageError("sample: say how many rows, or give rows to fill");
  if (fill !== undefined && fill.rows !== rows) {
    throw new UsageError(`sample: ${counted(fill.rows, "row")} to fill, but rows is ${rows}`);
  }
  const known = new KnownCells(model.columns, fill);
  const plan = samplingPlan(model.columns, given, constraints, known.columns, options.numberShown, model);
  const values = model.columns.map(() => new Array<Drawn>(rows).fill(null));
  let deadEnds = 0;
  for (let start = 0; start < rows; start += blockRows) {
    let left = Array.from({ length: Math.min(blockRows, rows - start) }, (_, at) => start + at);
    for (let attempt = 0; left.length > 0; attempt++) {
      const draw = new RowsUnderWay(model, plan, known, left, [seed, start / blockRows, attempt]);
      const dead = await draw.all(values, signal);
      if (attempt === redraws && dead.length > 0)
        throw draw.deadEnd(dead, redraws, fill !== undefined, options.numberShown);
      deadEnds += dead.length;
      left = dead;
    }
  }
  const share = Object.keys(given).length === 0 ? undefined : model.shareOf?.(plan.given);
  return {
    rows,
    columns: model.columns.map(({ name }, column) => ({ name, values: values[column] })),
    deadEnds,
    ...(share !== undefined && { share }),
    unknownCells: known.unknown,
  };
}

/** Some rows, drawn once. */
class RowsUnderWay {
  readonly #model: CodeModel;
  readonly #plan: SamplingPlan;
  /** Of the table. */
  readonly #rows: readonly number[];
  readonly #coordinates: readonly [seed: number, block: number, attempt: number];
  readonly #known: KnownCells;
  /** By column, [rows]: undefined where it is not drawn yet. */
  readonly #cells: (Drawn | undefined)[][];
  readonly #isDead: boolean[];
  readonly #blamed = new Map<Constraint, number>();

  constructor(
    model: CodeModel,
    plan: SamplingPlan,
    known: KnownCells,
    rows: readonly number[],
    coordinates: readonly [seed: number, block: number, attempt: number],
  ) {
    this.#model = model;
    this.#plan = plan;
    this.#known = known;
    this.#rows = rows;
    this.#coordinates = coordinates;
    this.#cells = model.columns.map((_, column) => rows.map((row) => known.cell(column, row)));
    this.#isDead = rows.map(() => false);
  }

  /**
   * Draws all columns.
   *
   * @param values by column, of the whole table: takes the rows that came through
   * @returns the rows, of the table, that came to a dead end
   */
  async all(values: readonly Drawn[][], signal?: AbortSignal): Promise<number[]> {
    const [seed, ...coordinates] = this.#coordinates;
    const options: DrawingOptions = {
      rows: this.#rows.length,
      seed: randomStream(seed, "sampled rows", ...coordinates).bits(),
      order: this.#plan.order,
      given: this.#plan.given,
      known: this.#known.codesOf(this.#rows),
    };
    const known = await drawnTogether(this.#model, options, signal);
    const drawing = this.#model.begin({ ...options, known });
    try {
      for (const column of this.#plan.order) {
        signal?.throwIfAborted();
        await this.#column(column, drawing);
      }
    } finally {
      drawing.close();
    }
    this.#rows.forEach((row, at) => {
      if (!this.#isDead[at]) values.forEach((of, column) => (of[row] = this.#cells[column][at] ?? null));
    });
    return this.#rows.filter((_, at) => this.#isDead[at]);
  }

  async #column(column: number, drawing: Drawing): Promise<void> {
    const { name, codes } = this.#model.columns[column];
    const limits = this.#plan.limits[column];
    const { isPerRow } = limits;
    const random = randomStream(this.#coordinates[0], "cells", name, ...this.#coordinates.slice(1));
    const cells = this.#cells[column];
    const domains: Domain[] = [];
    const reasons: (readonly Constraint[])[] = [];
    const isPossible = (at: number, code: number): boolean => code >= 0 && admits(domains[at], codes[code]);
    const allowed = isPerRow ? new Uint8Array(this.#rows.length * codes.length) : undefined;
    this.#rows.forEach((_, at) => {
      // What is dead already goes on by any code, so that the model has no odd case.
      const isFree = this.#isDead[at] || cells[at] !== undefined;
      const limit = isFree ? undefined : limits.at((other) => this.#cells[other][at]);
      if (allowed !== undefined) {
        const from = at * codes.length;
        if (limit === undefined) allowed.fill(1, from, from + codes.length);
        else allowed.set(limit.codes, from);
      }
      if (limit === undefined) return;
      domains[at] = limit.domain;
      reasons[at] = limit.constraints;
    });
    const drawn = await drawing.next(allowed);
    for (const [at, code] of drawn.entries()) {
      if (this.#isDead[at] || cells[at] !== undefined) continue;
      // What was drawn together with other columns may not suit their cells.
      if (isPossible(at, code)) cells[at] = cellWithin(domains[at], codes[code], random);
      else {
        this.#isDead[at] = true;
        for (const each of reasons[at]) this.#blamed.set(each, (this.#blamed.get(each) ?? 0) + 1);
      }
    }
  }

  deadEnd(
    dead: readonly number[],
    redraws: number,
    isFilled: boolean,
    numberShown?: NumberShown,
  ): DeadEndError {
    const [worst] = [...this.#blamed].sort((a, b) => b[1] - a[1]);
    // Without a constraint only conditions are left, which the plan has looked at.
    const shown = worst === undefined ? "" : constraintShown(worst[0], numberShown);
    const said = worst === undefined ? "the conditions" : `the constraint (${shown})`;
    const which = isFilled ? `, the first of them row ${dead[0] + 1}` : "";
    return new DeadEndError(
      `${counted(dead.length, "row")} could not be drawn in ${redraws + 1} tries${which}: ${said} left no value for a cell`,
      shown,
      dead.length,
    );
  }
}
