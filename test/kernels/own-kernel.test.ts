// Kernels of the user's: read as the built-in ones are, and refused in one line where something would be passed over.

import { describe, expect, test } from "vitest";
import { TesseraError } from "../../src/errors/errors.ts";
import { blankComments } from "../../src/kernels/comments.ts";
import { kernelFor, kernels, type KernelName } from "../../src/kernels/built-in-kernels.ts";
import { type Kernel } from "../../src/kernels/kernel.ts";
import { kernelOf } from "../../src/kernels/own-kernel.ts";

const text = `// y[i] = factor x[i]
//
// kernel: scaled
// launch: ceil(count / WIDTH) workgroups
// work: count operations

const WIDTH = 64u; // knob: invocations per workgroup

struct Sizes { count: u32, factor: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + group.y * grid.x) * WIDTH + lane;
  if (i < sizes.count) { y[i] = sizes.factor * x[i]; }
}
`;

/** What a kernel is, without its functions. */
const facts = ({
  name,
  knobs,
  bindings,
  uniforms,
  uniformBytes,
  features,
  launch,
  work,
}: Kernel): unknown => ({
  ...{ name, knobs, bindings, uniforms, uniformBytes, features, launch, work },
});

/** The message that a text is refused with, which must be an error of ours and of one line. */
function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    expect(error).toBeInstanceOf(TesseraError);
    const { message } = error as TesseraError;
    expect(message).not.toContain("\n");
    return message;
  }
  throw new Error("nothing was refused");
}

