// A rank copula as a model of codes: it draws, and goes to and from JSON.

import { Matrix } from "ml-matrix";
import { z } from "zod";
import { aString, expectArgument } from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { brief } from "../../files/csv.ts";
import type { CodeModel, Drawing, DrawingOptions } from "../code-model.ts";
import { codedColumnsJson, codedColumnsSchema, firstFault } from "../coded-columns-json.ts";
import type { CodedColumn } from "../coded-table.ts";
import { checkDrawing } from "../drawing-checks.ts";
import { cutsOf } from "./code-cuts.ts";
import { CopulaDrawing } from "./copula-drawing.ts";
import { familiesOf, ranksWithin, rootRanks, seenShares, type ColumnRanks } from "./ranks.ts";
import { shareWithin } from "./share-within.ts";
import { canBeCorrelations, correlationMatrix } from "./latent-correlation.ts";

const format = "tessera-copula-2";

/** As `fitCopula` makes it: `JSON.stringify` writes it, and `copulaFromJson` reads it. */
export class CopulaModel implements CodeModel {
  readonly columns: readonly CodedColumn[];
  readonly looksAhead = true;
  /** By column, its codes on the latent axis, for some by the code of another column. */
  readonly ranks: readonly ColumnRanks[];
  /** [C, C]: of the latent normal variables; positive definite. */
  readonly correlations: Matrix;
  readonly together: readonly (readonly number[])[];

  constructor(columns: readonly CodedColumn[], ranks: readonly ColumnRanks[], correlations: Matrix) {
    this.columns = columns;
    this.ranks = ranks;
    this.together = familiesOf(ranks.map(({ parent }) => parent));
    this.correlations = correlations;
  }

  /** @throws UsageError when the order does not name each column once, or conditions and known cells do not fit the columns */
  begin(options: DrawingOptions): Drawing {
    checkDrawing(this.columns, options);
    return new CopulaDrawing(this.ranks, this.correlations, options);
  }

  /** To a few percent of itself, also where it is tiny. */
  shareOf(given: ReadonlyMap<number, Uint8Array>): number {
    return shareWithin(this.ranks, this.correlations, given);
  }

  /** What `copulaFromJson` takes. It holds shares and correlations, no rows. */
  toJSON(): unknown {
    return {
      format,
      columns: codedColumnsJson(this.columns),
      orders: this.ranks.map(({ cuts }) => [...cuts[0].codeAt]),
      parents: this.ranks.flatMap((own, column) =>
        own.parent < 0 ? [] : [{ column, parent: own.parent, shares: seenShares(own) }],
      ),
      correlations: this.ranks.map((_, i) => this.correlations.getRow(i).slice(0, i)),
    };
  }
}

const copulaSchema = z
  .strictObject({
    format: z.literal(format, {
      error: ({ input }) =>
        `must be "${format}", not ${brief(String(input))}; fit it again (of a run: tessera synthesise with --force)`,
    }),
    columns: codedColumnsSchema,
    orders: z.array(z.array(z.int())),
    /** Columns whose ranks are taken within the codes of another, and by code of that the shares of theirs. */
    parents: z.array(
      z.strictObject({
        column: z.int(),
        parent: z.int(),
        shares: z.array(z.array(z.number().min(0).max(1))),
      }),
    ),
    correlations: z.array(z.array(z.number().gt(-1).lt(1))),
  })
  .superRefine(({ columns, orders, parents, correlations }, context) => {
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
    const above = new Map<number, number>();
    for (const [at, { column, parent, shares }] of parents.entries()) {
      const own = columns.at(column);
      const isFitting =
        own !== undefined &&
        Math.min(column, parent) >= 0 &&
        shares.length === columns.at(parent)?.codes.length &&
        shares.every(
          (each) =>
            each.length === own.codes.length &&
            Math.abs(each.reduce((sum, share) => sum + share, 0) - 1) < 1e-6,
        );
      if (!isFitting || above.has(column))
        fault(["parents", at], "has not the shares of a column's codes beside each code of another");
      above.set(column, parent);
    }
    for (const start of above.keys()) {
      const seen = new Set<number>();
      for (let each: number | undefined = start; each !== undefined; each = above.get(each)) {
        if (seen.has(each)) {
          fault(["parents"], "go in a circle");
          return;
        }
        seen.add(each);
      }
    }
  });

/**
 * A copula from what `JSON.stringify(model)` wrote.
 *
 * @param file for messages
 * @throws DataError when it is none, or damaged: names the field
 */
export function copulaFromJson(json: unknown, file: string): CopulaModel {
  expectArgument("copulaFromJson", "the file", file, aString);
  const found = copulaSchema.safeParse(json);
  if (!found.success) throw new DataError(file, `is no copula of this version: ${firstFault(found.error)}`);
  const { columns, orders, parents, correlations } = found.data;
  const ranks = columns.map(({ shares }, column) => {
    const codeAt = Int32Array.from(orders[column]);
    const own = parents.find((each) => each.column === column);
    return own === undefined
      ? rootRanks(shares, cutsOf(shares, codeAt))
      : ranksWithin(
          own.parent,
          own.shares.map((each) => Float64Array.from(each)),
          codeAt,
        );
  });
  const matrix = correlationMatrix(columns.length, (i, j) => correlations[i][j]);
  if (!canBeCorrelations(matrix)) {
    throw new DataError(
      file,
      "is no copula of this version: correlations: no columns can correlate like this",
    );
  }
  return new CopulaModel(columns, ranks, matrix);
}
