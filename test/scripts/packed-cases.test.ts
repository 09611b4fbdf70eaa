// The cases and the bench list of the package of kernels: they hold what the tests hold, run on a device, and find faults.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGpu, type Gpu } from "../../src/device/gpu.ts";
import { packedKernels } from "../../scripts/pack-kernels/packed.mjs";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { magnitudesOf, reference, worstError as worstOfTests } from "../operators/magnitudes.ts";
import { uniform, type Sample } from "../operators/sample.ts";
import { samples } from "../operators/samples.ts";
import type { BenchItem, Clock, timeItem } from "../../scripts/pack-kernels/static/bench.js";
import type { Case, ExpectedTensor, runCase, worstError } from "../../scripts/pack-kernels/static/cases.js";
import type { Launch, Launcher } from "../../scripts/pack-kernels/static/launches.js";
import { usePackedKernels } from "./packed-kernels.ts";

const packed = usePackedKernels();

interface Modules {
  readonly bench: { readonly Clock: typeof Clock; readonly timeItem: typeof timeItem };
  readonly cases: { readonly runCase: typeof runCase; readonly worstError: typeof worstError };
  readonly launches: { readonly Launcher: typeof Launcher };
}
let modules: Modules;
let values: ArrayBuffer;
let gpu: Gpu;
let launcher: Launcher;
beforeAll(async () => {
  const [bench, cases, launches] = await Promise.all(
    ["bench.js", "cases.js", "launches.js"].map((path) => packed.load(path)),
  );
  modules = { bench, cases, launches } as Modules;
  values = new Uint8Array(readFileSync(join(packed.folder, "cases/values.bin"))).buffer;
  const own = (await packed.load("index.js")) as Readonly<Record<string, never>>;
  gpu = await openGpu();
  launcher = new modules.launches.Launcher(gpu.device, (name) => own[name]);
});
afterAll(() => gpu.destroy());

const casesOf = (operator: string): readonly Case[] =>
  JSON.parse(packed.text(`cases/${operator}.json`)) as readonly Case[];
const index = (): readonly {
  readonly operator: OperatorName;
  readonly cases: number;
  readonly candidates: number;
}[] => (JSON.parse(packed.text("cases/index.json")) as { operators: ReturnType<typeof index> }).operators;

const launchesOf = (each: {
  readonly candidates: readonly { readonly launches: readonly Launch[] }[];
}): Launch[] => each.candidates.flatMap(({ launches }) => launches);

test("every operator that launches something has cases, and every kernel is launched by some", () => {
  const launching = Object.entries(operators).filter(
    ([name, each]) => (each as Operator<unknown>).aliases !== true && name !== "cast",
  );
  expect(
    index()
      .map(({ operator }) => operator)
      .sort(),
  ).toEqual(launching.map(([name]) => name).sort());
  const launched = new Set(
    index()
      .flatMap(({ operator }) => casesOf(operator))
      .flatMap(launchesOf)
      .map(({ kernel }) => kernel),
  );
  // Two ceilings of an adapter, and what a checked engine asks.
  const others = ["ceilingFma", "compareRuns", "copyVectors"];
  expect([...launched].sort()).toEqual(
    packedKernels.map(({ name }) => name).filter((name) => !others.includes(name)),
  );
});

test("each candidate that the samples have is in a case", () => {
  const { operators: rows } = JSON.parse(packed.text("manifest.json")) as {
    readonly operators: Readonly<Record<string, { readonly candidates: object }>>;
  };
  for (const { operator } of index()) {
    const named = new Set(casesOf(operator).flatMap(({ candidates }) => candidates.map(({ name }) => name)));
    expect([...named].sort(), operator).toEqual(Object.keys(rows[operator]?.candidates ?? {}).sort());
  }
});

