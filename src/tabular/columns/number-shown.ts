// Numbers of a column as people write them: days as dates.

import type { NumberShown } from "../constraints/condition.ts";
import type { ColumnForm } from "./column-forms.ts";
import { writeDate } from "./date-cells.ts";

/** @param table its columns, and how each is written */
export function numberShownBy({
  columns,
}: {
  readonly columns: readonly { readonly name: string; readonly form: ColumnForm }[];
}): NumberShown {
  const forms = new Map(columns.map(({ name, form }) => [name, form]));
  return (column, value) => {
    const form = forms.get(column);
    if (form?.kind !== "date" || !Number.isFinite(value)) return String(value);
    return writeDate(value, form.dates ?? { order: "year-first" });
  };
}

/** As reports show them: numbers in groups of three digits. @param forms how each column is written */
export function numberWordsBy(forms: ReadonlyMap<string, ColumnForm>): NumberShown {
  return (column, value) => {
    const form = forms.get(column);
    return form?.kind === "date"
      ? writeDate(value, form.dates ?? { order: "year-first" })
      : value.toLocaleString("en");
  };
}
