// NaN, infinities, -0 and subnormals in every operator, on both backends: one at a time at the start and in the middle of each
// f32 input, with every candidate that a sample has on this adapter. What an operator does not pass on, and where the backends
// differ, are the tables of docs/numerics.md, which are read here: a row too few and a row too many both fail. What moves
// numbers must leave every bit as it is. Elsewhere the sign of a zero is not promised, and 0 passes for -0: there -0 is put in
// for what is made of it, such as 1 / -0, a condition, or a comparison with 0.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { openGpu } from "../../src/device/gpu.ts";
import { activatedPool } from "../../src/functions/dense.ts";
import {
  clamp,
  divide,
  exp,
  log,
  maximum,
  minimum,
  notEqual,
  relu,
  sigmoid,
  sqrt,
  where,
} from "../../src/functions/elementwise.ts";
import { softmaxCrossEntropy } from "../../src/functions/losses.ts";
import { reshape } from "../../src/functions/movement.ts";
import { maxPool2d } from "../../src/functions/pooling.ts";
import { max, mean, sum } from "../../src/functions/reduction.ts";
import type { Sliding } from "../../src/operators/convolution/extents.ts";
import { forwardCandidates, weightGradientCandidates } from "../../src/operators/convolution/launches.ts";
import { updatesOf, type Candidate, type Operator } from "../../src/operators/operator.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

type AnyOperator = Operator<unknown>;
type AnySample = Sample<unknown>;

/** As bits: numbers in JavaScript do not keep the sign of a NaN, and x86 makes negative ones. */
const specials = {
  NaN: 0x7fc00000,
  "-NaN": 0xffc00000,
  Infinity: 0x7f800000,
  "-Infinity": 0xff800000,
  "-0": 0x80000000,
  subnormal: 0x000116c2,
};
type Special = keyof typeof specials;

