// Near matches: names that a person may take for one another, and those that nobody does; and how both are shown.
import { describe, expect, it } from "vitest";
import {
  inManifest,
  nearMatch,
  nearMatches,
  outline,
  placeOf,
  sameWord,
  visible,
} from "../../src/labels/wording.ts";

describe("names that are nearly one", () => {
  it.each([
    ["Epanchement", "Épanchement"],
    ["01.0", "1"],
    ["1,5", "1.5"],
    ["Ηernia", "Hernia"], // a Greek Eta
    ["pleural  effusion", "Pleural-Effusion"],
    ["COVID19", "COVID-19"],
    ["grade 01", "grade 1"],
  ])("%j is nearly %j", (a, b) => {
    expect(outline(a)).toBe(outline(b));
    expect(nearMatch(a, [b])).toBe(b);
  });
  it.each([
    ["-1", "1"],
    ["1.5", "15"],
    ["1-10", "11-0"],
    ["1.05", "1.5"],
    ["a", "A"],
    ["10", "100"],
    ["Effusion", "Pleural Effusion"],
    ["가", "나"],
  ])("%j is not nearly %j", (a, b) => {
    expect(outline(a)).not.toBe(outline(b));
    expect(nearMatch(a, [b])).toBeUndefined();
  });
  it("are looked up among many at once, and a name is not near itself", () => {
    const near = nearMatches(["Mass", "mass", "Nodule"]);
    expect([near("MASS"), near("Mass"), near("nodule"), near("hernia")]).toEqual([
      "Mass",
      "mass",
      "Nodule",
      undefined,
    ]);
  });
});

it("a place is found whatever the spelling, and the first of two", () => {
  const place = placeOf(["0", "1.0", "Épanchement".normalize("NFD"), "1"]);
  expect(["0.0", "1", "Épanchement", "01"].map(place)).toEqual([0, 1, 2, -1]);
  expect([sameWord("1.0", "1"), sameWord("01", "1")]).toEqual([true, false]);
});

it("letters that cannot be told apart are shown as numbers", () => {
  expect(visible("Мass")).toBe('"\\u041cass"');
  expect(visible("COVID\u201119")).toBe('"COVID\\u201119"');
  expect(visible("Épanchement 폐렴")).toBe('"Épanchement 폐렴"');
  expect(visible('a "b"')).toBe('"a \\"b\\""');
  expect(visible("no\u200bdule")).toBe('"no\\u200bdule"');
});

it("words are quoted where YAML would read something else", () => {
  expect(["Mass", "Pleural Effusion", "no", "01", "a: b", "Мass"].map(inManifest)).toEqual([
    ...["Mass", "Pleural Effusion", '"no"', '"01"', '"a: b"', '"\\u041cass"'],
  ]);
});
