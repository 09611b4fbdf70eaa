// Reads a shader file: its knobs, bindings, uniform layout, launch size and work. The `.wgsl` text is the only place they
// are written down, so a shader and its description cannot disagree.

import { KernelError } from "../errors/errors.ts";
import { blankComments } from "./comments.ts";

/**
 * A number or a switch; for a knob of type `choice` one of its names, for one of type `element` "f32" or "vec4f", for one of type
 * `stored` "f32" or "f16".
 */
export type KnobValue = number | boolean | string;
export type Knobs = Readonly<Record<string, KnobValue>>;

/**
 * A `const NAME = 3u; // value of FIELD: meaning` line: one of the values that the knob or uniform FIELD takes. Outside of
 * the shader it goes by its name in camel case: NOT_EQUAL is "notEqual".
 */
export interface NamedValue {
  readonly name: string;
  /** Its name in the shader. */
  readonly constant: string;
  readonly value: number;
  readonly meaning: string;
}

/**
 * A `const NAME = value; // knob: meaning` line, or `alias NAME = f32; // knob: meaning`: the same kernel for numbers
 * and for fours of neighbouring numbers, whose sizes are then in fours, too. Or a line `alias NAME = vec4f; // stored: meaning`
 * (or f32): the type that some numbers have in memory, where they may be f16, which the shader computes with in f32 all the same.
 */
export interface Knob {
  readonly name: string;
  readonly type: "u32" | "i32" | "f32" | "bool" | "element" | "choice" | "stored";
  /**
   * What the file says, and what `specialise` leaves where it is told nothing else. A whole number that the file does not
   * set to 0 counts something, and 0 is none for it.
   */
  readonly value: KnobValue;
  readonly meaning: string;
  /** The values of a knob of type `choice`; none for the others. */
  readonly choices: readonly NamedValue[];
}

/** A `@group(0) @binding(i) var<...> name: type; // meaning` line. */
export interface Binding {
  readonly index: number;
  readonly name: string;
  readonly access: "uniform" | "read" | "readWrite";
  readonly type: string;
  readonly meaning: string;
}

export type UniformType = "u32" | "i32" | "f32";

/** One member of the uniform struct: `lanes` values of a scalar type at a byte offset (WGSL layout rules). */
export interface UniformField {
  readonly name: string;
  readonly type: UniformType;
  readonly lanes: number;
  readonly offset: number;
  /** The values it takes, by name, where the shader names them; else none. */
  readonly choices: readonly NamedValue[];
}

/**
 * A value for every member of a shader's uniform struct, by name: a list where a member has several lanes, a name where
 * the shader names the values it takes.
 */
export type UniformValues = Readonly<Record<string, number | string | readonly number[]>>;

export interface ShaderSource {
  /** The WGSL text as it stands in the file. */
  readonly text: string;
  /**
   * What the device must have been created with for it to compile: most need nothing, some `subgroups`. Where a knob of type
   * `stored` is "f16" it must also have `shader-f16`.
   */
  readonly features: readonly string[];
  /** The `// launch: ... workgroups` line: how many a dispatch takes, a formula of uniforms and knobs. */
  readonly launch: string;
  /** The `// work: ... operations` line: floating-point operations of such a launch, a multiply-add counting two. */
  readonly work: string;
  readonly knobs: readonly Knob[];
  readonly bindings: readonly Binding[];
  readonly uniforms: readonly UniformField[];
  /** Size of the uniform struct in bytes; 0 when the shader has none. */
  readonly uniformBytes: number;
}

