// Edges of bins that tell nothing of one person. An edge is the roundest number in the span of several rows: it stands where it stands
// because it is round and lies among them, not because somebody has it.

/**
 * The number between two others with the fewest digits, and of those the one nearest to their middle.
 *
 * @param low below `high`
 * @param isWhole whether only whole numbers count, which both are; `high` itself is the answer where none lies between
 */
export function roundestBetween(low: number, high: number, isWhole: boolean): number {
  if (low < 0 && high > 0) return 0;
  const middle = low + (high - low) / 2;
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const first = Math.ceil(Math.log10(largest));
  for (let power = first; power > first - 17; power--) {
    if (isWhole && power < 0) break;
    for (const factor of [1, 0.5, 0.2]) {
      const found = nearestMultiple(middle, factor * 10, power - 1);
      if (found > low && found < high && (!isWhole || Number.isInteger(found))) return found;
    }
  }
  return isWhole || middle <= low ? high : middle;
}

/** The multiple of factor * 10^power that is nearest to a number, by its decimal digits. */
function nearestMultiple(value: number, factor: number, power: number): number {
  const steps = Math.round(value / (factor * 10 ** power));
  // Through text: 3 * .1 is not .3.
  return Number(`${steps * factor}e${power}`);
}
