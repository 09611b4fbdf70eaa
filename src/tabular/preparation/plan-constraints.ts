// Constraints of a manifest over the columns that a model learns from: values as their columns read them, parts of joint columns as the
// combinations that have them.
import { brief } from "../../files/csv.ts";
import { UsageError } from "../../errors/errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { isEmptyCell, type ColumnForm } from "../columns/column-forms.ts";
import { cellReader } from "../columns/typed-table.ts";
import { readNumber } from "../columns/number-cells.ts";
import { readDate } from "../columns/date-cells.ts";
import type { Condition } from "../constraints/condition.ts";
import type { Constraint } from "../constraints/constraint.ts";
import type { RawCondition } from "../plan/plan-schema.ts";
import type { TablePlan } from "../plan/table-plan.ts";
import type { TextColumn } from "./text-table.ts";

/** A constraint, and which of the manifest's it is, counted from 0. */
export interface PlannedConstraint {
  readonly constraint: Constraint;
  readonly at: number;
}

/**
 * @param columns of all rows, words split
 * @throws ManifestError for a condition that does not suit its column or that no row can meet since it names what no row has, and for
 *   columns that are put together or computed
 */
export function constraintsOf(plan: TablePlan, columns: readonly TextColumn[]): PlannedConstraint[] {
  const forms = new Map(columns.map(({ name, form }) => [name, form]));
  const known = knownNames(columns);
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
  const planned = (at: number) => (constraint: Constraint) => ({ constraint, at });
  return plan.constraints.flatMap((each, at): PlannedConstraint[] => {
    const conditionsOf = (
      field: string,
      raw: Readonly<Record<string, RawCondition>>,
    ): Record<string, Condition> =>
      Object.fromEntries(
        Object.entries(raw).map(([name, condition]) => {
          const path = ["constraints", at, field, name];
          const form = formIn(name, path);
          const unknown = unknownName(condition, form, known(name), field === "when");
          if (unknown !== undefined) throw plan.complain(path, unknown);
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
        return [planned(at)({ kind: "order", columns: each.order, strict: each.strict })];
      case "range":
        return Object.entries(conditionsOf("range", each.range)).map(([column, must]) =>
          planned(at)({ kind: "range", column, must }),
        );
      case "when":
        return [
          planned(at)({
            kind: "when",
            when: conditionsOf("when", each.when),
            then: conditionsOf("then", each.then),
          }),
        ];
    }
  });
}

/** The cells of a column that occur, by its name; looked up once. */
function knownNames(columns: readonly TextColumn[]): (name: string) => ReadonlySet<string> {
  const found = new Map<string, ReadonlySet<string>>();
  return (name) => {
    const before = found.get(name);
    if (before !== undefined) return before;
    const names = new Set(columns.find((column) => column.name === name)?.cells);
    found.set(name, names);
    return names;
  };
}

/**
 * What is wrong with a condition that names a category which no row has: it would never be met, or rule nothing out. A list of what may
 * stand in a column can have more than the table.
 */
function unknownName(
  { equals, oneOf = [], not = [] }: RawCondition,
  form: ColumnForm,
  known: ReadonlySet<string>,
  isWhen: boolean,
): string | undefined {
  if (form.kind !== "category") return undefined;
  const isMeant = (name: string): boolean => known.has(name) && !isEmptyCell(name, form);
  const mayBeMore = !isWhen && oneOf.some(isMeant) ? [] : oneOf;
  const odd = [...(equals === undefined ? [] : [equals]), ...mayBeMore, ...not].find(
    (name) => !isMeant(name),
  );
  if (odd === undefined) return undefined;
  if (known.has(odd)) return `asks for ${brief(odd)}, which is no value there: say {missing: true}`;
  const names = [...known].filter((name) => !isEmptyCell(name, form));
  return `asks for ${brief(odd)}, which is in no row of the table${suggestion(odd, names)}`;
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
