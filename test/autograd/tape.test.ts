// What the tape promises beyond the rules: reach, lifetimes, refusals.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { customGradient, noGradient, stopGradient, valueAndGradients } from "../../src/autograd/functions.ts";
import { LifetimeError, ShapeError } from "../../src/errors/errors.ts";
import { add, exp, multiply, power } from "../../src/functions/elementwise.ts";
import { split, stack } from "../../src/functions/movement.ts";
import { sum } from "../../src/functions/reduction.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

for (const device of ["reference", "webgpu"] as const) {
  describe(`tape on ${device}`, () => {
    const open = useEngine({ device });

    test("a tensor used twice collects both gradients", async () => {
      const x = open().tensor([1, 2, 3]);
      const { value, gradients } = valueAndGradients(() => sum(add(multiply(x, x), x)), [x]);
      expect(await value.item()).toBeCloseTo(20);
      expect(Array.from(await gradients[0].read())).toEqual([3, 5, 7]);
    });

    test("add(x, x) doubles the gradient even though its rule returns one tensor for both", async () => {
      const x = open().tensor([1, 2]);
      const { gradients } = valueAndGradients(() => sum(add(x, x)), [x]);
      expect(Array.from((await gradients[0]?.read()) ?? [])).toEqual([2, 2]);
    });

    test("gradients reach intermediate tensors, and are zero where nothing depends", async () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      const unused = engine.tensor([5]);
      const tape = new Tape(engine);
      const y = multiply(x, x);
      const z = sum(multiply(y, y));
      const [dy, dx, none] = tape.gradients(z, [y, x, unused]);
      expect(Array.from((await dy?.read()) ?? [])).toEqual([2, 8]);
      expect(Array.from((await dx?.read()) ?? [])).toEqual([4, 32]);
      expect(Array.from((await none?.read()) ?? [])).toEqual([0]);
    });

    test("the gradients of all parts of a split arrive, with zeros for a part that nothing depends on", async () => {
      const x = open().tensor([1, 2, 3, 4, 5]);
      const { value, gradients } = valueAndGradients(() => {
        const [first, , last] = split(x, [1, 2, 2]);
        return sum(add(multiply(last, last), first));
      }, [x]);
      expect(await value.item()).toBe(43);
      expect(Array.from(await gradients[0].read())).toEqual([2, 0, 0, 8, 10]);
      const before = open().memory().tensors;
      const tape = new Tape(open(), [x]);
      const [left, right] = split(x, [2, 3]);
      const [dx, dRight] = tape.gradients(sum(multiply(right, right)), [x, right]);
      expect(Array.from(await dx.read())).toEqual([0, 0, 6, 8, 10]);
      expect(Array.from(await dRight.read())).toEqual([6, 8, 10]);
      for (const each of [left, right, dx, dRight]) each.dispose();
      expect(open().memory().tensors - before).toBe(2); // the sum and the square, which are the caller's
    });

    test("the gradients of stacked tensors are cut from its own, and none of its rows stays", async () => {
      const [a, b] = [open().tensor([1, 2]), open().tensor([3, 4])];
      const weights = open().tensor([1, 10, 100, 1000], [2, 2]);
      const { gradients } = valueAndGradients(() => sum(multiply(stack([a, b], 1), weights)), [a, b]);
      expect(Array.from(await gradients[0].read())).toEqual([1, 100]);
      expect(Array.from(await gradients[1].read())).toEqual([10, 1000]);
    });

    test("a square at 0, a power of 0 and the exponent of 0 have gradients that are numbers", async () => {
      const [x, y] = [open().tensor([0, 0, 0, 2]), open().tensor([2, 0, 1, 3])];
      const { gradients } = valueAndGradients(() => sum(power(x, y)), [x, y]);
      expect(Array.from(await gradients[0].read())).toEqual([0, 0, 1, 12]);
      const [, , , ofExponent] = await gradients[1].read();
      expect(Array.from(await gradients[1].read()).slice(0, 3)).toEqual([0, 0, 0]);
      expect(ofExponent).toBeCloseTo(8 * Math.LN2, 5);
      const slopes = async (exponent: number): Promise<number[]> =>
        Array.from(await valueAndGradients(() => sum(power(x, exponent)), [x]).gradients[0].read());
      expect(await slopes(2)).toEqual([0, 0, 0, 4]);
      expect(await slopes(1)).toEqual([1, 1, 1, 1]);
      expect(await slopes(0)).toEqual([0, 0, 0, 0]);
    });

    test("the second use of a tape is refused with what to do", () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      const tape = new Tape(engine, [x]);
      const y = sum(x);
      tape.gradients(y, [x]);
      expect(() => tape.gradients(y, [x])).toThrow(LifetimeError);
      expect(() => tape.gradients(y, [x])).toThrow(/used already/);
    });

    test("a tape refuses anything but a scalar, and says how it would take it", () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      using tape = new Tape(engine, [x]);
      expect(() => tape.gradients(exp(x), [x])).toThrow(ShapeError);
      expect(() => tape.gradients(exp(x), [x])).toThrow(
        /got \[2\]; sum or mean it first, or pass { upstream }/,
      );
    });

    test("an upstream gradient weights the elements of a value of any shape, and stays the caller's", async () => {
      const x = open().tensor([1, 2, 3]);
      const upstream = open().tensor([1, 10, 100]);
      const square = () => multiply(x, x);
      const { value, gradients } = valueAndGradients(square, [x], { upstream });
      expect(Array.from(await value.read())).toEqual([1, 4, 9]);
      expect(Array.from(await gradients[0].read())).toEqual([2, 40, 600]);
      const itself = valueAndGradients(() => x, [x], { upstream }).gradients[0];
      expect(Array.from(await itself.read())).toEqual([1, 10, 100]);
      itself.dispose();
      expect(Array.from(await upstream.read())).toEqual([1, 10, 100]);
    });

    test("an upstream gradient of the wrong shape or kind is refused", () => {
      const x = open().tensor([1, 2, 3]);
      const by = (upstream: Tensor) => () => valueAndGradients(() => exp(x), [x], { upstream });
      expect(by(open().tensor([[1, 2, 3]]))).toThrow("[1, 3] must have the value's shape, [3]");
      expect(by(open().tensor(Uint32Array.of(1, 2, 3)))).toThrow(
        "the upstream gradient must be f32, got u32 [3]",
      );
      expect(by([1, 2, 3] as never)).toThrow("upstream must be a tensor, got [1, 2, 3]");
    });

    test("values beside the one that is differentiated are given back and live on", async () => {
      const engine = open();
      const before = engine.memory().tensors;
      const x = engine.tensor([1, 2]);
      const found = valueAndGradients(() => {
        const y = multiply(x, x);
        return { value: sum(y), y, more: { roots: [exp(x)], name: "roots" } };
      }, [x]);
      expect(await found.value.item()).toBe(5);
      expect(Array.from(await found.y.read())).toEqual([1, 4]);
      expect((await found.more.roots[0].read())[0]).toBeCloseTo(Math.E, 5);
      expect(found.more.name).toBe("roots");
      expect(Array.from(await found.gradients[0].read())).toEqual([2, 4]);
      expect(engine.memory().tensors).toBe(before + 5);
    });

    test("noGradient and stopGradient make constants", async () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      const { gradients } = valueAndGradients(() => {
        const constant = noGradient(engine, () => exp(x));
        return sum(multiply(multiply(x, constant), stopGradient(x)));
      }, [x]);
      const [dx = new Float32Array()] = [await gradients[0]?.read()];
      expect(dx[0]).toBeCloseTo(Math.E, 5);
      expect(dx[1]).toBeCloseTo(2 * Math.E ** 2, 4);
    });

    test("customGradient replaces the rules of what it calls", async () => {
      const x = open().tensor([1, 2]);
      const { value, gradients } = valueAndGradients(
        () =>
          sum(
            customGradient(
              [x],
              ([a]) => multiply(a, a),
              (g) => [multiply(g, open().tensor([10, 20]))],
            ),
          ),
        [x],
      );
      expect(await value.item()).toBeCloseTo(5);
      expect(Array.from((await gradients[0]?.read()) ?? [])).toEqual([10, 20]);
    });

    test("a tape keeps what it needs when the caller disposes it, and leaves nothing behind", async () => {
      const engine = open();
      const before = engine.memory();
      const x = engine.tensor([1, 2, 3]);
      const tape = new Tape(engine, [x]);
      const y = exp(x);
      const z = sum(y);
      y.dispose();
      const [dx] = tape.gradients(z, [x]);
      const values = Array.from((await dx?.read()) ?? []);
      [1, 2, 3].forEach((v, i) => expect(values[i]).toBeCloseTo(Math.exp(v), 4));
      for (const tensor of [x, z, dx]) tensor?.dispose();
      expect(engine.memory().tensors).toBe(before.tensors);
      expect(engine.memory().bytes).toBe(before.bytes);
    });

    test("calls that depend on no watched tensor are not recorded", () => {
      const engine = open();
      const [x, y] = [engine.tensor([1]), engine.tensor([2])];
      using tape = new Tape(engine, [x]);
      exp(y);
      expect(tape.length).toBe(0);
      exp(x);
      expect(tape.length).toBe(1);
    });

    test("an inner tape does not disturb the outer one, which sees its calls too", async () => {
      const engine = open();
      const x = engine.tensor([3]);
      const outer = new Tape(engine, [x]);
      const y = multiply(x, x);
      const { value, gradients } = valueAndGradients(() => sum(exp(x)), [x]);
      const [dOuter] = outer.gradients(sum(add(y, value)), [x]);
      expect(await gradients[0].item()).toBeCloseTo(Math.exp(3), 3);
      expect(await dOuter.item()).toBeCloseTo(6 + Math.exp(3), 3);
    });

    test("tapes that end in another order than they began in leave no gradient of zero behind, and no handle", async () => {
      const engine = open();
      const before = engine.memory().tensors;
      const x = engine.tensor([3]);
      const outer = new Tape(engine, [x]);
      const inner = new Tape(engine, [x]);
      expect(() => outer.gradients(x, [x])).toThrow(
        /^gradients: a tape that was begun after this one still records/,
      );
      outer.dispose();
      const y = exp(x);
      const [slope] = inner.gradients(y, [x]);
      expect(await slope.item()).toBeCloseTo(Math.exp(3), 3);
      expect(engine.observer).toBeUndefined();
      const z = exp(x);
      for (const tensor of [x, y, z, slope]) tensor.dispose();
      expect(engine.memory().tensors).toBe(before);
    });

    test("a custom gradient inside an inner tape reaches the outer one", async () => {
      const x = open().tensor([1, 2]);
      const outer = new Tape(open(), [x]);
      const { value } = valueAndGradients(
        () =>
          sum(
            customGradient(
              [x],
              ([a]) => exp(a),
              (g) => [multiply(g, open().tensor([10, 20]))],
            ),
          ),
        [x],
      );
      expect(Array.from(await outer.gradients(value, [x])[0].read())).toEqual([10, 20]);
    });

    test("a custom gradient may return tensors that are not its own, and they stay alive", async () => {
      const engine = open();
      const [a, b, mine] = [engine.tensor([1, 2]), engine.tensor([3, 4]), engine.tensor([7, 8])];
      const product = (backward: Parameters<typeof customGradient>[2]): Tensor =>
        sum(customGradient([a, b], ([x, y]) => multiply(x, y), backward));
      const swapped = valueAndGradients(() => product((_, { inputs: [x, y] }) => [y, x]), [a, b]).gradients;
      expect(Array.from(await swapped[0].read())).toEqual([3, 4]);
      expect(Array.from(await swapped[1].read())).toEqual([1, 2]);
      const twice = valueAndGradients(
        () =>
          add(
            product(() => [mine, mine]),
            product(() => [mine, mine]),
          ),
        [a, b],
      );
      expect(Array.from(await twice.gradients[0].read())).toEqual([14, 16]);
      expect(Array.from(await mine.read())).toEqual([7, 8]);
    });

    test("a custom gradient may give one new tensor for two inputs, from which gradients go on", async () => {
      const x = open().tensor([1, 2]);
      const value = () =>
        customGradient(
          [exp(x), multiply(x, x)],
          ([a, b]) => add(a, b),
          (g) => {
            const twice = add(g, g);
            return [twice, twice];
          },
        );
      const slopes = await valueAndGradients(() => sum(value()), [x]).gradients[0].read();
      [1, 2].forEach((v, i) => expect(slopes[i]).toBeCloseTo(2 * Math.exp(v) + 4 * v, 4));
    });

    test("forward of a custom gradient may not give one of its inputs back", () => {
      const x = open().tensor([1, 2]);
      const same = () =>
        customGradient(
          [x],
          ([a]) => a,
          (g) => [g],
        );
      expect(same).toThrow("customGradient: forward returned one of its inputs; return a new tensor");
    });

    test("a custom gradient inside noGradient is a constant", async () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      const constant = (): Tensor =>
        customGradient(
          [x],
          ([a]) => multiply(a, a),
          (g) => [g],
        );
      const value = (): Tensor => sum(multiply(x, noGradient(engine, constant)));
      const { gradients } = valueAndGradients(value, [x]);
      expect(Array.from(await gradients[0].read())).toEqual([1, 4]);
    });

    test("what forward of a custom gradient makes on the way is released", () => {
      const engine = open();
      const x = engine.tensor([1, 2]);
      const before = engine.memory().tensors;
      const y = customGradient(
        [x],
        ([a]) => exp(exp(a)),
        (g) => [g],
      );
      expect(engine.memory().tensors).toBe(before + 1);
      y.dispose();
    });

    test("a tensor that was not watched is refused, not given a gradient of zero", () => {
      const engine = open();
      const [x, w] = [engine.tensor([1]), engine.tensor([2])];
      using tape = new Tape(engine, [x]);
      const y = sum(multiply(x, w));
      expect(() => tape.gradients(y, [w])).toThrow(/was not watched/);
    });
  });
}
