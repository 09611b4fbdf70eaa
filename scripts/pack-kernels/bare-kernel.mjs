// The text of a kernel as its module in the package has it. There it is described by a record beside it, so that the lines
// which describe it to src/kernels go, too.

import { bareText } from "../bare-shaders.mjs";

/** WGSL without any comment or needless blank, line by line. */
export function bareKernel(text) {
  const withoutComments = bareText(text)
    .split("\n")
    .map((line) => line.replace(/\s*\/\/.*$/u, ""))
    .filter((line) => line !== "");
  return bareText(withoutComments.join("\n"));
}
