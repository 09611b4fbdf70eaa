// Comments of a WGSL text, blanked out: what is read of a shader must not come from code that is commented out.

/**
 * The text with comments replaced by blanks, each character in its place and each line of its length.
 * @param which `block` comments alone, or `all` of them
 */
export function blankComments(text: string, which: "block" | "all"): string {
  let result = "";
  let at = 0;
  for (const opening = /\/\/|\/\*/g; ;) {
    opening.lastIndex = at;
    const found = opening.exec(text);
    if (found === null) return result + text.slice(at);
    const isBlock = found[0] === "/*";
    const end = isBlock ? endOfBlock(text, found.index) : endOfLine(text, found.index);
    const comment = text.slice(found.index, end);
    const blank = isBlock || which === "all" ? comment.replace(/[^\r\n]/g, " ") : comment;
    result += text.slice(at, found.index) + blank;
    at = end;
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

/** Block comments may lie in one another in WGSL. */
function endOfBlock(text: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 0;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return text.length;
}
