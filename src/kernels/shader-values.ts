// Values for a shader's knobs and uniforms: whether they fit, the text with those knobs, and the bytes of the uniforms.

import { described, shown } from "../errors/arguments.ts";
import { KernelError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import {
  bitsLine,
  knobLine,
  storedLine,
  type Knob,
  type KnobValue,
  type Knobs,
  type NamedValue,
  type ShaderSource,
  type UniformField,
  type UniformType,
  type UniformValues,
} from "./source.ts";

/** A type as it is told to people. */
const wanted = {
  u32: "a whole number from 0 up to 2^32 - 1",
  i32: "a whole number from -2^31 up to 2^31 - 1",
  f32: "a number",
  bool: "true or false",
  element: '"f32" or "vec4f"',
  stored: '"f32" or "f16"',
} as const;

function fits(type: keyof typeof wanted, value: unknown): boolean {
  if (type === "bool") return typeof value === "boolean";
  if (type === "element") return value === "f32" || value === "vec4f";
  if (type === "stored") return value === "f32" || value === "f16";
  if (type === "f32") return typeof value === "number";
  if (typeof value !== "number") return false;
  return value === (type === "u32" ? value >>> 0 : value | 0);
}

function unknownName(kernel: string, what: string, given: string, known: readonly string[]): KernelError {
  const near = suggestion(given, known);
  return new KernelError(
    `kernel ${kernel} has no ${what} "${given}"${near === "" ? ";" : near} it has ${known.join(", ") || "none"}`,
  );
}

/** The row of a named value. */
function chosen(where: string, choices: readonly NamedValue[], given: unknown): NamedValue {
  const found = choices.find(({ name }) => name === given);
  if (found !== undefined) return found;
  const names = choices.map(({ name }) => name);
  const near = typeof given === "string" ? suggestion(given, names) : "";
  throw new KernelError(`${where} takes one of ${names.join(", ")}, got ${shown(given)}${near}`);
}

function wgslLiteral({ type, choices }: Knob, value: KnobValue): string {
  if (type === "choice") return choices.find(({ name }) => name === value)?.constant ?? String(value);
  if (type === "u32" || type === "i32") return `${value}${type.charAt(0)}`;
  return type === "f32" && Number.isInteger(value) ? Number(value).toFixed(1) : String(value);
}

function expectValues(what: string, values: unknown): void {
  if (typeof values === "object" && values !== null && !Array.isArray(values)) return;
  throw new KernelError(`${what} must be an object with a value by name, got ${described(values)}`);
}

/** @throws KernelError for a knob that the shader does not have, or a value that is none for it */
export function checkKnobs(name: string, source: ShaderSource, knobs: Knobs): void {
  expectValues(`kernel ${name}: the knobs`, knobs);
  const names = source.knobs.map((knob) => knob.name);
  for (const [given, value] of Object.entries(knobs)) {
    const knob = source.knobs[names.indexOf(given)];
    if (knob === undefined) throw unknownName(name, "knob", given, names);
    if (knob.type === "choice") {
      chosen(`kernel ${name}: knob ${given}`, knob.choices, value);
      continue;
    }
    const counts = knob.type === "u32" && knob.value !== 0;
    if (!fits(knob.type, value) || (counts && value === 0)) {
      const must = counts ? "a whole number from 1 up to 2^32 - 1" : wanted[knob.type];
      throw new KernelError(`kernel ${name}: knob ${given} takes ${must}, got ${shown(value)}`);
    }
  }
}

/** f16 in the place of f32. */
const halves: Readonly<Record<string, string>> = { f32: "f16", vec4f: "vec4h" };

/**
 * The shader text with the values of some knob lines replaced, and with the bits of an Element that is four numbers. Lines keep their
 * numbers.
 * @throws KernelError for a knob that the shader does not have, or a value that is none for it
 */
export function specialise(name: string, source: ShaderSource, knobs: Knobs): string {
  checkKnobs(name, source, knobs);
  const text = source.text.replace(knobLine, (line: string, given: string, written: string) => {
    const knob = source.knobs.find((known) => known.name === given);
    const value = knobs[given];
    if (knob === undefined || value === undefined) return line;
    return line.replace(`= ${written};`, `= ${wgslLiteral(knob, value)};`);
  });
  const whole = text.replace(bitsLine, (line: string, element: string) =>
    knobs[element] === "vec4f" ? line.replace("= i32;", "= vec4i;") : line,
  );
  const stored = whole.replace(storedLine, (line: string, given: string, type: string) =>
    knobs[given] === "f16" ? line.replace(`= ${type};`, `= ${halves[type]};`) : line,
  );
  // A directive must come first, and a device without the feature takes no shader that has it.
  return stored === whole ? whole : `enable f16; ${stored}`;
}

/** @throws KernelError unless the value is one of the uniform's, as many lanes as it has, each a number of its type */
function checkUniform(name: string, field: UniformField, value: UniformValues[string] | undefined): void {
  // What nearly all values are, at no cost: launches are checked one by one.
  if (typeof value === "number" && field.lanes === 1 && field.choices.length === 0 && fits(field.type, value))
    return;
  const where = `kernel ${name}: uniform ${field.name}`;
  if (field.choices.length > 0) {
    chosen(where, field.choices, value);
    return;
  }
  const lanes = value === undefined ? [] : Array.isArray(value) ? (value as readonly unknown[]) : [value];
  if (lanes.length !== field.lanes) {
    throw new KernelError(`${where} takes ${field.lanes} value(s), got ${lanes.length || "none"}`);
  }
  for (const lane of lanes) {
    if (fits(field.type, lane)) continue;
    throw new KernelError(`${where} takes ${wanted[field.type]}, got ${shown(lane)}`);
  }
}

/** @throws KernelError unless the values are those of the shader's uniform struct, each a number of its type */
export function checkUniforms(name: string, { uniforms }: ShaderSource, values: UniformValues): void {
  expectValues(`kernel ${name}: the sizes`, values);
  for (const given of Object.keys(values)) {
    if (uniforms.some((field) => field.name === given)) continue;
    const known = uniforms.map((field) => field.name);
    throw unknownName(name, "uniform", given, known);
  }
  for (const field of uniforms) checkUniform(name, field, values[field.name]);
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
  for (const { name: field, type, offset, choices } of source.uniforms) {
    const value = values[field];
    if (typeof value === "string") {
      write(view, type, offset, chosen(`kernel ${name}: uniform ${field}`, choices, value).value);
    } else if (typeof value === "number") write(view, type, offset, value);
    else value?.forEach((lane, i) => write(view, type, offset + 4 * i, lane));
  }
  return bytes;
}
