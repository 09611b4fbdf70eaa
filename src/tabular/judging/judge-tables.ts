// A synthetic table judged: every measure between two yardsticks, independent columns and real rows, against a hold-out.

import {
  aFunction,
  aSignal,
  aString,
  expectOptions,
  required,
  strings,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../../errors/arguments.ts";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { closestRecords, nearerShare } from "../../metrics/tables/closest-records.ts";
import { columnShapes } from "../../metrics/tables/column-shapes.ts";
import { disclosure } from "../../metrics/tables/disclosure.ts";
import { equalRows, exactCopies, twins } from "../../metrics/tables/exact-copies.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import {
  expectAlike,
  independentColumns,
  rowsOf,
  shuffledRows,
  someRows,
} from "../../metrics/tables/typed-rows.ts";
import { valueCoverage } from "../../metrics/tables/value-coverage.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import type { Engine } from "../../runtime/engine.ts";
import { aTypedTable } from "../table-checks.ts";
import { columnBars, type NumberWords } from "./column-bars.ts";
import { rowFeatures } from "./row-features.ts";
import type { ClassifierOptions } from "./small-classifier.ts";
import { jointMeasures } from "./joint-judgement.ts";
import { notesOf } from "./judgement-notes.ts";
import { fewestNamed } from "./named-values.ts";
import type { ColumnJudgement, TableJudgement, Yardsticked } from "./table-judgement.ts";
import { targetOf, type Target } from "./target-column.ts";
import { detection, predicted, type Area } from "./telling-apart.ts";
import { meanOf, meanOfEach, yardsticked, type Candidates } from "./yardsticks.ts";

type Progress = (doing: string, done: number, total: number) => void;

export interface JudgeTablesOptions {
  /** Of every draw and of the networks; default 0. */
  readonly seed?: number | undefined;
  /** A column of two values that a network is taught; default: one called label, target, class, outcome, income or y, else the last one. */
  readonly target?: string | undefined;
  /** A column, and those that somebody knows, for the attack of `disclosure`; default: none. */
  readonly disclose?: { readonly column: string; readonly from: readonly string[] } | undefined;
  /** Of each of the networks, of 256 rows; default 800. */
  readonly steps?: number | undefined;
  /**
   * Of each table, drawn by the seed, that shapes, pairs, triples, distances and networks go by at most; default 20,000. Copies, values that
   * occur and bars go by all rows.
   */
  readonly rows?: number | undefined;
  /** How numbers of a column are written; default: as they are. */
  readonly words?: NumberWords | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of what is done next, and how much of all work is done, in units of about equal time. */
  readonly progress?: Progress | undefined;
}

const aDisclosure: Requirement = {
  words: "{ column: NAME, from: NAMES }",
  fits: (value) => {
    const { column, from } = (value ?? {}) as Readonly<Record<string, unknown>>;
    return aString.fits(column) && strings.fits(from);
  },
};
const judgeOptions: OptionChecks<JudgeTablesOptions> = {
  seed: wholeFrom(0),
  target: aString,
  disclose: aDisclosure,
  steps: wholeFrom(1),
  rows: wholeFrom(100),
  words: aFunction,
  signal: aSignal,
  progress: aFunction,
};

/** The tables: what was learned from, what came of it, and rows that it never saw. */
export interface JudgedTables {
  readonly real: TypedTable;
  readonly synthetic: TypedTable;
  /** Default: half of the real rows, drawn by the seed; the other half then stands for the real table. */
  readonly holdout?: TypedTable | undefined;
}

const judgedTables: OptionChecks<JudgedTables> = {
  real: required(aTypedTable),
  synthetic: required(aTypedTable),
  holdout: aTypedTable,
};

/** Rows by which the yardsticks of the nearest rows are measured, which takes as long as all else. */
const yardstickRows = 1500;
export const fewestRows = 100;
/** Of a hold-out. */
export const fewestHeldOut = 50;
/** See `rows` of the options: more of them move no measure by more than chance does, and take minutes. */
export const usualRows = 20_000;
/** Time that parts take, in tenths of that of a network. */
const work = { columns: 3, distances: 10, network: 10 };

