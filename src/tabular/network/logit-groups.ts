// Which columns of a table share one product for their logits. A product takes as many codes for each of its columns as the largest of
// them has, so columns of two codes beside one of a hundred are wasted work, and a product for each column is a wasted launch.

export interface LogitGroup {
  /** Columns by number, those with the most codes first. */
  readonly columns: readonly number[];
  /** Logits of each column, a multiple of four and at least the codes that any of them has. */
  readonly width: number;
}

/** What a product of its own costs, in logits of a row: about a millisecond of launches on lavapipe (2 cores, 2026) at batch 512. */
const costOfGroup = 64;

const upToFour = (count: number): number => Math.ceil(count / 4) * 4;

/**
 * The groups of least cost: sorted by their codes, neighbours share a group.
 *
 * @param counts codes of each column
 */
export function logitGroups(counts: readonly number[]): readonly LogitGroup[] {
  const sorted = counts.map((_, column) => column).sort((a, b) => counts[b] - counts[a] || a - b);
  // The best way to group the last columns, from each one on.
  const best: { readonly cost: number; readonly groups: readonly LogitGroup[] }[] = [];
  best[sorted.length] = { cost: 0, groups: [] };
  for (let first = sorted.length - 1; first >= 0; first--) {
    const width = upToFour(counts[sorted[first]]);
    for (let end = first + 1; end <= sorted.length; end++) {
      const cost = (end - first) * width + costOfGroup + best[end].cost;
      if ((best.at(first)?.cost ?? Infinity) <= cost) continue;
      best[first] = { cost, groups: [{ columns: sorted.slice(first, end), width }, ...best[end].groups] };
    }
  }
  return best[0].groups;
}
