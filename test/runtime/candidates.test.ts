// Asking for candidates from a program: which there are for the calls of a function, and running it with one of them.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { KernelError, UsageError } from "../../src/errors/errors.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { relu } from "../../src/functions/elementwise.ts";
import { input, output, type Launch, type Operator } from "../../src/operators/operator.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { PlanningBackend } from "../../src/runtime/planning-backend.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

const gpu = useEngine({ device: "webgpu" });

/** Doubles `x` in one launch, or in two or three of the same. */
const steps: Operator<object> = {
  name: "steps",
  infer: (inputs) => inputs,
  reference: ([x], [y]) => y.data.forEach((_, i) => (y.data[i] = 2 * x.data[i])),
  candidates: ([{ shape }]) => {
    const sizes = { count: shape[0], first: 2, second: 0 };
    const bind = { x: input(0), y: output(0) };
    const launch: Launch = { kernel: "unary", knobs: { OPERATION: "affine" }, bind, sizes };
    return [1, 2, 3].map((count) => ({
      name: `in${count}`,
      launches: new Array<Launch>(count).fill(launch),
    }));
  },
};

function countersOf({ backend }: Engine): WebGpuBackend["counters"] {
  if (backend instanceof WebGpuBackend) return backend.counters;
  throw new Error(`a ${backend.kind} backend launches nothing`);
}

/** How many launches the device is given for `body`. */
async function launchesIn(body: () => unknown, engine = gpu()): Promise<number> {
  await engine.synchronise();
  const before = countersOf(engine).launches;
  await body();
  await engine.synchronise();
  return countersOf(engine).launches - before;
}

/** The candidates of `relu` for a tensor. */
const namesOf = (x: Tensor): readonly string[] => gpu().candidatesOf(() => relu(x))[0].candidates;

describe("candidatesOf", () => {
  test("lists the calls with their shapes and candidates, and computes nothing", () => {
    const [x, filter] = [gpu().full([2, 8, 8, 4], 1), gpu().full([3, 3, 4, 8], 1)];
    const before = gpu().memory();
    using tape = new Tape(gpu());
    const calls = gpu().candidatesOf(() => relu(conv2d(x, filter, { padding: 1 })));
    expect(tape.length).toBe(0);
    expect(gpu().memory()).toEqual(before);
    expect(calls.map(({ operator, inputs }) => [operator, inputs.map(({ shape }) => shape)])).toEqual([
      ["conv2d", [[2, 8, 8, 4], [3, 3, 4, 8]]],
      ["relu", [[2, 8, 8, 8]]],
    ]); // prettier-ignore
    for (const { candidates, chosen } of calls) {
      expect(candidates.length).toBeGreaterThan(1);
      expect(chosen).toBe(candidates.at(-1));
    }
  });

  test("knows them for an adapter that is not here", () => {
    const engine = new Engine(new PlanningBackend(gpu().traits));
    const x = engine.zeros([8]);
    expect(engine.candidatesOf(() => relu(x))).toEqual(gpu().candidatesOf(() => relu(gpu().zeros([8]))));
  });

  test("is refused inside a recording", async () => {
    const x = gpu().zeros([8]);
    await expect(gpu().record(() => gpu().candidatesOf(() => relu(x)))).rejects.toThrow(
      "engine.candidatesOf inside engine.record",
    );
  });
});

