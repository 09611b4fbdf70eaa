// Powers in float64, for the references.

/** x^y as IEEE 754 has it where JavaScript differs (1 to an infinite power is 1), but NaN wherever one is NaN. */
export function powerOf(x: number, y: number): number {
  if (Number.isNaN(x)) return NaN;
  if (Math.abs(x) === 1 && Math.abs(y) === Infinity) return 1;
  return x ** y;
}