/** A line of a knob: its name, its value as it is written, and its meaning. */
export const knobLine = /^[ \t]*(?:const|alias) (\w+)\s*=\s*([\w.+-]+);[ \t]*\/\/ knob:[ \t]*(.*)$/gm;
/** A line of a knob of type `stored`: its name, its type where it is f32, and its meaning. */
export const storedLine = /^[ \t]*alias (\w+)\s*=\s*(f32|vec4f);[ \t]*\/\/ stored:[ \t]*(.*)$/gm;
/** A line of a type that follows a knob: i32 for the bits of f32, vec4i for those of vec4f. */
export const bitsLine = /^[ \t]*alias \w+\s*=\s*i32;[ \t]*\/\/ bits of (\w+)$/gm;
const choiceLine = /^const ([A-Z]\w*)\s*=\s*(\d+)u;[ \t]*\/\/ value of (\w+):[ \t]*(.*)$/;
const bindingLine =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage),?\s*(read_write|read)?>\s*(\w+)\s*:\s*([^;]+);(?:[ \t]*\/\/[ \t]*(.*))?/g;
const memberTypes: Record<string, { type: UniformType; lanes: number; align: number }> = {
  u32: { type: "u32", lanes: 1, align: 4 },
  i32: { type: "i32", lanes: 1, align: 4 },
  f32: { type: "f32", lanes: 1, align: 4 },
  vec4u: { type: "u32", lanes: 4, align: 16 },
  vec4i: { type: "i32", lanes: 4, align: 16 },
  vec4f: { type: "f32", lanes: 4, align: 16 },
  "array<vec4u, 2>": { type: "u32", lanes: 8, align: 16 },
};

/** The named values of each knob and uniform that has some, in the order of their lines. */
function parseChoices(name: string, text: string): ReadonlyMap<string, readonly NamedValue[]> {
  const byField = new Map<string, NamedValue[]>();
  for (const line of text.split("\n").filter((each) => each.includes("// value of "))) {
    const [, constant, value, field = "", meaning = ""] = choiceLine.exec(line.trim()) ?? [];
    if (constant === undefined) {
      throw new KernelError(
        `shader ${name}: "${line.trim()}" must read "const NAME = 1u; // value of FIELD: meaning"`,
      );
    }
    const camelCase = constant.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    const known = byField.get(field) ?? [];
    const twin = known.find((other) => other.value === Number(value));
    if (twin !== undefined) {
      throw new KernelError(`shader ${name}: ${twin.constant} and ${constant} of ${field} are both ${value}`);
    }
    byField.set(field, [...known, { name: camelCase, constant, value: Number(value), meaning }]);
  }
  return byField;
}

function parseKnob(
  shader: string,
  name: string,
  text: string,
  meaning: string,
  choices: readonly NamedValue[],
): Knob {
  const knob = { name, meaning, choices };
  if (choices.length > 0) {
    const chosen = choices.find(({ constant }) => constant === text);
    if (chosen === undefined) {
      throw new KernelError(`shader ${shader}: ${text} is no value of knob ${name}`);
    }
    return { ...knob, type: "choice", value: chosen.name };
  }
  if (text === "f32" || text === "vec4f") return { ...knob, type: "element", value: text };
  if (text === "true" || text === "false") return { ...knob, type: "bool", value: text === "true" };
  const type = text.endsWith("u") ? "u32" : text.endsWith("i") ? "i32" : "f32";
  const value = Number(text.replace(/[uif]$/, ""));
  if (Number.isNaN(value)) throw new KernelError(`shader ${shader}: knob ${name} is set to ${text}`);
  return { ...knob, type, value };
}

