import { expect, test } from "vitest";
import { listSeparator, looksLikeList, wordsIn } from "../../../src/data/formats/list-cells.ts";

const listOf = (cell: string): string[] | undefined => wordsIn(cell, listSeparator);

test.each<[string, string[]]>([
  ["['kyphosis']", ["kyphosis"]],
  ["['a', ' air trapping ']", ["a", "air trapping"]], // blanks inside the quotes
  ['["a","b"]', ["a", "b"]], // JSON
  [`['it''s', "Hodgkin's", 'say "a, b"']`, ["it", "s", "Hodgkin's", 'say "a, b"']],
  [String.raw`['it\'s', "a\"b", 'c\\d', "\u00e9\x41", 'e\nf']`, ["it's", 'a"b', "c\\d", "éA", "e\nf"]],
  ["['C0024117' 'C0231819'\n 'C3']", ["C0024117", "C0231819", "C3"]], // NumPy
  ["[0 1 -2.5]", ["0", "1", "-2.5"]],
  ["[0, 1.0]", ["0", "1.0"]],
  ["[pleural effusion, mass]", ["pleural effusion", "mass"]],
  ["('a', 'b',)", ["a", "b"]],
  ["{'a', 'b'}", ["a", "b"]],
  ["[]", []],
  ["[ ]", []],
  ["['']", []],
  ["", []],
  ["nan", []],
  ["None", []],
])("%s is a list", (cell, words) => {
  expect(listOf(cell)).toEqual(words);
});

test.each([
  ["cyst"],
  ["'a', 'b'"],
  ["['a'"],
  ["'a']"],
  ["['a, 'b']"],
  ["['a' b]"],
  ["[, 'a']"],
  ["['a',, 'b']"],
  ["[['a'], ['b']]"],
  ["{'a': 1}"],
  ["['a'], ['b']"],
  ["["],
])("%s is none", (cell) => {
  expect(listOf(cell)).toBeUndefined();
});

test("a cell is one word, or several with a text between them", () => {
  expect(wordsIn(" a, b ", undefined)).toEqual(["a, b"]);
  expect(wordsIn("a| b ||c", "|")).toEqual(["a", "b", "c"]);
  expect(wordsIn("", undefined)).toEqual([]);
});

test("a list is told from other words by its quotes", () => {
  expect(["['a']", "['a', ' b',]", '["a"]', "[]", "[ ]"].filter((cell) => !looksLikeList(cell))).toEqual([]);
  expect(["[normal]", "a", "'a'", "['a'] b", ""].filter(looksLikeList)).toEqual([]);
});
