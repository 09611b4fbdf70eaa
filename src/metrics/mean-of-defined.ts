// The mean over classes: only of those where a metric is defined, since a 0 in place of nothing would poison it.

/** Null where nothing is defined. */
export function meanOfDefined(byClass: Readonly<Record<string, number | null>>): number | null {
  const defined = Object.values(byClass).filter((value) => value !== null);
  return defined.length === 0 ? null : defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
