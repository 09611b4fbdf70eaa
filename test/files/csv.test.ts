import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { requireColumns } from "../../src/files/csv.ts";
import { readTable } from "../../src/files/read-table.ts";
import type { Delimiter } from "../../src/files/table-forms.ts";
import { complaint, temporaryFolder } from "../data/formats/list-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

function write(content: string | Uint8Array): string {
  const file = join(folder.path, "t.csv");
  writeFileSync(file, content);
  return file;
}
const read = async (content: string | Uint8Array, delimiter?: Delimiter): ReturnType<typeof readTable> =>
  readTable(write(content), delimiter === undefined ? {} : { delimiter });
const refusal = (content: string | Uint8Array, delimiter?: Delimiter): Promise<string> =>
  complaint(read(content, delimiter), folder.path);

describe("a table", () => {
  test("is read by column, with the line that each row ends on", async () => {
    const { columns, rows } = await read('a,b\n1,"two, of ""them"""\n\n3,"on\ntwo lines"\n5,\n');
    expect(columns).toEqual(["a", "b"]);
    expect(rows).toEqual([
      { record: 0, line: 2, cells: { a: "1", b: 'two, of "them"' } },
      { record: 1, line: 5, cells: { a: "3", b: "on\ntwo lines" } },
      { record: 2, line: 6, cells: { a: "5", b: "" } },
    ]);
  });

  test("may be gzip'd, start with a byte order mark, end its lines in any way and be padded", async () => {
    const plain = await read("a,b\n1,é\n");
    expect(await read(gzipSync("a,b\n1,é\n"))).toEqual(plain);
    expect(await read("\uFEFFa,b\r\n1,é\r\n\r\n")).toEqual(plain);
    expect(await read('\uFEFF"a",b\r1,é')).toEqual(plain);
    expect(await read(' a , "b"\n 1 , "é" \n')).toEqual(plain);
    expect(await read("a,b\n1,é\r\n")).toEqual(plain);
  });

  test("may be parted by semicolons and by tabs, between which cells may be empty", async () => {
    expect((await read("a;b\n1,5;2\n", ";")).rows[0].cells).toEqual({ a: "1,5", b: "2" });
    expect((await read("a\tb\tc\n\t\t3\n1\t\t\n", "\t")).rows.map(({ cells }) => cells)).toEqual([
      { a: "", b: "", c: "3" },
      { a: "1", b: "", c: "" },
    ]);
  });

  test("has two columns where the header holds a bare comma in brackets, and drops those without a name", async () => {
    const header = "id,Image[Width,Height],Spacing[x,y],Box [x,y,w,h],odd[,";
    const { columns, rows } = await read(`${header}\n1,2,3,4,5,6,7,8,9,10,\n`);
    expect(columns.slice(0, 5)).toEqual(["id", "Image[Width]", "Image[Height]", "Spacing[x]", "Spacing[y]"]);
    expect(columns.slice(5)).toEqual(["Box [x]", "Box [y]", "Box [w]", "Box [h]", "odd["]);
    expect(rows[0].cells).toEqual(Object.fromEntries(columns.map((column, i) => [column, String(i + 1)])));
    expect((await read(",a,\n0,1,2\n")).rows[0].cells).toEqual({ a: "1" });
  });
});

