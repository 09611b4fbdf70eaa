// The table of test predictions: what is written is read back to the last bit, and says which image each row is of.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { predictionsText, readPredictions } from "../../src/runs/predictions-table.ts";
import { testPredictions, type TestPredictions } from "../../src/runs/test-predictions.ts";
import { RunFolderError } from "../../src/errors/training-errors.ts";
import { concatenate, type ImageSet } from "../../src/data/assembly/assembly.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";

const classes = ["nodule", 'a "quoted", name', "line\nbreak"];
const set = (
  source: string,
  ids: readonly string[],
  patients?: readonly (string | undefined)[],
): ImageSet => ({
  ...{ source, count: ids.length, height: 1, width: 1, channels: 1, ids },
  pixels: new Uint8Array(ids.length),
  states: Uint8Array.from({ length: 3 * ids.length }, (_, i) => [0, 1, 255, 137, 100, 200][i % 6]),
  ...(patients === undefined ? {} : { patients }),
});

let file: string;
beforeEach(() => {
  file = join(temporaryFolder(), "test-predictions.csv");
});

test("a table that was written is read back bit for bit, whatever the names", () => {
  const joined = concatenate("test", [set("A", ["1,2.png", ' "b" '], ["A/p", undefined]), set("B", ["=1"])]);
  const logits = Float32Array.of(0, 1e-30, -20, 3.3, 30, -3, 7, 0.1, -100);
  const made = testPredictions(logits, joined, classes);
  writeFileSync(file, predictionsText(made));
  const read: TestPredictions = readPredictions(file, classes);
  expect(read).toEqual(made);
  expect(read.images).toEqual([
    { source: "A", image: "1,2.png", patient: "A/p" },
    { source: "A", image: ' "b" ', patient: "" },
    { source: "B", image: "=1", patient: "" },
  ]);
  expect(read.probabilities[0]).toBe(0.5);
  expect(read.probabilities[8]).toBeCloseTo(Math.exp(-100), 57);
});

test("probabilities rank as their logits, up to ties of large ones that are close, and from 37 on", () => {
  const probabilitiesOf = (...logits: number[]): readonly number[] => {
    const made = testPredictions(Float32Array.from(logits), set("A", ["x"]), classes.slice(0, logits.length));
    writeFileSync(file, predictionsText({ ...made, states: new Uint8Array(logits.length) }));
    return [...readPredictions(file, made.classes).probabilities];
  };
  const [a, b, c] = probabilitiesOf(21.999, 22, 25);
  expect(a).toBeLessThan(b);
  expect(b).toBeLessThan(c);
  expect(c).toBeLessThan(1);
  const [d, e, f] = probabilitiesOf(-25, -22, -21.999);
  expect(d).toBeLessThan(e);
  expect(e).toBeLessThan(f);
  // Two f32 that are neighbours, and two that are far apart.
  const [g, h] = probabilitiesOf(30, 30 + 2 ** -19);
  expect(g).toBe(h);
  expect(probabilitiesOf(37, 60)).toEqual([1, 1]);
});

test("labels are 1, 0, blank where absent, and with two decimals where soft", () => {
  const logits = new Float32Array(6);
  const lines = predictionsText(testPredictions(logits, set("A", ["x", "y"]), ["a", "b", "c"])).split("\n");
  expect(lines).toEqual([
    "source,image,patient,a probability,a label,b probability,b label,c probability,c label",
    "A,x,,0.5,0,0.5,1,0.5,",
    "A,y,,0.5,0.37,0.5,0.00,0.5,1.00",
    "",
  ]);
});

test("an image that stands in two rows is refused: nobody knows which of them is meant", () => {
  const made = testPredictions(new Float32Array(6), set("A", ["x", "x"]), ["a", "b", "c"]);
  writeFileSync(file, predictionsText(made));
  expect(() => readPredictions(file, made.classes)).toThrow(
    'row 2 is of the image "x" of A, as row 1 is; take a copy',
  );
});

test("an image without a name is called by its place", () => {
  const { ids: _, ...nameless } = set("A", ["x", "y"]);
  const { images } = testPredictions(new Float32Array(6), nameless, classes);
  expect(images.map(({ image }) => image)).toEqual(["0", "1"]);
});

test("what is no such table is refused with file and row", () => {
  const head = "source,image,patient,a probability,a label";
  const reading = (text: string): (() => TestPredictions) => {
    writeFileSync(file, text);
    return () => readPredictions(file, ["a"]);
  };
  expect(() => readPredictions(join(file, "none"), ["a"])).toThrow(RunFolderError);
  expect(reading("source,image\n")).toThrow(/test-predictions\.csv: line 1: column 3 should be "patient"/);
  expect(reading(`${head}\nA,x,,0.5\n`)).toThrow(/row 1 has 4 cells where the head has 5/);
  expect(reading(`${head}\nA,x,,0.5,1\nA,y,,1.5,1\n`)).toThrow(/row 2: "1\.5" of a is no probability/);
  expect(reading(`${head}\nA,x,,,1\n`)).toThrow(/row 1: "" of a is no probability/);
  expect(reading(`${head}\nA,x,,0.5,maybe\n`)).toThrow(/row 1: "maybe" of a is no label/);
  expect(reading(`${head}\nA,"x`)).toThrow(/cannot be read/);
});