/**
 * Judges a synthetic table: every measure stands between independent columns and real rows (docs/judging-tables.md).
 *
 * @throws ShapeError for tables with other columns, or none
 * @throws UsageError for fewer than 100 rows of a table, or a column that cannot be the target or be disclosed
 */
export async function judgeTables(
  engine: Engine,
  tables: JudgedTables,
  options: JudgeTablesOptions = {},
): Promise<TableJudgement> {
  expectEngine("judgeTables", engine);
  expectOptions("judgeTables", options, judgeOptions);
  expectOptions("judgeTables", tables, judgedTables);
  const { real: whole, synthetic, holdout: given } = tables;
  const { seed = 0, disclose, words = asTheyAre, progress } = options;
  expectAlike("judgeTables", whole, synthetic, ...(given === undefined ? [] : [given]));
  const { real, holdout } = given === undefined ? halved(whole, seed) : { real: whole, holdout: given };
  expectRows({ real: whole, synthetic, "hold-out": holdout });
  const target = targetOf(real, options.target);
  const most = options.rows ?? usualRows;
  const known = someRows(real, most, seed, 5);
  const unseen = someRows(holdout, most, seed, 6);
  const compared = Math.min(known.rows, synthetic.rows);
  const drawn = someRows(synthetic, compared, seed, 3);
  const learned = someRows(known, compared, seed, 4);
  const candidates: Candidates = { value: drawn, floor: independentColumns(learned, seed), ceiling: learned };
  const stages = new Stages(
    work.columns + work.distances + (target === undefined ? 3 : 6) * work.network,
    progress,
  );

  stages.begin("columns, pairs and triples", work.columns);
  const shapes = yardsticked(candidates, (table) => columnShapes(unseen, table));
  const joint = jointMeasures(candidates, unseen, seed);
  const coverage = coverageOf(real, synthetic, holdout, seed);
  const columns = columnsOf(real, synthetic, shapes, words);

  stages.begin("closest records", work.distances);
  const closest = closestRecords(known, unseen, synthetic, { seed });
  const nearer = {
    value: closest.nearer,
    floor: nearerShare(known, unseen, candidates.floor, { seed, rows: yardstickRows }).nearer,
    ceiling: nearerShare(known, unseen, learned, { seed, rows: yardstickRows }).nearer,
    interval: closest.interval,
  };
  const copies = exactCopies(real, holdout, synthetic);
  const disclosed =
    disclose === undefined
      ? null
      : disclosure(known, unseen, someRows(synthetic, most, seed, 7), disclose.column, disclose.from, seed);

  const networks: ClassifierOptions = { seed, steps: options.steps, signal: options.signal };
  const told = await detectedOf(engine, known, unseen, candidates, networks, stages);
  const use =
    target === undefined ? null : await useOf(engine, target, known, unseen, candidates, networks, stages);
  const overlap = equalRows(holdout, real);
  return {
    rows: {
      real: whole.rows,
      holdout: holdout.rows,
      synthetic: synthetic.rows,
      compared,
      against: unseen.rows,
    },
    ...{ isHalved: given === undefined, overlap, seed },
    shapes: meanOfEach(shapes),
    ...{
      pairs: joint.pairs,
      triples: joint.triples,
      correlations: joint.correlations,
      coverage,
      looked: joint.looked,
    },
    ...{ use, detection: told },
    privacy: { closest, nearer, copies, disclosure: disclosed },
    ...{ columns, pairsOfColumns: joint.byPair, associations: joint.associations },
    notes: notesOf(whole, synthetic, holdout, {
      overlap,
      twins: twins(real) / real.rows,
      isHalved: given === undefined,
      compared,
      most,
      target,
    }),
  };
}

const asTheyAre: NumberWords = (_, value) => value.toLocaleString("en");

/** Work in parts, of which each is told as it begins, and may tell how far it is. */
class Stages {
  #done = 0;
  #current = 0;

  readonly #total: number;
  readonly #progress: Progress | undefined;

  constructor(total: number, progress: Progress | undefined) {
    this.#total = total;
    this.#progress = progress;
  }

  /** @returns what a part may tell of itself */
  begin(doing: string, units: number): (done: number, of: number) => void {
    this.#done += this.#current;
    this.#current = units;
    const start = this.#done;
    this.#progress?.(doing, start, this.#total);
    return (done, of) => this.#progress?.(doing, start + (units * done) / of, this.#total);
  }
}

