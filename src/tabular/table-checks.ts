// What callers pass as tables, looked at before it is used: texts, typed columns, codes.

import { expectArgument, isPromise, type Requirement } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { Table } from "../files/csv.ts";
import type { TypedTable } from "../metrics/tables/typed-columns.ts";
import { columnKinds, type ColumnForm } from "./columns/column-forms.ts";

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === "object" && value !== null && !isPromise(value) ? (value as Fields) : undefined;

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

const isListOf = (value: unknown, fits: (each: Fields) => boolean): boolean =>
  Array.isArray(value) &&
  Array.from(value as unknown[]).every((each) => {
    const fields = fieldsOf(each);
    return fields !== undefined && fits(fields);
  });

const isText = (value: unknown): boolean => typeof value === "string";

/** Tables as `tableFromText` gives them, at least one. */
export const textTables: Requirement = {
  words: "a list of tables, each as tableFromText gives it",
  fits: (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    isListOf(
      value,
      ({ file, columns, rows }) =>
        isText(file) &&
        Array.isArray(columns) &&
        columns.every(isText) &&
        isListOf(rows, ({ cells }) => fieldsOf(cells) !== undefined),
    ),
};

/** Forms of columns as `guessForms` gives them. */
export const formsByName: Requirement = {
  words: "a Map of names to forms, as guessForms gives it",
  fits: (value) =>
    value instanceof Map &&
    [...(value as Map<unknown, unknown>)].every(
      ([name, form]) => isText(name) && columnKinds.some((kind) => kind === fieldsOf(form)?.["kind"]),
    ),
};

/** A `TypedTable`; `expectTypedTable` looks at the lengths of its columns, too. */
export const aTypedTable: Requirement = {
  words: "a table of typed columns, as typedTable gives it",
  fits: (value) => {
    const { rows, columns } = fieldsOf(value) ?? {};
    return (
      isCount(rows) &&
      isListOf(columns, ({ name, kind, values }) => {
        const isOfKind =
          kind === "number"
            ? values instanceof Float64Array
            : kind === "category" && Array.isArray(values) && values.every(isText);
        return isText(name) && isOfKind;
      })
    );
  },
};

const isCodedColumn = ({ name, isOrdered, codes, shares }: Fields): boolean =>
  isText(name) &&
  typeof isOrdered === "boolean" &&
  isListOf(codes, ({ kind }) => isText(kind)) &&
  shares instanceof Float64Array &&
  shares.length === (codes as readonly unknown[]).length;

/** Columns in codes, as those of `fitCodes`. */
export const codedColumns: Requirement = {
  words: "a list of columns in codes, as those of a table that fitCodes gives",
  fits: (value) => isListOf(value, isCodedColumn),
};

/** A `CodedTable`. */
export const aCodedTable: Requirement = {
  words: "a table in codes, as fitCodes gives it",
  fits: (value) => {
    const { rows, columns, cells } = fieldsOf(value) ?? {};
    return (
      isCount(rows) &&
      isListOf(columns, isCodedColumn) &&
      Array.isArray(cells) &&
      cells.length === (columns as readonly unknown[]).length &&
      cells.every((each) => each instanceof Int32Array && each.length === rows)
    );
  },
};

/** A model that rows can be drawn from. */
export const aModel: Requirement = {
  words: "a model, as fitCopula and networkModel give it",
  fits: (value) => {
    const fields = fieldsOf(value);
    return typeof fields?.["begin"] === "function" && codedColumns.fits(fields["columns"]);
  },
};

/** A `SampledTable`. */
export const aSampledTable: Requirement = {
  words: "rows that were drawn, as sample gives them once it is awaited",
  fits: (value) => {
    const { rows, columns } = fieldsOf(value) ?? {};
    return (
      isCount(rows) &&
      isListOf(columns, ({ name, values }) => isText(name) && Array.isArray(values) && values.length === rows)
    );
  },
};

/** @throws UsageError unless it is a table of typed columns of one length */
export function expectTypedTable(what: string, table: TypedTable): void {
  expectArgument(what, "the table", table, aTypedTable);
  const ragged = table.columns.find(({ values }) => values.length !== table.rows);
  if (ragged === undefined) return;
  throw new UsageError(
    `${what}: column ${JSON.stringify(ragged.name)} has ${ragged.values.length} cells in a table of ${table.rows} rows`,
  );
}

/** @throws UsageError unless they are tables as `tableFromText` gives them, and forms as `guessForms` gives them */
export function expectTablesAndForms(
  what: string,
  tables: readonly Table[],
  forms: ReadonlyMap<string, ColumnForm>,
): void {
  expectArgument(what, "the tables", tables, textTables);
  expectArgument(what, "the forms", forms, formsByName);
}
