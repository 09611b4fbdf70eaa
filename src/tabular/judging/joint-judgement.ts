// What a judgement says of columns together: pairs, triples, correlations and the maps of associations.

import {
  association,
  columnPairs,
  columnTriples,
  correlationShape,
  jointShapes,
  setsOfColumns,
  type Columns,
} from "../../metrics/tables/joint-shapes.ts";
import { commonCodes } from "../../metrics/tables/common-codes.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import type { Associations, PairJudgement, TableJudgement } from "./table-judgement.ts";
import { meanOfEach, yardsticked, type Candidates } from "./yardsticks.ts";

/** More pairs of columns are not looked at, but drawn. */
const mostPairs = 2000;
const usualTriples = 60;
/** Columns of the maps of associations. */
const mostMapped = 24;

export interface JointMeasures extends Pick<TableJudgement, "pairs" | "triples" | "correlations" | "looked"> {
  readonly byPair: readonly PairJudgement[];
  readonly associations: Associations;
}

/** The measures of a table and its yardsticks against a hold-out. */
export function jointMeasures(candidates: Candidates, holdout: TypedTable, seed: number): JointMeasures {
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
