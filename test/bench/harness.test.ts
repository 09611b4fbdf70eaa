// The benchmark's own honesty: what it refuses, what it computes from times, what it writes. Nothing heavy runs.

import { describe, expect, test } from "vitest";
import { chartOf } from "../../bench/harness/chart.ts";
import { TimeLimitError } from "../../bench/harness/child.ts";
import { UnequalError, checkEqual, errorOf, roundingBound } from "../../bench/harness/equality.ts";
import { measure } from "../../bench/harness/measure.ts";
import { reportOf, reportSchema, resultTable } from "../../bench/harness/report.ts";
import { median, spreadOf } from "../../bench/harness/statistics.ts";
import type { ImplementationName, Result, Subject, Work } from "../../bench/harness/work.ts";

const adapter = {
  name: "paper",
  vendor: "nobody",
  architecture: "",
  description: "a driver, 1.0",
  isSoftware: true,
  features: [],
};
const machine = { cpu: "a core", cores: 2, system: "test", versions: { tessera: "0.1.0" } };

/** An implementation that answers with these values at once. */
function answering(values: readonly number[], ran: string[] = [], name = ""): () => Promise<Subject> {
  return () =>
    Promise.resolve({
      results: () => Promise.resolve([values]),
      run() {
        ran.push(name);
        return new Promise((resolve) => setTimeout(resolve, 1));
      },
      dispose: () => undefined,
    });
}

function workOf(implementations: Readonly<Record<string, () => Promise<Subject>>>): Work {
  return {
    name: "sum",
    title: "of two",
    flops: 1e6,
    bound: roundingBound(1),
    implementations: new Map(
      Object.entries(implementations) as [ImplementationName, () => Promise<Subject>][],
    ),
  };
}

const ceilings = { gflops: 26.8, kernelBytes: 6, copyBytes: 16 };
const measuredOn = { adapter, machine, ceilings };

const budget = { seconds: 0.06, minimum: 3 };
const silent = { doing: () => undefined };

describe("statistics", () => {
  test("the median of an even number of times is the mean of the middle two", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([9, 1, 5])).toBe(5);
    expect(() => median([])).toThrow(RangeError);
  });

  test("a spread names the least, the most and how many there were", () => {
    expect(spreadOf([2, 8, 5])).toEqual({ medianMs: 5, minMs: 2, maxMs: 8, samples: 3 });
  });
});