test("the manifest says what belongs together", () => {
  interface Row {
    readonly computes: string;
    readonly operators: readonly string[];
    readonly gradientKernels: readonly string[];
    readonly bindings: readonly { readonly name: string; readonly meaning: string }[];
    readonly uniforms: readonly { readonly name: string; readonly meaning: string }[];
  }
  const manifest = JSON.parse(packed.text("manifest.json")) as {
    readonly kernels: Readonly<Record<string, Row>>;
    readonly operators: Readonly<Record<string, { readonly gradientOperators: readonly string[] }>>;
  };
  expect(Object.keys(manifest.kernels).sort()).toEqual(packedKernels.map(({ name }) => name));
  for (const [name, { computes }] of Object.entries(manifest.kernels)) {
    expect(computes, name).toMatch(/^\S[^]{20,}\S$/);
  }
  expect(manifest.operators["conv2d"]?.gradientOperators).toEqual([
    "conv2dInputGradient",
    "conv2dWeightGradient",
  ]);
  expect(manifest.operators["matmul"]?.gradientOperators).toEqual(["matmul"]);
  expect(manifest.kernels["maxPool2d"]).toMatchObject({
    operators: ["maxPool2d"],
    gradientKernels: ["maxPool2dGradient", "maxPool2dGradientWalk"],
  });
  const { softmax } = manifest.kernels;
  expect(softmax?.computes).toBe(
    "With l = scale * x + mask, of each row, f32:\n" +
      "  y[r, k] = exp(l[r, k]) / sum over j of exp(l[r, j]), or where LOG is set the logarithm of that.",
  );
  expect(softmax?.bindings.find(({ name }) => name === "x")?.meaning).toBe("[rows, columns]");
  expect(softmax?.uniforms.find(({ name }) => name === "columns")?.meaning).toBe("in Elements");
});

/** A sample of the tests by its name. */
function sampleOf(operator: OperatorName, name: string): Sample<unknown> {
  const found = (samples[operator] as readonly Sample<unknown>[]).filter((each) => each.name === name);
  if (found[0] === undefined) throw new Error(`${operator} has no sample "${name}"`);
  return found[0];
}

// One operator for each way to find magnitudes, with updated inputs, bytes and infinities among them.
test.each<OperatorName>([
  "relu",
  "softmax",
  "conv2dWeightGradient",
  "adam",
  "topRows",
  "takeRows",
  "maxPool2d",
])("the bounds of %s are those of the tests", (name) => {
  const operator = operators[name] as Operator<unknown>;
  for (const each of casesOf(name)) {
    const sample = sampleOf(name, each.name);
    const expected = reference(operator, sample, () => undefined);
    const magnitudes = magnitudesOf(name, operator, sample);
    const told: readonly ExpectedTensor[] = [...each.outputs, ...each.updates];
    expect(told.length).toBe(expected.length);
    expected.forEach((right, i) => {
      const noise = uniform([right.length], i + 1, -1e-5, 1e-5).data;
      const wrong = Float64Array.from(right, (value, at) => value * (1 + noise[at]) + noise[at] * 1e-3);
      for (const actual of [right, wrong]) {
        const wanted = worstOfTests(actual, right, sample, magnitudes?.[i]);
        const found = modules.cases.worstError(actual, told[i], each.unit, values);
        // Magnitudes are stored as f32, rounded down: never looser, and hardly tighter.
        expect(found).toBeGreaterThanOrEqual(wanted * (1 - 1e-12));
        if (Number.isFinite(wanted)) expect(found).toBeLessThanOrEqual(wanted * (1 + 1e-6));
      }
    });
  }
});

