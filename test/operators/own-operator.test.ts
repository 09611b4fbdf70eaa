// An operator of the user's with kernels of its own: it runs wherever a built-in one runs, and a mistake in its record is one
// line that names the operator and the field. (The guide's operator, docs/own-operators.md, is run by test/docs.)

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { KernelError } from "../../src/errors/errors.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { runOperator } from "../../src/functions/run.ts";
import { kernelOf } from "../../src/kernels/own-kernel.ts";
import { input, output, type Operator } from "../../src/operators/operator.ts";
import { profile } from "../../src/profiling/profile.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { tune } from "../../src/tuning/tuner.ts";
import { worksOf } from "../../src/tuning/works.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";
import { factorsKernel, unitRows, type UnitRows } from "./unit-rows.ts";

const attributes: UnitRows = { epsilon: 1e-3 };
const apply = (x: Tensor, scale: Tensor): Tensor => runOperator(unitRows, [x, scale], attributes)[0];

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
      operator: "unitRows",
      candidates: ["by64", "by32"],
      chosen: "by32",
      attributes,
    });
    for (const name of call.candidates) {
      const y = gpu().withCandidate(unitRows, name, () => apply(x, scale));
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
      [unitRows, ["by64", "by32"]],
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
  const broken: Operator<UnitRows> = {
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
