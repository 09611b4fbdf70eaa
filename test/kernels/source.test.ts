// Reading shader files: knobs, bindings, uniform layout, packing.

import { describe, expect, test } from "vitest";
import { KernelError } from "../../src/errors/errors.ts";
import { kernels, type KernelName } from "../../src/kernels/built-in-kernels.ts";
import { foldWorkgroups } from "../../src/kernels/kernel.ts";
import { pack, specialise } from "../../src/kernels/shader-values.ts";
import { parseShader } from "../../src/kernels/source.ts";

const text = `// An example.
//
// launch: ceil(count / WIDTH) workgroups
// work: 2 * count * lanes(Element) operations

const WIDTH = 64u;    // knob: invocations per workgroup
const SCALE = 1.0;    // knob: a factor
const EXACT = false;  // knob: a switch
const START = 0u;     // knob: may be nothing
alias Element = f32;  // knob: f32, or vec4f for four at a time
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
      ["START", 0],
      ["Element", "f32"],
    ]);
    expect(source.knobs.map(({ type }) => type)).toEqual(["u32", "f32", "bool", "u32", "element"]);
    expect(source.knobs[0]?.meaning).toBe("invocations per workgroup");
  });

  test("says how numbers may lie in memory, and is given the directive where they are halves", () => {
    const halves = text.replace(
      "const PLAIN",
      "alias X = f32;     // stored: x, the input\nalias Y = vec4f; // stored: y\nconst PLAIN",
    );
    const stored = parseShader("example", halves);
    const types = stored.knobs.filter(({ type }) => type === "stored");
    expect(types.map(({ name, value, meaning }) => [name, value, meaning])).toEqual([
      ["X", "f32", "x, the input"],
      ["Y", "f32", "y"],
    ]);
    expect(specialise("example", stored, {})).toBe(halves);
    expect(specialise("example", stored, { X: "f32" })).toBe(halves);
    const lines = specialise("example", stored, { Y: "f16", WIDTH: 32 }).split("\n");
    expect(lines.length).toBe(halves.split("\n").length);
    expect(lines[0]).toBe("enable f16; // An example.");
    expect(lines).toContain("alias X = f32;     // stored: x, the input");
    expect(lines).toContain("alias Y = vec4h; // stored: y");
    expect(specialise("example", stored, { X: "f16" })).toContain("alias X = f16; ");
    expect(() => specialise("example", stored, { X: "vec4h" })).toThrow(
      'kernel example: knob X takes "f32" or "f16", got "vec4h"',
    );
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

  test("gives the formulas of its launch size and its work", () => {
    expect(source.launch).toBe("ceil(count / WIDTH)");
    expect(source.work).toBe("2 * count * lanes(Element)");
  });

  test.each(["launch", "work"])("without a line of its %s is refused", (line) => {
    const without = text.replace(new RegExp(`^// ${line}: .*\n`, "m"), "");
    expect(() => parseShader("example", without)).toThrow(KernelError);
    expect(() => parseShader("example", without)).toThrow(`shader example: no line "// ${line}: ... `);
    // Only the header counts: further down it is another comment.
    expect(() => parseShader("example", `${without}// ${line}: 1 workgroup\n`)).toThrow(/no line/);
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
    const packed = pack("example", source, {
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
    expect(() => pack("example", source, { ...whole, other: 1 })).toThrow(/example.*other/);
    expect(() => pack("example", source, { ...whole, strides: [1] })).toThrow(/strides takes 4/);
    const { count: _, ...without } = whole;
    expect(() => pack("example", source, without)).toThrow(/count takes 1 value.*none/);
    expect(() => pack("example", source, { ...whole, cuont: 1 })).toThrow(/"cuont"; did you mean "count"/);
  });

  test.each([-1, 1.5, NaN, 2 ** 32])("refuses %d where a count is wanted", (count) => {
    const values = { count, strides: [1, 2, 3, 4], factor: 0.5, many: [1, 2, 3, 4, 5, 6, 7, 8] };
    expect(() => pack("example", source, values)).toThrow(
      /uniform count takes a whole number from 0 up to 2\^32 - 1, got/,
    );
  });
});

