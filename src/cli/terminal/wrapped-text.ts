// Text in lines of a terminal, with words that are printed bold among it.

/** A control sequence of ours, or a letter with the marks that stand on it. */
const units = /\u001b\[\d+m|\P{M}\p{M}*|\p{M}+/gu;

/** Letters that take two columns: of Chinese, Japanese and Korean, their signs in full width, and pictures. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;

/** Columns of a unit. */
const columnsOf = (unit: string): number => (unit.startsWith("\u001b") ? 0 : wide.test(unit) ? 2 : 1);

/**
 * Breaks a text between words, and a word that is longer than a line within.
 *
 * @param width columns of a line
 * @param indent what the lines behind the first begin with
 */
export function wrappedText(text: string, width: number, indent = ""): string {
  const room = Math.max(2, width - indent.length);
  const lines: string[] = [];
  let [line, used] = ["", 0];
  for (const word of text.split(" ")) {
    const parts = word.match(units) ?? [];
    const columns = parts.reduce((sum, unit) => sum + columnsOf(unit), 0);
    const isBehind = line !== "";
    if (isBehind && used + 1 + columns <= room) {
      line += ` ${word}`;
      used += 1 + columns;
      continue;
    }
    if (isBehind) lines.push(line);
    [line, used] = ["", 0];
    for (const unit of parts) {
      if (used + columnsOf(unit) > room) {
        lines.push(line);
        [line, used] = ["", 0];
      }
      line += unit;
      used += columnsOf(unit);
    }
  }
  return [...lines, line].join(`\n${indent}`);
}
