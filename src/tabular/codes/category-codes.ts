// The codes of a column of categories: each name that many rows have, and one for all others together.
import type { Code } from "../coded-table.ts";

export interface RareCategories {
  /** Categories of fewer rows are merged; at least the measure of all codes. */
  readonly below: number;
  /** The name of the merged ones. */
  readonly to: string;
}

/**
 * Codes of names, the most frequent first and equal ones by name. Where the merged rows are fewer than `least` together, they have no
 * code, unless a category already bears the name of the merged ones, which they then join.
 *
 * @param names without the empty ones
 */
export function categoryCodes(
  names: readonly string[],
  least: number,
  { below, to }: RareCategories,
): Code[] {
  const counts = countsOf(names);
  const kept = [...counts].filter(([, count]) => count >= Math.max(least, below));
  const rest = names.length - kept.reduce((sum, [, count]) => sum + count, 0);
  kept.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const codes: Code[] = kept.map(([value]) => ({ kind: "value", value }));
  if (rest === 0) return codes;
  const named = codes.findIndex((code) => code.kind === "value" && code.value === to);
  if (named >= 0) codes[named] = { kind: "rare", name: to };
  else if (rest >= least) codes.push({ kind: "rare", name: to });
  return codes;
}

export function countsOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) if (name !== "") counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
