// Pools and resizing as layers: they are their functions, and refuse what makes no sense when they are made.

import { expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { averagePool2d, globalAveragePool, maxPool2d } from "../../src/functions/pooling.ts";
import { resize2d } from "../../src/functions/resizing.ts";
import { AveragePool2d, GlobalAveragePool, MaxPool2d } from "../../src/nn/layers/pooling-layers.ts";
import { Upsample } from "../../src/nn/layers/resizing-layers.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const open = useEngine({ device: "reference" });
const images = (): Tensor => open().tensor(normal([2, 5, 6, 3]).data, [2, 5, 6, 3]);

test("layers without parameters compute what their functions do", async () => {
  const engine = open();
  const window = { window: 3, stride: 2, padding: [[0, 1], 1], ceilMode: true } as const;
  const x = images();
  for (const [layer, wanted] of [
    [new MaxPool2d(engine, window), maxPool2d(x, window)],
    [new MaxPool2d(engine, { window: 2 }), maxPool2d(x, { window: 2 })],
    [
      new AveragePool2d(engine, { ...window, countIncludePad: false }),
      averagePool2d(x, { ...window, countIncludePad: false }),
    ],
    [new GlobalAveragePool(engine), globalAveragePool(x)],
    [new Upsample(engine, { scale: 2, method: "bilinear" }), resize2d(x, [10, 12], { method: "bilinear" })],
    [
      new Upsample(engine, { scale: [0.5, 1.5], method: "nearest" }),
      resize2d(x, [2, 9], { method: "nearest" }),
    ],
    [new Upsample(engine, { size: [7, 4], method: "nearest" }), resize2d(x, [7, 4], { method: "nearest" })],
  ] as const) {
    const found = layer.forward(x);
    expect(found.shape).toEqual(wanted.shape);
    expect(await found.read()).toEqual(await wanted.read());
    expect(layer.parameterCount).toBe(0);
  }
});

test("Upsample takes either a scale or a size, and images that stay a pixel large", () => {
  const engine = open();
  const method = "nearest";
  expect(() => new Upsample(engine, { method })).toThrow(UsageError);
  expect(() => new Upsample(engine, { method, scale: 2, size: [4, 4] })).toThrow(/either the option "scale"/);
  expect(() => new Upsample(engine, { method, scale: 0 })).toThrow(/scale must be a number above 0 or two/);
  const small = new Upsample(engine, { method, scale: 0.1 });
  expect(() => small.forward(images())).toThrow(ShapeError);
  expect(() => small.forward(images())).toThrow("Upsample: takes images [N, H, W, C] that are at least");
});
