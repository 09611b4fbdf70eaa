// Constraints of a manifest over the columns that a model learns from: values as their columns read them, parts of joint columns as the
// combinations that have them.
import { brief } from "../../files/csv.ts";
import { UsageError } from "../../errors/errors.ts";
import type { ColumnForm } from "../columns/column-forms.ts";
import { cellReader } from "../columns/typed-table.ts";
import { readNumber } from "../columns/number-cells.ts";
import { readDate } from "../columns/date-cells.ts";
import type { Condition } from "../constraints/condition.ts";
import type { Constraint } from "../constraints/constraint.ts";
import type { RawCondition } from "../plan/plan-schema.ts";
import type { TablePlan } from "../plan/table-plan.ts";

/** @throws ManifestError for a condition that does not suit its column, and for columns that are put together or computed */
export function constraintsOf(
  plan: TablePlan,
  columns: readonly { readonly name: string; readonly form: ColumnForm }[],
): Constraint[] {
  const forms = new Map(columns.map(({ name, form }) => [name, form]));
  const apart = new Map<string, string>();
  for (const each of plan.constraints) {
    if (each.kind === "computed")
      apart.set(
        each.computed,
        `is computed: name ${each.from.map((name) => brief(name)).join(", ")} instead`,
      );
    if (each.kind === "together") {
      for (const name of each.together)
        apart.set(name, "stands together with others, of which only combinations of the table are drawn");
    }
  }
  return plan.constraints.flatMap((each, at): Constraint[] => {
    const conditionsOf = (
      field: string,
      raw: Readonly<Record<string, RawCondition>>,
    ): Record<string, Condition> =>
      Object.fromEntries(
        Object.entries(raw).map(([name, condition]) => {
          const path = ["constraints", at, field, name];
          const form = formIn(name, path);
          try {
            return [name, conditionOf(condition, form)];
          } catch (cause) {
            if (cause instanceof UsageError) throw plan.complain(path, cause.message, cause);
            throw cause;
          }
        }),
      );
    const formIn = (name: string, path: readonly (string | number)[]): ColumnForm => {
      const why = apart.get(name);
      if (why !== undefined) throw plan.complain(path, `names ${brief(name)}, which ${why}`);
      const form = forms.get(name);
      if (form === undefined)
        throw plan.complain(path, `names ${brief(name)}, which is no column that is learned from`);
      if (form.kind === "identifier")
        throw plan.complain(path, `names ${brief(name)}, which is an identifier and never learned from`);
      return form;
    };
    switch (each.kind) {
      case "computed":
      case "together":
        return [];
      case "order":
        for (const name of each.order) formIn(name, ["constraints", at, "order"]);
        return [{ kind: "order", columns: each.order, strict: each.strict }];
      case "range":
        return Object.entries(conditionsOf("range", each.range)).map(([column, must]) => ({
          kind: "range",
          column,
          must,
        }));
      case "when":
        return [
          { kind: "when", when: conditionsOf("when", each.when), then: conditionsOf("then", each.then) },
        ];
    }
  });
}

/** A condition whose values are read as its column's cells are. @throws UsageError, without the column, for a value that is none */
export function conditionOf(raw: RawCondition, form: ColumnForm): Condition {
  const isNamed = form.kind === "category" || form.kind === "identifier";
  const value = (text: string): string | number => (isNamed ? text : numberIn(text, form));
  const bound = (word: string, text: string): number => {
    if (isNamed) throw new UsageError(`asks for ${word}, and the column has categories, which have no order`);
    return numberIn(text, form);
  };
  const { equals, oneOf, not, min, max, above, below, missing } = raw;
  return {
    ...(equals === undefined ? {} : { equals: value(equals) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(value) }),
    ...(not === undefined ? {} : { not: not.map(value) }),
    ...(min === undefined ? {} : { min: bound("min", min) }),
    ...(max === undefined ? {} : { max: bound("max", max) }),
    ...(above === undefined ? {} : { above: bound("above", above) }),
    ...(below === undefined ? {} : { below: bound("below", below) }),
    ...(missing === undefined ? {} : { missing }),
  };
}

function numberIn(text: string, form: ColumnForm): number {
  const value = valueIn(text, form);
  if (value === undefined)
    throw new UsageError(
      `has ${brief(text)}, which is no ${form.kind === "date" ? "date such as 2021-12-31" : "number"}`,
    );
  return value;
}

/** A number or a day that somebody writes: as the column has it, or plainly. */
export function valueIn(text: string, form: ColumnForm): number | undefined {
  return cellReader(form)(text) ?? (form.kind === "date" ? readDate(text, "year-first") : readNumber(text));
}
