// How a table is written, as a manifest and the command line say it.
import { delimiters, type TableForm } from "../../files/table-forms.ts";

export interface WrittenForm {
  readonly delimiter: "," | ";" | "tab" | "blank";
  readonly header?: "none" | undefined;
  readonly names?: readonly string[] | undefined;
}

export function tableForm({ delimiter, header, names }: WrittenForm): TableForm {
  return {
    delimiter: delimiters[delimiter],
    header: header === undefined,
    ...(names === undefined ? {} : { names }),
  };
}
