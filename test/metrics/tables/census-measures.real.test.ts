// The measures on the census, against the figures of an independent implementation (numpy): shapes .992 and .993, pairs .921 and .983,
// triples .824 and .962, nearer to training .499 and .742, for independent columns and the training rows themselves.

import { beforeAll, expect, test } from "vitest";
import { closestRecords } from "../../../src/metrics/tables/closest-records.ts";
import { columnShapes } from "../../../src/metrics/tables/column-shapes.ts";
import { commonCodes } from "../../../src/metrics/tables/common-codes.ts";
import { equalRows } from "../../../src/metrics/tables/exact-copies.ts";
import { columnPairs, columnTriples, jointShapes } from "../../../src/metrics/tables/joint-shapes.ts";
import type { TypedTable } from "../../../src/metrics/tables/typed-columns.ts";
import { independentColumns } from "../../../src/metrics/tables/typed-rows.ts";
import { withData } from "../../data/real-data.ts";
import { censusFiles } from "../../tabular/census.ts";
import { censusTable } from "./small-tables.ts";

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

withData(censusFiles, "the census", () => {
  let [learned, unseen, independent]: TypedTable[] = [];
  beforeAll(() => {
    [learned, unseen] = [censusTable("data"), censusTable("test")];
    independent = independentColumns(learned, 0);
  });

  test("has its rows and columns", () => {
    expect([learned.rows, unseen.rows, learned.columns.length]).toEqual([32_561, 16_281, 13]);
  });

  test("shapes, pairs and triples are those of the independent implementation", () => {
    const common = commonCodes(unseen);
    const reference = common.codesOf(unseen);
    const jointly = (table: TypedTable, together: readonly (readonly number[])[]): number =>
      mean(jointShapes(common, reference, common.codesOf(table), together));
    const [pairs, triples] = [columnPairs(13, 100, 0), columnTriples(13, 286, 0)];
    expect(Math.abs(mean(columnShapes(unseen, independent)) - 0.992)).toBeLessThan(0.005);
    expect(Math.abs(mean(columnShapes(unseen, learned)) - 0.993)).toBeLessThan(0.005);
    expect(Math.abs(jointly(learned, pairs) - 0.983)).toBeLessThan(0.005);
    // A spike, such as a capital of 0, is a bin here, which the ten bins over there do not have, so that these are a little lower: of
    // pairs .9157 (plain deciles: .9195), of all triples .9568 (.9585; ten bins of equal width: .9626).
    expect(Math.abs(jointly(independent, pairs) - 0.921)).toBeLessThan(0.006);
    expect(Math.abs(jointly(learned, triples) - 0.962)).toBeLessThan(0.006);
    // Over there 60 were drawn, and which decides by .012 either way (five seeds).
    expect(Math.abs(jointly(independent, triples) - 0.824)).toBeLessThan(0.012);
  });

  test("rows that are copies are nearer to training, and independent columns are not", () => {
    const copies = closestRecords(learned, unseen, learned, { rows: 1000 });
    expect(copies.nearer).toBeGreaterThan(0.7);
    expect(copies.nearer).toBeLessThan(0.78);
    expect(copies.interval.high - copies.interval.low).toBeLessThan(0.07);
    const found = closestRecords(learned, unseen, independent, { rows: 1000 });
    expect(found.interval.low).toBeLessThan(0.5);
    expect(found.interval.high).toBeGreaterThan(0.5);
    expect(equalRows(unseen, learned)).toBe(23);
  });
});
