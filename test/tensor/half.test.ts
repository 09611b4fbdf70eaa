// Half precision on the host: every number of 16 bits, and what is rounded to them.

import { expect, test } from "vitest";
import { halfBits, halfOfBits, roundToHalf } from "../../src/tensor/half.ts";

const isNotANumber = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
const all = Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => !isNotANumber(bits));

test("all bits are a number that has these bits and is its own nearest", () => {
  const wrong = all.filter((bits) => {
    const value = halfOfBits(bits);
    return halfBits(value) !== bits || !Object.is(roundToHalf(value), value);
  });
  expect(wrong).toEqual([]);
});

test("between two neighbours the nearer one is taken, and half way the one whose last bit is 0", () => {
  // From the largest subnormal numbers to the largest of all.
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [below, above] = [halfOfBits(bits), halfOfBits(bits + 1)];
    const middle = (below + above) / 2;
    const [under, over] = [middle - (above - below) / 1000, middle + (above - below) / 1000];
    const found = [roundToHalf(under), roundToHalf(middle), roundToHalf(over), roundToHalf(-over)];
    const wanted = [below, bits % 2 === 0 ? below : above, above, -above];
    if (found.every((value, i) => value === wanted[i])) continue;
    expect(found, `behind ${below}`).toEqual(wanted);
  }
});

test("too large a number is infinite, a NaN stays one, and a zero keeps its sign", () => {
  expect([65519, 65520, -65520, 1e300, -Infinity].map(roundToHalf)).toEqual([
    ...[65504, Infinity, -Infinity, Infinity, -Infinity],
  ]);
  expect(roundToHalf(NaN)).toBeNaN();
  expect(halfOfBits(halfBits(NaN))).toBeNaN();
  expect(
    [2 ** -25, -(2 ** -25), -1e-300].map((value) => Object.is(roundToHalf(value), value < 0 ? -0 : 0)),
  ).toEqual([...[true, true, true]]);
});
