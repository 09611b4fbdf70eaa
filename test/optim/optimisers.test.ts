// Optimisers: ten steps of each against its published formula in plain float64 loops, and what all of them share.

import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { Adam, AdamW } from "../../src/optim/adam.ts";
import type { Optimiser, OptimiserState } from "../../src/optim/optimiser.ts";
import {
  optimiserNames,
  optimiserOf,
  optimisers,
  type OptimiserSettings,
} from "../../src/optim/optimiser-table.ts";
import { SGD } from "../../src/optim/sgd.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

/** A filter, a bias and a matrix, none of them a multiple of 64 values long. */
const shapes = [[3, 3, 2, 5], [5], [70, 3]] as const;

type Values = number[][];
const valuesOf = (seed: number, deviation: number): Values =>
  shapes.map((shape, i) => Array.from(normal(shape, 10 * seed + i, 0, deviation).data));
const start = valuesOf(1, 1);
const steps = 10;
/** Of step t = 1, 2, ...; their norm is about 6, more in even steps. */
const slopes = (t: number): Values => valuesOf(t + 1, t % 2 === 0 ? 0.5 : 0.3);

interface Plain {
  readonly by: OptimiserSettings["by"];
  readonly rate: number;
  readonly decay: number;
  readonly decayed?: (parameter: number) => boolean;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly clip?: number;
}

/** Torch's documented algorithms (Adam, AdamW, SGD, clip_grad_norm_), a number at a time. */
function plain({ by, rate, decay, decayed = () => true, momentum = 0.9, nesterov, clip }: Plain): Values {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const parameters = start.map((list) => [...list]);
  const zeros = (): Values => start.map((list) => list.map(() => 0));
  const [first, second, velocity] = [zeros(), zeros(), zeros()];
  for (let t = 1; t <= steps; t++) {
    const gradients = slopes(t);
    const norm = Math.sqrt(gradients.flat().reduce((sum, g) => sum + g * g, 0));
    const factor = clip === undefined ? 1 : Math.min(1, clip / (norm + 1e-6));
    parameters.forEach((list, p) => {
      const lambda = decayed(p) ? decay : 0;
      list.forEach((_, i) => {
        let g = gradients[p][i] * factor;
        if (by === "adamw") list[i] -= rate * lambda * list[i];
        else g += lambda * list[i];
        if (by === "sgd") {
          velocity[p][i] = momentum * velocity[p][i] + g;
          list[i] -= rate * (nesterov === true ? g + momentum * velocity[p][i] : velocity[p][i]);
          return;
        }
        first[p][i] = beta1 * first[p][i] + (1 - beta1) * g;
        second[p][i] = beta2 * second[p][i] + (1 - beta2) * g * g;
        const [m, v] = [first[p][i] / (1 - beta1 ** t), second[p][i] / (1 - beta2 ** t)];
        list[i] -= (rate * m) / (Math.sqrt(v) + epsilon);
      });
    });
  }
  return parameters;
}

/**
 * The same where parameters take part from some step on, at a multiple of the rate: each as a run of its own, with the norm of the
 * gradients that take part.
 */
function plainSteps(
  { by, rate, decay, clip = Infinity }: Plain,
  parts: readonly (readonly [parameter: number, from: number, multiple: number])[],
): Values {
  const found: Values = [];
  for (const [p, from, multiple] of parts) {
    const values = [...start[p]];
    const memory = values.map(() => [0, 0]);
    for (let t = from; t <= steps; t++) {
      const taking = parts.flatMap(([other, first]) => (first <= t ? slopes(t)[other] : []));
      const factor = Math.min(1, clip / (Math.hypot(...taking) + 1e-6));
      values.forEach((_, i) => {
        let g = slopes(t)[p][i] * factor;
        if (by === "adamw") values[i] -= rate * multiple * decay * values[i];
        else g += decay * values[i];
        const [m, v] = memory[i];
        if (by === "sgd") {
          memory[i] = [0.9 * m + g, 0];
          values[i] -= rate * multiple * memory[i][0];
          return;
        }
        memory[i] = [0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g];
        const own = t - from + 1;
        const [mean, square] = [memory[i][0] / (1 - 0.9 ** own), memory[i][1] / (1 - 0.999 ** own)];
        values[i] -= (rate * multiple * mean) / (Math.sqrt(square) + 1e-8);
      });
    }
    found[p] = values;
  }
  return found;
}

