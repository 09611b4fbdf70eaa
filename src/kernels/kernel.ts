// A kernel: a shader, what it binds, and how many workgroups it needs. Usable without the rest of Tessera.

import { KernelError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { workgroups } from "./geometry.ts";
import { shaders } from "./shaders.generated.ts";
import {
  checkKnobs,
  checkUniforms,
  pack,
  parseShader,
  specialise,
  type Knobs,
  type ShaderSource,
  type UniformValues,
} from "./source.ts";
import { operations } from "./work.ts";

export type KernelName = keyof typeof shaders;

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
  readonly name: KernelName;
  specialise(knobs?: Knobs): string;
  pack(sizes: UniformValues): ArrayBuffer;
  /** Folded into two dimensions where one is over `limit`, by default 65,535: every WebGPU device takes that. */
  workgroups(sizes: UniformValues, knobs?: Knobs, limit?: number): readonly [x: number, y: number];
  /** Floating-point operations of a launch of these sizes; a multiply-add counts two (see work.ts). */
  operations(sizes: UniformValues, knobs?: Knobs): number;
}

/** The entries that a launch size can depend on: neither switches nor vectors. */
function numbersOf(values: UniformValues | Knobs): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) if (typeof value === "number") numbers[name] = value;
  return numbers;
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
    throw new KernelError(`a launch of ${count} workgroups exceeds the device's ${limit} x ${limit}`);
  return [Math.ceil(count / rows), rows];
}

function describe(name: KernelName): Kernel {
  const source = parseShader(name, shaders[name]);
  const defaults = numbersOf(Object.fromEntries(source.knobs.map((knob) => [knob.name, knob.value])));
  return {
    name,
    ...source,
    specialise: (knobs = {}) => specialise(name, source, knobs),
    pack: (sizes) => pack(name, source, sizes),
    workgroups: (sizes, knobs = {}, limit = 65_535) => {
      checkUniforms(name, source, sizes);
      checkKnobs(name, source, knobs);
      const count = workgroups[name](numbersOf(sizes), { ...defaults, ...numbersOf(knobs) });
      if (!Number.isInteger(count) || count < 1) {
        throw new KernelError(`kernel ${name}: ${count} workgroups for ${JSON.stringify(sizes)}`);
      }
      return foldWorkgroups(count, limit);
    },
    operations: (sizes, knobs = {}) => {
      // Sizes count Elements: four numbers each where the kernel was made for fours.
      const lanes = knobs["Element"] === "vec4f" ? 4 : 1;
      return lanes * operations[name](numbersOf(sizes), { ...defaults, ...numbersOf(knobs) });
    },
  };
}

/** Each shader is read when it is first asked for: few programs need more than some of them. */
function table(): Readonly<Record<KernelName, Kernel>> {
  const rows = {} as Record<KernelName, Kernel>;
  const names = Object.keys(shaders) as KernelName[];
  for (const name of names) {
    let known: Kernel | undefined;
    Object.defineProperty(rows, name, { enumerable: true, get: () => (known ??= describe(name)) });
  }
  // The compiler knows the names; whoever writes JavaScript, or has a name from elsewhere, is told.
  return new Proxy(rows, {
    get(target, name): unknown {
      if (typeof name === "symbol" || name in target || name === "toJSON" || name === "then") {
        return Reflect.get(target, name);
      }
      throw new KernelError(`there is no kernel "${name}"${suggestion(name, names)}`);
    },
  });
}

/** Every kernel by its name, which is that of its file in shaders/. */
export const kernels = table();
