// What several rows of one image say together: a row a finding, a box or a reader, as many tables have them.
import { isStated, rawLabel, rawProbability } from "../../labels/raw-labels.ts";
import { firstSoft, lastSoft } from "../../labels/states.ts";

export const repeatedPolicies = ["any", "all", "majority", "mean", "uncertain"] as const;
export type Repeated = (typeof repeatedPolicies)[number];

/** What an entry says of them. */
export interface RowsEntry {
  readonly repeated?: Repeated | undefined;
}

/** What the rows of an image say of one label, counted. */
interface Votes {
  positive: number;
  negative: number;
  uncertain: number;
  unknown: number;
  /** Rows that give a probability, and the least, the greatest and the sum of these. */
  soft: number;
  least: number;
  most: number;
  sum: number;
}

/** By policy, for rows that differ. */
const decide: Readonly<Record<Repeated, (votes: Votes) => number>> = {
  any: ({ positive, uncertain, most }) => {
    if (positive > 0) return rawLabel.positive;
    return uncertain > 0 ? rawLabel.uncertain : most;
  },
  all: ({ negative, uncertain, least }) => {
    if (negative > 0) return rawLabel.negative;
    return uncertain > 0 ? rawLabel.uncertain : least;
  },
  majority: ({ positive, negative }) => {
    if (positive === negative) return rawLabel.uncertain;
    return positive > negative ? rawLabel.positive : rawLabel.negative;
  },
  mean: ({ positive, negative, uncertain, soft, sum }) => {
    if (uncertain > 0) return rawLabel.uncertain;
    return rawProbability((positive + sum) / (positive + negative + soft));
  },
  uncertain: () => rawLabel.uncertain,
};

/**
 * Joins the labels of an image's rows.
 *
 * @param rows the raw labels of each, at least one
 * @param joined takes the labels; undefined only looks for differences
 * @returns the labels that rows differ about, by number; without a policy also those that one row states and another does not
 */
export function joinRows(
  rows: readonly Uint8Array[],
  policy: Repeated | undefined,
  joined: Uint8Array,
): number[] {
  const [first] = rows;
  const differing: number[] = [];
  for (let k = 0; k < joined.length; k++) {
    const code = first[k];
    if (rows.every((row) => row[k] === code)) {
      joined[k] = code;
      continue;
    }
    const votes = { ...{ positive: 0, negative: 0, uncertain: 0, unknown: 0 }, ...noneSoft };
    let stated: number | undefined;
    let differ = policy === undefined;
    for (const { [k]: said } of rows) {
      count(votes, said);
      if (!isStated(said)) continue;
      stated ??= said;
      if (said !== stated) differ = true;
    }
    if (differ) differing.push(k);
    if (stated === undefined) joined[k] = votes.unknown > 0 ? rawLabel.unknown : rawLabel.blank;
    else joined[k] = differ && policy !== undefined ? decide[policy](votes) : stated;
  }
  return differing;
}

const noneSoft = { soft: 0, least: lastSoft, most: firstSoft, sum: 0 };

function count(votes: Votes, said: number): void {
  if (said === rawLabel.positive) votes.positive++;
  else if (said === rawLabel.negative) votes.negative++;
  else if (said === rawLabel.uncertain) votes.uncertain++;
  else if (said === rawLabel.unknown) votes.unknown++;
  else if (said !== rawLabel.blank) {
    votes.soft++;
    votes.least = Math.min(votes.least, said);
    votes.most = Math.max(votes.most, said);
    votes.sum += (said - firstSoft) / (lastSoft - firstSoft);
  }
}
