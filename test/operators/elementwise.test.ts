// Elementwise operators: what parity with the reference cannot show.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { ShapeError } from "../../src/errors/errors.ts";
import { elementwiseOperators } from "../../src/operators/elementwise/index.ts";
import * as functions from "../../src/functions/elementwise.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { useEngine } from "../engines.ts";

const engine = useEngine({ device: "reference" });
const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });
const names = (operator: Operator<Readonly<Record<string, never>>>, a: number[], b: number[]): string[] =>
  operator.candidates([f32(...a), f32(...b)], {}, engine().traits).map(({ name }) => name);

describe("shape errors", () => {
  const { add, where, exp } = elementwiseOperators;

  test("extents that do not broadcast are named with the operator and the axis", () => {
    expect(() => add.infer([f32(2, 3), f32(4)], {})).toThrow(ShapeError);
    expect(() => add.infer([f32(2, 3), f32(4)], {})).toThrow(
      "add: [2, 3] and [4] do not broadcast at axis 1",
    );
    expect(() => where.infer([f32(3), f32(2), f32()], {})).toThrow(/^where: \[3\] and \[2\]/);
  });

  test("other element types and numbers of tensors are refused in words", () => {
    const bytes = { shape: [2], dtype: "u8" as const };
    expect(() => add.infer([f32(2), bytes], {})).toThrow(
      "add: takes 2 f32 tensors (a, b), got f32 [2], u8 [2]",
    );
    expect(() => exp.infer([bytes], {})).toThrow("exp: takes one f32 tensor, got u8 [2]");
    expect(() => where.infer([f32(2), f32(2)], {})).toThrow("(condition, a, b), got f32 [2], f32 [2]");
  });
});

describe("candidates", () => {
  const { add } = elementwiseOperators;

  test("vectors are taken where four neighbours are neighbours in every operand", () => {
    expect(names(add, [2, 3, 8], [2, 3, 8]).at(-1)).toBe("vectors");
    expect(names(add, [2, 3, 8], [8]).at(-1)).toBe("vectors");
    expect(names(add, [2, 1, 8], [2, 3, 8]).at(-1)).toBe("vectors");
    // Six rows of two merge into twelve neighbours.
    expect(names(add, [6, 2], [6, 2]).at(-1)).toBe("vectors");
  });

  test("elements are taken where they are not", () => {
    expect(names(add, [2, 3, 5], [5])).toEqual(["elements"]);
    expect(names(add, [4, 4], [])).toEqual(["elements"]);
    expect(names(add, [4, 4], [4, 1])).toEqual(["elements"]);
    // Sixteen elements, but the rows of the repeated operand are two long.
    expect(names(add, [8, 2], [2])).toEqual(["elements"]);
  });
});

describe("functions", () => {
  test("every operator has a function that runs it", async () => {
    const x = engine().tensor([0.25, 0.5]);
    const zero = engine().tensor(0);
    const results = Object.keys(elementwiseOperators).map((name) => {
      if (name === "where") return functions.where(x, x, zero);
      if (name === "clamp") return functions.clamp(x, 0.3, 1);
      if (name === "affine") return functions.affine(x, 2);
      if (name === "constantPower") return functions.power(x, 2);
      if (name === "unaryGradient") {
        return valueAndGradients(() => functions.silu(x), [x], { upstream: x }).gradients[0];
      }
      const run = functions[name as keyof typeof functions] as (...operands: unknown[]) => typeof x;
      return run.length === 1 ? run(x) : run(x, x);
    });
    expect(results.map(({ shape }) => shape)).toEqual(results.map(() => [2]));
    const values = await Promise.all(results.map((result) => result.read()));
    expect(values.flatMap((array) => [...array]).every(Number.isFinite)).toBe(true);
  });

  test("a constant exponent and a tensor of exponents give the same powers", async () => {
    const x = engine().tensor([-3, -0.5, 0, 0.1, 7]);
    for (const exponent of [0, 1, 2, 5, -1, -2]) {
      const constant = [...(await functions.power(x, exponent).read())];
      expect(constant).toEqual([...(await functions.power(x, engine().tensor(exponent)).read())]);
      expect(constant).toEqual([-3, -0.5, 0, 0.1, 7].map((value) => value ** exponent));
    }
    expect([...(await functions.power(2, engine().tensor([3, -1])).read())]).toEqual([8, 0.5]);
    expect([...(await functions.power(x, 0.5).read())].slice(0, 3)).toEqual([NaN, NaN, 0]);
    expect(() => functions.power(x, NaN)).toThrow("constantPower: exponent must be a finite number, got NaN");
  });

  test("the offset of affine is zero unless it is given", async () => {
    expect([...(await functions.affine(engine().tensor([1, -2]), 3).read())]).toEqual([3, -6]);
  });

  test("comparisons give 1 and 0", async () => {
    const a = engine().tensor([1, 2, 3]);
    const b = engine().tensor(2);
    const rows = [
      functions.equal(a, b),
      functions.notEqual(a, b),
      functions.less(a, b),
      functions.lessEqual(a, b),
      functions.greater(a, b),
      functions.greaterEqual(a, b),
    ].map((result) => result.read());
    expect((await Promise.all(rows)).map((row) => [...row])).toEqual([
      [0, 1, 0],
      [1, 0, 1],
      [1, 0, 0],
      [1, 1, 0],
      [0, 0, 1],
      [0, 1, 1],
    ]);
  });
});