const tensorsOf = (engine: Engine, values: Values): Tensor[] =>
  values.map((list, i) => engine.tensor(Float64Array.from(list), shapes[i], "f32"));

function oneStep(engine: Engine, optimiser: Optimiser, t: number): void {
  engine.scope(() => optimiser.step(tensorsOf(engine, slopes(t))));
}

const read = async (parameters: readonly Tensor[]): Promise<Values> =>
  Promise.all(parameters.map(async (tensor) => Array.from(await tensor.read())));

/** Bits of f32 values. */
const bitsOf = (values: ArrayLike<number>): number[] =>
  Array.from(new Uint32Array(Float32Array.from(values).buffer));

/** Settings, and what the plain loop is told in their place. */
const trajectories: readonly [string, OptimiserSettings, Plain][] = [
  ["Adam", { by: "adam", learningRate: 0.05 }, { by: "adam", rate: 0.05, decay: 0 }],
  [
    "Adam with weight decay",
    { by: "adam", learningRate: 0.05, weightDecay: 0.1 },
    { by: "adam", rate: 0.05, decay: 0.1 },
  ],
  ["AdamW by default", { by: "adamw", learningRate: 0.05 }, { by: "adamw", rate: 0.05, decay: 0.01 }],
  [
    "AdamW, decay of weights alone",
    { by: "adamw", learningRate: 0.05, weightDecay: 0.5, decayed: "weights" },
    { by: "adamw", rate: 0.05, decay: 0.5, decayed: (p) => p !== 1 },
  ],
  ["gradient descent with momentum", { by: "sgd", learningRate: 0.05 }, { by: "sgd", rate: 0.05, decay: 0 }],
  [
    "gradient descent without momentum, with decay",
    { by: "sgd", learningRate: 0.05, momentum: 0, weightDecay: 0.1 },
    { by: "sgd", rate: 0.05, decay: 0.1, momentum: 0 },
  ],
  [
    "Nesterov, decay of weights alone",
    { by: "sgd", learningRate: 0.05, nesterov: true, weightDecay: 0.2, decayed: "weights" },
    { by: "sgd", rate: 0.05, decay: 0.2, nesterov: true, decayed: (p) => p !== 1 },
  ],
  [
    "clipped gradient descent with decay",
    { by: "sgd", learningRate: 0.05, weightDecay: 0.1, clipNorm: 1 },
    { by: "sgd", rate: 0.05, decay: 0.1, clip: 1 },
  ],
  [
    "clipped AdamW",
    { by: "adamw", learningRate: 0.05, clipNorm: 7.5 },
    { by: "adamw", rate: 0.05, decay: 0.01, clip: 7.5 },
  ],
];

