// "Did you mean ...?": the valid name nearest to a mistyped one, for error messages.

/**
 * The candidate with the smallest edit distance, else the only one that begins with the name; undefined when none is close enough
 * to be meant.
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  // Over half the letters wrong makes another word, and so does a single wrong one in a name of one letter.
  let bestDistance = Math.floor(name.length / 2) + 0.5;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== undefined || name.length < 3) return best;
  const longer = candidates.filter((candidate) => candidate.toLowerCase().startsWith(wanted));
  return longer.length === 1 ? longer[0] : undefined;
}

/** The end of an error message, `; did you mean "x"?`, or nothing when no name is near. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}

/** Levenshtein distance in which two letters that changed places are one mistake, row by row. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? before[j - 2] + 1 : Infinity;
      row.push(Math.min(substitution, previous[j] + 1, row[j - 1] + 1, swap));
    }
    [before, previous] = [previous, row];
  }
  return previous[b.length];
}
