// A synthetic table judged: every measure between two yardsticks, independent columns and real rows, against a hold-out.

import {
  aFunction,
  anything,
  aRecord,
  aString,
  expectOptions,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { counted } from "../../errors/counted.ts";
import { UsageError } from "../../errors/errors.ts";
import { closestRecords, nearerShare } from "../../metrics/tables/closest-records.ts";
import { columnShapes } from "../../metrics/tables/column-shapes.ts";
import { commonCodes } from "../../metrics/tables/common-codes.ts";
import { disclosure } from "../../metrics/tables/disclosure.ts";
import { equalRows, exactCopies } from "../../metrics/tables/exact-copies.ts";
import {
  association,
  columnPairs,
  columnTriples,
  correlationShape,
  jointShapes,
  setsOfColumns,
  type Columns,
} from "../../metrics/tables/joint-shapes.ts";
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
import { columnBars, fewestNamed, type NumberWords } from "./column-bars.ts";
import { rowFeatures } from "./row-features.ts";
import type { ClassifierOptions } from "./small-classifier.ts";
import type {
  Associations,
  ColumnJudgement,
  PairJudgement,
  TableJudgement,
  Yardsticked,
} from "./table-judgement.ts";
import { targetOf, type Target } from "./target-column.ts";
import { detection, predicted, type Area } from "./telling-apart.ts";

export interface JudgeTablesOptions {
  /** Of every draw and of the networks; default 0. */
  readonly seed?: number | undefined;
  /** A column of two values that a network is taught; default: see `targetOf`. */
  readonly target?: string | undefined;
  /** A column, and those that somebody knows, for the attack of `disclosure`; default: none. */
  readonly disclose?: { readonly column: string; readonly from: readonly string[] } | undefined;
  /** Of each of the networks; see `classifierLogits`. */
  readonly steps?: number | undefined;
  /** How numbers of a column are written; default: as they are. */
  readonly words?: NumberWords | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of what is done next. */
  readonly progress?: ((doing: string, done: number, total: number) => void) | undefined;
}

const judgeOptions: OptionChecks<JudgeTablesOptions> = {
  seed: wholeFrom(0),
  target: aString,
  disclose: aRecord,
  steps: wholeFrom(1),
  words: aFunction,
  signal: anything,
  progress: aFunction,
};

/** The tables: what was learned from, what came of it, and rows that it never saw. */
export interface JudgedTables {
  readonly real: TypedTable;
  readonly synthetic: TypedTable;
  /** Default: half of the real rows, drawn by the seed; the other half then stands for the real table. */
  readonly holdout?: TypedTable | undefined;
}

/** More pairs of columns are not looked at, but drawn. */
const mostPairs = 2000;
const usualTriples = 60;
/** Rows by which the yardsticks of the nearest rows are measured, which takes as long as all else. */
const yardstickRows = 1500;
/** Columns of the maps of associations. */
const mostMapped = 24;
export const fewestRows = 100;

/**
 * Judges a synthetic table.
 *
 * @throws ShapeError for tables with other columns, or none
 * @throws UsageError for fewer than 100 rows of a table, or a column that cannot be the target or be disclosed
 */
export async function judgeTables(
  engine: Engine,
  { real: whole, synthetic, holdout: given }: JudgedTables,
  options: JudgeTablesOptions = {},
): Promise<TableJudgement> {
  expectEngine("judgeTables", engine);
  expectOptions("judgeTables", options, judgeOptions);
  const { seed = 0, disclose, words = asTheyAre, progress } = options;
  expectAlike("judgeTables", whole, synthetic, ...(given === undefined ? [] : [given]));
  const { real, holdout } = given === undefined ? halved(whole, seed) : { real: whole, holdout: given };
  expectRows({ real: whole, synthetic, "hold-out": holdout });
  const target = targetOf(real, options.target);
  const compared = Math.min(real.rows, synthetic.rows);
  const drawn = someRows(synthetic, compared, seed, 3);
  const learned = someRows(real, compared, seed, 4);
  const candidates: Candidates = { value: drawn, floor: independentColumns(learned, seed), ceiling: learned };

  progress?.("columns, pairs and triples", 0, 1);
  const shapes = yardsticked(candidates, (table) => columnShapes(holdout, table));
  const joint = jointMeasures(candidates, holdout, seed);
  const coverage = {
    ...yardsticked(candidates, (table) => meanOf(valueCoverage(real, table).map(({ share }) => share))),
    ceiling: meanOf(valueCoverage(real, holdout).map(({ share }) => share)),
  };
  const columns = columnsOf(real, synthetic, shapes, words);

  progress?.("closest records", 0, 1);
  const closest = closestRecords(real, holdout, synthetic, { seed });
  const nearer = {
    value: closest.nearer,
    floor: nearerShare(real, holdout, candidates.floor, { seed, rows: yardstickRows }).nearer,
    ceiling: nearerShare(real, holdout, learned, { seed, rows: yardstickRows }).nearer,
    interval: closest.interval,
  };
  const copies = exactCopies(real, holdout, synthetic);
  const disclosed =
    disclose === undefined
      ? null
      : disclosure(real, holdout, synthetic, disclose.column, disclose.from, seed);

  const networks: ClassifierOptions = { seed, steps: options.steps, signal: options.signal };
  const told = await detectedOf(engine, real, holdout, candidates, networks, progress);
  const use =
    target === undefined ? null : await useOf(engine, target, real, holdout, candidates, networks, progress);
  const overlap = equalRows(holdout, real);
  return {
    rows: { real: whole.rows, holdout: holdout.rows, synthetic: synthetic.rows, compared },
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
    notes: notesOf(whole, synthetic, holdout, { overlap, isHalved: given === undefined, compared, target }),
  };
}

const asTheyAre: NumberWords = (_, value) => value.toLocaleString("en");

/** The table that is judged, and its yardsticks, with equally many rows. */
type Candidates = Readonly<Record<"value" | "floor" | "ceiling", TypedTable>>;

function yardsticked<Found>(
  tables: Candidates,
  of: (table: TypedTable) => Found,
): Record<keyof Candidates, Found> {
  return { value: of(tables.value), floor: of(tables.floor), ceiling: of(tables.ceiling) };
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
    const least = name === "hold-out" ? fewestRows / 2 : fewestRows;
    if (rows >= least) continue;
    throw new UsageError(
      `the ${name} table has ${counted(rows, "row")}, and fewer than ${least} are too few to judge by`,
    );
  }
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function meanOfEach(found: Readonly<Record<keyof Candidates, readonly (number | null)[]>>): Yardsticked {
  const mean = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : meanOf(known);
  };
  return { value: mean(found.value), floor: mean(found.floor), ceiling: mean(found.ceiling) };
}

