// Half precision (IEEE 754 binary16): numbers that take two bytes in memory and are computed with as f32. Node 20 has no
// Float16Array yet.

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
/** Which of the two words has the sign and the exponent. */
const upper = new Uint8Array(new Uint16Array([1]).buffer)[0];

/** The largest number there is; from 65520 on, what is rounded becomes infinite. */
export const largestHalf = 65504;

/** The nearest number in half precision; of two as near the one whose last bit is 0. */
export function roundToHalf(value: number): number {
  double[0] = value;
  const exponent = ((words[upper] >>> 20) & 2047) - 1023;
  if (exponent > 15) return exponent < 1024 ? Math.sign(value) * Infinity : value;
  // Adding a number whose last bit weighs as much as that of the half rounds away all bits below it.
  const anchor = 1.5 * 2 ** (42 + Math.max(exponent, -14));
  const rounded = Math.sign(value) * (Math.abs(value) + anchor - anchor);
  return Math.abs(rounded) > largestHalf
    ? Math.sign(value) * Infinity
    : Object.is(rounded, 0)
      ? value * 0
      : rounded;
}

/** The bits of the nearest number in half precision. */
export function halfBits(value: number): number {
  const rounded = roundToHalf(value);
  const sign = Object.is(rounded, -0) || rounded < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(rounded);
  if (Number.isNaN(rounded)) return 0x7e00;
  if (magnitude === Infinity) return sign | 0x7c00;
  double[0] = magnitude;
  const exponent = ((words[upper] >>> 20) & 2047) - 1023;
  if (exponent < -14) return sign | (magnitude * 2 ** 24);
  return sign | ((exponent + 15) << 10) | (magnitude * 2 ** (10 - exponent) - 1024);
}

/** The number that some bits are in half precision. */
export function halfOfBits(bits: number): number {
  const sign = bits < 0x8000 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
