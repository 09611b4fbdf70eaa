// No gradient of zero in silence: where one would end at a call without a rule, the tape refuses and names the call; wrong
// kinds of arguments end in one line.

import { beforeAll, describe, expect, test } from "vitest";
import { customGradient, noGradient, stopGradient, valueAndGradients } from "../../src/autograd/functions.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { add, equal, exp, greater, multiply, where } from "../../src/functions/elementwise.ts";
import { activatedPool, batchMoments } from "../../src/functions/dense.ts";
import { movingAverage } from "../../src/functions/normalisation.ts";
import { maxPool2d } from "../../src/functions/pooling.ts";
import { sum } from "../../src/functions/reduction.ts";
import { run, runOne } from "../../src/functions/run.ts";
import { operators } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const open = useEngine({ device: "reference" });

/** The cube of each element, as an operator of a user's with what is said of its gradient. */
function cube(gradient?: Operator<unknown>["gradient"]): Operator<unknown> {
  return {
    name: "cube",
    ...(gradient === undefined ? {} : { gradient }),
    infer: ([x]) => [x],
    reference: ([x], [y]) => y.data.forEach((_, i) => (y.data[i] = x.data[i] ** 3)),
    candidates: () => [],
  };
}
const cubeOf = (x: Tensor, gradient?: Operator<unknown>["gradient"]): Tensor =>
  open().run(cube(gradient), [x], {})[0];
const gradientOf = async (of: () => Tensor, x: Tensor): Promise<number[]> =>
  Array.from(await valueAndGradients(of, [x]).gradients[0].read());

describe("a path through a call without a rule", () => {
  test("of an operator of a user's is refused with its name and what to do", () => {
    const x = open().tensor([1, 2]);
    const cubed = () => valueAndGradients(() => sum(multiply(cubeOf(exp(x)), x)), [x]);
    expect(cubed).toThrow(UsageError);
    expect(cubed).toThrow(
      /^cube: has no gradient rule, .*give its record a `gradient` rule, or .*stopGradient\(\)/,
    );
    expect(() => valueAndGradients(() => sum(cubeOf(x, "nondifferentiable")), [x])).toThrow(/^cube: has no/);
  });

  test("is fine when the record has a rule, or says that it is piecewise constant", async () => {
    const x = open().tensor([1, 2]);
    const rule: Operator<unknown>["gradient"] = ({ inputs: [a], gradient: g }) => [
      () => multiply(g, multiply(open().full([], 3), multiply(a, a))),
    ];
    expect(await gradientOf(() => sum(cubeOf(x, rule)), x)).toEqual([3, 12]);
    expect(await gradientOf(() => sum(multiply(x, cubeOf(x, "piecewise constant"))), x)).toEqual([1, 8]);
  });

  test("of a built-in operator is refused on a tape with and without watched tensors", () => {
    const x = open().tensor(normal([1, 4, 4, 1]).data, [1, 4, 4, 1]);
    const y = maxPool2d(x, { window: 2 });
    for (const watch of [undefined, [x]]) {
      using tape = new Tape(open(), watch);
      const attributes = { window: [2, 2], stride: [2, 2], padding: [0, 0] } as const;
      const back = runOne("maxPool2dGradient", [x, y, exp(y)], attributes as never);
      const refused = () => tape.gradients(sum(back), [x]);
      expect(refused).toThrow(/^maxPool2dGradient: has no gradient rule, .*customGradient\(\)/);
    }
  });

  test("is no matter where its result is made a constant", async () => {
    const x = open().tensor([1, 2]);
    expect(await gradientOf(() => sum(multiply(x, stopGradient(cubeOf(x)))), x)).toEqual([1, 8]);
    expect(
      await gradientOf(
        () =>
          sum(
            multiply(
              x,
              noGradient(open(), () => cubeOf(x)),
            ),
          ),
        x,
      ),
    ).toEqual([1, 8]);
    expect(await gradientOf(() => sum(multiply(x, cubeOf(stopGradient(x)))), x)).toEqual([1, 8]);
  });

  test("is no matter where it does not reach the value, or comes from nothing that is asked for", async () => {
    const [x, constant] = [open().tensor([1, 2]), open().tensor([2, 3])];
    const unused = () => {
      cubeOf(x);
      return sum(multiply(x, cubeOf(constant)));
    };
    expect(await gradientOf(unused, x)).toEqual([8, 27]);
  });

  test("is no matter where it ends in an input whose rule gives it none", async () => {
    const x = open().tensor([-1, 2]);
    expect(await gradientOf(() => sum(where(cubeOf(x), x, exp(x))), x)).toEqual([1, 1]);
  });

  test("holds no tensor of a call without a rule", () => {
    const x = open().tensor([1, 2]);
    using tape = new Tape(open(), [x]);
    const before = open().memory().tensors;
    cubeOf(x).dispose();
    expect(tape.length).toBe(1);
    expect(open().memory().tensors).toBe(before);
  });
});

