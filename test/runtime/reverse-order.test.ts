// A shader in reverse order: which text the ids are replaced by. That kernels compute the same with it, and broken ones do
// not, is tested with the operators.

import { expect, test } from "vitest";
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
  const size = "vec3u(u32(WIDTH), u32( 2 * (A + 1)), u32(1))";
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

test("ids in a struct, or no entry point, are an error that names the shader", () => {
  const ids = "struct Ids { @builtin(workgroup_id) group: vec3u }\n";
  expect(() => inReverseOrder("mine.wgsl", shader("ids: Ids", "8", ids))).toThrow(KernelError);
  expect(() => inReverseOrder("mine.wgsl", shader("ids: Ids", "8", ids))).toThrow(
    /^shader mine\.wgsl: a checked engine.*parameters of main/,
  );
  expect(() => inReverseOrder("mine.wgsl", "fn other() {}")).toThrow(/no compute entry point "main"/);
});
