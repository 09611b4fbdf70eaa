// Reads a shader file: its knobs, bindings and uniform layout. The `.wgsl` text is the only place they are
// written down, so a shader and its description cannot disagree.

import { KernelError } from "../device/errors.ts";

export type KnobValue = number | boolean;
export type Knobs = Readonly<Record<string, KnobValue>>;

/** A `const NAME = value; // knob: meaning` line. */
export interface Knob {
  readonly name: string;
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
  readonly text: string;
  readonly knobs: readonly Knob[];
  readonly bindings: readonly Binding[];
  readonly uniforms: readonly UniformField[];
  /** Size of the uniform struct in bytes; 0 when the shader has none. */
  readonly uniformBytes: number;
}

const knobLine = /^const (\w+)\s*=\s*([\w.+-]+);[ \t]*\/\/ knob:[ \t]*(.*)$/gm;
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

function parseKnob(text: string): KnobValue {
  return text === "true" || text === "false" ? text === "true" : Number(text.replace(/[uif]$/, ""));
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
  const knobs = [...text.matchAll(knobLine)].map(([, knob = "", value = "", meaning = ""]) => ({
    name: knob,
    value: parseKnob(value),
    meaning,
  }));
  const bindings = [...text.matchAll(bindingLine)].map((match): Binding => {
    const [, index = "0", space, access, binding = "", type = "", meaning = ""] = match;
    const kind = space === "uniform" ? "uniform" : access === "read_write" ? "readWrite" : "read";
    return { index: Number(index), name: binding, access: kind, type: type.trim(), meaning };
  });
  const uniform = bindings.find((binding) => binding.access === "uniform");
  const { fields, bytes } =
    uniform === undefined ? { fields: [], bytes: 0 } : parseUniforms(name, text, uniform.type);
  return { text, knobs, bindings, uniforms: fields, uniformBytes: bytes };
}

function wgslLiteral(value: KnobValue, written: string): string {
  if (typeof value === "boolean") return String(value);
  if (written.endsWith("u") || written.endsWith("i")) return `${value}${written.slice(-1)}`;
  return written.includes(".") && Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/**
 * The shader text with the values of some knob lines replaced.
 * @throws KernelError for a knob that the shader does not have
 */
export function specialise(name: string, source: ShaderSource, knobs: Knobs): string {
  for (const knob of Object.keys(knobs)) {
    if (!source.knobs.some((known) => known.name === knob)) {
      throw new KernelError(
        `shader ${name} has no knob ${knob}; it has ${source.knobs.map((known) => known.name).join(", ") || "none"}`,
      );
    }
  }
  return source.text.replace(knobLine, (line: string, knob: string, written: string) => {
    const value = knobs[knob];
    return value === undefined ? line : line.replace(`= ${written};`, `= ${wgslLiteral(value, written)};`);
  });
}

export type UniformValues = Readonly<Record<string, number | readonly number[]>>;

/**
 * Packs uniform values as the shader's struct wants them.
 * @throws KernelError when a value is missing, unknown, or has the wrong number of lanes
 */
export function packUniforms(name: string, source: ShaderSource, values: UniformValues): ArrayBuffer {
  for (const given of Object.keys(values)) {
    if (!source.uniforms.some((field) => field.name === given)) {
      throw new KernelError(`shader ${name} has no uniform ${given}`);
    }
  }
  const bytes = new ArrayBuffer(source.uniformBytes);
  const view = new DataView(bytes);
  for (const field of source.uniforms) {
    const value = values[field.name];
    const lanes = typeof value === "number" ? [value] : value;
    if (lanes?.length !== field.lanes) {
      throw new KernelError(
        `shader ${name}: uniform ${field.name} takes ${field.lanes} value(s), got ${lanes?.length ?? "none"}`,
      );
    }
    lanes.forEach((lane, i) => {
      const at = field.offset + 4 * i;
      if (field.type === "f32") view.setFloat32(at, lane, true);
      else if (field.type === "i32") view.setInt32(at, lane, true);
      else view.setUint32(at, lane, true);
    });
  }
  return bytes;
}