describe("a kernel of the user's", () => {
  test("is what the text says, under the name in it or the one that is given", () => {
    const kernel = kernelOf(text);
    expect(kernel.name).toBe("scaled");
    expect(kernel.text).toBe(text);
    expect(kernel.workgroups({ count: 1000, factor: 2 }, { WIDTH: 100 })).toEqual([10, 1]);
    expect(kernel.operations({ count: 1000, factor: 2 })).toBe(1000);
    expect(kernel.specialise({ WIDTH: 128 })).toContain("const WIDTH = 128u;");
    expect([...new Float32Array(kernel.pack({ count: 0, factor: 2 }))]).toEqual([0, 2]);
    expect(kernelOf(text, { name: "other" }).name).toBe("other");
  });

  test.each(Object.keys(kernels) as KernelName[])("%s is read the same from its text", (name) => {
    expect(facts(kernelOf(kernels[name].text, { name }))).toEqual(facts(kernels[name]));
  });

  test.each([
    ["indented, behind an empty line", `\n${text.replace(/^/gm, "    ")}`],
    ["with the line ends of Windows", text.replaceAll("\n", "\r\n")],
    [
      "with a binding commented out",
      text.replace(
        "@group(0) @binding(2)",
        "// @group(0) @binding(2) var<storage, read> old: array<f32>;\n@group(0) @binding(2)",
      ),
    ],
    [
      "with a block commented out",
      `${text}/* @group(0) @binding(3) var<storage, read> old: array<f32>; /* WIDTH */ */\n`,
    ],
    ["with a comment among the uniforms", text.replace("count: u32,", "count: u32, // u32: elements\n")],
  ])("is read %s", (_, written) => {
    expect(facts(kernelOf(written))).toEqual(facts(kernelOf(text)));
    expect(kernelOf(written).specialise({ WIDTH: 32 })).toContain("const WIDTH = 32u;");
  });

  const nothing = text.replace(/^const WIDTH.*$/m, "").replaceAll("WIDTH", "64");
  test.each([
    ["no text", "", /^kernelOf: the kernel must be a WGSL text, got the string ""$/],
    [
      "no name",
      text.replace("// kernel: scaled\n", ""),
      /^kernelOf: the kernel has no name; give one, .*\/\/ kernel: NAME"$/,
    ],
    [
      "no launch",
      text.replace(/^\/\/ launch.*\n/m, ""),
      /^shader scaled: no line "\/\/ launch: \.\.\. workgroups" in its header$/,
    ],
    [
      "no work",
      text.replace(/^\/\/ work.*\n/m, ""),
      /^shader scaled: no line "\/\/ work: \.\.\. operations" in its header$/,
    ],
    [
      "a formula of a uniform that there is not",
      text.replace("ceil(count", "ceil(cuont"),
      /^kernel scaled: launch: no number "cuont"; did you mean "count"\?/,
    ],
    [
      "no entry point",
      text.replace("@compute @workgroup_size(WIDTH)\n", ""),
      /^kernel scaled: its function main is no entry point; write @compute/,
    ],
    [
      "another entry point",
      text.replace("fn main", "fn scale"),
      /^kernel scaled: its entry point must be called main, not scale$/,
    ],
    [
      "no function",
      text.slice(0, text.indexOf("@compute")),
      /^kernel scaled: it has no entry point; write @compute/,
    ],
    [
      "an entry point in a comment",
      text.replace("@compute", "// @compute"),
      /^kernel scaled: its function main is no entry point/,
    ],
    [
      "another group",
      text.replace("@group(0) @binding(1)", "@group(1) @binding(1)"),
      /^kernel scaled: binding x is in group 1; all bindings are in group 0$/,
    ],
    [
      "a binding before its group",
      text.replace("@group(0) @binding(1)", "@binding(1) @group(0)"),
      /^kernel scaled: binding x is not understood; write it as @group\(0\) @binding\(1\)/,
    ],
    [
      "a texture",
      text.replace("var<storage, read> x: array<f32>", "var x: texture_2d<f32>"),
      /^kernel scaled: binding x is a texture_2d<f32>; a kernel binds storage buffers/,
    ],
    [
      "a buffer of one number",
      text.replace("x: array<f32>", "x: f32"),
      /^kernel scaled: binding x has type f32; a storage buffer holds an array/,
    ],
    [
      "half floats",
      text.replace("x: array<f32>", "x: array<vec4<f16>>"),
      /^kernel scaled: binding x has type array<vec4<f16>>; tensors are f32, u32 or u8$/,
    ],
    [
      "two bindings at one place",
      text.replace("@binding(2)", "@binding(1)"),
      /^kernel scaled: x and y are both binding 1$/,
    ],
    [
      "two uniforms",
      text.replace("var<storage, read> x: array<f32>", "var<uniform> x: Sizes"),
      /^kernel scaled: sizes and x are uniforms; put their members into one struct$/,
    ],
    [
      "nothing to write to",
      text.replace("read_write", "read"),
      /^kernel scaled: it writes nothing: no binding is var<storage, read_write>$/,
    ],
    [
      "a uniform of an unknown type",
      text.replace("factor: f32", "factor: vec2f"),
      /^shader scaled: uniform factor has unknown type vec2f; it may be u32, i32, f32, vec4u/,
    ],
    [
      "a uniform that is laid out by hand",
      text.replace("factor: f32", "@align(16) factor: f32"),
      /^shader scaled: struct Sizes has an attribute \(@align, @size\)/,
    ],
    [
      "a uniform without a struct",
      text.replace("sizes: Sizes", "sizes: u32"),
      /^shader scaled: no struct u32 for its uniform binding$/,
    ],
    [
      "a knob with a type",
      text.replace("WIDTH = 64u", "WIDTH: u32 = 64u"),
      /^kernel scaled: line 7, "const WIDTH: u32 = 64u; .*", must read "const NAME = 64u; \/\/ knob: meaning"$/,
    ],
    [
      "a knob without a value",
      text.replace("WIDTH = 64u;", "WIDTH;"),
      /^kernel scaled: line 7, "const WIDTH; .*", must read/,
    ],
    [
      "an override without a value",
      `${nothing}override WIDTH: u32;\n`.replace("/ 64)", "/ 1)"),
      /^kernel scaled: override WIDTH has no value; write it as a knob/,
    ],
  ])("with %s is refused", (_, written, message) => {
    expect(refusal(() => kernelOf(written))).toMatch(message);
  });

  test("its options are refused by name", () => {
    expect(refusal(() => kernelOf(text, { nmae: "x" } as object))).toBe(
      'kernelOf: there is no option "nmae"; did you mean "name"? it has name',
    );
    expect(refusal(() => kernelOf(text, { name: "two words" }))).toBe(
      'kernelOf: a name is one word, got "two words"',
    );
  });

  test("that takes no num_workgroups is not folded into two dimensions, which would compute rows twice", () => {
    const flat = text.replace(" @builtin(num_workgroups) grid: vec3u,", "").replace("group.y * grid.x", "0u");
    const sizes = { count: 64 * 65_536, factor: 1 };
    expect(kernelOf(text).workgroups(sizes)).toEqual([32_768, 2]);
    const spaced = text.replace("@builtin(num_workgroups)", "@builtin (num_workgroups,)");
    expect(kernelOf(spaced).workgroups(sizes)).toEqual([32_768, 2]);
    expect(kernelOf(flat).workgroups({ ...sizes, count: 64 * 65_535 })).toEqual([65_535, 1]);
    expect(refusal(() => kernelOf(flat).workgroups(sizes))).toMatch(
      /^kernel scaled: 65536 workgroups are over the 65535 of one dimension, and main does not take them in two; take num_workgroups/,
    );
  });
});

describe("the kernel of a launch", () => {
  test("is looked up by name or taken as it is", () => {
    expect(kernelFor("unary")).toBe(kernels.unary);
    const own = kernelOf(text);
    expect(kernelFor(own)).toBe(own);
  });

  test.each([
    ["a text", text, /^a WGSL text is no name of a kernel; kernelOf\(text\) makes a kernel of it, once$/],
    ["another name", "unray", /^there is no kernel "unray"; did you mean "unary"\?$/],
    [
      "nothing",
      undefined,
      /^a launch's kernel is the name of a built-in kernel or what kernelOf\(text\) gives; got undefined$/,
    ],
  ])("%s is refused", (_, kernel, message) => {
    expect(refusal(() => kernelFor(kernel as never))).toMatch(message);
  });
});

test("comments are blanked out, and everything else stays in its place", () => {
  expect(blankComments("a // b\nc /* d /* e */\nf */ g", "all")).toBe("a     \nc             \n     g");
  expect(blankComments("a // b /* c\nd */ e", "block")).toBe("a // b /* c\nd */ e");
  expect(blankComments("a /* b", "block")).toBe("a     ");
});
