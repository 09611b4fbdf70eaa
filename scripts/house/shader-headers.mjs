// What a shader's header, the comment it opens with, must say: how many workgroups a launch takes, and how many operations
// that is. src/kernels reads the formulas; here it is only seen to that they are there, before anything is built.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { filesBelow } from "./imports.mjs";

const lines = [
  { line: /^\/\/ launch: .+ workgroups?$/gmu, example: "// launch: ceil(count / WIDTH) workgroups" },
  { line: /^\/\/ work: .+ operations?$/gmu, example: "// work: 2 * count operations" },
];

/** What is missing from the headers of the shaders below a folder; nothing when nothing is. */
export function headerComplaints(root) {
  const shaders = filesBelow(root, "shaders").filter((file) => file.endsWith(".wgsl"));
  return shaders.flatMap((file) => {
    const [header] = /^(?:\/\/.*\n)*/u.exec(readFileSync(resolve(root, file), "utf8"));
    return lines
      .filter(({ line }) => header.match(line)?.length !== 1)
      .map(({ example }) => `${file}: its header needs one line like "${example}"`);
  });
}
