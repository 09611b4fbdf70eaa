import { describe, expect, test } from "vitest";
import { parseTable } from "../../src/files/csv.ts";
import { columnCells } from "../../src/tabular/columns/column-cells.ts";
import { readDate, writeDate } from "../../src/tabular/columns/date-cells.ts";
import { guessForm, type ColumnGuess } from "../../src/tabular/columns/guess-form.ts";
import { readNumber, writeNumber } from "../../src/tabular/columns/number-cells.ts";
import { cellWriter, guessForms, typedTable, writtenColumn } from "../../src/tabular/columns/typed-table.ts";

const guess = (name: string, cells: readonly string[]): ColumnGuess =>
  guessForm({ name, cells, complain: () => new Error() as never });
const kindOf = (name: string, cells: readonly string[]): string => guess(name, cells).form.kind;
const many = (make: (at: number) => string): string[] => Array.from({ length: 40 }, (_, at) => make(at));

describe("numbers", () => {
  test("are read in the form that is told, and in no other", () => {
    expect(readNumber("1234.5")).toBe(1234.5);
    expect(readNumber("-.5e2")).toBe(-50);
    expect(readNumber("\u22123")).toBe(-3);
    expect(readNumber("-0")).toBe(0);
    for (const odd of ["", "-", ".", "1,5", "007", "1.2.3", "0x10", "Infinity", "1e999", "12 "])
      expect(readNumber(odd)).toBe(undefined);
    expect(readNumber("1,5", { decimal: "," })).toBe(1.5);
    expect(readNumber("1.5", { decimal: "," })).toBe(undefined);
    expect(readNumber("1.234.567,5", { decimal: ",", thousands: "." })).toBe(1_234_567.5);
    expect(readNumber("1,234", { thousands: "," })).toBe(1234);
    expect(readNumber("12,34", { thousands: "," })).toBe(undefined);
    expect(readNumber("1\u00a0234", { thousands: " " })).toBe(1234);
  });

  test("are written as they are read", () => {
    expect(writeNumber(1_234_567.5, 2, { decimal: ",", thousands: "." })).toBe("1.234.567,5");
    expect(writeNumber(-0.001, 2)).toBe("0");
    expect(writeNumber(40, 0)).toBe("40");
    for (const value of [0, -12, 999, 1000, 123_456_789, 0.25, -1234.75]) {
      for (const form of [
        {},
        { decimal: "," },
        { thousands: "," },
        { decimal: ",", thousands: "." },
      ] as const) {
        expect(readNumber(writeNumber(value, 2, form), form)).toBe(value);
      }
    }
  });
});

describe("dates", () => {
  test("become days, in the order that is told", () => {
    expect(readDate("1970-01-02", "year-first")).toBe(1);
    expect(readDate("03/04/2021", "day-first")).toBe(readDate("2021-04-03", "year-first"));
    expect(readDate("03/04/2021", "month-first")).toBe(readDate("2021-03-04", "year-first"));
    expect(readDate("20210304", "year-first")).toBe(readDate("2021-03-04", "year-first"));
    expect(readDate("1970-01-01T12:00:00", "year-first")).toBe(0.5);
    for (const odd of ["2021-02-29", "2021-13-01", "31/04/2021", "1/2-2021", "2021-1-1T25:00", "12345678"]) {
      expect(readDate(odd, "year-first") ?? readDate(odd, "day-first")).toBe(undefined);
    }
  });

  test("are written in their form again", () => {
    for (const form of [
      { order: "year-first" },
      { order: "day-first", mark: "." },
      { order: "month-first", padded: false },
      { order: "year-first", mark: "" },
      { order: "year-first", time: true },
    ] as const) {
      for (const day of [-20_000, 0, 18_690]) expect(readDate(writeDate(day, form), form.order)).toBe(day);
    }
    expect(writeDate(18_690, { order: "month-first", padded: false })).toBe("3/4/2021");
  });
});

