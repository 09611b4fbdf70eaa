// An operator of the user's with kernels of its own: it runs wherever a built-in one runs, and a mistake in its record is one
// line that names the operator and the field. (The guide's operator, docs/own-operators.md, is run by test/docs.)

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { KernelError, ShapeError, TesseraError } from "../../src/errors/errors.ts";
import { affine, divide, multiply, sqrt, subtract } from "../../src/functions/elementwise.ts";
import { mean, sum } from "../../src/functions/reduction.ts";
import { runOperator } from "../../src/functions/run.ts";
import { kernelOf } from "../../src/kernels/own-kernel.ts";
import { input, output, temporary, type Candidate, type Operator } from "../../src/operators/operator.ts";
import { checkCandidates, checkInferred, checkRecord } from "../../src/operators/record-checks.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import { profile } from "../../src/profiling/profile.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { workKey } from "../../src/runtime/webgpu/choice.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tune } from "../../src/tuning/tuner.ts";
import { worksOf } from "../../src/tuning/works.ts";
import { useEngine } from "../engines.ts";
import { normal, type Sample } from "./sample.ts";
import { samples } from "./samples.ts";

/** factors[r] = 1 / sqrt(mean of row r's squares + epsilon): in workgroup memory, with barriers. */
const factorsKernel =
  kernelOf(`// factors[r] = 1 / sqrt(mean of x[r, :]^2 + epsilon), one workgroup for each row
// kernel: rms
// launch: rows workgroups
// work: 2 * rows * width operations
const WIDTH = 64u; // knob: invocations per workgroup, a power of two
struct Sizes { rows: u32, width: u32, epsilon: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> factors: array<f32>;
var<workgroup> sums: array<f32, WIDTH>;
@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * grid.x;
  if (row >= sizes.rows) { return; }
  for (var i = lane; i < sizes.width; i += WIDTH) {
    sums[lane] += x[row * sizes.width + i] * x[row * sizes.width + i];
  }
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { factors[row] = inverseSqrt(sums[0] / f32(sizes.width) + sizes.epsilon); }
}`);

/** The same name on purpose: y[r, i] = scale[i] factors[r] x[r, i]. */
const scaleKernel = kernelOf(`// y[r, i] = scale[i] factors[r] x[r, i]
// kernel: rms
// launch: ceil(rows * width / WIDTH) workgroups
// work: 2 * rows * width operations
const WIDTH = 64u; // knob: invocations per workgroup
struct Sizes { rows: u32, width: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + group.y * grid.x) * WIDTH + lane;
  if (i < sizes.rows * sizes.width) { y[i] = scale[i % sizes.width] * factors[i / sizes.width] * x[i]; }
}`);

interface RmsNorm {
  readonly epsilon: number;
}
const rmsNorm: Operator<RmsNorm> = {
  name: "rmsNorm",
  infer([x, scale]) {
    if (scale.shape.length !== 1 || scale.shape[0] !== x.shape.at(-1))
      throw new ShapeError("rmsNorm: lengths differ");
    return [{ shape: x.shape, dtype: "f32" }];
  },
  reference([x, scale], [y], { epsilon }) {
    const width = scale.data.length;
    for (let begin = 0; begin < x.data.length; begin += width) {
      let squares = 0;
      for (let i = 0; i < width; i++) squares += x.data[begin + i] ** 2;
      const factor = 1 / Math.sqrt(squares / width + epsilon);
      for (let i = 0; i < width; i++) y.data[begin + i] = scale.data[i] * factor * x.data[begin + i];
    }
  },
  candidates([x, scale], { epsilon }) {
    const [width] = scale.shape;
    const rows = sizeOf(x.shape) / width;
    return [64, 32].map((WIDTH): Candidate => ({
      name: `by${WIDTH}`,
      temporaries: [{ shape: [rows], dtype: "f32" }],
      launches: [
        {
          kernel: factorsKernel,
          knobs: { WIDTH },
          bind: { x: input(0), factors: temporary(0) },
          sizes: { rows, width, epsilon },
        },
        {
          kernel: scaleKernel,
          bind: { x: input(0), scale: input(1), factors: temporary(0), y: output(0) },
          sizes: { rows, width },
        },
      ],
    }));
  },
  gradient({ inputs: [x, scale], gradient, attributes: { epsilon } }) {
    const last = { axes: [-1], keepDimensions: true };
    const deviation = sqrt(affine(mean(multiply(x, x), last), 1, epsilon));
    const [unit, scaled] = [divide(x, deviation), multiply(gradient, scale)];
    return [
      () => divide(subtract(scaled, multiply(unit, mean(multiply(scaled, unit), last))), deviation),
      () => sum(multiply(gradient, unit), { axes: x.shape.slice(0, -1).map((_, axis) => axis) }),
    ];
  },
};