test("comparisons have gradients of zero", async () => {
  const [x, y] = [open().tensor([1, 2]), open().tensor([1, 5])];
  expect(await gradientOf(() => sum(where(greater(x, y), x, multiply(x, x))), x)).toEqual([2, 4]);
  expect(await gradientOf(() => sum(multiply(x, equal(x, y))), x)).toEqual([1, 0]);
});

describe("what was overwritten in place", () => {
  const options = { momentum: 0.5, scale: 1 };

  test("is refused where the value depends on it", () => {
    const [x, running] = [open().tensor([1, 2]), open().tensor([3, 4])];
    const average = () => {
      movingAverage(running, exp(x), options);
      return sum(multiply(x, running));
    };
    expect(() => valueAndGradients(average, [x])).toThrow(
      /^movingAverage: .*movingAverage overwrote in place.*noGradient\(\)/,
    );
  });

  test("is refused where the rest of the call has a rule", () => {
    const { data, shape } = normal([2, 3, 3, 4]);
    const x = open().tensor(data, shape);
    const mean = open().zeros([4]);
    const pooled = () => {
      const [statistics] = run("batchMoments", [x], {});
      const [gamma, beta] = [open().full([4], 1), open().zeros([4])];
      const attributes = {
        epsilon: 1e-5,
        momentum: 0.1,
        kind: "average",
        window: [1, 1],
        stride: [1, 1],
        padding: [0, 0],
      };
      run("activatedPool", [x, statistics, gamma, beta, mean, open().full([4], 1)], attributes as never);
      return sum(mean);
    };
    expect(() => valueAndGradients(pooled, [x])).toThrow(/^activatedPool: .* overwrote in place/);
  });

  test("is no matter where the value was computed before, or does not depend on it", async () => {
    const [x, running] = [open().tensor([1, 2]), open().tensor([3, 4])];
    const value = () => {
      const result = sum(add(x, running));
      movingAverage(running, exp(x), options);
      return result;
    };
    expect(await gradientOf(value, x)).toEqual([1, 1]);
  });
});

describe("what a rule would read after it was overwritten", () => {
  const options = { momentum: 0.5, scale: 1 };
  const overwritten = (by: string, overwrite: (x: Tensor) => void, of: (x: Tensor) => Tensor): void => {
    const x = open().tensor([1, 2]);
    using tape = new Tape(open(), [x]);
    const value = sum(of(x));
    noGradient(open(), () => overwrite(x));
    expect(() => tape.gradients(value, [x])).toThrow(
      new RegExp(
        `^\\w+: a gradient rule reads tensor \\d+ \\[2\\], which ${by} overwrote in place after the forward pass`,
      ),
    );
  };

  test("by an operator, is an error and no wrong gradient", () => {
    const average = (x: Tensor): void => movingAverage(x, open().tensor([3, 4]), options);
    overwritten("movingAverage", average, (x) => multiply(x, x));
  });

  test("by engine.write, too", () => {
    overwritten("engine.write", (x) => open().write(x, [3, 4]), (x) => multiply(x, x)); // prettier-ignore
  });

  test("in the piece that it was gathered into, too", () => {
    const [x, y] = [open().tensor([1, 2]), open().tensor([3, 4])];
    const { flat } = open().gather([x, y]);
    using tape = new Tape(open(), [x]);
    const value = sum(multiply(x, x));
    noGradient(open(), () => movingAverage(flat, open().zeros(flat.shape), options));
    expect(() => tape.gradients(value, [x])).toThrow(/which movingAverage overwrote in place/);
  });

  test("is no matter to a rule that does not read it", async () => {
    const x = open().tensor([1, 2]);
    using tape = new Tape(open(), [x]);
    const value = sum(add(x, x));
    open().write(x, [5, 6]);
    expect([...(await tape.gradients(value, [x])[0].read())]).toEqual([2, 2]);
  });
});