describe("withCandidate", () => {
  const x = (): Tensor => gpu().full([8], 2);
  const run = (at: Tensor, engine = gpu()): Tensor => engine.run(steps, [at], {})[0];

  test("holds for the calls of its body and no longer; the inner one wins", async () => {
    const at = x();
    const counts: number[] = [];
    const count = async (): Promise<void> => void counts.push(await launchesIn(() => run(at)));
    await gpu().withCandidate(steps, "in1", async () => {
      await count();
      await gpu().withCandidate("steps", "in2", count);
      await count();
    });
    await count();
    expect(counts).toEqual([1, 2, 1, 3]);
    expect(await launchesIn(() => gpu().withCandidate(steps, "in1", () => [run(at), run(at)]))).toBe(2);
    expect(await launchesIn(() => run(at))).toBe(3);
  });

  test("takes a built-in operator by name: another pipeline is made", async () => {
    const at = gpu().full([8], -1);
    const [first, last] = [namesOf(at)[0], namesOf(at).at(-1) ?? ""];
    expect(first).not.toBe(last);
    using engine = await openEngine({ device: "webgpu" });
    const own = engine.full([8], -1);
    const pipelines = [first, last, first, last].map((name) => {
      engine.withCandidate("relu", name, () => relu(own));
      return countersOf(engine).pipelines;
    });
    relu(own); // the rule's, again
    expect([...pipelines, countersOf(engine).pipelines]).toEqual([1, 2, 2, 2, 2]);
  });

  test("takes every operator with a star, and the candidate that works everywhere by its place", async () => {
    const at = x();
    expect(await launchesIn(() => gpu().withCandidate("*", "first", () => relu(run(run(at)))))).toBe(3);
  });

  test("wins over what the engine was opened with", async () => {
    using engine = await openEngine({ device: "webgpu", candidates: { steps: "in1" } });
    const at = engine.full([8], 2);
    expect(await launchesIn(() => run(at, engine), engine)).toBe(1);
    expect(await launchesIn(() => engine.withCandidate(steps, "in3", () => run(at, engine)), engine)).toBe(3);
    expect(await launchesIn(() => run(at, engine), engine)).toBe(1);
  });

  test("holds until a promise of its body settles, and for the steps that it records", async () => {
    const at = x();
    const later = async (): Promise<Tensor> => {
      await at.read();
      return run(at);
    };
    expect(await launchesIn(() => gpu().withCandidate(steps, "in1", later))).toBe(1);
    using program = await gpu().withCandidate(steps, "in2", () => gpu().record(() => run(at)));
    expect(program.plan?.launches.get("forward")).toBe(2);
    expect(await launchesIn(() => program.run())).toBe(2);
    expect(Array.from(await program.result.read())).toEqual(new Array(8).fill(4));
    await expect(gpu().withCandidate(steps, "in1", () => Promise.reject(new Error("mine")))).rejects.toThrow(
      "mine",
    );
    expect(await launchesIn(() => run(at))).toBe(3);
  });

  test("shows in what candidatesOf lists, which is no call", async () => {
    const at = x();
    const list = (): readonly string[] =>
      gpu()
        .candidatesOf(() => run(at))
        .map(({ chosen }) => chosen);
    const refused = 'withCandidate("steps", "in1"): no call of "steps" was made';
    expect(
      await launchesIn(() => expect(() => gpu().withCandidate(steps, "in1", list)).toThrow(refused)),
    ).toBe(0);
    expect(gpu().withCandidate(steps, "in1", () => [list(), run(at)][0])).toEqual(["in1"]);
    expect(list()).toEqual(["in3"]);
  });

  test("holds for an engine that only plans, too", () => {
    const engine = new Engine(new PlanningBackend(gpu().traits));
    const at = engine.zeros([8]);
    engine.withCandidate(steps, "in1", () => run(at, engine));
    expect(() => engine.withCandidate(steps, "in4", () => run(at, engine))).toThrow(
      'operator steps has no candidate "in4" here; it has in1, in2, in3',
    );
  });

  test("is refused inside a recording, whose calls take their candidates when it is made a program", async () => {
    const at = x();
    const step = (): Tensor => gpu().withCandidate(steps, "in1", () => run(at));
    const message = 'withCandidate("steps", "in1") inside engine.record; write it around engine.record';
    await expect(gpu().record(step)).rejects.toThrow(message);
    expect(() => gpu().candidatesOf(step)).toThrow(message);
  });

  test("a name that a call does not have is refused with those it has, and holds no longer", async () => {
    const at = x();
    expect(() => gpu().withCandidate("relu", "fastest", () => relu(at))).toThrow(KernelError);
    expect(() => gpu().withCandidate("relu", "fastest", () => relu(at))).toThrow(
      `operator relu has no candidate "fastest" here; it has ${namesOf(at).join(", ")}`,
    );
    expect(() => gpu().withCandidate(steps, "in4", () => run(at))).toThrow("it has in1, in2, in3");
    expect(await launchesIn(() => run(at))).toBe(3);
  });

  test("an operator that the body does not call is told, with the one that was meant", async () => {
    const at = x();
    expect(() => gpu().withCandidate("rleu", "first", () => relu(at))).toThrow(
      'withCandidate("rleu", "first"): no call of "rleu" was made; did you mean "relu"?',
    );
    await expect(gpu().withCandidate("conv2d", "first", async () => relu(at).read())).rejects.toThrow(
      'withCandidate("conv2d", "first"): no call of "conv2d" was made',
    );
  });
});

describe("an engine opened with candidates", () => {
  const work = "[8] {}";
  test.each([
    [
      { candidates: { con2d: "tile" } },
      /^openEngine: candidates: there is no operator "con2d"; did you mean "conv2d"\?/,
    ],
    [{ candidates: { relu: "first", Conv2D: "tile" } }, /no operator "Conv2D"; did you mean "conv2d"\?/],
    [
      { candidates: { relu6: "first" } },
      /withCandidate, or a name that says whose it is, such as "mine\/relu6"$/,
    ],
    [{ candidates: { relu: 4 as never } }, /^openEngine: candidates\["relu"\] must be a string, got 4$/],
    [
      { tuning: { relu: "fours" } },
      /^openEngine: tuning: "relu" is no key .* the option candidates takes operators by name$/,
    ],
    [
      { tuning: { [`relu ${work}`]: null as never } },
      /^openEngine: tuning\["relu \[8\] \{\}"\] must be a string/,
    ],
  ])("refuses %o", async (options, message) => {
    for (const device of ["reference", "webgpu"] as const) {
      await expect(openEngine({ device, ...options })).rejects.toThrow(UsageError);
      await expect(openEngine({ device, ...options })).rejects.toThrow(message);
    }
  });

  test("takes all operators, built-in ones, and names that may be somebody's own", async () => {
    const candidates = { "*": "first", relu: "first", steps: "in1", "acme/conv2d": "tile" };
    const tuning = { [`relu ${work}`]: "gone", [`steps ${work}`]: "in2", [`relu6 ${work}`]: "fours" };
    (await openEngine({ device: "reference", candidates, tuning })).close();
  });
});

describe("on the reference backend, which has no kernels,", () => {
  const cpu = useEngine({ device: "reference" });

  test("there are no candidates to list", () => {
    const x = cpu().zeros([8]);
    expect(cpu().candidatesOf(() => relu(x))).toEqual([]);
  });

  test("and none can be asked for", () => {
    const x = cpu().zeros([8]);
    expect(() => cpu().withCandidate("relu", "first", () => relu(x))).toThrow(UsageError);
    expect(() => cpu().withCandidate("relu", "first", () => relu(x))).toThrow(
      'withCandidate("relu", "first"): this backend has no candidates; take a WebGPU device',
    );
  });
});