const attributes: RmsNorm = { epsilon: 1e-3 };
const apply = (x: Tensor, scale: Tensor): Tensor => runOperator(rmsNorm, [x, scale], attributes)[0];

const shape = [3, 5, 71];
const host = { x: normal(shape, 1), scale: normal([71], 2, 1), weights: normal(shape, 3) };

/** A scalar that depends on every element differently. */
const weighed = (engine: Engine, x: Tensor, scale: Tensor): Tensor =>
  sum(multiply(apply(x, scale), engine.tensor(host.weights.data, shape)));

function largestError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  return Math.max(...Array.from(found, (value, i) => Math.abs(value - expected[i])));
}

const gpu = useEngine({ device: "webgpu", checked: true });
const cpu = useEngine({ device: "reference" });
const tensors = (engine: Engine): [x: Tensor, scale: Tensor] => [
  engine.tensor(host.x.data, shape),
  engine.tensor(host.scale.data),
];

/** The values on the CPU. */
async function expected(): Promise<ArrayLike<number>> {
  using y = cpu().scope(() => apply(...tensors(cpu())));
  return await y.read();
}

describe("an operator of the user's", () => {
  test("runs at once, on both backends, with each of its candidates", async () => {
    const wanted = await expected();
    expect(largestError(wanted, host.x.data)).toBeGreaterThan(0.1); // it does something
    const [x, scale] = tensors(gpu());
    const [call, ...others] = gpu().candidatesOf(() => apply(x, scale));
    expect(others).toEqual([]);
    expect(call).toMatchObject({
      operator: "rmsNorm",
      candidates: ["by64", "by32"],
      chosen: "by32",
      attributes,
    });
    for (const name of call.candidates) {
      const y = gpu().withCandidate(rmsNorm, name, () => apply(x, scale));
      expect(largestError(await y.read(), wanted)).toBeLessThan(2e-6);
    }
  });

  test("runs in a recorded step, with kernels of one name and different text", async () => {
    const wanted = await expected();
    for (const engine of [gpu(), cpu()]) {
      const [x, scale] = tensors(engine);
      using program = await engine.record(() => apply(x, scale));
      for (let run = 0; run < 2; run++) program.run();
      expect(largestError(await program.result.read(), wanted)).toBeLessThan(2e-6);
      if (engine === cpu()) continue;
      expect(program.plan?.pipelines).toBe(2);
      const { kernels, launches } = await profile(program, { replays: 1, warmup: 1 });
      expect(launches.map(({ kernel, operations }) => [kernel, operations])).toEqual([
        ["rms", 2 * sizeOf(shape)],
        ["rms", 2 * sizeOf(shape)],
      ]);
      expect(kernels.map((each) => [each.kernel, each.launches])).toEqual([
        ["rms", 1],
        ["rms", 1],
      ]);
    }
  });

  test("has the gradient of its rule: that of central differences, on both backends, at once and recorded", async () => {
    const [x, scale] = [Float64Array.from(host.x.data), Float64Array.from(host.scale.data)];
    const value = async (): Promise<number> => {
      using result = cpu().scope(() => weighed(cpu(), cpu().tensor(x, shape), cpu().tensor(scale)));
      return await result.item();
    };
    const numeric = [x, scale].map((array) => async (i: number): Promise<number> => {
      const before = array[i];
      array[i] = before + 1e-6;
      const above = await value();
      array[i] = before - 1e-6;
      const below = await value();
      array[i] = before;
      return (above - below) / 2e-6;
    });
    // Every seventh element of x, which has a thousand, and every one of scale.
    const places = [x, scale].map((array, of) => [...array.keys()].filter((i) => of === 1 || i % 7 === 0));
    const wanted: number[][] = [[], []];
    for (const of of [0, 1]) for (const i of places[of]) wanted[of].push(await numeric[of](i));
    for (const engine of [gpu(), cpu()]) {
      const tolerance = engine === cpu() ? 1e-6 : 2e-5;
      const inputs = tensors(engine);
      const weights = engine.tensor(host.weights.data, shape);
      const step = (): Tensor[] =>
        valueAndGradients(() => sum(multiply(apply(...inputs), weights)), inputs).gradients;
      using program = await engine.record(step);
      program.run();
      for (const gradients of [step(), program.result]) {
        for (const of of [0, 1]) {
          const found = await gradients[of].read();
          expect(
            largestError(
              places[of].map((i) => found[i]),
              wanted[of],
            ),
          ).toBeLessThan(tolerance);
        }
      }
    }
  });

  test("is tuned", async () => {
    const [x, scale] = tensors(gpu());
    const { recording } = gpu().trace(() => void apply(x, scale));
    const works = worksOf([recording], gpu().traits);
    recording.release();
    const { tuned } = await tune(gpu(), works);
    expect(tuned.map(({ work, times }) => [work.operator, times.map(({ name }) => name)])).toEqual([
      [rmsNorm, ["by64", "by32"]],
    ]);
    expect(tuned[0].times.map(({ out }) => out)).not.toContain("other results");
  });
});