test("gradients flow through another handle on the same data", async () => {
  const x = open().tensor([1, 2]);
  const shared = (): Tensor => {
    using handle = open().share(x);
    return sum(multiply(handle, handle));
  };
  expect(await gradientOf(shared, x)).toEqual([2, 4]);
});

test("gradients flow into what was gathered", async () => {
  const [x, y] = [open().tensor([1, 2]), open().tensor([3])];
  const squares = (): Tensor => {
    const { flat } = open().gather([x, y]);
    return sum(multiply(flat, flat));
  };
  const { gradients } = valueAndGradients(squares, [x, y]);
  expect([...(await gradients[0].read())]).toEqual([2, 4]);
  expect([...(await gradients[1].read())]).toEqual([6]);
});

test("the statistics of a pool, whose gradient counts into that of x, must come from x", () => {
  const { data, shape } = normal([2, 3, 3, 4]);
  const x = open().tensor(data, shape);
  const given = open().tensor(normal([2, 4], 7).data, [2, 4]);
  const [zeros, ones] = [open().zeros([4]), open().full([4], 1)];
  const norm = { gamma: ones, beta: zeros, runningMean: zeros, runningVariance: ones };
  const pooled = (statistics: Tensor): Tensor =>
    sum(activatedPool("average", x, statistics, norm, { window: 1 }));
  expect(() => valueAndGradients(() => pooled(batchMoments(x)), [x])).not.toThrow();
  for (const statistics of [() => given, () => multiply(given, 2)]) {
    expect(() => valueAndGradients(() => pooled(statistics()), [given])).toThrow(
      "activatedPool: the gradient of input 2 counts into that of input 1, from which it must have been computed",
    );
  }
});

test("an operator that overwrites is refused, also where it is piecewise constant", () => {
  const fivefold: Operator<object> = {
    name: "fivefold",
    updates: [0],
    infer: ([x]) => [x],
    reference: ([x]) => x.data.forEach((value, i) => (x.data[i] = 5 * value)),
    candidates: () => [],
    gradient: "piecewise constant",
  };
  const x = open().tensor([1, 2]);
  const value = (): Tensor => {
    const y = multiply(x, 2);
    open().run(fivefold, [y], {});
    return sum(y);
  };
  expect(() => valueAndGradients(value, [x])).toThrow(/^fivefold: .*fivefold overwrote in place/);
});

test("tensors of two engines are told apart", async () => {
  const other = await openEngine({ device: "reference" });
  const x = other.tensor([1]);
  expect(() => valueAndGradients(() => sum(open().tensor([1])), [x])).toThrow(
    /^gradients: tensor \d+ \[\] lives on another engine$/,
  );
  other.close();
});

describe("second derivatives", () => {
  test("are refused: the gradients of an inner tape have no gradient", () => {
    const x = open().tensor([1, 2]);
    const penalty = () => {
      const [g] = valueAndGradients(() => sum(multiply(x, multiply(x, x))), [x]).gradients;
      return sum(multiply(g, g));
    };
    expect(() => valueAndGradients(penalty, [x])).toThrow(
      /^the gradients of an inner tape: .*second derivatives are not supported/,
    );
  });

  test("are refused along the upstream gradient of an inner tape, and through a tape between", () => {
    const [x, constant] = [open().tensor([1, 2]), open().tensor([3, 4])];
    const inner = () => valueAndGradients(() => exp(constant), [constant], { upstream: exp(x) }).gradients[0];
    expect(() => valueAndGradients(() => sum(inner()), [x])).toThrow(/^the gradients of an inner tape/);
    const between = () => valueAndGradients(() => {
      const found = inner();
      return { value: sum(constant), found };
    }, [constant]).found; // prettier-ignore
    expect(() => valueAndGradients(() => sum(between()), [x])).toThrow(/^the gradients of an inner tape/);
  });

  test("of an inner tape that the outer one is not to see are constants", async () => {
    const x = open().tensor([1, 2]);
    const weights = () => stopGradient(valueAndGradients(() => sum(multiply(x, x)), [x]).gradients[0]);
    expect(await gradientOf(() => sum(multiply(x, weights())), x)).toEqual([2, 4]);
    const hidden = () =>
      noGradient(open(), () => valueAndGradients(() => sum(multiply(x, x)), [x]).gradients[0]);
    expect(await gradientOf(() => sum(multiply(x, hidden())), x)).toEqual([2, 4]);
  });
});

