// Lists of names in options, as people type them.
import { describe, expect, test } from "vitest";
import { listedNames } from "../../src/errors/listed-names.ts";

describe("a list of names", () => {
  const arms = ["single", "both", "No Finding", "No", "Mass, left"];

  test.each([
    ["by blanks", ["single", "both"]],
    ["by commas", ["single,both"]],
    ["by both, in one word", ["single, both"]],
    ["by both, in several words", ["single,", "both"]],
    ["with the comma alone", ["single", ",", "both"]],
    ["in quotes", ["single both"]],
    ["with too many commas", [",single,,both,"]],
    ["with a name twice", ["single,both", "single"]],
  ])("is read %s", (_, values) => {
    expect(listedNames(values, arms)).toEqual(["single", "both"]);
  });

  test("may hold names with blanks and commas in them, with and without quotes", () => {
    expect(listedNames(["No Finding,single"], arms)).toEqual(["No Finding", "single"]);
    expect(listedNames(["No", "Finding", "both"], arms)).toEqual(["No Finding", "both"]);
    expect(listedNames(["No", "both"], arms)).toEqual(["No", "both"]);
    expect(listedNames(["Mass, left, No"], arms)).toEqual(["Mass, left", "No"]);
  });

  test("leaves what nobody knows as it was written, for the error that names it", () => {
    expect(listedNames(["single,bothh"], arms)).toEqual(["single", "bothh"]);
    expect(listedNames(["no finding, single"], arms)).toEqual(["no finding", "single"]);
  });
});