for (const [device, digits] of [
  ["reference", 12],
  ["webgpu", 5],
] as const) {
  describe(`on ${device}`, () => {
    const open = useEngine({ device });

    test.each(trajectories)("ten steps of %s are those of the formula", async (_, settings, loop) => {
      const engine = open();
      const parameters = tensorsOf(engine, start);
      using optimiser = optimiserOf(parameters, settings);
      for (let t = 1; t <= steps; t++) oneStep(engine, optimiser, t);
      const expected = plain(loop).flat();
      const found = (await read(parameters)).flat();
      expect(found.length).toBe(expected.length);
      expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, digits));
      expect(optimiser.steps).toBe(steps);
    });

    test("every optimiser of the table goes on from another one's state, bit for bit", async () => {
      const engine = open();
      for (const by of optimiserNames) {
        const settings = { by, learningRate: 0.05, weightDecay: 0.1, clipNorm: 2 };
        const [whole, part] = [tensorsOf(engine, start), tensorsOf(engine, start)];
        using first = optimiserOf(whole, settings);
        for (let t = 1; t <= 3; t++) oneStep(engine, first, t);
        const state = await first.state();
        expect(Object.keys(state.moments)).toEqual(first.momentNames);
        const between = await read(whole);
        part.forEach((tensor, i) => engine.write(tensor, Float64Array.from(between[i])));
        for (let t = 4; t <= 6; t++) oneStep(engine, first, t);

        using second = optimiserOf(part, { ...settings, learningRate: 1 });
        second.restore(state);
        for (let t = 4; t <= 6; t++) oneStep(engine, second, t);
        expect(await read(part), by).toEqual(await read(whole));
        expect(await second.state(), by).toEqual(await first.state());
        expect(first.name).toBe(by);
      }
    });

    test("groups have rates of their own, one norm, and step counts that begin when they take part", async () => {
      const engine = open();
      for (const by of optimiserNames) {
        const parameters = tensorsOf(engine, start);
        const [filter, bias, matrix] = parameters;
        const groups = [{ parameters: [filter, matrix] }, { parameters: [bias], rate: 0.1 }];
        const settings = { by, learningRate: 0.05, weightDecay: 0.1, clipNorm: 1 };
        using optimiser = optimiserOf(groups, settings);
        const sizes = start.map((list) => list.length);
        const order = [0, 2, 1];
        // Without the bias at first; its group then begins as a run at its own rate does.
        const apart = plainSteps({ by, rate: 0.05, decay: 0.1, clip: 1 }, [
          [0, 1, 1],
          [2, 1, 1],
          [1, 4, 0.1],
        ]);
        for (let t = 1; t <= steps; t++) {
          engine.scope(() => {
            const gradients = tensorsOf(engine, slopes(t));
            optimiser.step(order.map((p) => (p === 1 && t < 4 ? undefined : gradients[p])));
          });
        }
        const found = await read(parameters);
        sizes.forEach((_, p) => {
          apart[p].forEach((value, i) => expect(found[p][i], `${by} ${p}`).toBeCloseTo(value, digits - 1));
        });
        const state = await optimiser.state();
        expect(state).toMatchObject({ steps, groupSteps: [steps, steps - 3] });
        using other = optimiserOf(
          [{ parameters: [filter, matrix] }, { parameters: [bias], rate: 0.1 }],
          settings,
        );
        other.restore(state);
        expect(await other.state()).toEqual(state);
      }
    });

    test.each([
      ["a group of none", [{ parameters: [] }], /adam: group 0 has no parameters/],
      ["no list", [{ parameters: 3 }], /adam: group 0: takes a list of parameters/],
      [
        "a rate of nothing",
        [{ parameters: "first", rate: 0 }],
        /group 0: rate must be a finite number above 0/,
      ],
      ["another field", [{ parameters: "first", lr: 1 }], /group 0: there is no option "lr"/],
      [
        "one twice",
        [{ parameters: "first" }, { parameters: "first" }],
        /share their data; name each only once/,
      ],
    ])("%s is no group of parameters", (_, groups, message) => {
      const parameters = tensorsOf(open(), start);
      const made = groups.map((group) => ({
        ...group,
        parameters: group.parameters === "first" ? parameters.slice(0, 1) : group.parameters,
      }));
      expect(() => new Adam(made as never, { learningRate: 0.1 })).toThrow(message);
    });

    test("a step of half a group, or of no gradient, is refused before anything changes", async () => {
      const engine = open();
      const parameters = tensorsOf(engine, start);
      using optimiser = new Adam(parameters, { learningRate: 0.1 });
      const [first, ...others] = tensorsOf(engine, slopes(1));
      expect(() => optimiser.step([first, undefined, undefined])).toThrow(
        "adam: 1 gradients for the 3 parameters of group 0; pass all of a group, or none where it takes no part",
      );
      expect(() => optimiser.step(others.concat(first).map(() => undefined))).toThrow(
        "adam: a step without any gradient",
      );
      expect(await read(parameters)).toEqual(await read(tensorsOf(engine, start)));
    });

    test("a limit that no gradient reaches changes no bit, and the norm can be read", async () => {
      const engine = open();
      const [free, held] = [tensorsOf(engine, start), tensorsOf(engine, start)];
      using without = new Adam(free, { learningRate: 0.05 });
      using within = new Adam(held, { learningRate: 0.05, clipNorm: 1e3 });
      for (let t = 1; t <= 3; t++) {
        oneStep(engine, without, t);
        oneStep(engine, within, t);
      }
      const [expected, found] = [(await read(free)).flat(), (await read(held)).flat()];
      expect(bitsOf(found)).toEqual(bitsOf(expected));
      const norm = Math.hypot(...slopes(3).flat());
      expect(await within.gradientNorm?.item()).toBeCloseTo(norm, 4);
      expect(without.gradientNorm).toBeUndefined();
    });

    test.each([
      ["not a number", NaN],
      ["infinite", Infinity],
      ["infinite and negative", -Infinity],
    ])("a gradient that is %s makes every parameter NaN: a clipped step hides nothing", async (_, value) => {
      const engine = open();
      const parameters = tensorsOf(engine, start);
      for (const by of optimiserNames) {
        using optimiser = optimiserOf(parameters, { by, learningRate: 0.05, clipNorm: 1 });
        const gradients = slopes(1);
        gradients[2][11] = value;
        parameters.forEach((tensor, i) => engine.write(tensor, Float64Array.from(start[i])));
        engine.scope(() => optimiser.step(tensorsOf(engine, gradients)));
        for (const bits of bitsOf((await read(parameters)).flat())) {
          expect(bits & 0x7fffffff, by).toBeGreaterThan(0x7f800000);
        }
        expect(await optimiser.gradientNorm?.item()).toBeNaN();
        // The moments do not forget it: later steps are NaN, too.
        oneStep(engine, optimiser, 2);
        expect((await read(parameters)).flat().every(Number.isNaN)).toBe(true);
      }
    });

    test("a changed learning rate takes effect at the next step", async () => {
      const engine = open();
      const x = engine.tensor([1]);
      const adam = new Adam([x], { learningRate: 0.1 });
      adam.step([engine.tensor([1])]);
      adam.learningRate = 0;
      adam.step([engine.tensor([1])]);
      expect(await x.item()).toBeCloseTo(0.9, 6);
      expect(adam.steps).toBe(2);
    });

    test("a gradient too few or of another shape is refused, and counts as no step", async () => {
      const x = open().tensor([1, 2]);
      for (const optimiser of [new Adam([x], { learningRate: 0.1 }), new SGD([x], { learningRate: 0.1 })]) {
        const { name } = optimiser;
        expect(() => optimiser.step([])).toThrow(ShapeError);
        expect(() => optimiser.step([open().tensor([1])])).toThrow(
          `${name}: gradient 0 is [1], its parameter [2]`,
        );
        expect(optimiser.steps).toBe(0);
        expect(Array.from(await x.read())).toEqual([1, 2]);
        optimiser.dispose();
      }
    });

    test("a state that does not fit is refused in one line, and nothing has changed", async () => {
      const engine = open();
      const parameters = tensorsOf(engine, start);
      using optimiser = new Adam(parameters, { learningRate: 0.05 });
      oneStep(engine, optimiser, 1);
      const before = await optimiser.state();
      const { firstMoment, secondMoment } = before.moments;
      const other = Float32Array.from(firstMoment, () => 5);
      const refused = (change: Partial<OptimiserState>, kind: typeof ShapeError, message: string): void => {
        const attempt = (): void => optimiser.restore({ ...before, ...change });
        expect(attempt).toThrow(kind);
        expect(attempt).toThrow(message);
      };
      refused(
        { moments: { firstMoment: other } },
        ShapeError,
        "adam: a state with moments firstMoment; it keeps firstMoment, secondMoment",
      );
      refused({ moments: {} }, ShapeError, "adam: a state with moments none; it keeps");
      refused(
        { moments: { firstMoment: other, secondMoment: other, momentum: other } },
        ShapeError,
        "firstMoment, secondMoment, momentum; it keeps firstMoment, secondMoment",
      );
      refused(
        { moments: { firstMoment: other, secondMoment: other.subarray(1) } },
        ShapeError,
        `adam: a state with ${other.length - 1} values of secondMoment, its parameters have ${secondMoment.length}`,
      );
      refused({ steps: 1.5, moments: { firstMoment: other, secondMoment } }, UsageError, "after 1.5 steps");
      refused({ learningRate: NaN, moments: { firstMoment: other, secondMoment } }, UsageError, "rate NaN");
      expect(await optimiser.state()).toEqual(before);
    });
  });
}

