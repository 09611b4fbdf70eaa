// Equal values, however their records were put together: one text for each, and the first thing in which two records differ.

/** JSON with the keys of records in order; undefined where JSON has no text for the value. */
export function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

type Values = Readonly<Record<string, unknown>>;

/**
 * The first entry in which two records differ: its name, and the text of both values, undefined where a record has none. Names
 * are looked up in the order of the first record, then of the second.
 */
export function firstDifference(
  first: Values,
  second: Values,
): { readonly name: string; readonly texts: readonly [string | undefined, string | undefined] } | undefined {
  const names = new Set([...Object.keys(first), ...Object.keys(second)]);
  for (const name of names) {
    const texts = [canonical(first[name]), canonical(second[name])] as const;
    if (texts[0] !== texts[1]) return { name, texts };
  }
  return undefined;
}
