// Rows that were drawn as a typed table, which the judge compares with real ones.

import { expectArgument } from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import type { TypedColumn, TypedTable } from "../../metrics/tables/typed-columns.ts";
import type { CodeModel } from "../code-model.ts";
import { aModel, aSampledTable } from "../table-checks.ts";
import type { SampledTable } from "./draw-rows.ts";

/**
 * @param sampled as `sample` gives it
 * @param model the one that it was drawn from, whose columns say which hold numbers
 * @returns the same cells; no value is NaN or ""
 * @throws UsageError for columns that are not the model's
 */
export function typedSample(sampled: SampledTable, model: CodeModel): TypedTable {
  expectArgument("typedSample", "the sample", sampled, aSampledTable);
  expectArgument("typedSample", "the model", model, aModel);
  const columns = sampled.columns.map(({ name, values }): TypedColumn => {
    const coded = model.columns.find((each) => each.name === name);
    if (coded === undefined) {
      throw new UsageError(`typedSample: the model has no column ${JSON.stringify(name)}`);
    }
    return coded.isOrdered
      ? {
          name,
          kind: "number",
          values: Float64Array.from(values, (value) => (value === null ? NaN : +value)),
        }
      : { name, kind: "category", values: values.map((value) => (value === null ? "" : String(value))) };
  });
  return { rows: sampled.rows, columns };
}
