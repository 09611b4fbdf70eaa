// Numbers in the place of tensors: eager, recorded and on the tape they are what a scalar tensor is, to the bit.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import {
  add,
  divide,
  equal,
  greater,
  greaterEqual,
  less,
  lessEqual,
  maximum,
  minimum,
  multiply,
  notEqual,
  subtract,
  where,
} from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import type { Operand } from "../../src/functions/run.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

const functions = {
  ...{ add, subtract, multiply, divide, maximum, minimum },
  ...{ equal, notEqual, less, lessEqual, greater, greaterEqual },
};
type Call = (x: Tensor, number: (value: number) => Operand) => Tensor;

/** Every place that a number may take; .1 is no f32, so that rounding shows. */
const calls: readonly (readonly [string, Call])[] = [
  ...Object.entries(functions).flatMap(([name, call]): [string, Call][] => [
    [`${name}(x, .1)`, (x, number) => call(x, number(0.1))],
    [`${name}(.1, x)`, (x, number) => call(number(0.1), x)],
  ]),
  ["where(x, .1, x)", (x, number) => where(x, number(0.1), x)],
  ["where(x, x, .1)", (x, number) => where(x, x, number(0.1))],
  ["where(x, .1, -2)", (x, number) => where(x, number(0.1), number(-2))],
  ["where(1, x, .1)", (x, number) => where(number(1), x, number(0.1))],
  ["add(x, Infinity)", (x, number) => add(x, number(Infinity))],
];

const asNumber = (value: number): Operand => value;
const asTensor =
  (engine: Engine) =>
  (value: number): Operand =>
    engine.full([], value);

for (const device of ["reference", "webgpu"] as const) {
  describe(`numbers as operands on ${device}`, () => {
    const open = useEngine({ device });
    // On WebGPU each function is a pipeline to compile; three of them stand for all, which the reference walks.
    const some = device === "reference" ? calls : calls.filter(([name]) => /^(add|maximum|where)/.test(name));

    test("give the bits of a scalar tensor, eager and recorded, and leave no tensor behind", async () => {
      const engine = open();
      const x = engine.tensor([-0.3, 0, 0.1, 7.7]);
      for (const [name, call] of some) {
        const wanted = await engine.scope(() => call(x, asTensor(engine))).read();
        const before = engine.memory().tensors;
        const y = call(x, asNumber);
        expect(engine.memory().tensors, name).toBe(before + 1);
        expect(await y.read(), name).toEqual(wanted);
        y.dispose();
      }
      // All in one program: what is recorded is a constant of it.
      using program = await engine.record(() => some.map(([, call]) => call(x, asNumber)));
      for (let run = 0; run < 2; run++) program.run();
      for (const [i, [name, call]] of some.entries()) {
        const wanted = await engine.scope(() => call(x, asTensor(engine))).read();
        expect(await program.result[i].read(), `${name} recorded`).toEqual(wanted);
      }
    });

    test("many numbers in a row do not write over each other", async () => {
      const engine = open();
      const x = engine.tensor([0]);
      const sums = Array.from({ length: 20 }, (_, i) => add(x, i));
      for (const [i, y] of sums.entries()) expect(await y.item()).toBe(i);
    });
  });
}

describe("numbers on the tape", () => {
  const open = useEngine({ device: "reference" });

  test("have the gradients of scalar tensors, and leave no tensor behind", async () => {
    const engine = open();
    const x = engine.tensor([-0.3, 0.2, 0.1, 7.7]);
    for (const [name, call] of calls.filter(([each]) => /^(add|sub|mul|div|max|min|where)/.test(each))) {
      const gradientWith = (number: (value: number) => Operand): Tensor[] =>
        engine.scope(() => valueAndGradients(() => sum(call(x, number)), [x]).gradients);
      const before = engine.memory().tensors;
      const [gradient] = gradientWith(asNumber);
      expect(engine.memory().tensors, name).toBe(before + 1);
      const [wanted] = gradientWith(asTensor(engine));
      expect(await gradient.read(), name).toEqual(await wanted.read());
      gradient.dispose();
      wanted.dispose();
    }
  });

  test("one operand must be a tensor, and a failed call leaves none behind", () => {
    const engine = open();
    expect(() => add(1, 2)).toThrow(/^add: takes at least one tensor, got numbers alone/);
    expect(() => where(1, 2, 3)).toThrow(/^where: takes at least one tensor, got numbers alone/);
    const bytes = engine.tensor(new Uint8Array(2));
    const before = engine.memory().tensors;
    expect(() => add(bytes, 1)).toThrow(/^add: takes 2 f32 tensors/);
    expect(() => add(bytes, "1" as never)).toThrow(
      /^add: input 2 of 2 must be a tensor or a number, got the string "1"$/,
    );
    expect(engine.memory().tensors).toBe(before);
  });
});
