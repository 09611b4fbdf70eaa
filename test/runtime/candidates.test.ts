// Asking for candidates from a program: which there are for the calls of a function, and running it with one of them.

import { describe, expect, test } from "vitest";
import { Tape } from "../../src/autograd/tape.ts";
import { KernelError, UsageError } from "../../src/errors/errors.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { add, relu } from "../../src/functions/elementwise.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { openGpu } from "../../src/device/gpu.ts";
import { PlanningBackend } from "../../src/runtime/planning-backend.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { useEngine } from "../engines.ts";

const gpu = useEngine({ device: "webgpu" });

/** Which candidate the calls of `body` would take. */
const chosenIn = (body: () => unknown, engine = gpu()): string[] =>
  engine.candidatesOf(body).map(({ chosen }) => chosen);

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
  const x = (): ReturnType<Engine["zeros"]> => gpu().full([8], -1);
  const names = (): readonly string[] => {
    const at = x();
    return gpu().candidatesOf(() => relu(at))[0].candidates;
  };

  test("holds for the calls of its body and no longer; the inner one wins", () => {
    const at = x();
    const [first, last] = [names()[0], names().at(-1) ?? ""];
    expect(first).not.toBe(last);
    const calls = gpu().withCandidate("relu", first, () => [
      ...chosenIn(() => relu(at)),
      ...gpu().withCandidate("relu", last, () => chosenIn(() => relu(at))),
      ...chosenIn(() => relu(at)),
    ]);
    expect(calls).toEqual([first, last, first]);
    expect(chosenIn(() => relu(at))).toEqual([last]);
  });

  test("takes every operator with a star, and the candidate that works everywhere by its place", () => {
    const at = x();
    const calls = gpu().withCandidate("*", "first", () => chosenIn(() => relu(add(at, at))));
    expect(calls.at(-1)).toBe(names()[0]);
  });

  test("wins over what the engine was opened with", async () => {
    const backend = new WebGpuBackend(await openGpu(), { candidates: { relu: names()[0] } });
    using engine = new Engine(backend);
    const at = engine.full([8], 1);
    const last = names().at(-1) ?? "";
    expect(engine.withCandidate("relu", last, () => chosenIn(() => relu(at), engine))).toEqual([last]);
    expect(chosenIn(() => relu(at), engine)).toEqual([names()[0]]);
  });

  test("holds until a promise of its body settles", async () => {
    const at = x();
    const [first, last] = [names()[0], names().at(-1) ?? ""];
    const calls = await gpu().withCandidate("relu", first, async () => {
      await at.read();
      return chosenIn(() => relu(at));
    });
    expect(calls).toEqual([first]);
    expect(chosenIn(() => relu(at))).toEqual([last]);
    using program = await gpu().withCandidate("relu", first, () => gpu().record(() => relu(at)));
    program.run();
    expect(Array.from(await program.result.read())).toEqual(new Array(8).fill(0));
    await expect(gpu().withCandidate("relu", first, () => Promise.reject(new Error("mine")))).rejects.toThrow(
      "mine",
    );
    expect(chosenIn(() => relu(at))).toEqual([last]);
  });

  test("a name that a call does not have is refused with those it has, and holds no longer", () => {
    const at = x();
    expect(() => gpu().withCandidate("relu", "fastest", () => relu(at))).toThrow(KernelError);
    expect(() => gpu().withCandidate("relu", "fastest", () => relu(at))).toThrow(
      `operator relu has no candidate "fastest" here; it has ${names().join(", ")}`,
    );
    expect(chosenIn(() => relu(at))).toEqual([names().at(-1)]);
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
