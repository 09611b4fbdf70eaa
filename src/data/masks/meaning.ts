// What the numbers of one entry's masks mean: a label, background, nothing that anybody labelled, or nothing that the manifest says.

/** What a number of a mask may mean beside a label, whose index is 0 or more. */
export const meaning = { background: -1, ignored: -2, unknown: -3, inside: -4 } as const;

/** The meaning of each number. */
export type Meanings = (number: number) => number;

/**
 * @param labels by number, the index of a label; undefined where every number but the background means what the mask is inside of
 */
export function meaningsBy(
  labels: ReadonlyMap<number, number> | undefined,
  ignored: readonly number[],
  background: readonly number[],
): Meanings {
  return (number) => {
    const label = labels?.get(number);
    if (label !== undefined) return label;
    if (ignored.includes(number)) return meaning.ignored;
    if (number === 0 || background.includes(number)) return meaning.background;
    return labels === undefined ? meaning.inside : meaning.unknown;
  };
}

/** How often each number occurs in a rectangle of a mask. */
export function countNumbers(
  values: Uint8Array | Uint16Array | Int32Array,
  maskWidth: number,
  { top, left, height, width }: { top: number; left: number; height: number; width: number },
): Map<number, number> {
  const found = new Map<number, number>();
  if (values instanceof Int32Array) {
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) {
        const number = values[y * maskWidth + x];
        found.set(number, (found.get(number) ?? 0) + 1);
      }
    }
    return found;
  }
  const counts = new Uint32Array(values instanceof Uint8Array ? 256 : 65536);
  for (let y = top; y < top + height; y++) {
    for (let at = y * maskWidth + left; at < y * maskWidth + left + width; at++) counts[values[at]]++;
  }
  for (const [number, count] of counts.entries()) if (count > 0) found.set(number, count);
  return found;
}
