// The check of marked regions, scripts/house/regions.mjs: copies of shared lines that drift apart are named.

import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { regionComplaints } from "../../scripts/house/regions.mjs";
import { useShaders } from "./shader-folders.ts";

const folderOf = useShaders();
const complaintsOf = (shaders: Readonly<Record<string, string>>): string[] =>
  regionComplaints(folderOf(shaders));

const half = (body: string): string => `// A shader.\n// region: half\n${body}// end region\n`;
const body = "fn half(x: f32) -> f32 {\n  return 0.5 * x;\n}\n";
const lines = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, i) => `  let a${from + i} = ${from + i}u;\n`).join("");

describe("marked regions", () => {
  test("of one name and one text are right, however deep they stand", () => {
    const indented = half(body)
      .split("\n")
      .map((line) => (line === "" ? "" : `    ${line}`))
      .join("\n");
    expect(complaintsOf({ a: half(body), b: half(body), c: indented })).toEqual([]);
  });

  test("that differ are told with both files and the first line that differs; the text of the most is right", () => {
    const drifted = half(body.replace("0.5 * x", "x / 2.0"));
    expect(complaintsOf({ a: drifted, b: half(body), c: half(body) })).toEqual([
      'region "half" differs: shaders/a.wgsl:4 "  return x / 2.0;" but shaders/b.wgsl:4 "  return 0.5 * x;"',
    ]);
  });

  test("that end early differ there", () => {
    expect(complaintsOf({ a: half(body), b: half(body), c: half(body.replace("}\n", "")) })).toEqual([
      'region "half" differs: shaders/c.wgsl:5 the end of the region but shaders/a.wgsl:5 "}"',
    ]);
  });

  test("in a single shader have a name that was misspelt", () => {
    const misspelt = half(body).replace("region: half", "region: hlaf");
    expect(complaintsOf({ a: half(body), b: half(body), c: misspelt })).toEqual([
      'shaders/c.wgsl:2: region "hlaf" stands in no other shader',
    ]);
  });

  test.each([
    ["// region: half\n", /a\.wgsl:1: region "half" has no end/],
    ["// end region\n", /a\.wgsl:1: the end of a region that has no beginning/],
    [
      "// region: one\n// region: half\n// end region\n",
      /a\.wgsl:2: region "half" begins inside region "one"/,
    ],
    ["// region half\n", /a\.wgsl:1: a marker reads .* got "\/\/ region half"/],
    ["// endregion\n", /a\.wgsl:1: a marker reads .* got "\/\/ endregion"/],
  ])("with a wrong marker are refused: %j", (text, message) => {
    expect(complaintsOf({ a: text }).join("\n")).toMatch(message);
  });
});

describe("unmarked copies", () => {
  test("of eight lines are told with both places, and only once", () => {
    expect(complaintsOf({ a: lines(12), b: `const b = 1u;\n${lines(12)}` })).toEqual([
      expect.stringMatching(
        /^shaders\/b\.wgsl:2: 8 or more lines are those of shaders\/a\.wgsl:1; mark both/,
      ),
    ]);
  });

  test("of seven lines are let be, and so is what comments, entry points and marked regions share", () => {
    const entry =
      "@compute @workgroup_size(WIDTH)\nfn main(\n  @builtin(workgroup_id) workgroup: vec3u,\n  @builtin(num_workgroups) grid: vec3u,\n) {\n";
    const marked = `// region: many\n${lines(20, 100)}// end region\n`;
    const shader = `// One\n// and\n// the same comment\n${entry}${marked}${lines(7)}`;
    expect(complaintsOf({ a: shader, b: shader })).toEqual([]);
  });
});

test("the shaders have no complaints", () => {
  expect(regionComplaints(fileURLToPath(new URL("../..", import.meta.url)))).toEqual([]);
});
