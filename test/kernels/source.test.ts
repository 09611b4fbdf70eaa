// Reading shader files: knobs, bindings, uniform layout, packing.

import { describe, expect, test } from "vitest";
import { KernelError } from "../../src/device/index.ts";
import { foldWorkgroups, kernel, kernelNames, packUniforms } from "../../src/kernels/index.ts";
import { parseShader } from "../../src/kernels/source.ts";

const text = `
const WIDTH = 64u;    // knob: invocations per workgroup
const SCALE = 1.0;    // knob: a factor
const EXACT = false;  // knob: a switch
const PLAIN = 3u;

struct Sizes {
  count: u32,         // elements
  strides: vec4u,
  factor: f32,
  many: array<vec4u, 2>,
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;        // [count], the input
@group(0) @binding(2) var<storage, read_write> y: array<f32>;  // [count]
`;

describe("a shader file", () => {
  const source = parseShader("example", text);

  test("gives its knobs, and nothing else that is constant", () => {
    expect(source.knobs.map(({ name, value }) => [name, value])).toEqual([
      ["WIDTH", 64],
      ["SCALE", 1],
      ["EXACT", false],
    ]);
    expect(source.knobs[0]?.meaning).toBe("invocations per workgroup");
  });

  test("gives its bindings with access and meaning", () => {
    expect(source.bindings.map(({ index, name, access, meaning }) => [index, name, access, meaning])).toEqual(
      [
        [0, "sizes", "uniform", ""],
        [1, "x", "read", "[count], the input"],
        [2, "y", "readWrite", "[count]"],
      ],
    );
  });

  test("lays its uniforms out as WGSL does", () => {
    expect(source.uniforms.map(({ name, offset }) => [name, offset])).toEqual([
      ["count", 0],
      ["strides", 16],
      ["factor", 32],
      ["many", 48],
    ]);
    expect(source.uniformBytes).toBe(80);
  });

  test("packs values at those places", () => {
    const packed = packUniforms("example", source, {
      count: 7,
      strides: [1, 2, 3, 4],
      factor: 0.5,
      many: [1, 2, 3, 4, 5, 6, 7, 8],
    });
    const words = new Uint32Array(packed);
    expect([words[0], ...words.subarray(4, 8)]).toEqual([7, 1, 2, 3, 4]);
    expect(new Float32Array(packed)[8]).toBe(0.5);
    expect([...words.subarray(12)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("refuses missing, unknown and misshapen uniforms by name", () => {
    const whole = { count: 7, strides: [1, 2, 3, 4], factor: 0.5, many: [1, 2, 3, 4, 5, 6, 7, 8] };
    expect(() => packUniforms("example", source, { ...whole, other: 1 })).toThrow(/example.*other/);
    expect(() => packUniforms("example", source, { ...whole, strides: [1] })).toThrow(/strides takes 4/);
    const { count: _, ...without } = whole;
    expect(() => packUniforms("example", source, without)).toThrow(/count takes 1 value.*none/);
  });
});

describe("specialising", () => {
  test("replaces the values of knob lines and leaves every line where it is", () => {
    const unary = kernel("unary");
    const special = unary.specialise({ WIDTH: 128, OPERATION: 3 });
    expect(special).toContain("const WIDTH = 128u;");
    expect(special).toContain("const OPERATION = 3u;");
    expect(special.split("\n").length).toBe(unary.text.split("\n").length);
  });

  test("an unknown knob is refused with the knobs there are", () => {
    expect(() => kernel("unary").specialise({ WITDH: 128 })).toThrow(KernelError);
    expect(() => kernel("unary").specialise({ WITDH: 128 })).toThrow(/WITDH.*OPERATION, WIDTH/);
  });
});

describe("folding a launch", () => {
  test("keeps small launches flat and covers large ones with little waste", () => {
    expect(foldWorkgroups(65_535, 65_535)).toEqual([65_535, 1]);
    const [x, y] = foldWorkgroups(65_536, 65_535);
    expect([x <= 65_535, y, x * y >= 65_536, x * y - 65_536 < y]).toEqual([true, 2, true, true]);
  });

  test("refuses what two dimensions cannot hold", () => {
    expect(() => foldWorkgroups(101, 10)).toThrow(KernelError);
  });
});

describe("every shader in shaders/", () => {
  test.each(kernelNames)("%s describes itself", (name) => {
    const { text: wgsl, bindings, uniforms } = kernel(name);
    expect(wgsl.startsWith("// ")).toBe(true);
    const storage = bindings.filter(({ access }) => access !== "uniform");
    expect(storage.length).toBeGreaterThan(0);
    expect(storage.length, "8 storage buffers is what every GPU has").toBeLessThanOrEqual(8);
    for (const { name: binding, meaning } of storage)
      expect(meaning, `${binding} has a meaning`).not.toBe("");
    expect(uniforms.length).toBeGreaterThan(0);
  });
});
