// Label states: what is written as one comes back as its target.
import { expect, test } from "vitest";
import { TesseraError } from "../../src/errors/errors.ts";
import { absent, isSoft, negative, positive, softState } from "../../src/labels/states.ts";
import { targetOf } from "../../src/labels/states.ts";

test("a soft label keeps its probability to a hundredth", () => {
  expect([0, 0.005, 0.3, 0.554, 1].map(softState)).toEqual([100, 101, 130, 155, 200]);
  for (let percent = 0; percent <= 100; percent++) {
    expect(targetOf(softState(percent / 100))).toBe(percent / 100);
  }
});

test("hard labels are their own targets, and every other state has none", () => {
  expect([negative, positive].map(targetOf)).toEqual([0, 1]);
  const known = [0, 1, ...Array.from({ length: 101 }, (_, i) => 100 + i)];
  for (let state = 0; state < 256; state++) {
    expect(targetOf(state) !== undefined).toBe(known.includes(state));
    expect(isSoft(state)).toBe(state >= 100 && state <= 200);
  }
  expect(targetOf(absent)).toBeUndefined();
});

test("what is no probability is refused", () => {
  for (const wrong of [-0.01, 1.01, NaN]) {
    expect(() => softState(wrong)).toThrow(TesseraError);
    expect(() => softState(wrong)).toThrow(`a soft label is a probability from 0 to 1, not ${wrong}`);
  }
});
