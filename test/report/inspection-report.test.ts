// What `tessera inspect` prints of counts and findings.
import { describe, expect, test } from "vitest";
import { countLabels, inspect } from "../../src/data/inspection/index.ts";
import { findingLines, labelTables } from "../../src/report/inspection-report.ts";
import { listOf, opened } from "../data/inspection/catalogues.ts";

describe("the table of labels", () => {
  const print = (...lists: Parameters<typeof listOf>[]): string =>
    labelTables(
      ["Edema", "Mass"],
      lists.map((list) => countLabels(listOf(...list), 2)),
      { policy: (source, name) => `${source}/${name}`, sizes: () => "64 x 64 pixels" },
    );

  test("has the parts of a source side by side, and kinds of labels only where there are some", () => {
    const text = print(
      [
        "A",
        "train",
        [
          { id: "1", labels: "+.", patient: "x" },
          { id: "2", labels: "-.", patient: "x" },
        ],
      ],
      ["A", "test", [{ id: "3", labels: "+." }]],
    );
    expect(text).toContain("A: 2 train, 1 test images; 64 x 64 pixels; 1 patient (1 image without)");
    expect(text).toMatch(/train \+ +train - +test \+ +test -\n/u);
    expect(text).toMatch(/Edema +1 +1 +1 +0/u);
    expect(text).toContain("Absent on all its images: Mass.");
    expect(text).not.toMatch(/soft|Uncertain/u);
  });

  test("has classes that stand below others indented", () => {
    const list = listOf("A", "train", [{ id: "1", labels: "++" }]);
    const words = { policy: () => "", sizes: () => "", depths: [0, 1] };
    const text = labelTables(["Edema", "Mass"], [countLabels(list, 2)], words);
    expect(text).toMatch(/^Edema +1 +0$/mu);
    expect(text).toMatch(/^ {2}Mass +1 +0$/mu);
  });

  test("says what was uncertain and what it was taken as, and counts probabilities", () => {
    const text = print([
      "B",
      "train",
      [
        { id: "1", labels: "~+" },
        { id: "2", labels: ".." },
      ],
      [7, 0],
    ]);
    expect(text).toMatch(/positive +negative +soft +absent/u);
    expect(text).toMatch(/Edema +0 +0 +1 +1/u);
    expect(text).toContain("Uncertain in the source: Edema 7 (taken as B/Edema).");
    expect(text).toContain("1 image with no label at all");
  });
});

describe("findings", () => {
  test("come with their first cases, and the number of the others", () => {
    const copies = Array.from({ length: 10 }, (_, i) => ({ id: `${i}`, labels: "+", hash: `${i % 5}` }));
    const { findings, clean } = inspect(["a"], [opened("A", "train", copies)], []);
    const text = findingLines({ findings, clean });
    expect(text).toContain('COPIES: 5 images in "A" (train) are exact copies');
    expect(text).toContain("    0 = 5\n    1 = 6\n    2 = 7\n    and 2 more (see --json)");
    expect(text).toContain("No image is positive in one place and negative in another.");
  });

  test("name the places of a case where they differ", () => {
    const lists = [
      opened("A", "train", [
        { id: "1", labels: "+", hash: "same", patient: "p" },
        { id: "bad", labels: "-", hash: null },
      ]),
      opened("A", "test", [{ id: "2", labels: "-", hash: "same", patient: "p" }]),
    ];
    const text = findingLines(inspect(["a"], lists, [{ list: 0, row: 1, reason: "is cut short" }]));
    expect(text).toContain("    1 (train) = 2 (test)\n");
    expect(text).toContain("    patient p: 1 (train) and 2 (test)\n");
    expect(text).toContain("    1 (train) is positive, 2 (test) negative\n");
    expect(text).toContain("    bad: is cut short\n");
    expect(
      text
        .split("\n")
        .map((line) => line.split(":")[0])
        .filter((word) => /^[A-Z]+$/u.test(word)),
    ).toEqual([...["LEAK", "LEAK", "CONFLICT", "CLASS", "UNDECODABLE"]]);
  });
});
