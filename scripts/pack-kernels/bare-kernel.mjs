// The text of a kernel as its module in the package has it. There it is described by rows beside it, so that the lines which
// describe it to src/kernels go, too.

import { bareText } from "../bare-shaders.mjs";

/** How much deeper in brackets the end of a line is than its beginning. */
const depthOf = (line) => (line.match(/[{([]/gu)?.length ?? 0) - (line.match(/[})\]]/gu)?.length ?? 0);

/** Whether two texts mean something else without a blank between them: two words, or two signs that would be read as one. */
const needBlank = (before, after) =>
  (/\w$/u.test(before) && /^\w/u.test(after)) ||
  (/[-+&|<>=/*!%^]$/u.test(before) && /^[-+&|<>=/*]/u.test(after));

/** WGSL without any comment or needless blank, one line for each declaration of the module. */
export function bareKernel(text) {
  const lines = bareText(text)
    .split("\n")
    .map((line) => line.replace(/\s*\/\/.*$/u, ""))
    .filter((line) => line !== "");
  let depth = 0;
  let result = "";
  for (const line of bareText(lines.join("\n")).split("\n")) {
    const between = depth === 0 ? "\n" : needBlank(result, line) ? " " : "";
    result += `${result === "" ? "" : between}${line}`;
    depth += depthOf(line);
  }
  return result.replace(/,(?=[})])/gu, "");
}