describe("WGSL that does not compile", () => {
  const wrong = kernelOf(factorsKernel.text.replace("inverseSqrt(sums", "inverseSqrt(sumz"), {
    name: "misspelt",
  });
  const line = factorsKernel.text.split("\n").findIndex((each) => each.includes("inverseSqrt")) + 1;
  const message = new RegExp(`^shader misspelt\\.wgsl:${line}:\\d+: .*'?sumz'?`);
  const broken: Operator<RmsNorm> = {
    name: "broken",
    infer: ([
      {
        shape: [rows],
      },
    ]) => [{ shape: [rows], dtype: "f32" }],
    reference: () => undefined,
    candidates: (
      [
        {
          shape: [rows, width],
        },
      ],
      { epsilon },
    ) => [
      {
        name: "only",
        launches: [
          { kernel: wrong, bind: { x: input(0), factors: output(0) }, sizes: { rows, width, epsilon } },
        ],
      },
    ],
  };
  const failing = useEngine({ device: "webgpu" });

  test("is told with kernel, line and the compiler's words, when a step is recorded and when values are read", async () => {
    const x = failing().tensor([[1, 2], [3, 4]]); // prettier-ignore
    const recorded = failing().record(() => runOperator(broken, [x], attributes)[0]);
    await expect(recorded).rejects.toThrow(KernelError);
    await expect(recorded).rejects.toThrow(message);
    const [y] = runOperator(broken, [x], attributes);
    await expect(y.read()).rejects.toThrow(message);
  });
});

/** y = 2 x by a built-in kernel: a sound record, for mistakes to be put into. */
const sound = {
  name: "twice",
  infer: ([x]) => [x],
  reference: ([x], [y]) => {
    y.data.set(x.data.map((value) => 2 * value));
  },
  candidates: ([x]) => [
    {
      name: "only",
      launches: [
        {
          kernel: "unary",
          knobs: { OPERATION: "affine" },
          bind: { x: input(0), y: output(0) },
          sizes: { count: sizeOf(x.shape), first: 2, second: 0 },
        },
      ],
    },
  ],
  gradient: ({ gradient }) => [() => affine(gradient, 2, 0)],
} satisfies Operator<object>;
const [launch] = sound.candidates([{ shape: [2], dtype: "f32" }])[0].launches;
const of = (...launches: readonly unknown[]): object => ({ candidates: () => [{ name: "only", launches }] });
const bound = (bind: object): object => of({ ...launch, bind });

