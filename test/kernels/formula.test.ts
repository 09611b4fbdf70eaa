// The formulas of a shader's header: launch size and work.

import { describe, expect, test } from "vitest";
import { KernelError } from "../../src/errors/errors.ts";
import { parseFormula } from "../../src/kernels/formula.ts";
import { kernels } from "../../src/kernels/built-in-kernels.ts";
import type { Knobs } from "../../src/kernels/source.ts";

const vocabulary = { uniforms: ["count", "rows"], knobs: { WIDTH: 4, Element: "f32" } };
const value = (text: string, knobs: Knobs = {}): number =>
  parseFormula("kernel example: launch", text, vocabulary)({ count: 10, rows: 7 }, knobs);

describe("a formula", () => {
  test.each([
    ["12", 12],
    ["0.5 * rows", 3.5],
    ["count", 10],
    ["count - rows - 1", 2],
    ["count / WIDTH / 2", 1.25],
    ["2 + 3 * rows", 23],
    ["(2 + 3) * rows", 35],
    ["count - (rows - 1)", 4],
    ["ceil(count / WIDTH)", 3],
    ["ceil( count/(WIDTH*2) )", 2],
    ["max(count, rows, 11) + min(count, rows)", 18],
    ["rows * ceil(ceil(count / 4) / WIDTH)", 7],
    ["count * lanes(Element)", 10],
  ])("%s is %d", (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  test("takes the knobs that are given, else those of the file", () => {
    expect(value("count * WIDTH", { WIDTH: 8 })).toBe(80);
    expect(value("min(WIDTH, count, rows, 12)")).toBe(4);
  });

  test("counts four lanes where the elements are fours", () => {
    expect(value("3 * count * lanes(Element)", { Element: "vec4f" })).toBe(120);
  });

  test.each([
    ["", 'expected a number, a name or "(" but got the end at character 1'],
    ["count +", 'expected a number, a name or "(" but got the end at character 8'],
    ["count rows", 'expected an operator or the end but got "rows" at character 7'],
    ["2count", 'expected an operator or the end but got "count" at character 2'],
    ["ceil(count / WIDTH", 'expected ")" but got the end'],
    ["ceil(count, rows)", 'expected ")" but got ","'],
    ["count % WIDTH", 'expected an operator or the end but got "%"'],
    ["-count", 'expected a number, a name or "(" but got "-"'],
    ["count)", 'expected an operator or the end but got ")"'],
    ["count.length", 'expected an operator or the end but got "."'],
    ["lanes(4)", 'expected the name of an Element knob but got "4"'],
  ])('"%s" is refused with the place', (text, message) => {
    expect(() => value(text)).toThrow(KernelError);
    expect(() => value(text)).toThrow(`kernel example: launch: ${message}`);
  });

  test.each([
    ["cuont / WIDTH", 'no number "cuont"; did you mean "count"? there is count, rows, WIDTH'],
    ["count * Element", 'no number "Element"'],
    ["constructor", 'no number "constructor"'],
    ["lanes(WIDTH)", 'no Element knob "WIDTH"; there is Element'],
    ["cell(count)", 'no function "cell"; did you mean "ceil"? there is ceil, min, max, lanes'],
    ["toString(count)", 'no function "toString"; there is'],
  ])('a name that is unknown is refused: "%s"', (text, message) => {
    expect(() => value(text)).toThrow(KernelError);
    expect(() => value(text)).toThrow(`kernel example: launch: ${message}`);
  });
});

describe("launch and work of a kernel", () => {
  test("come from its header, with the knobs of the file where none are given", () => {
    const { unary } = kernels;
    expect(unary.launch).toBe("ceil(count / (VALUES * WIDTH))");
    expect(unary.work).toBe("count * lanes(Element)");
    const sizes = { count: 1025, first: 0, second: 0 };
    expect(unary.workgroups(sizes)).toEqual([2, 1]);
    expect(unary.workgroups(sizes, { VALUES: 1 })).toEqual([17, 1]);
    expect(unary.operations(sizes, { Element: "vec4f" })).toBe(4 * 1025);
  });

  test("tiles of neighbouring columns and rows are counted whole", () => {
    const none = [0, 0, 0, 0];
    const batches = { batches: [3, 1, 1, 1], aBatchStrides: none, bBatchStrides: none };
    const strides = { ...batches, aRowStride: 5, aColumnStride: 1 };
    const sizes = { batch: 3, m: 17, n: 9, k: 5, ...strides, bRowStride: 9, bColumnStride: 1 };
    expect(kernels.matmulTile.workgroups(sizes, { ROWS: 8, COLUMNS: 4, WIDTH: 2 })).toEqual([14, 1]);
    expect(kernels.matmulTile.operations(sizes)).toBe(2 * 3 * 17 * 9 * 5);
  });

  test("operations need every uniform", () => {
    expect(() => kernels.unary.operations({ count: 5, first: 0 })).toThrow(/unary: uniform second takes 1/);
  });
});