/** The rows of the table below a heading of docs/numerics.md: the operators that its first cell names, and its second cell. */
function rowsBelow(heading: string): { readonly operators: readonly string[]; readonly what: string }[] {
  const text = readFileSync("docs/numerics.md", "utf8");
  const [, section = ""] = text.split(`\n### ${heading}\n`);
  const [table = ""] = section.split(/\n#/);
  return [...table.matchAll(/^\| (.*?) +\| (.*?) +\|/gm)].slice(2).map(([, names = "", what = ""]) => ({
    operators: [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name),
    what: what.trim(),
  }));
}

const silent = rowsBelow("What takes no notice of a NaN");
const different = rowsBelow("Where the backends differ");

const names = Object.keys(operators) as OperatorName[];
const movement: readonly string[] = [
  "reshape",
  "transpose",
  "slice",
  "pad",
  "concat",
  "split",
  "pack",
  "broadcastTo",
  "takeRows",
];

let backend: WebGpuBackend;
let gpu: Engine;
let reference: Engine;
beforeAll(async () => {
  backend = new WebGpuBackend(await openGpu());
  gpu = new Engine(backend);
  reference = await openEngine({ device: "reference" });
});
afterAll(() => {
  gpu.close();
  reference.close();
});

async function results(engine: Engine, operator: AnyOperator, sample: AnySample): Promise<HostArray[]> {
  const inputs = sample.inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
  const outputs = engine.run(operator, inputs, sample.attributes);
  const updated = updatesOf(operator, inputs.length).map((index) => inputs[index]);
  const reading = [...outputs, ...updated].map((tensor) => tensor.read());
  for (const tensor of [...inputs, ...outputs]) tensor.dispose();
  return Promise.all(reading);
}

const elements = ({ inputs }: AnySample): number => inputs.reduce((sum, { data }) => sum + data.length, 0);

/** The samples of an operator that have a place for a special value. */
const fitting = ({ name }: AnyOperator): AnySample[] =>
  (samples[name as OperatorName] as readonly AnySample[]).filter(({ inputs }) =>
    inputs.some(({ dtype, data }) => dtype === "f32" && data.length > 0),
  );

function candidatesOf(operator: AnyOperator, sample: AnySample): string[] {
  if (operator.aliases === true) return ["alias"];
  return operator.candidates(sample.inputs, sample.attributes, gpu.traits).map(({ name }) => name);
}

/** For each candidate the smallest sample that has it and is more than a few numbers, or else the largest that is not. */
function chosen(operator: AnyOperator): { sample: AnySample; candidates: string[] }[] {
  const enough = 40;
  const bySize = fitting(operator).sort((a, b) => elements(a) - elements(b));
  const small = bySize.filter((sample) => elements(sample) < enough);
  const taken = new Set<string>();
  return [...bySize.slice(small.length), ...small.reverse()].flatMap((sample) => {
    const candidates = candidatesOf(operator, sample).filter((name) => !taken.has(name));
    for (const name of candidates) taken.add(name);
    return candidates.length === 0 ? [] : [{ sample, candidates }];
  });
}

interface Planted {
  readonly special: Special;
  readonly input: number;
  readonly sample: AnySample;
}

/**
 * The sample with each special value at the start and in the middle of each f32 input, and where the value in the middle of
 * the output comes from if it was only moved.
 */
function planted(sample: AnySample, moved?: HostArray): Planted[] {
  return sample.inputs.flatMap(({ dtype, data }, input) => {
    if (dtype !== "f32") return [];
    const { length } = data;
    const places = new Set([0, length >> 1]);
    if (moved !== undefined)
      places.add(Float32Array.from(data).indexOf(Math.fround(moved[moved.length >> 1])));
    places.delete(-1);
    return [...places].flatMap((at) =>
      (Object.keys(specials) as Special[]).map((special) => ({
        special,
        input,
        sample: {
          ...sample,
          inputs: sample.inputs.map((tensor, i) => {
            if (i !== input) return tensor;
            const data = Float32Array.from(tensor.data);
            new Uint32Array(data.buffer)[at] = specials[special];
            return { ...tensor, data };
          }),
        },
      })),
    );
  });
}

/** Whether a number that was only moved is the same, bit for bit. NaN can only be the one that was put in. */
function unchanged(expected: number, actual: HostArray, at: number, special: Special): boolean {
  if (!Number.isNaN(expected)) return Object.is(actual[at], Math.fround(expected));
  return new Uint32Array(actual.buffer, actual.byteOffset)[at] === specials[special];
}

/** How a value of WebGPU differs from the reference's, in the words of the table; undefined where it does not. */
function difference(expected: number, actual: number, scale: number): string | undefined {
  const wanted = Math.fround(expected);
  if (Object.is(wanted, actual) || wanted === actual) return undefined;
  if (Number.isFinite(wanted) && Number.isFinite(actual)) {
    // Subnormals may be taken for 0.
    return Math.abs(wanted - actual) <= 1e-3 * Math.max(Math.abs(wanted), scale) + 2 ** -126
      ? undefined
      : "another number";
  }
  if (Number.isNaN(actual))
    return Number.isFinite(wanted) ? "NaN for a number" : "one of NaN and infinity for the other";
  if (Number.isNaN(wanted))
    return Number.isFinite(actual) ? "a number for NaN" : "one of NaN and infinity for the other";
  return Number.isFinite(wanted) ? "infinity for a number" : "a number for infinity";
}

describe("NaN, infinities, -0 and subnormals", () => {
  const unheard = new Map<string, Set<string>>();
  const differing = new Map<string, Map<string, string>>();

  test.each(names)("%s: WebGPU and the reference say the same, but for the table", async (name) => {
    const operator = operators[name] as AnyOperator;
    const differences = new Map<string, string>();
    const deaf = new Set<string>();
    const ran = new Set<string>();
    for (const { sample, candidates } of chosen(operator)) {
      const moves = movement.includes(name);
      const cases = planted(sample, moves ? (await results(reference, operator, sample))[0] : undefined);
      const expected = await Promise.all(cases.map((each) => results(reference, operator, each.sample)));
      cases.forEach(({ special, input }, i) => {
        if (!special.endsWith("NaN") || expected[i].some((array) => array.some(Number.isNaN))) return;
        deaf.add(`input ${input}`);
      });
      const arrived = expected.some((outputs) => outputs.some((array) => array.some(Number.isNaN)));
      if (moves) expect(arrived, `a special value in "${sample.name}" of ${name} arrives`).toBe(true);
      for (const candidate of candidates) {
        if (candidate !== "alias") backend.candidates.set(name, candidate);
        const actual = await Promise.all(cases.map((each) => results(gpu, operator, each.sample)));
        cases.forEach(({ special, input }, i) => {
          expected[i].forEach((array, output) => {
            const scale = Math.max(0, ...Array.from(array, Math.abs).filter(Number.isFinite));
            array.forEach((value, at) => {
              const got = actual[i][output][at];
              const found = difference(value, got, scale);
              const place = (): string =>
                `${special} in input ${input}, ${candidate}, output ${output} [${at}]: ${value}, WebGPU ${got}`;
              if (found !== undefined && !differences.has(found)) differences.set(found, place());
              if (moves && !unchanged(value, actual[i][output], at, special)) {
                throw new Error(`${place()}: the bits are not what they were`);
              }
            });
          });
        });
        ran.add(candidate);
      }
    }
    const all = fitting(operator).flatMap((sample) => candidatesOf(operator, sample));
    const left = [...new Set(all)].filter((candidate) => !ran.has(candidate));
    expect(left, `candidates of ${name} that no special value was put to`).toEqual([]);
    if (deaf.size > 0) unheard.set(name, deaf);
    differing.set(name, differences);
    const allowed = different.filter((row) => row.operators.includes(name)).map(({ what }) => what);
    for (const [what, where] of differences) {
      expect(allowed, `${where}\nis "${what}", which docs/numerics.md does not say of ${name}`).toContain(
        what,
      );
    }
    if (deaf.size > 0) {
      const known = silent.some((row) => row.operators.includes(name));
      expect(known, `NaN in ${[...deaf].join(", ")} of ${name} reaches no output`).toBe(true);
    }
  });

  test.each(["reference", "webgpu"])("%s: limits, overflows and extremes of special values", async (kind) => {
    const engine = kind === "webgpu" ? gpu : reference;
    backend.candidates.clear();
    const given = (data: number[]): Tensor => engine.tensor(new Float32Array(data));
    const of = async (tensor: Tensor): Promise<number[]> => [...(await tensor.read())].map(Math.fround);
    const bits = new Float32Array(new Uint32Array([0xffc00000, 0x7f800001]).buffer); // negative, and signalling
    const all = given([NaN, Infinity, -Infinity, -1, 2]);
    const ones = engine.full([5], 1);
    expect(await of(max(all))).toEqual([NaN]);
    expect(await of(max(given([Infinity, 1, -Infinity])))).toEqual([Infinity]);
    expect(await of(max(given([-Infinity, -Infinity])))).toEqual([-Infinity]);
    expect(await of(max(engine.tensor(Float32Array.of(1, ...bits))))).toEqual([NaN]);
    const wide = new Float32Array(5000).fill(1); // takes several launches
    expect(await of(max(engine.tensor(wide.with(3000, NaN))))).toEqual([NaN]);
    expect(await of(maximum(all, ones))).toEqual([NaN, Infinity, 1, 1, 2]);
    expect(await of(minimum(ones, all))).toEqual([NaN, 1, -Infinity, -1, 1]);
    expect(await of(maximum(engine.tensor(bits), given([1, 1])))).toEqual([NaN, NaN]);
    expect(await of(clamp(all, 0, 1))).toEqual([NaN, 1, 0, 0, 1]);
    expect(await of(relu(all))).toEqual([NaN, Infinity, 0, 0, 2]);
    expect(await of(relu(engine.tensor(bits)))).toEqual([NaN, NaN]);
    expect(await of(notEqual(all, all))).toEqual([1, 0, 0, 0, 0]);
    expect(await of(where(all, ones, given([0, 0, 0, 0, 0])))).toEqual([1, 1, 1, 1, 1]);
    expect(await of(where(given([0, -0, 1e-40]), given([1, 1, 1]), given([2, 2, 2])))).toEqual([2, 2, 1]);
    expect(await of(sigmoid(all))).toEqual([NaN, 1, 0, ...(await of(sigmoid(given([-1, 2]))))]);
    expect(await of(exp(given([100, -200, -Infinity])))).toEqual([Infinity, 0, 0]);
    expect(await of(log(given([0, -1, Infinity])))).toEqual([-Infinity, NaN, Infinity]);
    expect(await of(sqrt(given([-1, Infinity])))).toEqual([NaN, Infinity]);
    expect(await of(divide(given([0, 1, -1]), given([0, 0, 0])))).toEqual([NaN, Infinity, -Infinity]);
    const windows = (...data: number[]): Promise<number[]> =>
      of(maxPool2d(engine.tensor(new Float32Array(data), [1, 1, data.length, 1]), { window: [1, 2] }));
    expect(
      await windows(NaN, 1, -Infinity, -Infinity, 1, NaN, -Infinity, Infinity).then((y) => y.slice(0, 3)),
    ).toEqual([NaN, -Infinity, NaN]);
    expect(await windows(3e38, 3e38, 3e38, -3e38, Infinity, 1)).toEqual(
      [3e38, 3e38, Infinity].map(Math.fround),
    );
    const target = engine.tensor([[1, 0]]);
    const loss = (first: number): Promise<number[]> =>
      of(softmaxCrossEntropy(engine.tensor([[first, 1]]), target));
    expect([await loss(Infinity), await loss(NaN)]).toEqual([[NaN], [NaN]]);
  });

  test.each(["reference", "webgpu"])(
    "%s: a NaN comes through a network's loss, whatever is folded",
    async (kind) => {
      const engine = kind === "webgpu" ? gpu : reference;
      const images = new Float32Array(2 * 4 * 4 * 4).fill(1).with(37, NaN);
      const x = engine.tensor(images, [2, 4, 4, 4]);
      const pooled = maxPool2d(relu(clamp(x, -1, 1)), { window: 2 });
      expect(await mean(maximum(pooled, engine.full([], 0))).item()).toBeNaN();
      const [one, zero] = [engine.full([4], 1), engine.zeros([4])];
      const norm = {
        gamma: one,
        beta: zero,
        runningMean: engine.zeros([4]),
        runningVariance: engine.full([4], 1),
      };
      const statistics = engine.tensor([
        [0, 0, 0, 0],
        [1, 1, 1, 1],
      ]);
      for (const bits of [specials.NaN, specials["-NaN"]]) {
        new Uint32Array(images.buffer)[37] = bits;
        const spoilt = engine.tensor(images, [2, 4, 4, 4]);
        for (const pool of ["max", "average"] as const) {
          const y = activatedPool(pool, spoilt, statistics, norm, { window: 2 });
          expect([...(await y.read())].filter(Number.isNaN), pool).toHaveLength(1);
        }
      }
      images[37] = -Infinity;
      for (const pool of ["max", "average"] as const) {
        const y = activatedPool(pool, engine.tensor(images, [2, 4, 4, 4]), statistics, norm, { window: 2 });
        expect((await y.read()).every(Number.isFinite), `-Infinity is cut off, ${pool}`).toBe(true);
      }
    },
  );

  // The samples of dense blocks that are small take other candidates on this device.
  test("a convolution with batch norm and ReLU folded in, each candidate: a NaN comes through, negative ones are 0", async () => {
    const extents = { batch: 1, height: 1, width: 4, channels: 4, filterHeight: 1, filterWidth: 1 };
    const all = { ...extents, outputHeight: 1, outputWidth: 4, outputChannels: 4 };
    const sliding: Sliding = { stride: [1, 1], padding: [0, 0], dilation: [1, 1] };
    const activated = { activated: true };
    // Pixels with a NaN of either sign, infinities, and none of them.
    const values = new Float32Array([0, 1, -2, 3, 1, 0, 2, 5, -1, Infinity, 1, -Infinity, 1, 2, -3, 4]);
    const bits = new Uint32Array(values.buffer);
    [bits[0], bits[5]] = [specials.NaN, specials["-NaN"]];
    const x = gpu.tensor(values, [1, 1, 4, 4]);
    const factors = gpu.tensor([[2, 2, 2, 2], [0, 0, 0, 1]]); // prettier-ignore
    const ones = gpu.full([1, 1, 4, 4], 1);
    /** Each candidate's result with its four columns, which are equal, as one. */
    async function each(name: string, candidates: readonly Candidate[]): Promise<Record<string, number[]>> {
      const found: Record<string, number[]> = {};
      const alone: AnyOperator = {
        name,
        infer: () => [{ shape: [4, 4], dtype: "f32" }],
        reference: () => expect.unreachable(),
        candidates: () => candidates,
      };
      for (const { name: candidate } of candidates) {
        backend.candidates.set(name, candidate);
        const data = [...(await gpu.run(alone, [x, ones, factors], {})[0].read())];
        found[candidate] = [0, 4, 8, 12].map((at) => data[at]);
        expect(data, candidate).toEqual(data.map((_, at) => data[at - (at % 4)]));
      }
      return found;
    }
    const forward = await each("folded", forwardCandidates(all, sliding, activated, gpu.traits));
    expect(Object.keys(forward)).toEqual(expect.arrayContaining(["tile", "blocked"]));
    for (const [candidate, sums] of Object.entries(forward))
      expect(sums, candidate).toEqual([NaN, NaN, Infinity, 2 + 4 + 0 + 9]);
    const back = await each("foldedGradient", weightGradientCandidates(all, sliding, activated, gpu.traits));
    expect(Object.keys(back)).toEqual(expect.arrayContaining(["tile", "blocked"]));
    for (const [candidate, sums] of Object.entries(back))
      expect(sums, candidate).toEqual([NaN, NaN, 0 + 4 + 2 + 0, 7 + 11 + 0 + 9]);
  });

  test.each(["reference", "webgpu"])("%s: gradients where there is a NaN", async (kind) => {
    const engine = kind === "webgpu" ? gpu : reference;
    const x = engine.tensor(new Float32Array([1, NaN, 3]));
    const slopes = async (loss: () => Tensor): Promise<number[]> => {
      const { gradients } = valueAndGradients(loss, [x]);
      return [...(await gradients[0].read())];
    };
    expect(await slopes(() => max(x))).toEqual([NaN, NaN, NaN]);
    expect(await slopes(() => sum(maximum(x, engine.full([3], 2))))).toEqual([0, 0, 1]);
    expect(await slopes(() => sum(clamp(x, 0, 2)))).toEqual([1, 0, 0]);
    expect(await slopes(() => sum(relu(x)))).toEqual([1, 0, 1]);
    const images = (): Tensor => reshape(x, [1, 1, 3, 1]);
    expect(await slopes(() => sum(maxPool2d(images(), { window: [1, 3] })))).toEqual([0, 0, 0]);
  });

  test("every row of the tables happens, for operators that there are", () => {
    const rows = [...silent, ...different];
    expect(rows.length).toBeGreaterThan(8);
    expect(
      rows.flatMap(({ operators: listed }) => listed.filter((name) => !names.includes(name as never))),
    ).toEqual([]);
    const stale = [
      ...silent.filter(({ operators: listed }) => !listed.some((name) => unheard.has(name))),
      ...different.filter(
        ({ operators: listed, what }) => !listed.some((name) => differing.get(name)?.has(what)),
      ),
    ];
    expect(stale).toEqual([]);
  });
});