describe("kinds are guessed from cells", () => {
  test("what is plain", () => {
    expect(
      kindOf(
        "age",
        many((at) => String(17 + at)),
      ),
    ).toBe("integer");
    expect(
      kindOf(
        "pixel",
        many((at) => (0.1 + at).toFixed(3)),
      ),
    ).toBe("number");
    expect(
      kindOf(
        "sex",
        many((at) => (at % 2 ? "F" : "M")),
      ),
    ).toBe("category");
    expect(
      kindOf(
        "died",
        many((at) => String(at % 2)),
      ),
    ).toBe("category");
    expect(
      kindOf(
        "postcode",
        many((at) => `0${1000 + (at % 9)}`),
      ),
    ).toBe("category");
    expect(
      kindOf(
        "born",
        many((at) => `19${50 + at}-02-03`),
      ),
    ).toBe("date");
    expect(
      kindOf(
        "age",
        many((at) => (at % 3 ? String(at) : "?")),
      ),
    ).toBe("integer");
    expect(
      kindOf(
        "empty",
        many(() => "NA"),
      ),
    ).toBe("category");
  });

  test("identifiers, by their name and by being all different", () => {
    expect(
      kindOf(
        "Patient ID",
        many((at) => String(at >> 1)),
      ),
    ).toBe("identifier");
    expect(
      kindOf(
        "customerId",
        many((at) => String(at)),
      ),
    ).toBe("identifier");
    expect(
      kindOf(
        "Path",
        many((at) => `train/patient${at}/view1_frontal.jpg`),
      ),
    ).toBe("identifier");
    expect(
      kindOf(
        "paid",
        many((at) => String(at)),
      ),
    ).toBe("integer");
    expect(
      kindOf(
        "weight",
        many((at) => String(at * 7)),
      ),
    ).toBe("integer");
  });

  test("a date that shows its order", () => {
    expect(guess("d", ["03/04/2021", "31/04/2020"]).form.kind).toBe("category"); // no such day in April
    expect(guess("d", ["03/04/2021", "31/05/2020"]).form.dates).toEqual({ order: "day-first", mark: "/" });
    expect(guess("d", ["3/4/2021", "5/31/2020"]).form.dates).toEqual({
      order: "month-first",
      mark: "/",
      padded: false,
    });
  });

  test("what can be read in two ways is a doubt that says what to say", () => {
    expect(guess("d", ["03/04/2021", "05/06/2020"]).doubt).toMatch(
      /say dates: day-first or dates: month-first/u,
    );
    expect(guess("d", ["31/04/2021", "x"]).doubt).toBe(undefined);
    expect(guess("d", ["31/05/2021", "04/30/2020"])).toMatchObject({
      row: 1,
      doubt: expect.stringMatching(/two orders/u) as unknown,
    });
    expect(guess("n", ["1,5", "2,25"]).doubt).toMatch(/say decimal: ","/u);
    expect(guess("n", ["1,500", "2,250"]).doubt).toMatch(/say decimal: "," or thousands: ","/u);
    expect(guess("n", ["1,500,000", "2,250"]).doubt).toMatch(/say thousands: ","/u);
    expect(guess("n", ["1.500,5", "2"]).doubt).toMatch(/decimal: "," and thousands: "\."/u);
    expect(guess("n", [...many(String), "refused"])).toMatchObject({
      row: 40,
      doubt: expect.stringMatching(/not in 1, such as "refused"/u) as unknown,
    });
  });
});

const csv =
  'name,age,pay,born,seen\nAnn,40,"1.234,5",1980-01-02,x\nBob,?,"12,25",1981-02-03,\nCid,41,"0,5",1982-03-04,?\n';

describe("a table by its forms", () => {
  test("identifiers are left out, missing cells are NaN or nothing", () => {
    const table = parseTable("t.csv", csv);
    const typed = typedTable(
      [table, table],
      new Map([
        ["name", { kind: "identifier" }],
        ["age", { kind: "integer" }],
        ["pay", { kind: "number", numbers: { decimal: ",", thousands: "." } }],
        ["born", { kind: "date" }],
        ["seen", { kind: "category", missingIs: "category" }],
      ]),
    );
    expect(typed.rows).toBe(6);
    expect(typed.columns.map(({ name }) => name)).toEqual(["age", "pay", "born", "seen"]);
    expect([...(typed.columns[0].values as Float64Array).slice(0, 3)]).toEqual([40, NaN, 41]);
    expect([...(typed.columns[1].values as Float64Array).slice(0, 3)]).toEqual([1234.5, 12.25, 0.5]);
    expect(typed.columns[3].values.slice(0, 3)).toEqual(["x", "", "?"]);
  });

  test("a cell that its form cannot read is told by file, line and column", () => {
    const table = parseTable("t.csv", csv);
    expect(() => typedTable([table], new Map([["pay", { kind: "number" }]]))).toThrow(
      't.csv: record 0: line 2: pay: "1.234,5" is no number; say decimal: "," or thousands',
    );
    expect(() => guessForms([table])).toThrow(/line 2: pay: looks like numbers written as/u);
  });

  test("cells are written as most are: decimals and words of fewer than ten rows are not kept", () => {
    const cells = [...many((at) => (at % 2 ? "?" : "0.25")), "0.1234567", "n/a"];
    const write = cellWriter(writtenColumn(cells, { kind: "number" }, 10));
    expect(write(1.23456)).toBe("1.23");
    expect(write(null)).toBe("?");
    const table = parseTable("t.csv", csv);
    expect(cellWriter(writtenColumn(columnCells([table], "age").cells, { kind: "integer" }, 10))(null)).toBe(
      "",
    );
  });
});