function parseUniforms(
  name: string,
  text: string,
  struct: string,
  choices: ReadonlyMap<string, readonly NamedValue[]>,
): { fields: UniformField[]; bytes: number } {
  const body = new RegExp(`struct\\s+${struct}\\s*\\{([^}]*)\\}`).exec(text)?.[1];
  if (body === undefined)
    throw new KernelError(`shader ${name}: no struct ${struct} for its uniform binding`);
  if (body.includes("@")) {
    throw new KernelError(
      `shader ${name}: struct ${struct} has an attribute (@align, @size); lay its members out without`,
    );
  }
  const members = body.matchAll(/(\w+)\s*:\s*(array<[^>]*>|\w+)/g);
  const fields: UniformField[] = [];
  let end = 0;
  let widest = 4;
  for (const [, member = "", type = ""] of members) {
    const layout = memberTypes[type.replace(/,\s*/, ", ")];
    if (layout === undefined) {
      const known = Object.keys(memberTypes).join(", ");
      throw new KernelError(`shader ${name}: uniform ${member} has unknown type ${type}; it may be ${known}`);
    }
    const offset = Math.ceil(end / layout.align) * layout.align;
    const { lanes } = layout;
    fields.push({ name: member, type: layout.type, lanes, offset, choices: choices.get(member) ?? [] });
    end = offset + lanes * 4;
    widest = Math.max(widest, layout.align);
  }
  return { fields, bytes: Math.ceil(end / widest) * widest };
}

/** The formula in a line of the header, the comment that a shader opens with. */
function headerFormula(name: string, text: string, line: "launch" | "work", unit: string): string {
  const [header = ""] = /^(?:\s*\/\/.*\r?\n)*/.exec(text) ?? [];
  const formulas = [...header.matchAll(new RegExp(`^[ \\t]*// ${line}: (.+) ${unit}s?\\s*$`, "gm"))];
  if (formulas.length !== 1) {
    const many = formulas.length === 0 ? "no" : "more than one";
    throw new KernelError(`shader ${name}: ${many} line "// ${line}: ... ${unit}s" in its header`);
  }
  return formulas[0][1];
}

/**
 * Reads the header, knobs, bindings and uniforms of a shader text. `name` is for error messages.
 * @throws KernelError where a line is not as it must be
 */
export function parseShader(name: string, text: string): ShaderSource {
  const code = blankComments(text, "all");
  const read = blankComments(text, "block");
  const choices = parseChoices(name, read);
  const knobs = [
    ...[...read.matchAll(knobLine)].map(([, knob = "", value = "", meaning = ""]) =>
      parseKnob(name, knob, value, meaning, choices.get(knob) ?? []),
    ),
    ...[...read.matchAll(storedLine)].map(([, knob = "", , meaning = ""]): Knob => ({
      name: knob,
      type: "stored",
      value: "f32",
      meaning,
      choices: [],
    })),
  ];
  // One in a comment is none.
  const declared = [...read.matchAll(bindingLine)].filter(({ index }) => code.startsWith("@", index));
  const bindings = declared.map((match): Binding => {
    const [, index = "0", space, access, binding = "", type = "", meaning = ""] = match;
    const kind = space === "uniform" ? "uniform" : access === "read_write" ? "readWrite" : "read";
    return { index: Number(index), name: binding, access: kind, type: type.trim(), meaning };
  });
  const uniform = bindings.find((binding) => binding.access === "uniform");
  const { fields, bytes } =
    uniform === undefined ? { fields: [], bytes: 0 } : parseUniforms(name, code, uniform.type, choices);
  for (const field of choices.keys()) {
    const isWhole = fields.some((each) => each.name === field && each.type === "u32" && each.lanes === 1);
    if (isWhole || knobs.some((knob) => knob.name === field)) continue;
    throw new KernelError(`shader ${name}: "value of ${field}" names no knob and no uniform of type u32`);
  }
  for (const [line, element = ""] of text.matchAll(bitsLine)) {
    if (knobs.some((knob) => knob.name === element && knob.value === "f32")) continue;
    throw new KernelError(
      `shader ${name}: "${line}" must name a knob that is f32 or vec4f, and f32 in the file`,
    );
  }
  const features = [...code.matchAll(/^[ \t]*enable ([\w, ]+);/gm)].flatMap(([, names = ""]) =>
    names.split(/[, ]+/),
  );
  return {
    text,
    features,
    launch: headerFormula(name, text, "launch", "workgroup"),
    work: headerFormula(name, text, "work", "operation"),
    knobs,
    bindings,
    uniforms: fields,
    uniformBytes: bytes,
  };
}
