// Which names, words and numbers are one, which are nearly one, and which cells say nothing.
import { describe, expect, it } from "vitest";
import { canonicalName, canonicalWord, isMissing, nearMatch, outline } from "../../src/labels/wording.ts";

describe("names", () => {
  it.each([
    ["Épanchement".normalize("NFD"), "Épanchement"],
    ["폐렴".normalize("NFD"), "폐렴"],
    ["\ufeffmass", "mass"],
    ["Pleural\u00a0 Effusion ", "Pleural Effusion"],
    ["no\u200bdule", "nodule"],
  ])("%j is %j", (text, name) => expect(canonicalName(text)).toBe(name));
  it("keeps what a person can see", () => {
    for (const name of ["Mass", "mass", "007", "a_b", "a-b", "1e3"]) expect(canonicalName(name)).toBe(name);
  });
});

describe("words", () => {
  it.each([
    ["1.0", "1"],
    ["0.00", "0"],
    ["-0", "0"],
    ["+1", "1"],
    ["-1.0", "-1"],
    ["0.50", "0.5"],
    ["01", "01"],
    ["1e3", "1e3"],
    ["1.", "1"],
    ["mass", "mass"],
  ])("%j is %j", (text, word) => expect(canonicalWord(text)).toBe(word));
});

describe("missing cells", () => {
  it.each(["", " ", "nan", "NaN", "NA", "N/A", "none", "None", "NULL", "todo", "TODO", "?", "-", "\ufeff"])(
    "%j says nothing",
    (cell) => expect(isMissing(cell)).toBe(true),
  );
  it.each(["0", "no", "No Finding", "negative", "-1", "nana"])("%j says something", (cell) =>
    expect(isMissing(cell)).toBe(false),
  );
});

describe("near matches", () => {
  it.each([
    ["Mass", "mass"],
    ["Pleural_Thickening", "Pleural Thickening"],
    ["COVID\u201119", "COVID-19"],
    ["1", "01"],
    ["Мass", "Mass"], // a Cyrillic M
    ["ﬁbrosis", "fibrosis"],
  ])("%j is nearly %j", (a, b) => {
    expect(nearMatch(a, ["other", b])).toBe(b);
    expect(outline(a)).toBe(outline(b));
  });
  it.each([
    ["mass", "mass"],
    ["1.0", "1"],
    ["grade 1", "grade 2"],
    ["10", "1"],
    ["cat", "dog"],
    ["?", "-"],
  ])("%j is not nearly %j", (a, b) => expect(nearMatch(a, [b])).toBeUndefined());
});
