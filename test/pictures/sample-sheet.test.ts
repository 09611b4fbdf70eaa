// Sheets of samples: every chosen image is there, at a size that can be looked at, with its labels in their colours.
import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import { classColour } from "../../src/pictures/class-colours.ts";
import type { Cell, Colour } from "../../src/pictures/contact-sheet.ts";
import { colours } from "../../src/pictures/contact-sheet.ts";
import { examplesPerGroup, sampleSheet } from "../../src/pictures/sample-sheet.ts";
import { viewSheet } from "../../src/pictures/view-sheet.ts";
import { shrunk } from "../../src/pictures/zoom.ts";
import { chooseExamples } from "../../src/data/inspection/examples.ts";
import { listOf } from "../data/inspection/catalogues.ts";

function area(png: PNG, [red, green, blue]: Colour): number {
  let found = 0;
  for (let at = 0; at < png.data.length; at += 4) {
    if (png.data[at] === red && png.data[at + 1] === green && png.data[at + 2] === blue) found++;
  }
  return found;
}

const flat = (height: number, width: number, level: number): Cell => ({
  ...{ height, width, channels: 1 },
  pixels: new Uint8Array(height * width).fill(level),
});

function sheetOf(
  classes: readonly string[],
  labels: readonly string[],
  image: (row: number) => Cell = () => flat(28, 28, 77),
): PNG {
  const list = listOf(
    "A",
    "train",
    labels.map((letters, i) => ({ id: `image ${i}`, labels: letters })),
  );
  const groups = chooseExamples(classes, list, { most: 12, seed: 0, usable: () => true });
  return PNG.sync.read(sampleSheet({ catalogue: { classes }, list, groups, image }));
}

const grey: Colour = [77, 77, 77];

describe("a sheet of samples", () => {
  test("shows each image of each group, small ones enlarged alike", () => {
    const png = sheetOf(["a", "b"], ["+-", "++", "--"]);
    expect(area(png, grey) / (28 * 28)).toBe(4 * 5 ** 2); // +a twice, +b once, nothing positive once; five times as wide
    expect(png.width).toBeLessThan(2000);
  });

  test("writes labels in the colour of what they say, beside those of the legend", () => {
    const classes = ["a", "b", "c"];
    const legend = sheetOf(classes, ["---"]);
    const ink = (labels: string, kind: keyof typeof colours): number =>
      area(sheetOf(classes, [labels]), colours[kind]) - area(legend, colours[kind]);
    expect(ink("+--", "positive")).toBeGreaterThan(0);
    expect(ink("~--", "soft")).toBeGreaterThan(0);
    expect(ink("+.-", "absent")).toBeGreaterThan(0); // said once, in the legend: this source knows no b
    expect(ink("+--", "negative")).toBeLessThan(0);
    expect(ink("---", "positive")).toBe(0);
  });

  test.each([28, 64, 128, 224, 512, 1500])("of images %i pixels wide is below 2,000 pixels wide", (size) => {
    const png = sheetOf(
      ["a_class_with_a_long_name", "b"],
      Array.from({ length: 20 }, () => "+-"),
      () => flat(8, size, 77),
    );
    expect(png.width).toBeLessThan(2000);
    const cells = area(png, grey) / 12;
    const shown = Math.min(size, 320);
    expect(cells).toBeGreaterThan(shown * 0.7); // shrunk cells are as wide as they can be
  });

  test("has fewer images a class where there are many classes", () => {
    expect([1, 10, 14, 100].map(examplesPerGroup)).toEqual([12, 12, 6, 3]);
    const classes = Array.from({ length: 100 }, (_, i) => `c${i}`);
    const labels = classes.map((_, i) => "-".repeat(i) + "+" + "-".repeat(99 - i));
    const png = sheetOf(classes, [...labels, ...labels]);
    expect(png.height).toBeLessThan(10_000);
    expect(area(png, grey) / (140 * 140)).toBe(200);
  });
});

test("shrinking takes the mean of what there is", () => {
  const cell = { height: 3, width: 3, channels: 1, pixels: Uint8Array.of(0, 10, 20, 30, 40, 60, 7, 9, 100) };
  expect(shrunk(cell, 2)).toMatchObject({ height: 2, width: 2, pixels: Uint8Array.of(20, 40, 8, 100) });
  expect(shrunk(cell, 1)).toBe(cell);
});

test("a sheet of no views, since no image can be decoded, is a picture nonetheless", () => {
  expect(PNG.sync.read(viewSheet([])).width).toBeGreaterThan(0);
});

test("a sheet of views has a row an image, the original first", () => {
  const row = { names: ["A", "7.png"], original: flat(28, 28, 50) };
  const views = [flat(28, 28, 60), flat(28, 28, 70)];
  const png = PNG.sync.read(
    viewSheet([
      { ...row, weak: views, strong: views },
      { ...row, weak: views, strong: views },
    ]),
  );
  const cell = (28 * Math.floor(200 / 28)) ** 2;
  expect([50, 60, 70].map((level) => area(png, [level, level, level]) / cell)).toEqual([2, 4, 4]);
  expect(png.width).toBeLessThan(2000);
});

describe("a sheet of samples with label maps", () => {
  const classes = ["liver", "spleen"];
  const sheet = (side: number): PNG => {
    const list = listOf("A", "train", [{ id: "slice 0", labels: "+." }]);
    const groups = chooseExamples(classes, list, { most: 12, seed: 0, usable: () => true });
    const map = new Uint8Array(side * side).fill(254);
    for (let y = side / 4; y < side / 2; y++) map.fill(0, y * side + side / 4, y * side + side / 2);
    return PNG.sync.read(
      sampleSheet({
        catalogue: { classes },
        list,
        groups,
        image: () => flat(side, side, 77),
        map: () => map,
      }),
    );
  };

  test("outlines the classes in their colours, and names those that the source knows", () => {
    const [png, large] = [sheet(32), sheet(640)];
    // The outline, its colour in the legend, and no ink of a class that the source does not know.
    expect(area(png, classColour(0))).toBeGreaterThan(4 * 8 * 4);
    expect(area(large, classColour(0))).toBeGreaterThan(4 * 60);
    expect(area(png, classColour(1))).toBe(0);
    expect(area(png, grey)).toBeGreaterThan(0.9 * (32 * 32 - 8 * 8) * 4 ** 2);
    expect(large.width).toBeLessThan(2000);
  });
});