describe("equality", () => {
  test("rounding in f32 passes, a wrong value does not", () => {
    const expected = Float64Array.of(1 / 3, -2, 1e-3);
    expect(checkEqual("rounded", [Float32Array.from(expected)], [expected], roundingBound(1))).toBeLessThan(
      1,
    );
    expect(() => checkEqual("wrong", [[1 / 3, -2, 2e-3]], [expected], roundingBound(1))).toThrow(
      UnequalError,
    );
  });

  test("a missing value, a missing result and NaN are never equal", () => {
    const bound = roundingBound(1);
    expect(() => checkEqual("short", [[1]], [[1, 2]], bound)).toThrow(/result 0 has 1 values.*reference's 2/);
    expect(() => checkEqual("few", [], [[1]], bound)).toThrow(UnequalError);
    expect(errorOf([NaN], [1], bound)).toBe(Infinity);
    expect(errorOf([Infinity], [1], { kind: "norm", relative: 1 })).toBe(Infinity);
  });

  test("the norm forgives one value what it does not forgive all of them", () => {
    const expected = new Float64Array(10_000).fill(1);
    const one = expected.slice().fill(0, 0, 1);
    const bound = { kind: "norm", relative: 0.02 } as const;
    expect(errorOf(one, expected, bound)).toBeLessThan(1);
    expect(errorOf(expected.slice().fill(0, 0, 500), expected, bound)).toBeGreaterThan(1);
  });
});

describe("measuring", () => {
  test("an implementation that computes something else stops the run before anything is timed", async () => {
    const ran: string[] = [];
    const work = workOf({
      reference: answering([1, 2], ran, "reference"),
      "gpu.js-cpu": answering([1, 2.1], ran, "gpu.js-cpu"),
    });
    const measured = measure(work, ["reference", "gpu.js-cpu"], budget, silent);
    await expect(measured).rejects.toThrow(/sum by gpu\.js-cpu: result 0 is not the reference's/);
    expect(ran).toEqual([]);
  });

  test("equal ones are timed in turns, and their times hold what was waited for", async () => {
    const ran: string[] = [];
    const names = ["tessera", "reference"] as const;
    const work = workOf(Object.fromEntries(names.map((name) => [name, answering([1, 2], ran, name)])));
    const { results, expected } = await measure(work, names, budget, silent);
    expect(expected).toEqual([[1, 2]]);
    expect(results.map(({ implementation }) => implementation)).toEqual(names);
    for (const { minMs, samples, gflops = 0, medianMs } of results) {
      expect(minMs).toBeGreaterThan(0.5);
      expect(samples).toBeGreaterThanOrEqual(3);
      expect(gflops).toBeCloseTo(1 / medianMs, 6);
    }
    const firstOfReference = ran.indexOf("reference");
    expect(ran.indexOf("tessera", firstOfReference), "tessera has a turn after reference's").toBeGreaterThan(
      0,
    );
  });

  test("a slow baseline runs once: the run that is checked is timed", async () => {
    let computed = 0;
    const slow: Subject = {
      async results() {
        computed++;
        await new Promise((resolve) => setTimeout(resolve, 1050));
        return [[1, 2]];
      },
      run: () => Promise.reject(new Error("it ran again")),
      dispose: () => undefined,
    };
    const work = workOf({ reference: answering([1, 2]), "gpu.js-cpu": () => Promise.resolve(slow) });
    const { results } = await measure(work, ["gpu.js-cpu"], budget, silent);
    expect(computed).toBe(1);
    expect(results.map(({ implementation }) => implementation)).toEqual(["gpu.js-cpu"]);
    expect(results[0]).toMatchObject({ samples: 1 });
    expect(results[0].medianMs).toBeGreaterThan(1000);
    expect(results[0].medianMs).toBeLessThan(5000);
  });

  test("an implementation that is over the limit of its work is named, and the others are timed", async () => {
    const late: Subject = {
      results: () => Promise.reject(new TimeLimitError("jax-js took longer than 5 s")),
      run: () => Promise.reject(new Error("it ran all the same")),
      dispose: () => undefined,
    };
    const names = ["tessera", "jax-js", "reference"] as const;
    const work = {
      ...workOf({
        tessera: answering([1, 2]),
        "jax-js": () => Promise.resolve(late),
        reference: answering([1, 2]),
      }),
      limit: 5,
    };
    const { results, unfinished } = await measure(work, names, budget, silent);
    expect(results.map(({ implementation }) => implementation)).toEqual(["tessera", "reference"]);
    expect(unfinished).toEqual([{ work: "sum", implementation: "jax-js", seconds: 5 }]);
  });

  test("a peer on WebGPU whose work has a limit is timed in the run behind the one that is checked", async () => {
    const ran: string[] = [];
    const peer = answering([1, 2], ran, "tfjs-webgpu");
    const work = {
      ...workOf({
        "tfjs-webgpu": async () => ({ ...(await peer()), launches: () => 7 }),
        reference: answering([1, 2]),
      }),
      limit: 5,
    };
    const { results } = await measure(work, ["tfjs-webgpu"], budget, silent);
    expect(ran).toEqual(["tfjs-webgpu"]);
    expect(results).toMatchObject([{ implementation: "tfjs-webgpu", samples: 1, launches: 7 }]);
  });

  test("an implementation that fails ends the run with its own error", async () => {
    const broken: Subject = {
      results: () => Promise.resolve([[1]]),
      run: () => Promise.reject(new Error("the device is gone")),
      dispose: () => undefined,
    };
    const work = workOf({ reference: () => Promise.resolve(broken) });
    await expect(measure(work, ["reference"], budget, silent)).rejects.toThrow("the device is gone");
  });
});

describe("reports", () => {
  const result: Result = {
    work: "matmul-512",
    implementation: "tessera",
    medianMs: 20,
    minMs: 18,
    maxMs: 25,
    samples: 9,
    launches: 2,
    gflops: 13.4,
    error: 0.1,
  };
  const other: Result = { ...result, implementation: "tfjs-webgpu", medianMs: 90, minMs: 80, maxMs: 99 };

  test("JSON has the fields that are promised, and survives a round trip", () => {
    const report = reportOf(measuredOn, new Date(0), [result, other]);
    const read: unknown = JSON.parse(JSON.stringify(report));
    expect(reportSchema.parse(read)).toEqual(report);
    expect(read).toMatchObject({
      adapter: { name: "paper" },
      results: [
        { work: "matmul-512", implementation: "tessera", medianMs: 20, minMs: 18, maxMs: 25, samples: 9 },
        {},
      ],
    });
  });

  test("the table and the JSON say who did not end", () => {
    const late = { work: "matmul-512", implementation: "jax-js", seconds: 600 } as const;
    expect(resultTable([result, late], [], ceilings)).toMatch(/\n +jax-js +over 600000$/);
    const report = reportOf(measuredOn, new Date(0), [result, late]);
    expect(report.results).toEqual([result]);
    expect(report.unfinished).toEqual([late]);
  });

  test("a result that was not equal, or whose median is outside its spread, is no result", () => {
    for (const wrong of [{ error: 1.5 }, { medianMs: 30 }, { samples: 0 }]) {
      expect(() => reportOf(measuredOn, new Date(0), [{ ...result, ...wrong }])).toThrow();
    }
  });

  test("the table says how much slower the others are", () => {
    const lines = resultTable([result, other], [], ceilings).split("\n");
    expect(lines.at(-2)).toMatch(
      /matmul-512 +tessera +20\.0 +18\.0 \.\. 25\.0 +9 +2 +13\.4 GFLOP\/s +50\.0 %$/,
    );
    expect(lines.at(-1)).toMatch(/^ +tfjs-webgpu .* 4\.50 x$/);
  });

  test("the chart has a panel for each work and says what it was measured on", () => {
    const svg = chartOf(reportOf(measuredOn, new Date(0), [result, { ...other, work: "sharpen" }]));
    expect(svg).toMatch(/^<svg /);
    for (const text of ["matmul-512", "sharpen", "paper", "20.0 ms, 13.4 GFLOP/s"])
      expect(svg).toContain(text);
  });
});
