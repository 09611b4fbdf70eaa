// A shader in reverse order: which text the ids are replaced by. That kernels compute the same with it, and broken ones do
// not, is tested with the operators.

import { describe, expect, test } from "vitest";
import { KernelError } from "../../src/errors/errors.ts";
import { inReverseOrder } from "../../src/runtime/webgpu/reverse-order.ts";

const shader = (parameters: string, size = "8", above = ""): string =>
  `${above}@compute @workgroup_size(${size})\nfn main(${parameters}) {\n  work();\n}\n`;

test("ids are counted from the other end, and lines keep their numbers", () => {
  const text = shader(
    "\n  @builtin(workgroup_id) group: vec3u, // its number\n  @builtin(num_workgroups) grid: vec3u,\n" +
      "  @builtin(local_invocation_id) local: vec3u,\n",
    "WIDTH, 2 * (A + 1)",
  );
  const lines = inReverseOrder("a", text).split("\n");
  expect(lines).toHaveLength(text.split("\n").length);
  expect(lines[2]).toBe("  @builtin(workgroup_id) forward_group: vec3u, // its number");
  expect(lines[3]).toBe("  @builtin(num_workgroups) grid: vec3u,");
  const size = "vec3u(u32(WIDTH), u32(2 * (A + 1)), u32(1))";
  expect(lines[5]).toBe(
    `) { let group = grid - 1u - forward_group; let local = ${size} - 1u - forward_local;`,
  );
});

test("the grid is asked for where the shader does not", () => {
  expect(inReverseOrder("a", shader("@builtin(global_invocation_id) id: vec3u"))).toContain(
    "fn main(@builtin(num_workgroups) grid_to_reverse: vec3u, @builtin(global_invocation_id) forward_id: vec3u) {" +
      " let id = grid_to_reverse * vec3u(u32(8), u32(1), u32(1)) - 1u - forward_id;",
  );
});

test("with subgroups a lane keeps its place in its workgroup", () => {
  const parameters = "@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32";
  const text = inReverseOrder("a", shader(parameters, "8", "enable f16, subgroups;\n"));
  expect(text).toContain("@builtin(local_invocation_index) lane: u32");
  expect(text).toContain("let group = grid_to_reverse - 1u - forward_group;");
  expect(text).not.toContain("let lane");
});

describe("valid shaders, however they are written:", () => {
  const id = "@builtin(global_invocation_id) id: vec3u";
  const inReverse = "let id = grid_to_reverse * vec3u(u32(8), u32(1), u32(1)) - 1u - forward_id;";

  test("blanks and line breaks where WGSL allows them", () => {
    const spaced = `@ compute @ workgroup_size\t(\n  8 , )\nfn main (@ builtin ( global_invocation_id , )\n id : vec3u , ) {}\n`;
    const text = inReverseOrder("a", spaced);
    expect(text).toContain(inReverse);
    expect(text).toContain("\n forward_id : vec3u");
    expect(text.split("\n")).toHaveLength(spaced.split("\n").length);
  });

  test("ids, entry points and sizes that are commented out, in blocks within blocks, too", () => {
    const above =
      "/* @builtin(local_invocation_id) old: vec3u\n /* fn main( */ @workgroup_size(4) */\n// fn main(\n";
    const text = inReverseOrder(
      "a",
      shader(`/* , @builtin(workgroup_id) gone: vec3u, */ ${id}`, "8, // 4,\n", above),
    );
    expect(text).toContain(inReverse);
    expect(text).toContain(
      "/* , @builtin(workgroup_id) gone: vec3u, */ @builtin(global_invocation_id) forward_id",
    );
    expect(text).not.toContain("let gone");
  });

  test("extents with commas of their own", () => {
    const text = inReverseOrder("a", shader(id, "max(64u, 32u), min(A, max(2, 3))"));
    expect(text).toContain("vec3u(u32(max(64u, 32u)), u32(min(A, max(2, 3))), u32(1))");
  });

  test("the size is that of main, and other entry points have theirs, and ids of their own", () => {
    const other =
      "@compute @workgroup_size(2, 3) fn other(@builtin(workgroup_id) group: vec3u) { work(); }\n";
    expect(inReverseOrder("a", shader(id, "8", other))).toContain(inReverse);
    expect(inReverseOrder("a", shader(id) + other)).toContain(inReverse);
    const sizeless = `${other}fn main(${id}) {}`;
    expect(() => inReverseOrder("a", sizeless)).toThrow(/no compute entry point "main"/);
  });

  test("directives on one line", () => {
    const text = inReverseOrder(
      "a",
      shader("@builtin(local_invocation_index) lane: u32", "8", "enable f16; enable subgroups;\n"),
    );
    expect(text).not.toContain("let lane");
  });
});

test("ids in a struct, or no entry point, are an error that names the shader", () => {
  const ids = "struct Ids { @builtin(workgroup_id) group: vec3u }\n";
  expect(() => inReverseOrder("mine.wgsl", shader("ids: Ids", "8", ids))).toThrow(KernelError);
  expect(() => inReverseOrder("mine.wgsl", shader("ids: Ids", "8", ids))).toThrow(
    /^shader mine\.wgsl: a checked engine.*parameters of main/,
  );
  const both = "@builtin(num_workgroups) grid: vec3u, ids: Ids";
  expect(() => inReverseOrder("mine.wgsl", shader(both, "8", ids))).toThrow(/parameters of main/);
  expect(() => inReverseOrder("mine.wgsl", "fn other() {}")).toThrow(/no compute entry point "main"/);
});
