import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { parseTable, type Table } from "../../src/files/csv.ts";
import { columnCells } from "../../src/tabular/columns/column-cells.ts";
import { dateFormOf, readDate, writeDate, type DateForm } from "../../src/tabular/columns/date-cells.ts";
import { guessForm, type ColumnGuess } from "../../src/tabular/columns/guess-form.ts";
import { expectParted } from "../../src/tabular/columns/header-row.ts";
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
    expect(writeNumber(70, 1, {}, true)).toBe("70.0");
    expect(writeNumber(-0.001, 2, { decimal: "," }, true)).toBe("0,00");
    for (const value of [1.5e300, -2.5e30, 1e21, 12e120]) {
      expect(readNumber(writeNumber(value, 2))).toBe(value);
      expect(readNumber(writeNumber(value, 2, { decimal: "," }, true), { decimal: "," })).toBe(value);
    }
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
      { order: "day-first", time: true, timeMark: " ", minutes: true, zone: "+02:00" },
    ] as const) {
      for (const day of [-35_000, -20_000, 0, 18_690])
        expect(readDate(writeDate(day, form), form.order)).toBe(day);
    }
    expect(writeDate(18_690, { order: "month-first", padded: false })).toBe("3/4/2021");
    expect(readDate("0001-01-01", "year-first")).toBe(-719_162); // no year of the twentieth century
  });

  const written: [cells: string[], form: DateForm][] = [
    [["2020-01-02T03:04:05"], { order: "year-first", mark: "-", time: true }],
    [
      ["2020-01-02 03:04", "2020-01-02 13:04"],
      { order: "year-first", mark: "-", time: true, timeMark: " ", minutes: true },
    ],
    [
      ["1.2.2020", "31.12.2020 10:00:00.25Z"],
      { order: "day-first", mark: ".", padded: false, time: true, timeMark: " ", zone: "Z" },
    ],
    [
      ["2020-01-02T03:04:05+01:00", "2020-07-02T03:04:05+02:00"],
      { order: "year-first", mark: "-", time: true }, // two zones are none
    ],
  ];
  test.each(written)("%j are written by what all of them have in common", (cells, form) => {
    expect(dateFormOf(cells, form.order)).toEqual(form);
    expect(guess("t", cells).form.dates).toEqual(form);
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

  test("more digits than a number keeps are a name, a power of ten is a number", () => {
    const digits = many((at) => `12345678901234567${890 + (at % 5)}`);
    expect(kindOf("code", digits)).toBe("identifier");
    expect(
      kindOf(
        "mass",
        many((at) => `${1 + at}.5e+29`),
      ),
    ).toBe("number");
  });

  test.each([
    ["$8", "$"],
    ["5 %", "%"],
    ["1.234,5 \u20ac", "\u20ac"],
    ["-12kg", "kg"],
  ])("numbers with a unit, as %s, are neither categories nor names", (cell, unit) => {
    const cells = many((at) => cell.replace(/\d/u, String(1 + (at % 9))));
    expect(guess("a", cells)).toMatchObject({ form: { kind: "category" }, row: 0 });
    expect(guess("a", cells).doubt).toContain(`has numbers with "${unit}"`);
    expect(guess("a", [...cells, "none of it"]).doubt).toBe(undefined);
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

  test("numbers keep the zeros that all cells have, and no others", () => {
    const written = (cells: readonly string[], kind: "integer" | "number"): string =>
      cellWriter(writtenColumn(cells, { kind }, 10))(55);
    expect(
      written(
        many((at) => `${at}.0`),
        "integer",
      ),
    ).toBe("55.0");
    expect(
      written(
        many((at) => `${at}.${at % 2 ? "0" : "50"}`),
        "number",
      ),
    ).toBe("55");
    expect(
      written(
        many((at) => (at % 2 ? String(at) : `${at}.0`)),
        "integer",
      ),
    ).toBe("55");
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

describe("a table that was read with the wrong delimiter", () => {
  const lines = (mark: string): Table =>
    parseTable(
      "t.csv",
      `${["a", "b", "c"].join(mark)}\n${many((at) => [at, "x y", at % 3].join(mark)).join("\n")}\n`,
    );

  test.each([
    [";", '";" in 2 places each: say --delimiter ";", or delimiter: ";" in a manifest'],
    ["\t", "a tab in 2 places each: say --delimiter tab, or"],
    ["|", "part its cells by commas"],
  ])("%j is told by what its lines have in common", (mark, message) => {
    expect(() => expectParted([lines(mark)])).toThrow(DataError);
    expect(() => expectParted([lines(mark)])).toThrow(message);
  });

  test("is none where lines differ, or where it has two words at most", () => {
    expectParted([lines(",")]);
    expectParted([parseTable("t.csv", `full name\n${many((at) => `Ann Lee${at}`).join("\n")}\n`)]);
    expectParted([parseTable("t.csv", `a;b\n${many((at) => (at % 2 ? "x;y;z" : "x")).join("\n")}\n`)]);
    expect(() => expectParted([parseTable("t.txt", many((at) => `${at} f.png pos`).join("\n"))])).toThrow(
      "blank",
    );
  });

  test("says so at the first row that has more cells than the header", () => {
    expect(() => parseTable("t.csv", "a;b\n0,5;x\n")).toThrow(
      /line 2: has 2 cells.*; is its delimiter ";"\?/u,
    );
    expect(() => parseTable("t.csv", "# made in May\na,b\n1,2\n")).toThrow(
      /the first line should name all columns/u,
    );
  });
});
