// Sums and means of a study, and how its numbers are written in sentences and tables. Arms differ in the third decimal and
// beyond, so AUC has four.

/** Significance level, also of an equivalence test. */
export const alpha = 0.05;

/** The share of studies in which a difference that seeds are said to resolve comes out significant. */
export const resolvedPower = 0.8;

/** What the column of resolutions says. */
export const resolutionWords =
  `"resolves" is the smallest true difference that the paired test, at ${alpha} without Holm's correction, finds in ${100 * resolvedPower} % ` +
  "of studies with as many seeds and this spread: a smaller one may well be there unseen.";

/** Shows an AUC, or a deviation of AUCs. */
export function showNumber(value: number): string {
  return withoutMinusZero(value.toFixed(4));
}

/** Shows a difference with its sign. */
export function showDifference(value: number): string {
  const text = showNumber(value);
  return text.startsWith("-") || Number(text) === 0 ? text : `+${text}`;
}

/** Shows an interval, such as [-0.0010, 0.0034]. */
export function showInterval({ low, high }: { readonly low: number; readonly high: number }): string {
  return `[${showNumber(low)}, ${showNumber(high)}]`;
}

/** Shows a p as .012, <.001 or >.999, with a fourth decimal where three would hide on which side of alpha it is. */
export function showP(p: number): string {
  if (p < 0.001) return "<.001";
  if (p > 0.999) return ">.999";
  const three = p.toFixed(3);
  const hidden = Number(three) === alpha && p !== alpha;
  return (hidden ? p.toFixed(Math.abs(p - alpha) < 5e-5 ? 6 : 4) : three).slice(1);
}

/** Shows a p in a sentence: "p = .012", "p < .001". */
export function sayP(p: number): string {
  const text = showP(p);
  return /^[<>]/u.test(text) ? `p ${text[0]} ${text.slice(1)}` : `p = ${text}`;
}

/** Shows a margin as it was given, such as ±0.003. */
export function showMargin(margin: number): string {
  return `±${margin}`;
}

function withoutMinusZero(text: string): string {
  return Number(text) === 0 ? text.replace("-", "") : text;
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** @param values at least one */
export const mean = (values: readonly number[]): number => sum(values) / values.length;
