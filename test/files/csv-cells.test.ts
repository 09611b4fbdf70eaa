// The cells of rows without Node are those of csv-parse: for tables of any shape, and for quotes out of place.
import { describe, expect, test } from "vitest";
import * as node from "../../src/files/csv-cells.ts";
import * as portable from "../../src/files/csv-cells-portable.ts";
import { parseTable } from "../../src/files/csv.ts";
import type { Delimiter } from "../../src/files/table-forms.ts";
import { randomStream } from "../../src/data/random-stream.ts";

/** Where the rows of a text end, as csv.ts finds them: a line break in quotes is none. */
function endsOf(text: string): node.RowEnd[] {
  const ends: node.RowEnd[] = [];
  let quoted = false;
  for (let at = 0, line = 1; at <= text.length; at++) {
    const letter = text[at] ?? "\n";
    if (letter === '"') quoted = !quoted;
    const isEnd = letter === "\n" || (letter === "\r" && text[at + 1] !== "\n");
    if (isEnd && !quoted) ends.push({ line, next: at + 1 });
    if (isEnd) line++;
  }
  return ends;
}

const both = (text: string, delimiter: Delimiter): [unknown, unknown] => {
  const ends = endsOf(text);
  return [node, portable].map(({ parseCells }) => {
    const { rows, problem } = parseCells(text, { delimiter, ends });
    return {
      rows,
      code: problem?.code,
      line: problem?.code === "CSV_QUOTE_NOT_CLOSED" ? "told by the caller" : problem?.line,
    };
  }) as [unknown, unknown];
};

// Without blanks of several bytes, which csv-parse 7.0.3 refuses behind a quote, and the portable one takes for blanks.
const letters = ["a", "b", "é", " ", "  ", '"', '""', '"x"', ',"y" ,', "\n", "\r\n", "\t", ";", "."];

describe("the cells of rows", () => {
  test.each<Delimiter>([",", ";", "\t", " "])(
    "parted by %j are those of csv-parse in 1,500 texts",
    (delimiter) => {
      const random = randomStream(1, "cells", delimiter);
      let faults = 0;
      for (let i = 0; i < 1500; i++) {
        const pieces = Array.from({ length: 1 + random.below(12) }, () =>
          random.below(3) === 0 ? delimiter : letters[random.below(letters.length)],
        );
        // csv-parse counts the two of a line break in quotes, which csv.ts does not.
        const text = pieces
          .join("")
          .replaceAll("\r\n", random.below(2) === 0 || pieces.includes('"') ? "\n" : "\r\n");
        // Behind an empty cell in quotes csv-parse opens another one, and refuses what is in it.
        if (/""\s+"/u.test(text)) continue;
        const [expected, found] = both(text, delimiter);
        if ((expected as { code?: string }).code !== undefined) faults++;
        expect(JSON.stringify([text, found])).toBe(JSON.stringify([text, expected]));
      }
      expect(faults).toBeGreaterThan(150);
      expect(faults).toBeLessThan(1350);
    },
  );

  test("of a table read for good have its columns, whichever parser it is", () => {
    expect(parseTable("t.csv", 'a, "b"\n1,"two\nlines"\n').rows[0]).toEqual({
      ...{ record: 0, line: 3 },
      cells: { a: "1", b: "two\nlines" },
    });
  });
});
