// Mistakes in the record of an operator of the user's: each is one line that names the operator and the field.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { TesseraError } from "../../src/errors/errors.ts";
import { affine } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { runOperator } from "../../src/functions/run.ts";
import { input, output, temporary, type Operator } from "../../src/operators/operator.ts";
import { checkCandidates, checkInferred, checkRecord } from "../../src/operators/record-checks.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { workKey } from "../../src/runtime/webgpu/choice.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { worksOf } from "../../src/tuning/works.ts";
import { useEngine } from "../engines.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";
import { unitRows } from "./unit-rows.ts";

const gpu = useEngine({ device: "webgpu", checked: true });
const cpu = useEngine({ device: "reference" });

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
      "operator twice: output 0 of infer must be { shape, dtype } with dtype f32, f16, u32, u8; got [2]",
    ],
    [
      "infer with a type that there is not",
      { infer: () => [{ shape: [2], dtype: "f64" }] },
      'operator twice: output 0 of infer must be { shape, dtype } with dtype f32, f16, u32, u8; got {"shape":[2],"dtype":"f64"}',
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
      "operator twice: reference must fill the outputs' data before it returns; it returned [1, 2]",
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
    const loose: typeof unitRows = { ...unitRows, infer: ([first]) => [first] };
    expect(() => gpu().run(loose, [x, scale], { epsilon: 0 })).toThrow(
      /^operator unitRows: candidate "\w+": "scale" of kernel rms is array<f32>, and input 1 is u32$/,
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
