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
  /** Between date and time; default: "T". */
  readonly timeMark?: "T" | " ";
  /** Whether times go to the minute, as 10:20; default: to the second. */
  readonly minutes?: boolean;
  /** The time zone behind every time, such as "Z" or "+02:00"; default: none. Times are read as they stand, without it. */
  readonly zone?: string;
  /** Whether day and month have two digits; default: yes. */
  readonly padded?: boolean;
}

const millisecondsOfDay = 86_400_000;
const anyDate =
  /^(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:([T ])(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/u;
/** Without marks, as DICOM writes it: only years that people live in, since any eight digits might be a date. */
const plainDate = /^((?:18|19|20)\d\d)(\d\d)(\d\d)$/u;

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly mark: NonNullable<DateForm["mark"]>;
  readonly padded: boolean;
  readonly clock: Clock | undefined;
}

interface Clock {
  readonly seconds: number;
  readonly timeMark: "T" | " ";
  readonly minutes: boolean;
  readonly zone: string;
}

function partsOf(cell: string, order: DateOrder): Parts | undefined {
  const plain = plainDate.exec(cell);
  if (plain !== null) {
    if (order !== "year-first") return undefined;
    const [year, month, day] = plain.slice(1).map(Number);
    return isDay(year, month, day)
      ? { year, month, day, clock: undefined, mark: "", padded: true }
      : undefined;
  }
  const found = anyDate.exec(cell);
  if (found === null) return undefined;
  const [, a, mark, b, c, timeMark, ...time] = found;
  const [hours, minutes, rest] = time.slice(0, 3).map((part: string | undefined) => Number(part ?? 0));
  if (hours > 23 || minutes > 59 || rest > 59) return undefined;
  const [year, month, day] =
    order === "year-first" ? [a, b, c] : order === "day-first" ? [c, b, a] : [c, a, b];
  if (year.length !== 4 || day.length > 2 || month.length > 2) return undefined;
  if (!isDay(Number(year), Number(month), Number(day))) return undefined;
  return {
    ...{ year: Number(year), month: Number(month), day: Number(day) },
    mark: mark as Parts["mark"],
    padded: day.length === 2 && month.length === 2,
    clock:
      (timeMark as string | undefined) === undefined
        ? undefined
        : {
            seconds: hours * 3600 + minutes * 60 + rest,
            timeMark: timeMark as Clock["timeMark"],
            minutes: time.at(2) === undefined,
            zone: time.at(3) ?? "",
          },
  };
}

/** Days since 1970-01-01. `Date.UTC` takes the years 0 to 99 for those of the twentieth century. */
const dayNumber = (year: number, month: number, day: number): number =>
  new Date(0).setUTCFullYear(year, month - 1, day) / millisecondsOfDay;

const isDay = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= dayNumber(year, month + 1, 1) - dayNumber(year, month, 1);

/** Days since 1970-01-01, with a fraction where the cell tells a time; undefined for what is no date in this order. */
export function readDate(cell: string, order: DateOrder): number | undefined {
  const parts = partsOf(cell, order);
  if (parts === undefined) return undefined;
  const { year, month, day, clock } = parts;
  return dayNumber(year, month, day) + (clock?.seconds ?? 0) / 86_400;
}

/** A day in a form. */
export function writeDate(days: number, form: DateForm): string {
  const { order, mark = order === "year-first" ? "-" : "/", time = false, padded = true } = form;
  const { timeMark = "T", minutes = false, zone = "" } = form;
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
  return `${parts.join(mark)}${time ? `${timeMark}${clock.slice(0, minutes ? 5 : 8)}${zone}` : ""}`;
}

/** The mark between the parts of a cell that is a date in an order. */
export const markOf = (cell: string, order: DateOrder): DateForm["mark"] => partsOf(cell, order)?.mark;

/**
 * How cells are written that are all dates in an order: with times where some have one, and by what all have in common. Undefined where
 * the first is no such date.
 */
export function dateFormOf(cells: readonly string[], order: DateOrder): DateForm | undefined {
  const all = cells.flatMap((cell) => partsOf(cell, order) ?? []);
  if (all.length === 0 || markOf(cells[0], order) === undefined) return undefined;
  const clocks = all.flatMap(({ clock }) => clock ?? []);
  const [first] = clocks;
  const isCommon = (part: keyof Clock): boolean => clocks.every((each) => each[part] === first[part]);
  return {
    ...{ order, mark: all[0].mark },
    ...(all.every(({ padded }) => padded) ? {} : { padded: false }),
    ...(clocks.length === 0
      ? {}
      : {
          time: true,
          ...(isCommon("timeMark") && first.timeMark === " " ? { timeMark: " " } : {}),
          ...(isCommon("minutes") && first.minutes ? { minutes: true } : {}),
          ...(isCommon("zone") && first.zone !== "" ? { zone: first.zone } : {}),
        }),
  };
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