/** By all rows: few of them miss rare categories by chance alone. Shuffling a column by itself keeps its values. */
function coverageOf(real: TypedTable, synthetic: TypedTable, holdout: TypedTable, seed: number): Yardsticked {
  const rows = Math.min(real.rows, synthetic.rows);
  const share = (table: TypedTable): number => meanOf(valueCoverage(real, table).map((each) => each.share));
  return {
    value: share(someRows(synthetic, rows, seed, 3)),
    floor: share(someRows(real, rows, seed, 4)),
    ceiling: share(holdout),
  };
}

function halved(table: TypedTable, seed: number): { real: TypedTable; holdout: TypedTable } {
  const order = shuffledRows(table.rows, seed, 1);
  const half = Math.ceil(table.rows / 2);
  return {
    real: rowsOf(table, order.subarray(0, half).sort()),
    holdout: rowsOf(table, order.subarray(half).sort()),
  };
}

function expectRows(tables: Readonly<Record<string, TypedTable>>): void {
  for (const [name, { rows }] of Object.entries(tables)) {
    const least = name === "hold-out" ? fewestHeldOut : fewestRows;
    if (rows >= least) continue;
    throw new UsageError(
      `the ${name} table has ${counted(rows, "row")}, and fewer than ${least} are too few to judge by`,
    );
  }
}

function columnsOf(
  real: TypedTable,
  synthetic: TypedTable,
  shapes: Readonly<Record<keyof Candidates, readonly number[]>>,
  words: NumberWords,
): ColumnJudgement[] {
  const covered = valueCoverage(real, synthetic);
  return real.columns.map(({ name, kind }, c) => {
    const { share, lost, categories, outside, missing } = covered[c];
    return {
      ...{ name, kind },
      shape: { value: shapes.value[c], floor: shapes.floor[c], ceiling: shapes.ceiling[c] },
      coverage: share,
      lost: {
        ...{ categories: lost.length, of: categories },
        names: lost.filter(({ rows }) => rows >= fewestNamed).map((each) => each.name),
      },
      outside,
      missing: { real: missing.real, synthetic: missing.other },
      bars: columnBars(real, synthetic, c, words),
    };
  });
}

async function detectedOf(
  engine: Engine,
  real: TypedTable,
  holdout: TypedTable,
  candidates: Candidates,
  options: ClassifierOptions,
  stages: Stages,
): Promise<Yardsticked> {
  const features = rowFeatures(real);
  const areas = new Map<string, Area>();
  const names = Object.keys(candidates) as (keyof Candidates)[];
  for (const name of names) {
    const progress = stages.begin("telling synthetic from real rows", work.network);
    areas.set(name, await detection(engine, features, holdout, candidates[name], { ...options, progress }));
  }
  return ofAreas((name) => areas.get(name));
}

async function useOf(
  engine: Engine,
  target: Target,
  real: TypedTable,
  holdout: TypedTable,
  { value, floor, ceiling }: Candidates,
  options: ClassifierOptions,
  stages: Stages,
): Promise<NonNullable<TableJudgement["use"]>> {
  const features = rowFeatures(real, target.column);
  const doing = `predicting ${target.column}`;
  const network = (): ClassifierOptions => ({ ...options, progress: stages.begin(doing, work.network) });
  const [onHoldout, onValue, onFloor] = await predicted(
    engine,
    features,
    target,
    ceiling,
    [holdout, value, floor],
    network(),
  );
  const [ofValue] = await predicted(engine, features, target, value, [holdout], network());
  const [ofFloor] = await predicted(engine, features, target, floor, [holdout], network());
  return {
    target,
    trainOnSynthetic: ofAreas((name) => ({ value: ofValue, floor: ofFloor, ceiling: onHoldout })[name]),
    testOnSynthetic: ofAreas((name) => ({ value: onValue, floor: onFloor, ceiling: onHoldout })[name]),
  };
}

function ofAreas(of: (name: keyof Candidates) => Area | undefined): Yardsticked {
  const area = (name: keyof Candidates): number | null => of(name)?.auc ?? null;
  return {
    value: area("value"),
    floor: area("floor"),
    ceiling: area("ceiling"),
    interval: of("value")?.interval ?? null,
  };
}
