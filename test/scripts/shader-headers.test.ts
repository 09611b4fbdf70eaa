// The check of shader headers, scripts/house/shader-headers.mjs: a shader that does not say its launch size or its work
// is not embedded.

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { headerComplaints } from "../../scripts/house/shader-headers.mjs";
import { useShaders } from "./shader-folders.ts";

const folderOf = useShaders();
const header = "// y = 2 x\n//\n// launch: ceil(count / WIDTH) workgroups\n// work: count operations\n";
const code = "\nconst WIDTH = 64u;\n";
const launch = 'shaders/a.wgsl: its header needs one line like "// launch: ceil(count / WIDTH) workgroups"';
const work = 'shaders/a.wgsl: its header needs one line like "// work: 2 * count operations"';

test.each([
  ["both lines", header + code, []],
  ["no work", header.replace(/\/\/ work.*\n/, "") + code, [work]],
  ["no launch size", header.replace(/\/\/ launch.*\n/, "") + code, [launch]],
  ["two launch sizes", `// launch: 1 workgroup\n${header}${code}`, [launch]],
  ["its lines below the header", `// y = 2 x\n${code}${header}`, [launch, work]],
  ["no unit", header.replace(" operations", "") + code, [work]],
] as const)("a shader with %s", (_, text, complaints) => {
  expect(headerComplaints(folderOf({ a: text }))).toEqual(complaints);
});

test("the shaders have no complaints", () => {
  expect(headerComplaints(fileURLToPath(new URL("../..", import.meta.url)))).toEqual([]);
});
