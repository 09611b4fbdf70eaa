// Kernels of the user's: the same reading as that of the built-in shaders, and a word about everything that the reading
// would pass over.

import {
  aString,
  expectArgument,
  expectOptions,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { KernelError } from "../errors/errors.ts";
import { blankComments } from "./comments.ts";
import { describe, type Kernel } from "./kernel.ts";
import { knobLine } from "./source.ts";

export interface KernelOptions {
  /** What messages, plans and profiles call it. Default: what its header says in a line `// kernel: NAME`. */
  readonly name?: string;
}

const aText: Requirement = {
  words: "a WGSL text",
  fits: (value) => typeof value === "string" && value.trim() !== "",
};
const kernelOptions: OptionChecks<KernelOptions> = { name: aString };

/**
 * Makes a kernel of a WGSL text, for a `Launch` of an operator of one's own or for a WebGPU program. Make it once and keep
 * it: every launch may use it, with other knobs and sizes.
 *
 * The text is a whole WGSL module with the entry point `main`. Its header, the comment that it opens with, has a line
 * `// launch: FORMULA workgroups` and a line `// work: FORMULA operations`, in uniforms and knobs of the kernel; the docs on
 * kernels say what knobs are. Buffers are `@group(0) @binding(i) var<storage, read> x: array<f32>;` or `read_write`, and at
 * most one is `var<uniform> sizes: Sizes`, a struct of u32, i32, f32 and vectors of four of these.
 *
 * @throws KernelError naming the kernel and what is missing or not understood. Whether the rest of it is WGSL is for the
 *   device to say: at the first read after a launch, or when a step with it is recorded, with the line and the
 *   compiler's words.
 */
export function kernelOf(text: string, options: KernelOptions = {}): Kernel {
  expectArgument("kernelOf", "the kernel", text, aText);
  expectOptions("kernelOf", options, kernelOptions);
  const name = nameOf(text, options);
  const refuse = (why: string): never => {
    throw new KernelError(`kernel ${name}: ${why}`);
  };
  const code = blankComments(text, "all");
  checkEntry(code, refuse);
  checkKnobLines(text, code, refuse);
  const kernel = describe(name, text);
  checkBindings(kernel, code, refuse);
  return kernel;
}

type Refuse = (why: string) => never;

function nameOf(text: string, options: KernelOptions): string {
  const { name = /^[ \t]*\/\/ kernel:[ \t]*(\S+)[ \t\r]*$/m.exec(text)?.[1] } = options;
  if (typeof name === "string" && /^[^\s]+$/.test(name)) return name;
  throw new KernelError(
    name === undefined
      ? 'kernelOf: the kernel has no name; give one, kernelOf(text, { name: "..." }), or a line "// kernel: NAME"'
      : `kernelOf: a name is one word, got ${JSON.stringify(name)}`,
  );
}

function checkEntry(code: string, refuse: Refuse): void {
  const attributes = String.raw`(?:@\w+\s*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?\s*)*`;
  const functions = [...code.matchAll(new RegExp(String.raw`(${attributes})\bfn\s+(\w+)\s*\(`, "g"))];
  const entries = functions
    .filter(([, before = ""]) => /@compute\b/.test(before))
    .map(([, , name = ""]) => name);
  if (entries.includes("main")) return;
  refuse(
    entries.length > 0
      ? `its entry point must be called main, not ${entries.join(", ")}`
      : functions.some(([, , name]) => name === "main")
        ? "its function main is no entry point; write @compute @workgroup_size(...) before it"
        : "it has no entry point; write @compute @workgroup_size(...) fn main(...)",
  );
}

/** Lines that look like knobs and would pass for plain constants. */
function checkKnobLines(text: string, code: string, refuse: Refuse): void {
  const codeLines = code.split("\n");
  blankComments(text, "block")
    .split("\n")
    .forEach((line, i) => {
      if (!/\/\/ ?knob\b/.test(line) || codeLines[i].trim() === "") return;
      if (line.trimEnd().search(new RegExp(knobLine.source)) >= 0) return;
      refuse(`line ${i + 1}, "${line.trim()}", must read "const NAME = 64u; // knob: meaning"`);
    });
  const open = /\boverride\s+(\w+)\s*(?::[^;=]*)?;/.exec(code)?.[1];
  if (open !== undefined)
    refuse(`override ${open} has no value; write it as a knob, const ${open} = ...; // knob: meaning`);
}

const example = "@group(0) @binding(1) var<storage, read> x: array<f32>;";

function checkBindings({ bindings }: Kernel, code: string, refuse: Refuse): void {
  const declarations = code.matchAll(
    /((?:@\w+\s*\([^()]*\)\s*)+)var\s*(?:<([^>]*)>)?\s*(\w+)\s*:\s*([^;]+);/g,
  );
  for (const [, attributes = "", space = "", name = "", type = ""] of declarations) {
    const group = /@group\s*\(\s*(\w+)\s*\)/.exec(attributes)?.[1];
    if (group !== undefined && Number.parseInt(group, 10) !== 0) {
      refuse(`binding ${name} is in group ${group}; all bindings are in group 0`);
    }
    const [kind] = space.split(",").map((word) => word.trim());
    if (kind !== "storage" && kind !== "uniform") {
      refuse(
        `binding ${name} is a ${type.trim()}; a kernel binds storage buffers and one uniform buffer, as ${example}`,
      );
    }
    if (bindings.some((binding) => binding.name === name)) continue;
    refuse(`binding ${name} is not understood; write it as ${example}`);
  }
  for (const { index, name, access, type } of bindings) {
    const twin = bindings.find((other) => other.index === index && other.name !== name);
    if (twin !== undefined) refuse(`${name} and ${twin.name} are both binding ${index}`);
    if (/\b(?:f16|vec[234]h)\b/.test(type))
      refuse(`binding ${name} has type ${type}; tensors are f32, u32 or u8`);
    if (access === "uniform" || /^array\s*</.test(type)) continue;
    refuse(`binding ${name} has type ${type}; a storage buffer holds an array, as ${example}`);
  }
  const uniforms = bindings.filter(({ access }) => access === "uniform").map(({ name }) => name);
  if (uniforms.length > 1)
    refuse(`${uniforms.join(" and ")} are uniforms; put their members into one struct`);
  if (bindings.every(({ access }) => access !== "readWrite")) {
    refuse("it writes nothing: no binding is var<storage, read_write>");
  }
}
