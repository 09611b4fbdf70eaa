// From the words of a cell to labels: which of them say nothing, and what the others say of each label.
import { rawLabel } from "../../labels/raw-labels.ts";
import { canonicalName, isMissing } from "../../labels/wording.ts";

/**
 * Whether a word says nothing. A word for "missing" that the manifest names, in whatever capitals, is a word like any other:
 * whoever has a class "None" means it.
 */
export function missingUnless(named: readonly string[]): (word: string) => boolean {
  const plain = (word: string): string => canonicalName(word).toLowerCase();
  const meant = new Set(named.filter(isMissing).map(plain));
  return (word) => isMissing(word) && !meant.has(plain(word));
}

/**
 * Makes labels positive, and all others negative; without any positive they stay blank.
 *
 * @param isWhole false where a word for "missing" stands among the words: what else it would say nobody knows, and the others
 *   stay blank
 */
export function setPositive(labels: Uint8Array, positives: readonly number[], isWhole = true): void {
  if (positives.length === 0) return;
  if (isWhole) labels.fill(rawLabel.negative);
  for (const at of positives) labels[at] = rawLabel.positive;
}