describe("a bad table is refused, by file, record and line:", () => {
  test.each([
    [
      "a row with a cell too few",
      "a,b\n1,2\n3\n",
      "t.csv: record 1: line 3: has 1 cell, but the header names 2 columns",
    ],
    [
      "a row with a cell too many",
      "a,b\n1,2,3\n",
      "t.csv: record 0: line 2: has 3 cells, but the header names 2 columns",
    ],
    [
      "a column that is not one",
      "__proto__,b\n1,2\n",
      "t.csv: cannot have a column called __proto__; rename it",
    ],
    ["nothing", "\n\n", "t.csv: is empty; a table starts with the names of its columns"],
    ["no row", "a,b\n", "t.csv: has a header but no row"],
    [
      "an open quote",
      'a,b\n1,2\n3,"4\n5,6\n',
      "t.csv: record 1: a quote that opens after line 2 is never closed",
    ],
    [
      "a quote inside a cell",
      'a,b\n1,5" tube\n',
      "t.csv: record 0: line 2: a quote stands inside a cell; put the cell in quotes and double those inside",
    ],
    [
      "something behind a quote",
      'a,b\n1,"5"x\n',
      "t.csv: record 0: line 2: a quote stands inside a cell; put the cell in quotes and double those inside",
    ],
  ])("%s", async (_, content, message) => {
    expect(await refusal(content)).toBe(message);
  });

  test.each([
    [
      "a row too long",
      `a,b\r\n1,2\r3,4\n5,${"x".repeat(200)}`,
      "record 2: line 4: is part of a row of over 100 characters",
    ],
    ["nothing but delimiters", ",".repeat(200), "line 1: has one cell too many: a table may have 30"],
    [
      "a cell of many lines",
      `a,b\n1,"${"x\n".repeat(200)}"\n`,
      "record 0: line 50: is part of a row of over 100 characters; is a quote not closed?",
    ],
    ["a column too many", "a,b,c,d,e\n1,2,3,4,5\n", "has 5 columns; a table may have 4"],
    ["a row too many", `a\n${"1\n".repeat(11)}`, "line 11: is one row too many: a table may have 10"],
    [
      "a cell too many",
      `a,b,c,d\n${"1,2,3,4\n".repeat(8)}`,
      "line 8: has one cell too many: a table may have 30",
    ],
    ["a byte too many", `a\n${"\n".repeat(1000)}`, /^holds 1002 bytes/u],
    ["a byte too many when unpacked", gzipSync(`a\n${"\n".repeat(1000)}`), /^unpacks to more/u],
    ["a cut gzip", gzipSync("a,b\n1,2\n").subarray(0, 20), /./u],
    ["no text", Uint8Array.of(0x61, 0xff, 0xfe, 0x0a), /^is not UTF-8 text/u],
  ])("%s", async (_, content, message) => {
    const limits = { bytes: 1000, record: 100, columns: 4, rows: 10, cells: 30 };
    const said = await complaint(readTable(write(content), {}, undefined, limits), folder.path);
    const reason = /^t\.csv: (.*)$/u.exec(said)?.[1];
    if (typeof message === "string") expect(reason).toBe(message);
    else expect(reason).toMatch(message);
  });

  test("a line that would not fit", async () => {
    expect(await refusal(`a,b\n1,${"x".repeat(2 ** 20)}\n`)).toBe(
      "t.csv: record 0: line 2: is part of a row of over 1048576 characters",
    );
  });

  test("a column that is not there, with the nearest, or with the delimiter that it takes", async () => {
    const columns = async (content: string): Promise<void> => requireColumns(await read(content), ["Path"]);
    expect(await complaint(columns("path,b\n1,2\n"), folder.path)).toBe(
      't.csv: has no column "Path"; its columns are "path", "b"; did you mean "path"?',
    );
    expect(await complaint(columns("Path;b\n1;2\n"), folder.path)).toMatch(/; is its delimiter ";"\?$/u);
    expect(await complaint(columns("Path\tb\n1\t2\n"), folder.path)).toMatch(/; is its delimiter tab\?$/u);
    await expect(columns("Path,b\n1,2\n")).resolves.toBeUndefined();
  });

  test("with the record in the error, counted from 0", async () => {
    const error = await read("a,b\n1,2\n3\n").catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).record).toBe(1);
  });
});

describe("a table whose bad rows are left out", () => {
  const readGood = async (
    content: string,
    delimiter?: Delimiter,
  ): Promise<[number[], string[], string[]]> => {
    const bad: string[] = [];
    const { rows } = await readTable(
      write(content),
      delimiter === undefined ? {} : { delimiter },
      ({ message }) => bad.push(message.replace(`${folder.path}/`, "")),
    );
    return [rows.map(({ record }) => record), rows.map(({ cells }) => cells["a"]), bad];
  };

  test("has the others, with their places and lines in the file", async () => {
    const [records, cells, bad] = await readGood(
      'a,b\n1,x\n2\n\n3,"y\n z"\n4,x"x"\n5,x\n"6"6,x\n7,x\n8,"x\n9,x\n',
    );
    expect(records).toEqual([0, 2, 4, 6, 8]);
    expect(cells).toEqual(["1", "3", "5", "7", "9"]);
    expect(bad).toEqual([
      "t.csv: record 1: line 3: has 1 cell, but the header names 2 columns",
      "t.csv: record 3: line 7: a quote stands inside a cell; put the cell in quotes and double those inside",
      "t.csv: record 5: line 9: a quote stands inside a cell; put the cell in quotes and double those inside",
      "t.csv: record 7: a quote that opens after line 10 is never closed",
    ]);
  });

  test("reads on behind a quote that makes a row of over a million characters", async () => {
    const many = "5,x\n".repeat(300_000);
    const [records, , bad] = await readGood(`a,b\n1,x\n2,"x\n${many}`);
    expect(records).toHaveLength(300_001);
    expect(bad).toEqual([
      expect.stringMatching(/^t\.csv: record 1: line \d+: is part of a row of over 1048576/u),
    ]);
  });

  test("is damaged when every other row has a quote out of place, or when its header is bad", async () => {
    await expect(readGood(`a,b\n${'1,x"x\n2,x\n'.repeat(101)}`)).rejects.toThrow(
      "has over 100 quotes out of place",
    );
    await expect(readGood('a,b"\n1,2\n')).rejects.toThrow(/t\.csv: line 1: a quote stands inside a cell/u);
    await expect(readGood("a,b\n1\n2\n")).rejects.toThrow(
      /t\.csv: record 0: line 2: has 1 cell, .*; no row of/u,
    );
  });
});

describe("two columns of one name", () => {
  test("are no fault where nobody asks for them", async () => {
    const table = await read("image,note,label, note\na.png,x,cat,y\n");
    expect(table.columns).toEqual(["image", "note [column 2]", "label", "note [column 4]"]);
    expect(table.rows[0].cells).toEqual({
      image: "a.png",
      "note [column 2]": "x",
      label: "cat",
      "note [column 4]": "y",
    });
    requireColumns(table, ["image", "label", "note [column 4]"]);
  });

  test("are told apart by their places where one of them is asked for", async () => {
    const table = await read("image,label,label\na.png,cat,dog\n");
    expect(() => {
      requireColumns(table, ["image", "label"]);
    }).toThrow(
      /has 2 columns called "label": rename all but one, or name the one that is meant: "label \[column 2\]" or "label \[column 3\]"$/u,
    );
  });
});
