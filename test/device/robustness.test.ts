// An engine without robustness: Dawn leaves out the checks that WebGPU demands, and nothing else.

import { afterAll, beforeAll, expect, test } from "vitest";
import { provider } from "../../src/device/provider.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { matmul } from "../../src/functions/products.ts";
import { engineOptions } from "../../src/runs/device-options.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { normal } from "../operators/sample.ts";

let [usual, unchecked]: Engine[] = [];
beforeAll(async () => {
  usual = await openEngine({ device: "webgpu" });
  unchecked = await openEngine({ device: "webgpu", robustness: false });
});
afterAll(() => {
  usual.close();
  unchecked.close();
});

test("it is an instance of its own, on the same adapter", async () => {
  expect(await provider(false)).not.toBe(await provider());
  expect(await provider(false)).toBe(await provider(false));
  expect(unchecked.traits).toEqual(usual.traits);
});

test.each(["direct", "tile", "tileSplit", "blocked", "subgroups"])(
  "a convolution by %s has the same bits",
  async (candidate) => {
    const results = [usual, unchecked].map((engine) => {
      const [x, filter] = [normal([2, 7, 9, 24], 1), normal([3, 3, 24, 20], 2)].map(({ data, shape }) =>
        engine.tensor(data, shape),
      );
      return engine.withCandidate("conv2d", candidate, () => conv2d(x, filter, { padding: 1 })).read();
    });
    const [expected, found] = await Promise.all(results);
    expect(found).toEqual(expected);
  },
);

test("a product of matrices, too, and a sum over a recorded step", async () => {
  const [expected, found] = await Promise.all(
    [usual, unchecked].map(async (engine) => {
      const [a, b] = [normal([67, 45], 1), normal([45, 33], 2)].map(({ data, shape }) =>
        engine.tensor(data, shape),
      );
      using program = await engine.record(() => matmul(a, b));
      program.run();
      return await program.result.read();
    }),
  );
  expect(found).toEqual(expected);
});

test("it is refused where it makes no sense", async () => {
  await expect(openEngine({ device: "webgpu", checked: true, robustness: false })).rejects.toThrow(
    /leave one of checked and robustness out/,
  );
  expect(() => engineOptions({ device: "reference", robustness: false })).toThrow(UsageError);
  expect(engineOptions({ device: "webgpu", robustness: true })).toEqual({ device: "webgpu" });
});
