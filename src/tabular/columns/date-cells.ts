// Dates as tables write them, to days since 1970-01-01 and back. 03/04/2021 is a day in April or in March: the order of a column is
// what all of its cells allow, and where they allow two it is told and not guessed.

export const dateOrders = ["year-first", "day-first", "month-first"] as const;
export type DateOrder = (typeof dateOrders)[number];

export interface DateForm {
  readonly order: DateOrder;
  /** Between the parts; default: "-" for year-first, else "/". */
  readonly mark?: "-" | "/" | "." | "";
  /** Whether a time of the day follows, as in 2021-04-03T10:20:30; default: no. */
  readonly time?: boolean;
  /** Whether day and month have two digits; default: yes. */
  readonly padded?: boolean;
}

const millisecondsOfDay = 86_400_000;
const anyDate =
  /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/u;
/** Without marks, as DICOM writes it: only years that people live in, since any eight digits might be a date. */
const plainDate = /^((?:18|19|20)\d\d)(\d\d)(\d\d)$/u;

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly seconds: number | undefined;
  readonly mark: NonNullable<DateForm["mark"]>;
  readonly padded: boolean;
}

function partsOf(cell: string, order: DateOrder): Parts | undefined {
  const plain = plainDate.exec(cell);
  if (plain !== null) {
    if (order !== "year-first") return undefined;
    const [year, month, day] = plain.slice(1).map(Number);
    return isDay(year, month, day)
      ? { year, month, day, seconds: undefined, mark: "", padded: true }
      : undefined;
  }
  const found = anyDate.exec(cell);
  if (found === null) return undefined;
  const [, a, mark, b, c, ...clock] = found;
  const [hours, minutes, rest] = clock.map((part) => Number(part ?? 0));
  if (hours > 23 || minutes > 59 || rest > 59) return undefined;
  const [year, month, day] =
    order === "year-first" ? [a, b, c] : order === "day-first" ? [c, b, a] : [c, a, b];
  if (year.length !== 4 || day.length > 2 || month.length > 2) return undefined;
  if (!isDay(Number(year), Number(month), Number(day))) return undefined;
  return {
    ...{ year: Number(year), month: Number(month), day: Number(day) },
    seconds: clock[0] === undefined ? undefined : hours * 3600 + minutes * 60 + rest,
    mark: mark as Parts["mark"],
    padded: day.length === 2 && month.length === 2,
  };
}

const isDay = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();

/** Days since 1970-01-01, with a fraction where the cell tells a time; undefined for what is no date in this order. */
export function readDate(cell: string, order: DateOrder): number | undefined {
  const parts = partsOf(cell, order);
  if (parts === undefined) return undefined;
  const { year, month, day, seconds = 0 } = parts;
  return Date.UTC(year, month - 1, day) / millisecondsOfDay + seconds / 86_400;
}

/** A day in a form. */
export function writeDate(days: number, form: DateForm): string {
  const { order, mark = order === "year-first" ? "-" : "/", time = false, padded = true } = form;
  const seconds = time ? Math.round(days * 86_400) : Math.floor(days) * 86_400;
  const [date, clock] = new Date(seconds * 1000).toISOString().split("T");
  const [year, month, day] = date.split("-");
  const short = (part: string): string => (padded ? part : String(Number(part)));
  const parts =
    order === "year-first"
      ? [year, short(month), short(day)]
      : order === "day-first"
        ? [short(day), short(month), year]
        : [short(month), short(day), year];
  return `${parts.join(mark)}${time ? `T${clock.slice(0, 8)}` : ""}`;
}

/** The form of a cell in an order. */
export function dateForm(cell: string, order: DateOrder): DateForm | undefined {
  const parts = partsOf(cell, order);
  if (parts === undefined) return undefined;
  const { mark, seconds, padded } = parts;
  return { order, mark, ...(seconds === undefined ? {} : { time: true }), ...(padded ? {} : { padded }) };
}

/** The orders in which all cells are dates; none where one is no date, or where they are dates in two orders. */
export function ordersOf(cells: Iterable<string>): DateOrder[] {
  let left: DateOrder[] = [...dateOrders];
  for (const cell of cells) {
    left = left.filter((order) => partsOf(cell, order) !== undefined);
    if (left.length === 0) break;
  }
  return left;
}

/** Whether a cell is a date in some order. */
export const isDateCell = (cell: string): boolean =>
  dateOrders.some((order) => partsOf(cell, order) !== undefined);
