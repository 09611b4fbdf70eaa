// Safetensors for other programs: the layout that its specification gives.

import { expect, test } from "vitest";
import { plainSafetensors } from "../../src/interchange/tensor-file.ts";

test("a file has a header that says where each tensor is, and the tensors behind it without gaps", () => {
  const tensors = new Map([
    ["b", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ["a", { shape: [1], data: Float32Array.of(-0.5) }],
  ]);
  const file = Buffer.concat(plainSafetensors(tensors, { format: "pt" }));
  const length = Number(file.readBigUInt64LE(0));
  expect(length % 8).toBe(0);
  expect(JSON.parse(file.subarray(8, 8 + length).toString())).toEqual({
    __metadata__: { format: "pt" },
    b: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
    a: { dtype: "F32", shape: [1], data_offsets: [16, 20] },
  });
  const values = Array.from({ length: 5 }, (_, i) => file.readFloatLE(8 + length + 4 * i));
  expect(values).toEqual([1, 2, 3, 4, -0.5]);
  expect(file.length).toBe(8 + length + 20);
});