/** The message of an error that was thrown on purpose, which must be one line. */
function complaint(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(TesseraError);
    expect((error as Error).message).not.toContain("\n");
    return (error as Error).message;
  }
  throw new Error("nothing was refused");
}

describe("a mistake in a record", () => {
  const run = (engine: Engine, change: object): unknown =>
    engine.scope(() => engine.run({ ...sound, ...change }, [engine.full([2], 1)], {}));

  test("is not found in a sound one", async () => {
    for (const engine of [gpu(), cpu()]) {
      const [y] = engine.run(sound, [engine.tensor([1, 2])], {});
      expect(Array.from(await y.read())).toEqual([2, 4]);
    }
  });

  test.each<[what: string, change: object, message: string]>([
    ["no name", { name: undefined }, "operator without a name: name must be one word, got undefined"],
    [
      "a name of a built-in one",
      { name: "relu" },
      "operator relu: a built-in operator has this name; take another, since candidates and tuning are found by name",
    ],
    [
      "a field that there is not",
      { gradeint: () => [] },
      'operator twice: there is no field "gradeint"; did you mean "gradient"?',
    ],
    ["no infer", { infer: undefined }, "operator twice: infer must be a function, got undefined"],
    ["no candidates", { candidates: [] }, "operator twice: candidates must be a function, got an empty list"],
    [
      "a gradient that is no rule",
      { gradient: "none" },
      'operator twice: gradient must be a function, "piecewise constant", "nondifferentiable", or left out, got the string "none"',
    ],
    [
      "aliases that says no",
      { aliases: false },
      "operator twice: aliases must be true, or left out, got false",
    ],
    [
      "infer without a list",
      { infer: () => undefined },
      "operator twice: infer must give a list of { shape, dtype }, one for each output; got undefined",
    ],
    [
      "infer with a shape alone",
      { infer: () => [[2]] },
      "operator twice: output 0 of infer must be { shape, dtype } with dtype f32, u32, u8; got [2]",
    ],
    [
      "infer with a type that there is not",
      { infer: () => [{ shape: [2], dtype: "f64" }] },
      'operator twice: output 0 of infer must be { shape, dtype } with dtype f32, u32, u8; got {"shape":[2],"dtype":"f64"}',
    ],
    [
      "infer with half an element",
      { infer: () => [{ shape: [0.5], dtype: "f32" }] },
      "operator twice: output 0 of infer: [0.5] is no shape of up to 6 positive integers",
    ],
    [
      "infer with nothing",
      { infer: () => [] },
      "operator twice: infer gives no output, and updates names no input: nothing would be computed",
    ],
    [
      "an infer that fails",
      { infer: ([, y]: unknown[]) => [{ shape: (y as Tensor).shape }] },
      "operator twice: infer failed: Cannot read properties of undefined (reading 'shape')",
    ],
    [
      "an update of an input that there is not",
      { updates: [1] },
      "operator twice: updates names input 1, and there are 1 (the first is 0)",
    ],
    [
      "an alias of another size",
      { aliases: true, infer: () => [{ shape: [3], dtype: "f32" }] },
      "operator twice: aliases is for one output that is input 0 under another shape: as many elements, of its dtype",
    ],
  ])("%s is told on every backend", (_, change, message) => {
    for (const engine of [gpu(), cpu()]) expect(complaint(() => run(engine, change))).toBe(message);
    expect(complaint(() => gpu().trace(() => run(gpu(), change)))).toBe(message);
  });

  test.each<[what: string, change: object, message: string]>([
    [
      "no candidate",
      { candidates: () => [] },
      "operator twice: candidates must give a list of at least one candidate, got an empty list",
    ],
    [
      "a candidate without a name",
      { candidates: () => [{ launches: [launch] }] },
      "operator twice: a candidate needs a name, got undefined",
    ],
    [
      "two candidates of one name",
      { candidates: () => [1, 2].map(() => ({ name: "a", launches: [launch] })) },
      'operator twice: two candidates are called "a"',
    ],
    [
      "a candidate without launches",
      of(),
      'operator twice: candidate "only": launches must be a list of at least one launch, got an empty list',
    ],
    [
      "a kernel that there is not",
      of({ ...launch, kernel: "unray" }),
      'there is no kernel "unray"; did you mean "unary"?',
    ],
    [
      "no bind",
      of({ ...launch, bind: undefined }),
      'operator twice: candidate "only": a launch of unary needs bind, a slot for each of x, y',
    ],
    [
      "a binding that the kernel has not",
      bound({ x: input(0), y: output(0), z: input(0) }),
      'operator twice: candidate "only": kernel unary has no binding "z"; it has x, y',
    ],
    [
      "a binding left out",
      bound({ x: input(0) }),
      'operator twice: candidate "only": nothing is bound to "y" of kernel unary',
    ],
    [
      "a number for a slot",
      bound({ x: 0, y: output(0) }),
      'operator twice: candidate "only": "x" must be bound to input(i), output(i) or temporary(i)',
    ],
    [
      "an input that there is not",
      bound({ x: input(1), y: output(0) }),
      'operator twice: candidate "only": "x" is bound to input 1, and there is only 0',
    ],
    [
      "scratch space that was not asked for",
      bound({ x: input(0), y: temporary(0) }),
      'operator twice: candidate "only": "y" is bound to temporary 0, and there is none',
    ],
    [
      "an input written to",
      bound({ x: input(0), y: input(0) }),
      'operator twice: candidate "only": kernel unary may write to input 0 ("y"), which updates does not name',
    ],
    [
      "an output that nobody writes",
      { infer: ([x]: unknown[]) => [x, x] },
      'operator twice: candidate "only": no launch writes output 1',
    ],
    [
      "an output read before it is written",
      bound({ x: output(0), y: output(0) }),
      'operator twice: candidate "only": kernel unary reads output 0 ("x") before it is written',
    ],
    [
      "a size that is no number",
      of({ ...launch, sizes: { ...launch.sizes, count: NaN } }),
      "kernel unary: uniform count takes a whole number from 0 up to 2^32 - 1, got NaN",
    ],
    [
      "a knob that there is not",
      of({ ...launch, knobs: { OPERATOIN: "affine" } }),
      'operator twice, unary.wgsl: kernel unary has no knob "OPERATOIN"; did you mean "OPERATION"? it has Element, OPERATION, VALUES, WIDTH',
    ],
  ])("%s is told on WebGPU, at once and recorded", async (_, change, message) => {
    expect(complaint(() => run(gpu(), change))).toBe(message);
    await expect(gpu().record(() => run(gpu(), change))).rejects.toThrow(message);
  });

  test.each<[what: string, change: object, message: string]>([
    [
      "no reference",
      { reference: undefined },
      'operator twice has no reference, which is what this backend computes; write one, or open the engine with device: "webgpu"',
    ],
    [
      "a reference that fails",
      { reference: () => Number((undefined as never)["x"]) },
      "operator twice: reference failed: Cannot read properties of undefined (reading 'x')",
    ],
    [
      "a reference that is asynchronous",
      { reference: () => Promise.resolve() },
      "operator twice: reference must fill the outputs' data before it returns; it returned a promise: await it first",
    ],
    [
      "a reference that returns its result",
      { reference: () => [1, 2] },
      "operator twice: reference must fill the outputs' data before it returns; it returned a list of 2",
    ],
    [
      "a reference that replaces the data",
      {
        reference: (_: unknown, [y]: { data: unknown }[]) => {
          y.data = [];
        },
      },
      "operator twice: reference must fill the outputs' data before it returns; it put another array in their place",
    ],
  ])("%s is told on the CPU, at once and recorded", async (_, change, message) => {
    expect(complaint(() => run(cpu(), change))).toBe(message);
    using program = await cpu().record(() => run(cpu(), change));
    expect(complaint(() => program.run())).toBe(message);
  });

  test("no reference is none on WebGPU", () => {
    expect(run(gpu(), { reference: undefined })).toHaveLength(1);
  });

  test.each<[what: string, gradient: unknown, message: string]>([
    ["nothing", () => undefined, "gradient must give a list of functions, one for each input"],
    ["too few", () => [], "gradient gives 0 for 1 inputs; give undefined for an input that has none"],
    [
      "too many",
      () => [undefined, undefined],
      "gradient gives 2 for 1 inputs; give undefined for an input that has none",
    ],
    [
      "tensors",
      ({ gradient }: { gradient: Tensor }) => [gradient],
      "gradient of input 0 must be a function that makes it, () => ..., or undefined",
    ],
    ["numbers", () => [() => 2], "gradient of input 0 must give a tensor"],
    [
      "another shape",
      ({ gradient }: { gradient: Tensor }) => [() => sum(gradient)],
      "gradient of input 0 is f32 [], and the input is [2]",
    ],
    [
      "whole numbers",
      () => [() => cpu().tensor(Uint32Array.of(1, 2))],
      "gradient of input 0 is u32 [2], and the input is [2]",
    ],
    [
      "an error",
      () => {
        throw new Error("not yet");
      },
      "gradient failed: not yet",
    ],
  ])("a gradient that gives %s is told", (_, gradient, message) => {
    const x = cpu().tensor([1, 2]);
    const operator = { ...sound, gradient } as unknown as Operator<object>;
    const step = (): unknown => valueAndGradients(() => sum(runOperator(operator, [x], {})[0]), [x]);
    expect(complaint(step)).toBe(`operator twice: ${message}`);
  });

  const round: Record<string, unknown> = {};
  round["itself"] = round;
  test.each<[what: string, attributes: object, message: RegExp]>([
    [
      "a function",
      { f: () => 1 },
      /^operator twice: attribute "f" is a function; works are tuned by their attributes/,
    ],
    ["a map", { deep: { map: new Map() } }, /^operator twice: attribute "map" is an object of a class/],
    ["a bigint", { n: [1n] }, /^operator twice: attribute "0" is a bigint/],
    ["themselves", round, /^operator twice: the attributes hold themselves/],
  ])("attributes with %s are told where works are tuned by them", (_, given, message) => {
    using x = gpu().tensor([1, 2]);
    const { recording } = gpu().trace(() => void gpu().run(sound, [x], given));
    expect(complaint(() => worksOf([recording], gpu().traits))).toMatch(message);
    recording.release();
  });

  test("whole numbers bound as floats are told, and not read as their bits", () => {
    const [x, scale] = [gpu().full([2, 3], 1), gpu().tensor(Uint32Array.of(1, 2, 3))];
    const loose: typeof rmsNorm = { ...rmsNorm, infer: ([first]) => [first] };
    expect(() => gpu().run(loose, [x, scale], { epsilon: 0 })).toThrow(
      /^operator rmsNorm: candidate "\w+": "scale" of kernel rms is array<f32>, and input 1 is u32$/,
    );
  });

  test("numbers that JSON has not are attributes like others", () => {
    const keys = [NaN, Infinity, -Infinity, 0].map((limit) => workKey("twice", [], { limit }));
    expect(new Set(keys).size).toBe(4);
  });
});

test.each(Object.keys(operators) as OperatorName[])("%s, built in, is as a user's record must be", (name) => {
  const operator = operators[name] as Operator<never>;
  checkRecord({ ...operator, name: `own-${name}` });
  for (const { inputs, attributes } of samples[name] as readonly Sample<never>[]) {
    const outputs = operator.infer(inputs, attributes);
    checkInferred(operator, inputs, outputs);
    if (operator.aliases === true) continue;
    const candidates = operator.candidates(inputs, attributes, gpu().traits);
    checkCandidates(operator, candidates, inputs, outputs);
  }
});