/** A knob and a uniform whose values have names. */
const named = text
  .replace("const PLAIN", "const MODE = LESS_EQUAL;  // knob: how they are compared\nconst PLAIN")
  .replace("struct Sizes {", "struct Sizes {\n  edge: u32,")
  .concat(
    "const LESS = 4u;        // value of MODE: a < b\n",
    "const LESS_EQUAL = 2u;  // value of MODE: a <= b\n",
    "const ZERO = 0u;        // value of edge: zeros\n",
    "const NEAREST = 7u;     // value of edge: the nearest pixel\n",
  );

describe("values that the shader names", () => {
  const source = parseShader("example", named);
  const values = { count: 7, strides: [1, 2, 3, 4], factor: 0.5, many: [1, 2, 3, 4, 5, 6, 7, 8] };

  test("are part of the knob or the uniform, under names in camel case", () => {
    const mode = source.knobs.find(({ name }) => name === "MODE");
    expect(mode).toMatchObject({ type: "choice", value: "lessEqual" });
    expect(mode?.choices).toEqual([
      { name: "less", constant: "LESS", value: 4, meaning: "a < b" },
      { name: "lessEqual", constant: "LESS_EQUAL", value: 2, meaning: "a <= b" },
    ]);
    expect(source.uniforms[0]?.choices.map(({ name, value }) => [name, value])).toEqual([
      ["zero", 0],
      ["nearest", 7],
    ]);
    expect(source.uniforms[1]?.choices).toEqual([]);
  });

  test("are written by name into the text, and as numbers into the uniforms", () => {
    expect(specialise("example", source, {})).toContain("const MODE = LESS_EQUAL;");
    expect(specialise("example", source, { MODE: "less" })).toContain("const MODE = LESS;");
    expect(new Uint32Array(pack("example", source, { ...values, edge: "nearest" }))[0]).toBe(7);
  });

  test("are refused with the names there are", () => {
    const mode = /kernel example: knob MODE takes one of less, lessEqual, got/;
    expect(() => specialise("example", source, { MODE: 4 })).toThrow(mode);
    expect(() => specialise("example", source, { MODE: "LESS" })).toThrow(KernelError);
    expect(() => specialise("example", source, { MODE: "lessEquel" })).toThrow(
      /got "lessEquel"; did you mean "lessEqual"/,
    );
    expect(() => pack("example", source, { ...values, edge: 7 })).toThrow(
      /uniform edge takes one of zero, nearest, got 7/,
    );
    expect(() => pack("example", source, values)).toThrow(/uniform edge takes one of zero, nearest/);
  });

  test.each([
    ["const ONE = 1.0;  // value of MODE: one", /"const ONE.*" must read "const NAME = 1u;/],
    ["const TWO = 2u;   // value of MODE: two", /LESS_EQUAL and TWO of MODE are both 2/],
    ["const BIG = 9u;   // value of MOOD: big", /"value of MOOD" names no knob and no uniform/],
    ["const HALF = 1u;  // value of factor: half", /"value of factor" names no knob and no uniform/],
  ])("%s is no line of the shader", (line, message) => {
    expect(() => parseShader("example", `${named}${line}\n`)).toThrow(message);
  });

  test("a knob starts with one of its values", () => {
    const wrong = named.replace("MODE = LESS_EQUAL", "MODE = ZERO");
    expect(() => parseShader("example", wrong)).toThrow(/ZERO is no value of knob MODE/);
  });
});

describe("specialising", () => {
  test("replaces the values of knob lines and leaves every line where it is", () => {
    const unary = kernels.unary;
    const special = unary.specialise({ WIDTH: 128, OPERATION: "sqrt" });
    expect(special).toContain("const WIDTH = 128u;");
    expect(special).toContain("const OPERATION = SQRT;");
    expect(special.split("\n").length).toBe(unary.text.split("\n").length);
  });

  test("an unknown knob is refused with the knobs there are", () => {
    expect(() => kernels.unary.specialise({ WITDH: 128 })).toThrow(KernelError);
    expect(() => kernels.unary.specialise({ WITDH: 128 })).toThrow(
      /"WITDH"; did you mean "WIDTH".*OPERATION/,
    );
  });

  test("the type of the elements is a knob like the others", () => {
    const special = specialise("example", parseShader("example", text), { Element: "vec4f" });
    expect(special).toContain("alias Element = vec4f;");
  });

  test("the type of their bits follows it", () => {
    const withBits = `${text}alias Bits = i32;   // bits of Element\n`;
    const source = parseShader("example", withBits);
    expect(source.knobs.map(({ name }) => name)).not.toContain("Bits");
    expect(specialise("example", source, { Element: "vec4f" })).toContain("alias Bits = vec4i;");
    expect(specialise("example", source, { WIDTH: 4 })).toContain("alias Bits = i32;");
    expect(() => parseShader("example", withBits.replace("of Element", "of WIDTH"))).toThrow(
      /"alias Bits = i32; {3}\/\/ bits of WIDTH" must name a knob that is f32 or vec4f/,
    );
  });

  test.each([
    [{ WIDTH: 1.5 }, /kernel example: knob WIDTH takes a whole number from 1 up.*, got 1\.5/],
    [{ WIDTH: -64 }, /WIDTH takes a whole number from 1 up.*, got -64/],
    [{ WIDTH: 0 }, /WIDTH takes a whole number from 1 up.*, got 0/],
    [{ WIDTH: 2 ** 32 }, /WIDTH takes .* up to 2\^32 - 1, got 4294967296/],
    [{ WIDTH: "64" as unknown as number }, /WIDTH takes .*, got "64"/],
    [{ START: -1 }, /START takes a whole number from 0 up/],
    [{ EXACT: 1 }, /EXACT takes true or false/],
    [{ Element: 4 }, /Element takes "f32" or "vec4f"/],
    [{ SCALE: true }, /SCALE takes a number/],
  ] as const)("%o is refused", (knobs, message) => {
    expect(() => specialise("example", parseShader("example", text), knobs)).toThrow(message);
  });
});

test("a knob that the file sets to 0 takes 0", () => {
  const special = specialise("example", parseShader("example", text), { START: 0, WIDTH: 1 });
  expect(special).toContain("const START = 0u;");
  expect(special).toContain("const WIDTH = 1u;");
});

describe("the table of kernels", () => {
  test("knows its kernels, by name and as a whole", () => {
    expect(Object.keys(kernels)).toContain("unary");
    expect(kernels.unary).toBe(kernels.unary);
    expect(kernels.unary.name).toBe("unary");
  });

  test("a kernel that there is not is refused with the nearest name", () => {
    const byName = kernels as unknown as Record<string, unknown>;
    expect(() => byName["conv2dBlokced"]).toThrow(/no kernel "conv2dBlokced"; did you mean "conv2dBlocked"/);
  });

  test("a launch size needs every uniform", () => {
    expect(() => kernels.unary.workgroups({ count: 5 })).toThrow(/unary: uniform first takes 1 value.*none/);
    expect(() => kernels.unary.workgroups({ count: 0, first: 0, second: 0 })).toThrow(/0 workgroups/);
    const sizes = { count: 5, first: 0, second: 0 };
    expect(() => kernels.unary.workgroups(sizes, { WITDH: 8 })).toThrow(/"WITDH"; did you mean "WIDTH"/);
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
  test.each(Object.keys(kernels) as KernelName[])("%s describes itself", (name) => {
    const { text: wgsl, bindings, uniforms } = kernels[name];
    expect(wgsl.startsWith("// ")).toBe(true);
    const storage = bindings.filter(({ access }) => access !== "uniform");
    expect(storage.length).toBeGreaterThan(0);
    expect(storage.length, "8 storage buffers is what every GPU has").toBeLessThanOrEqual(8);
    for (const { name: binding, meaning } of storage)
      expect(meaning, `${binding} has a meaning`).not.toBe("");
    expect(uniforms.length).toBeGreaterThan(0);
  });

  test.each(Object.keys(kernels) as KernelName[])("%s names what the host gives it by one rule", (name) => {
    const { bindings, knobs, uniforms } = kernels[name];
    for (const { name: given } of [...bindings, ...uniforms]) expect(given).toMatch(/^[a-z][a-zA-Z0-9]*$/);
    for (const { name: knob, type } of knobs) {
      if (type !== "stored") expect(knob).toMatch(type === "element" ? /^Element$/ : /^[A-Z][A-Z0-9_]*$/);
      // Named after what is stored so.
      else expect(bindings.map((each) => each.name)).toContain(knob[0].toLowerCase() + knob.slice(1));
    }
  });
});
