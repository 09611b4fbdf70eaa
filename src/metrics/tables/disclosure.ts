// What a synthetic table gives away of a column of real people, to somebody who knows other columns of them.

import { UsageError } from "../../errors/errors.ts";
import { exactInterval } from "../../statistics/proportions.ts";
import type { Interval } from "../../statistics/interval.ts";
import { commonCodes } from "./common-codes.ts";
import { nearestDistances, recordMeasure } from "./record-distances.ts";
import type { TypedTable } from "./typed-columns.ts";
import { expectAlike, someRows } from "./typed-rows.ts";

/** How often an attack is right. */
export interface AttackRate {
  readonly rate: number;
  /** Of the rate, 95 %, by Clopper and Pearson. */
  readonly interval: Interval;
}

export interface Disclosure {
  readonly column: string;
  readonly from: readonly string[];
  /** Training rows that were attacked. */
  readonly rows: number;
  /** By the nearest synthetic rows. */
  readonly synthetic: AttackRate;
  /** The same attack by as many hold-out rows, which hold nothing of these people: what the columns tell of anybody. */
  readonly holdout: AttackRate;
  /** By the commonest value. */
  readonly majority: AttackRate;
}

/** Rows that are attacked, and those that the attack goes by. */
const most = { attacked: 3000, known: 15_000 };

/**
 * Guesses a column of training rows from other columns of theirs, as the majority of the nearest synthetic rows has it (all that are equally
 * near), by categories or ten bins.
 *
 * @throws UsageError for columns that the tables do not have, or a column that is guessed from itself
 * @throws ShapeError for tables with other columns or no rows
 */
export function disclosure(
  training: TypedTable,
  holdout: TypedTable,
  synthetic: TypedTable,
  column: string,
  from: readonly string[],
  seed = 0,
): Disclosure {
  expectAlike("disclosure", training, holdout, synthetic);
  const placeOf = (name: string): number => {
    const at = training.columns.findIndex((each) => each.name === name);
    if (at >= 0) return at;
    throw new UsageError(
      `disclosure: the tables have no column "${name}"; they have ${training.columns.map((each) => each.name).join(", ")}`,
    );
  };
  const [secret, ...known] = [column, ...from].map(placeOf);
  if (known.length === 0 || known.includes(secret)) {
    throw new UsageError(`disclosure: name the columns to guess "${column}" from, other ones than itself`);
  }
  const only = (table: TypedTable): TypedTable => ({ ...table, columns: known.map((c) => table.columns[c]) });
  const size = Math.min(holdout.rows, synthetic.rows, most.known);
  const attacked = someRows(training, most.attacked, seed, 20);
  const common = commonCodes(training);
  const codesOf = (table: TypedTable): Int32Array => common.codesOf(table)[secret];
  const truth = codesOf(attacked);
  const measure = recordMeasure([only(attacked)]);
  const rows = measure.measured(only(attacked));
  const hit = (guesses: ArrayLike<number>): AttackRate => {
    const hits = truth.filter((code, row) => code === guesses[row]).length;
    return { rate: hits / truth.length, interval: exactInterval(hits, truth.length) };
  };
  const attack = (table: TypedTable): AttackRate => {
    const others = codesOf(table);
    const usual = commonest(countsOf(others));
    let votes = new Map<number, number>();
    const guesses = new Int32Array(truth.length);
    let current = 0;
    const decide = (): number => (guesses[current] = commonest(votes, usual));
    nearestDistances(measure, rows, measure.measured(only(table)), (row, other, isNearer) => {
      if (row !== current) decide();
      if (isNearer || row !== current) votes = new Map();
      current = row;
      votes.set(others[other], (votes.get(others[other]) ?? 0) + 1);
    });
    decide();
    return hit(guesses);
  };
  const usual = commonest(countsOf(codesOf(training)));
  return {
    ...{ column, from, rows: attacked.rows },
    synthetic: attack(someRows(synthetic, size, seed, 21)),
    holdout: attack(someRows(holdout, size, seed, 22)),
    majority: hit(new Int32Array(truth.length).fill(usual)),
  };
}

function countsOf(codes: Int32Array): Map<number, number> {
  const counts = new Map<number, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

/** The code with the most votes; of several, the one that is preferred, else the least. */
function commonest(counts: ReadonlyMap<number, number>, preferred = -1): number {
  let [best, votes] = [-1, 0];
  for (const [code, count] of counts) {
    const isBetter =
      count > votes || (count === votes && (code === preferred || (best !== preferred && code < best)));
    if (isBetter) [best, votes] = [code, count];
  }
  return best;
}
