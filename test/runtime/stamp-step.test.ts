// In what steps timestamps come, from made ones.

import { expect, test } from "vitest";
import { StampStep } from "../../src/runtime/webgpu/stamp-step.ts";

/** Stamps of a replay that begins at some nanosecond: launches of 1 to 700 microseconds, cut off at a step. */
function stamps(begin: number, step: number, count = 64): BigUint64Array {
  let at = begin;
  return BigUint64Array.from({ length: count }, (_, i) => {
    at += 1000 + ((i * 245_489) % 699_000);
    return BigInt(Math.floor(at / step) * step);
  });
}

test.each([1, 32, 1000, 65_536, 100_000])("stamps in steps of %d ns are known as such", (step) => {
  const found = new StampStep();
  found.see(stamps(1.7e15, step));
  expect(found.seconds).toBe(step / 1e9);
  // Also from replay to replay, and where a driver stamps an end before its beginning.
  found.see(stamps(1.8e15, step).reverse());
  expect(found.seconds).toBe(step / 1e9);
});

test("stamps that hardly move say nothing, however many there are", () => {
  const found = new StampStep();
  found.see(new BigUint64Array(500).fill(300_000n));
  found.see(BigUint64Array.of(400_000n, 700_000n));
  expect(found.seconds).toBeUndefined();
});

test("moves of several short replays are counted together", () => {
  const found = new StampStep();
  for (let replay = 0; replay < 5; replay++) found.see(stamps(1e9 + replay * 3e6, 100_000, 4));
  expect(found.seconds).toBe(1e-4);
});