describe("on WebGPU alone", () => {
  const open = useEngine({ device: "webgpu" });

  test("finite gradients whose squares leave f32 fail as visibly as infinite ones", async () => {
    const engine = open();
    const x = engine.tensor([1, 2, 3]);
    using optimiser = new SGD([x], { learningRate: 0.1, clipNorm: 1 });
    // Each square is finite, their sum is not.
    engine.scope(() => optimiser.step([engine.tensor([1.5e19, 1.5e19, 1])]));
    expect((await x.read()).every(Number.isNaN)).toBe(true);
    engine.write(x, [1, 2, 3]);
    engine.scope(() => optimiser.step([engine.tensor([1e30, 0, 0])]));
    expect((await x.read()).every(Number.isNaN)).toBe(true);
  });

  test("the largest gradients that have a norm are clipped to it", async () => {
    const engine = open();
    const x = engine.tensor([1, 1]);
    using optimiser = new SGD([x], { learningRate: 1, momentum: 0, clipNorm: 1 });
    engine.scope(() => optimiser.step([engine.tensor([6e18, -8e18])]));
    const [a, b] = await x.read();
    expect(a).toBeCloseTo(0.4, 6);
    expect(b).toBeCloseTo(1.8, 6);
  });
});

describe("options", () => {
  const open = useEngine({ device: "reference" });

  test("which parameters decay can be said of each", async () => {
    const engine = open();
    const [a, b] = [engine.tensor([1]), engine.tensor([1])];
    using optimiser = new AdamW([a, b], {
      learningRate: 0.1,
      weightDecay: 1,
      decays: (parameter) => parameter === b,
    });
    engine.scope(() => optimiser.step([engine.tensor([0]), engine.tensor([0])]));
    expect([await a.item(), await b.item()]).toEqual([1, 0.9]);
  });

  test.each([
    [
      { by: "adm", learningRate: 1 },
      'there is no optimiser "adm"; did you mean "adam"? there are adam, adamw, sgd',
    ],
    [{ by: "toString", learningRate: 1 }, 'there is no optimiser "toString"; there are adam, adamw, sgd'],
    [{ by: "adam" }, "adam: learningRate is missing; it must be a number from 0 up"],
    [{ by: "adam", learningRate: -1 }, "adam: learningRate must be a number from 0 up, got -1"],
    [{ by: "adam", learningRate: NaN }, "adam: learningRate must be a number from 0 up, got NaN"],
    [{ by: "adamw", learningRate: 1, beta1: 1 }, "adamw: beta1 must be a number from 0 to below 1, got 1"],
    [
      { by: "adam", learningRate: 1, beta3: 1 },
      'adam: there is no option "beta3"; did you mean "beta1"? it has',
    ],
    [
      { by: "adam", learningRate: 1, weightDecay: null },
      "adam: weightDecay must be a number from 0 up, got null",
    ],
    [{ by: "sgd", learningRate: 1, clipNorm: 0 }, "sgd: clipNorm must be a number above 0, got 0"],
    [{ by: "sgd", learningRate: 1, nesterov: 1 }, "sgd: nesterov must be true or false, got 1"],
    [
      { by: "sgd", learningRate: 1, momentum: 0, nesterov: true },
      "sgd: nesterov looks ahead along the momentum",
    ],
    [
      { by: "sgd", learningRate: 1, decayed: "biases" },
      'sgd: decayed must be one of all, weights, got "biases"',
    ],
  ])("%j is refused in one line", (settings, message) => {
    const x = open().tensor([1]);
    const attempt = (): Optimiser => optimiserOf([x], settings as OptimiserSettings);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(message);
  });

  test("an optimiser without parameters is refused, and disposing one leaves no tensor", () => {
    const engine = open();
    expect(() => new SGD([], { learningRate: 1 })).toThrow("sgd: there are no parameters to train");
    const x = engine.tensor([1, 2]);
    const before = engine.memory().tensors;
    for (const by of optimiserNames) {
      optimiserOf([x], { by, learningRate: 1, weightDecay: 1, clipNorm: 1 }).dispose();
      expect(engine.memory().tensors).toBe(before);
    }
  });

  test("the table's names are those of the optimisers, and its defaults theirs", () => {
    const x = open().tensor([1]);
    for (const by of optimiserNames) {
      using optimiser = optimiserOf([x], { by, learningRate: 1 });
      expect(optimiser.name).toBe(by);
    }
    expect(optimisers.adamw.weightDecay).toBe(0.01);
  });
});