describe("on a device", () => {
  async function results(
    each: Case,
    of = values,
  ): Promise<{ readonly right: number; readonly wrong: string[] }> {
    let right = 0;
    const wrong: string[] = [];
    for await (const { candidate, worst = 0, message, skipped } of modules.cases.runCase(
      launcher,
      each,
      of,
    )) {
      if (message !== undefined) wrong.push(`${each.name}, ${candidate}: ${message}`);
      else if (skipped === undefined) {
        expect(worst).toBeLessThanOrEqual(1);
        right++;
      }
    }
    return { right, wrong };
  }

  test.each(["conv2dInputGradient", "softmaxGradient", "adam", "takeRows", "crossEntropy", "clamp"])(
    "all candidates of the cases of %s are right",
    async (name) => {
      let right = 0;
      for (const each of casesOf(name)) {
        const found = await results(each);
        expect(found.wrong).toEqual([]);
        right += found.right;
      }
      expect(right).toBeGreaterThan(2);
    },
    300_000,
  );

  test("a wrong value, an output that is not written, and a launch that is refused are told", async () => {
    const each = casesOf("relu").at(-1);
    if (each === undefined) throw new Error("relu has no case");
    const off = values.slice(0);
    new Float64Array(off, each.outputs[0]?.at, 1)[0] += 1e-3;
    expect((await results(each, off)).wrong[0]).toMatch(/^.*: output 0 is off by [\d.e+]+ times its bound$/);

    const change = (of: (launch: Launch) => Launch): Case => ({
      ...each,
      candidates: each.candidates.map((candidate) => ({
        ...candidate,
        launches: candidate.launches.map(of),
      })),
    });
    const short = change((launch) => ({ ...launch, sizes: { ...launch.sizes, count: 1 } }));
    expect((await results(short)).wrong[0]).toMatch(/: output 0 is off by Infinity times its bound$/);
    const twice = change((launch) => ({ ...launch, bind: { x: "output 0", y: "output 0" } }));
    expect((await results(twice)).wrong[0]).toMatch(/usage|writable|synchronization/i);
    const misnamed = change((launch) => ({ ...launch, knobs: { OPERATION: "rely" } }));
    expect((await results(misnamed)).wrong[0]).toMatch(/: unary: knob OPERATION takes exp, .*, got rely$/);
    gpu.check();
  });

  const bench = (): readonly BenchItem[] => JSON.parse(packed.text("bench.json")) as readonly BenchItem[];

  test("the bench list has a candidate by rule for each kind of adapter, operations and bytes", () => {
    expect(bench().length).toBeGreaterThan(30);
    for (const { operator, title, candidates, bytes, operations } of bench()) {
      for (const kind of ["gpu", "gpuSubgroups", "software", "softwareSubgroups"]) {
        const taken = candidates.filter(({ ruleOf }) => ruleOf.includes(kind));
        expect(taken.length, `${operator}, ${title}, ${kind}`).toBe(1);
      }
      expect(bytes).toBeGreaterThan(2 ** 16);
      expect(operations).toBeGreaterThanOrEqual(0);
    }
    const product = bench().find(({ operator }) => operator === "matmul");
    expect(product).toMatchObject({ operations: 2 * 1024 ** 3, bytes: 3 * 4 * 1024 ** 2 });
  });

  test("times are a median and its quartiles, by timestamps and by the queue", async () => {
    const item = bench().find(({ operator }) => operator === "sum");
    if (item === undefined) throw new Error("the bench list has no sum");
    const withoutTimestamps = new Proxy(gpu.device, {
      get(device, key): unknown {
        if (key === "features") return new Set();
        const value: unknown = Reflect.get(device, key);
        return typeof value === "function" ? (value as () => void).bind(device) : value;
      },
    });
    const has = gpu.device.features.has("timestamp-query");
    for (const [device, method] of [
      [gpu.device, has ? /^(?:timestamps|rounded)$/ : /^queue$/],
      [withoutTimestamps, /^queue$/],
    ] as const) {
      const clock = await modules.bench.Clock.open(device);
      expect(clock.method).toMatch(method);
      const isFirst = (each: unknown): boolean => each === item.candidates[0];
      let count = 0;
      for await (const timed of modules.bench.timeItem(launcher, clock, item, isFirst)) {
        count++;
        const { median = 0, low = 0, high = 0, gigabytes = 0, message } = timed;
        expect(message).toBeUndefined();
        expect(low).toBeGreaterThan(0);
        expect(low).toBeLessThanOrEqual(median);
        expect(high).toBeGreaterThanOrEqual(median);
        expect(gigabytes).toBeCloseTo(item.bytes / median / 1e9, 6);
      }
      expect(count).toBe(1);
    }
    gpu.check();
  });
});