interface JointMeasures extends Pick<TableJudgement, "pairs" | "triples" | "correlations" | "looked"> {
  readonly byPair: readonly PairJudgement[];
  readonly associations: Associations;
}

function jointMeasures(candidates: Candidates, holdout: TypedTable, seed: number): JointMeasures {
  const count = holdout.columns.length;
  const common = commonCodes(holdout);
  const reference = common.codesOf(holdout);
  const codes = yardsticked(candidates, (table) => common.codesOf(table));
  const shapesOf = (together: readonly Columns[]): Record<keyof Candidates, number[]> => ({
    value: jointShapes(common, reference, codes.value, together),
    floor: jointShapes(common, reference, codes.floor, together),
    ceiling: jointShapes(common, reference, codes.ceiling, together),
  });
  const looked = {
    pairs: columnPairs(count, mostPairs, seed),
    triples: columnTriples(count, usualTriples, seed),
  };
  const [ofPairs, ofTriples] = [shapesOf(looked.pairs), shapesOf(looked.triples)];
  const correlations = yardsticked(candidates, (table) =>
    looked.pairs.map((pair) => correlationShape(holdout, table, pair)),
  );
  const names = holdout.columns.map(({ name }) => name);
  const byPair = looked.pairs.map(([i, j], at) => ({
    columns: [names[i], names[j]] as const,
    shape: { value: ofPairs.value[at], floor: ofPairs.floor[at], ceiling: ofPairs.ceiling[at] },
    correlation: correlations.value[at],
  }));
  const mapped = Array.from({ length: Math.min(count, mostMapped) }, (_, c) => c);
  const mapOf = (own: readonly Int32Array[]): number[][] =>
    mapped.map((i) => mapped.map((j) => (i === j ? 1 : association(own, common.sizes, [i, j]))));
  return {
    pairs: meanOfEach(ofPairs),
    triples: meanOfEach(ofTriples),
    correlations: meanOfEach(correlations),
    looked: {
      pairs: { taken: looked.pairs.length, all: setsOfColumns(count, 2) },
      triples: { taken: looked.triples.length, all: setsOfColumns(count, 3) },
    },
    byPair,
    associations: {
      columns: mapped.map((c) => names[c]),
      ...{ real: mapOf(reference), synthetic: mapOf(codes.value) },
    },
  };
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

type Progress = NonNullable<JudgeTablesOptions["progress"]>;

async function detectedOf(
  engine: Engine,
  real: TypedTable,
  holdout: TypedTable,
  candidates: Candidates,
  options: ClassifierOptions,
  progress?: Progress,
): Promise<Yardsticked> {
  const features = rowFeatures(real);
  const areas = new Map<string, Area>();
  const names = Object.keys(candidates) as (keyof Candidates)[];
  for (const [at, name] of names.entries()) {
    progress?.("telling synthetic from real rows", at, names.length);
    areas.set(name, await detection(engine, features, holdout, candidates[name], options));
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
  progress?: Progress,
): Promise<NonNullable<TableJudgement["use"]>> {
  const features = rowFeatures(real, target.column);
  const doing = `predicting ${target.column}`;
  progress?.(doing, 0, 3);
  const [onHoldout, onValue, onFloor] = await predicted(
    engine,
    features,
    target,
    ceiling,
    [holdout, value, floor],
    options,
  );
  progress?.(doing, 1, 3);
  const [ofValue] = await predicted(engine, features, target, value, [holdout], options);
  progress?.(doing, 2, 3);
  const [ofFloor] = await predicted(engine, features, target, floor, [holdout], options);
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

function notesOf(
  real: TypedTable,
  synthetic: TypedTable,
  holdout: TypedTable,
  found: {
    readonly overlap: number;
    readonly isHalved: boolean;
    readonly compared: number;
    readonly target: Target | undefined;
  },
): string[] {
  const notes: string[] = [];
  const whole = (value: number): string => value.toLocaleString("en");
  if (found.isHalved) {
    notes.push(
      `No hold-out was given: ${whole(holdout.rows)} of the ${whole(real.rows)} real rows, drawn by chance, stand for it. If the synthetic ` +
        "table was learned from them, too, the measures of privacy see no copies of either half more than of the other, and say nothing.",
    );
  }
  if (found.overlap > 0) {
    const share = found.overlap / holdout.rows;
    notes.push(
      `${whole(found.overlap)} of ${whole(holdout.rows)} hold-out rows are equal to a real row` +
        (share > 0.02
          ? ": too many to be chance where tables have many columns. A hold-out that a model was trained on hides copies."
          : ", as may happen by chance."),
    );
  }
  if (synthetic.rows !== found.compared) {
    notes.push(
      `Shapes, pairs, triples and networks go by ${whole(found.compared)} of the ${whole(synthetic.rows)} synthetic rows, as many as there ` +
        "are real ones.",
    );
  } else if (found.compared < (found.isHalved ? holdout.rows : real.rows)) {
    notes.push(
      `There are ${whole(found.compared)} synthetic rows, so that the yardsticks, too, go by as many: few rows look less alike by chance alone.`,
    );
  }
  if (found.target === undefined) {
    notes.push(
      "No column has two values, so that no network was taught to predict one; name another with --target.",
    );
  }
  return notes;
}
