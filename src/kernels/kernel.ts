// A kernel: a shader, what it binds, and how many workgroups it needs. Usable without the rest of Tessera.

import { described } from "../errors/arguments.ts";
import { KernelError } from "../errors/errors.ts";
import { blankComments } from "./comments.ts";
import { parseFormula } from "./formula.ts";
import { checkKnobs, checkUniforms, pack, specialise } from "./shader-values.ts";
import { parseShader, type Knobs, type ShaderSource, type UniformValues } from "./source.ts";

/**
 * All that a dispatch needs, read from the shader file: features of the device, knobs, bindings and uniforms with their
 * meaning, and
 * - `specialise(knobs)`: the WGSL text with these knobs instead of the defaults, its entry point `main`;
 * - `pack(sizes)`: the bytes of the uniform buffer at binding 0, from a value for every uniform;
 * - `workgroups(sizes, knobs)`: what to dispatch for these sizes, with the knobs that the text was made with.
 *
 * All three throw KernelError when a name or a value does not fit.
 */
export interface Kernel extends ShaderSource {
  readonly name: string;
  specialise(knobs?: Knobs): string;
  pack(sizes: UniformValues): ArrayBuffer;
  /**
   * Folded into two dimensions where one is over `limit`, by default 65,535: every WebGPU device takes that. A shader that
   * does not take `num_workgroups` cannot tell the rows of a folded launch apart; for it, more than `limit` is a KernelError.
   */
  workgroups(sizes: UniformValues, knobs?: Knobs, limit?: number): readonly [x: number, y: number];
  /**
   * Floating-point operations of a launch of these sizes. A multiply-add counts two, whatever else is done counts one each;
   * moving data and whole-number arithmetic count nothing. Windows count whole, as if no tap fell outside the image. For
   * profiles: that of a kernel which is bound by memory need only be about right.
   */
  operations(sizes: UniformValues, knobs?: Knobs): number;
}

/**
 * Folds a one-dimensional launch into two dimensions. Every shader takes its group as
 * `workgroup.x + workgroup.y * grid.x` and drops groups past the end.
 * @throws KernelError when even two dimensions are too few
 */
export function foldWorkgroups(count: number, limit: number): readonly [number, number] {
  if (count <= limit) return [count, 1];
  const rows = Math.ceil(count / limit);
  if (rows > limit)
    throw new KernelError(
      `a launch of ${count} workgroups exceeds the device's ${limit} x ${limit}; give it less at a time`,
    );
  return [Math.ceil(count / rows), rows];
}

/**
 * Makes a kernel of a shader's text.
 * @throws KernelError where the text does not say all that a kernel must
 */
export function describe(name: string, text: string): Kernel {
  const source = parseShader(name, text);
  const { knobs, uniforms } = source;
  const folds = /@\s*builtin\s*\(\s*num_workgroups\b/.test(blankComments(text, "all"));
  const scalars = uniforms.filter(({ lanes, choices }) => lanes === 1 && choices.length === 0);
  const countable = knobs.filter(({ type }) => !["bool", "choice", "stored"].includes(type));
  const vocabulary = {
    uniforms: scalars.map((field) => field.name),
    knobs: Object.fromEntries(countable.map((knob) => [knob.name, knob.value])),
  };
  const launch = parseFormula(`kernel ${name}: launch`, source.launch, vocabulary);
  const work = parseFormula(`kernel ${name}: work`, source.work, vocabulary);
  const check = (sizes: UniformValues, given: Knobs): void => {
    checkUniforms(name, source, sizes);
    checkKnobs(name, source, given);
  };
  return {
    name,
    ...source,
    specialise: (given = {}) => specialise(name, source, given),
    pack: (sizes) => pack(name, source, sizes),
    workgroups: (sizes, given = {}, limit = 65_535) => {
      check(sizes, given);
      if (!Number.isInteger(limit) || limit < 1) {
        throw new KernelError(
          `kernel ${name}: the limit must be a whole number from 1, got ${described(limit)}`,
        );
      }
      const count = launch(sizes, given);
      if (!Number.isInteger(count) || count < 1) {
        throw new KernelError(`kernel ${name}: ${count} workgroups for ${JSON.stringify(sizes)}`);
      }
      if (count > limit && !folds) {
        throw new KernelError(
          `kernel ${name}: ${count} workgroups are over the ${limit} of one dimension, and main does not take them in two; ` +
            "take num_workgroups and count groups as workgroup_id.x + workgroup_id.y * num_workgroups.x, or do more in each",
        );
      }
      return foldWorkgroups(count, limit);
    },
    operations: (sizes, given = {}) => {
      check(sizes, given);
      return work(sizes, given);
    },
  };
}

const builtIn = new WeakSet<Kernel>();

/** Whether a kernel is one of the table, and not another one by the same name. */
export const isBuiltInKernel = (kernel: Kernel): boolean => builtIn.has(kernel);

/** What a kernel has beside its name, in the order in which it is shown. */
const fields: readonly Exclude<keyof Kernel, "name">[] = [
  ...(["text", "features", "launch", "work", "knobs", "bindings", "uniforms", "uniformBytes"] as const),
  ...(["specialise", "pack", "workgroups", "operations"] as const),
];

/** A kernel of a shader of ours, which is read when something of it is first asked for: few programs need more than some. */
export function builtInKernel(name: string, text: string): Kernel {
  const kernel = { name } as Kernel;
  const read = (): Kernel =>
    Object.defineProperties(kernel, Object.getOwnPropertyDescriptors(describe(name, text)));
  for (const field of fields) {
    const get = (): Kernel[typeof field] => Reflect.get(read(), field);
    Object.defineProperty(kernel, field, { enumerable: true, configurable: true, get });
  }
  builtIn.add(kernel);
  return kernel;
}