test("a rule that gives a gradient of another shape is named, also where it is not asked for itself", () => {
  const x = open().tensor([1, 2]);
  const wrong = () => customGradient([exp(x)], ([a]) => multiply(a, a), () => [open().zeros([2, 1])]); // prettier-ignore
  expect(() => valueAndGradients(() => sum(wrong()), [x])).toThrow(
    "customGradient: its gradient rule gave [2, 1] for input 0, which is [2]",
  );
});

describe("wrong kinds of arguments are one line", () => {
  // As a program in plain JavaScript would call them.
  const found = valueAndGradients as unknown as (...given: unknown[]) => unknown;
  const custom = customGradient as unknown as (...given: unknown[]) => Tensor;
  const x = () => open().tensor([1, 2]);
  let a: Tensor;
  beforeAll(() => (a = x()));
  const cases: readonly [string, () => unknown, string | RegExp][] = [
    ["a value in place of the function", () => found(sum(x()), [x()]), "the function that computes the value must be a function, got a tensor []"],
    ["one tensor in place of an array", () => found(() => sum(x()), x()), "come in a list: [tensor]"],
    ["no tensors at all", () => found(() => sum(x())), "must be a list of tensors, got undefined"],
    ["an empty array", () => found(() => sum(x()), []), "there is no tensor to differentiate by; pass [w]"],
    ["numbers among the tensors", () => found(() => sum(x()), [x(), 3]), "number 1 must be a tensor, got 3"],
    [
      "a tensor of whole numbers",
      () => found(() => sum(x()), [open().tensor(Uint32Array.of(1))]),
      "number 0 must be f32, got u32 [1]; only f32 has gradients",
    ],
    ["a function that returns nothing", () => found(() => undefined, [x()]), "must return a tensor, or { value: tensor, ... }; it returned undefined"],
    ["a function that returns a number", () => found(() => 3, [x()]), "it returned 3"],
    ["a record without a value", () => found(() => ({ loss: sum(x()) }), [x()]), "it returned an object"],
    ["a record whose value is a number", () => found(() => ({ value: 3 }), [x()]), "a record whose value is 3"],
    ["a record with gradients", () => found(() => ({ value: sum(x()), gradients: 1 }), [x()]), 'something named "gradients"'],
    ["an asynchronous function", () => found(async () => Promise.resolve(sum(x())), [x()]), "returned a promise"],
    ["an option that does not exist", () => found(() => sum(x()), [x()], { upstraem: x() }), 'no option "upstraem"; did you mean "upstream"?'],
    ["an upstream gradient in place of the options", () => found(() => sum(x()), [x()], x()), "options must be an object such as { upstream: ... }, got a tensor [2]"],
    ["a tape that watches one tensor", () => new Tape(open(), x() as never), "new Tape: the tensors to watch come in a list"],
    ["noGradient without an engine", () => (noGradient as unknown as (body: () => void) => void)(() => undefined), "noGradient: takes an engine, got a function"],
    ["an asynchronous noGradient", () => noGradient(open(), async () => Promise.resolve(1)), "noGradient: takes a synchronous function"],
    ["a custom backward that gives too few", () => found(() => sum(custom([a], () => exp(a), () => [])), [a]), "customGradient: backward gives 0 gradients for 1 inputs"],
    ["a custom backward that gives numbers", () => found(() => sum(custom([a], () => exp(a), () => [3])), [a]), "customGradient: backward must give tensors or undefined, it gave 3"],
    ["a custom forward that returns nothing", () => custom([x()], () => undefined, () => []), "forward must return a tensor, it returned undefined"],
    [
      "a custom backward that returns one tensor",
      () => {
        const a = x();
        return found(() => sum(custom([a], ([b]: Tensor[]) => exp(b), (g: Tensor) => g)), [a]);
      },
      "backward must return a list with the gradient of each input, it returned a tensor [2]",
    ],
  ]; // prettier-ignore
  for (const [name, call, message] of cases) {
    test(name, () => {
      expect(call).toThrow(UsageError);
      expect(call).toThrow(message);
    });
  }

  test("and leave the engine as it was", async () => {
    const a = x();
    expect(() => found(() => undefined, [a])).toThrow(UsageError);
    expect(open().observer).toBeUndefined();
    expect(await gradientOf(() => sum(a), a)).toEqual([1, 1]);
  });
});

test("every operator's record that is built in leaves its gradient to the table", () => {
  expect(Object.values(operators).filter((operator) => "gradient" in operator)).toEqual([]);
});
