// A rank copula as a model of codes: it draws, and goes to and from JSON.

import { Matrix } from "ml-matrix";
import { z } from "zod";
import { DataError } from "../../errors/data-errors.ts";
import type { CodeModel, Drawing, DrawingOptions } from "../code-model.ts";
import { codedColumnsJson, codedColumnsSchema, firstFault } from "../coded-columns-json.ts";
import type { CodedColumn } from "../coded-table.ts";
import { checkDrawing } from "../drawing-checks.ts";
import { cutsOf, type CodeCuts } from "./code-cuts.ts";
import { CopulaDrawing } from "./copula-drawing.ts";
import { shareWithin } from "./share-within.ts";
import { canBeCorrelations, correlationMatrix } from "./latent-correlation.ts";

const format = "tessera-copula-1";

export class CopulaModel implements CodeModel {
  readonly columns: readonly CodedColumn[];
  readonly looksAhead = true;
  /** By column, its codes on the latent axis. */
  readonly cuts: readonly CodeCuts[];
  /** [C, C]: of the latent normal variables; positive definite. */
  readonly correlations: Matrix;

  constructor(columns: readonly CodedColumn[], cuts: readonly CodeCuts[], correlations: Matrix) {
    this.columns = columns;
    this.cuts = cuts;
    this.correlations = correlations;
  }

  /** @throws UsageError when the order does not name each column once, or conditions and known cells do not fit the columns */
  begin(options: DrawingOptions): Drawing {
    checkDrawing(this.columns, options);
    return new CopulaDrawing(this.cuts, this.correlations, options);
  }

  /** To a few percent of itself, also where it is tiny. */
  shareOf(given: ReadonlyMap<number, Uint8Array>): number {
    return shareWithin(this.cuts, this.correlations, given);
  }

  /** What `copulaFromJson` takes. It holds shares and correlations, no rows. */
  toJSON(): unknown {
    return {
      format,
      columns: codedColumnsJson(this.columns),
      orders: this.cuts.map(({ codeAt }) => [...codeAt]),
      correlations: this.cuts.map((_, i) => this.correlations.getRow(i).slice(0, i)),
    };
  }
}

const copulaSchema = z
  .strictObject({
    format: z.literal(format),
    columns: codedColumnsSchema,
    orders: z.array(z.array(z.int())),
    correlations: z.array(z.array(z.number().gt(-1).lt(1))),
  })
  .superRefine(({ columns, orders, correlations }, context) => {
    const fault = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: "custom", path, message });
    };
    if (orders.length !== columns.length)
      fault(["orders"], `are ${orders.length} for ${columns.length} columns`);
    if (correlations.length !== columns.length) {
      fault(["correlations"], `have ${correlations.length} rows for ${columns.length} columns`);
    }
    columns.slice(0, Math.min(orders.length, correlations.length)).forEach(({ codes }, column) => {
      const isOrder =
        orders[column].length === codes.length && codes.every((_, code) => orders[column].includes(code));
      if (!isOrder) fault(["orders", column], `does not name each of ${codes.length} codes once`);
      if (correlations[column].length !== column) {
        fault(["correlations", column], `has ${correlations[column].length} numbers, not ${column}`);
      }
    });
  });

/**
 * A copula from what `JSON.stringify(model)` wrote.
 *
 * @param file for messages
 * @throws DataError when it is none, or damaged: names the field
 */
export function copulaFromJson(json: unknown, file: string): CopulaModel {
  const found = copulaSchema.safeParse(json);
  if (!found.success) throw new DataError(file, `is no copula of this version: ${firstFault(found.error)}`);
  const { columns, orders, correlations } = found.data;
  const cuts = columns.map(({ shares }, column) => cutsOf(shares, Int32Array.from(orders[column])));
  const matrix = correlationMatrix(columns.length, (i, j) => correlations[i][j]);
  if (!canBeCorrelations(matrix)) {
    throw new DataError(
      file,
      "is no copula of this version: correlations: no columns can correlate like this",
    );
  }
  return new CopulaModel(columns, cuts, matrix);
}
