// Reads a shader file: its knobs, bindings and uniform layout. The `.wgsl` text is the only place they are
// written down, so a shader and its description cannot disagree.

import { KernelError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";

/** A number or a switch; for a knob of type `element`, what the elements of the buffers are. */
export type KnobValue = number | boolean | "f32" | "vec4f";
export type Knobs = Readonly<Record<string, KnobValue>>;

/**
 * A `const NAME = value; // knob: meaning` line, or `alias NAME = f32; // knob: meaning`: the same kernel for numbers
 * and for fours of neighbouring numbers, whose sizes are then in fours, too.
 */
export interface Knob {
  readonly name: string;
  readonly type: "u32" | "i32" | "f32" | "bool" | "element";
  /**
   * What the file says, and what `specialise` leaves where it is told nothing else. A whole number that the file does not
   * set to 0 counts something, and 0 is none for it.
   */
  readonly value: KnobValue;
  readonly meaning: string;
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
}

export interface ShaderSource {
  /** The WGSL text as it stands in the file. */
  readonly text: string;
  /** What the device must have been created with for it to compile: most need nothing, some `subgroups`. */
  readonly features: readonly string[];
  readonly knobs: readonly Knob[];
  readonly bindings: readonly Binding[];
  readonly uniforms: readonly UniformField[];
  /** Size of the uniform struct in bytes; 0 when the shader has none. */
  readonly uniformBytes: number;
}

const knobLine = /^(?:const|alias) (\w+)\s*=\s*([\w.+-]+);[ \t]*\/\/ knob:[ \t]*(.*)$/gm;
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

function parseKnob(name: string, text: string, meaning: string): Knob {
  if (text === "f32" || text === "vec4f") return { name, type: "element", value: text, meaning };
  if (text === "true" || text === "false") return { name, type: "bool", value: text === "true", meaning };
  const type = text.endsWith("u") ? "u32" : text.endsWith("i") ? "i32" : "f32";
  return { name, type, value: Number(text.replace(/[uif]$/, "")), meaning };
}

function parseUniforms(
  name: string,
  text: string,
  struct: string,
): { fields: UniformField[]; bytes: number } {
  const body = new RegExp(`struct\\s+${struct}\\s*\\{([^}]*)\\}`).exec(text)?.[1];
  if (body === undefined)
    throw new KernelError(`shader ${name}: no struct ${struct} for its uniform binding`);
  const members = body.replace(/\/\/.*$/gm, "").matchAll(/(\w+)\s*:\s*(array<[^>]*>|\w+)/g);
  const fields: UniformField[] = [];
  let end = 0;
  let widest = 4;
  for (const [, member = "", type = ""] of members) {
    const layout = memberTypes[type];
    if (layout === undefined)
      throw new KernelError(`shader ${name}: uniform ${member} has unknown type ${type}`);
    const offset = Math.ceil(end / layout.align) * layout.align;
    fields.push({ name: member, type: layout.type, lanes: layout.lanes, offset });
    end = offset + layout.lanes * 4;
    widest = Math.max(widest, layout.align);
  }
  return { fields, bytes: Math.ceil(end / widest) * widest };
}

/** Reads the knobs, bindings and uniforms of a shader text. `name` is for error messages. */
export function parseShader(name: string, text: string): ShaderSource {
  const knobs = [...text.matchAll(knobLine)].map(([, knob = "", value = "", meaning = ""]) =>
    parseKnob(knob, value, meaning),
  );
  const bindings = [...text.matchAll(bindingLine)].map((match): Binding => {
    const [, index = "0", space, access, binding = "", type = "", meaning = ""] = match;
    const kind = space === "uniform" ? "uniform" : access === "read_write" ? "readWrite" : "read";
    return { index: Number(index), name: binding, access: kind, type: type.trim(), meaning };
  });
  const uniform = bindings.find((binding) => binding.access === "uniform");
  const { fields, bytes } =
    uniform === undefined ? { fields: [], bytes: 0 } : parseUniforms(name, text, uniform.type);
  const features = [...text.matchAll(/^enable (\w+);/gm)].map(([, feature = ""]) => feature);
  return { text, features, knobs, bindings, uniforms: fields, uniformBytes: bytes };
}

/** "u32" as it is told to people. */
const wanted = {
  u32: "a whole number from 0 up to 2^32 - 1",
  i32: "a whole number from -2^31 up to 2^31 - 1",
  f32: "a number",
  bool: "true or false",
  element: '"f32" or "vec4f"',
} as const;

function fits(type: Knob["type"], value: unknown): boolean {
  if (type === "bool") return typeof value === "boolean";
  if (type === "element") return value === "f32" || value === "vec4f";
  if (type === "f32") return typeof value === "number";
  return value === (type === "u32" ? Number(value) >>> 0 : Number(value) | 0);
}

function unknownName(kernel: string, what: string, given: string, known: readonly string[]): KernelError {
  const near = suggestion(given, known);
  return new KernelError(
    `kernel ${kernel} has no ${what} "${given}"${near === "" ? ";" : near} it has ${known.join(", ") || "none"}`,
  );
}

function wgslLiteral({ type }: Knob, value: KnobValue): string {
  if (type === "u32" || type === "i32") return `${value}${type.charAt(0)}`;
  return type === "f32" && Number.isInteger(value) ? Number(value).toFixed(1) : String(value);
}

/** @throws KernelError for a knob that the shader does not have, or a value that is none for it */
export function checkKnobs(name: string, source: ShaderSource, knobs: Knobs): void {
  const names = source.knobs.map((knob) => knob.name);
  for (const [given, value] of Object.entries(knobs)) {
    const knob = source.knobs[names.indexOf(given)];
    if (knob === undefined) throw unknownName(name, "knob", given, names);
    const counts = knob.type === "u32" && knob.value !== 0;
    if (!fits(knob.type, value) || (counts && value === 0)) {
      const must = counts ? "a whole number from 1 up to 2^32 - 1" : wanted[knob.type];
      throw new KernelError(`kernel ${name}: knob ${given} takes ${must}, got ${JSON.stringify(value)}`);
    }
  }
}

/**
 * The shader text with the values of some knob lines replaced.
 * @throws KernelError for a knob that the shader does not have, or a value that is none for it
 */
export function specialise(name: string, source: ShaderSource, knobs: Knobs): string {
  checkKnobs(name, source, knobs);
  return source.text.replace(knobLine, (line: string, given: string, written: string) => {
    const knob = source.knobs.find((known) => known.name === given);
    const value = knobs[given];
    if (knob === undefined || value === undefined) return line;
    return line.replace(`= ${written};`, `= ${wgslLiteral(knob, value)};`);
  });
}

/** A value for every member of a shader's uniform struct, by name; a list where a member has several lanes. */
export type UniformValues = Readonly<Record<string, number | readonly number[]>>;

/** @throws KernelError unless the values are those of the shader's uniform struct, each a number of its type */
export function checkUniforms(name: string, { uniforms }: ShaderSource, values: UniformValues): void {
  for (const given of Object.keys(values)) {
    if (uniforms.some((field) => field.name === given)) continue;
    const known = uniforms.map((field) => field.name);
    throw unknownName(name, "uniform", given, known);
  }
  for (const { name: field, type, lanes } of uniforms) {
    const value = values[field];
    const count = value === undefined ? "none" : typeof value === "number" ? 1 : value.length;
    if (count !== lanes) {
      throw new KernelError(`kernel ${name}: uniform ${field} takes ${lanes} value(s), got ${count}`);
    }
    const odd = typeof value === "number" ? value : value?.find((lane) => !fits(type, lane));
    if (odd !== undefined && !fits(type, odd)) {
      throw new KernelError(`kernel ${name}: uniform ${field} takes ${wanted[type]}, got ${odd}`);
    }
  }
}

function write(view: DataView, type: UniformType, at: number, value: number): void {
  if (type === "f32") view.setFloat32(at, value, true);
  else if (type === "i32") view.setInt32(at, value, true);
  else view.setUint32(at, value, true);
}

/**
 * Packs uniform values as the shader's struct wants them.
 * @throws KernelError when a value is missing, unknown, of the wrong type, or has the wrong number of lanes
 */
export function pack(name: string, source: ShaderSource, values: UniformValues): ArrayBuffer {
  checkUniforms(name, source, values);
  const bytes = new ArrayBuffer(source.uniformBytes);
  const view = new DataView(bytes);
  for (const { name: field, type, offset } of source.uniforms) {
    const value = values[field];
    if (typeof value === "number") write(view, type, offset, value);
    else value?.forEach((lane, i) => write(view, type, offset + 4 * i, lane));
  }
  return bytes;
}
