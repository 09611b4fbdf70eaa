// A kernel: a shader, what it binds, and how many workgroups it needs. Usable without the rest of Tessera.

import { KernelError } from "../device/errors.ts";
import { workgroups } from "./geometry.ts";
import { shaders } from "./shaders.generated.ts";
import { parseShader, specialise, type Knobs, type ShaderSource, type UniformValues } from "./source.ts";

export type KernelName = keyof typeof shaders;

export interface Kernel extends ShaderSource {
  readonly name: KernelName;
  /** The WGSL text with the given knobs instead of the defaults. */
  specialise(knobs?: Knobs): string;
  /** How many workgroups the sizes need with these knobs; fold it with `foldWorkgroups` before dispatching. */
  workgroups(sizes: UniformValues, knobs?: Knobs): number;
}

/** The entries that a launch size can depend on: neither switches nor vectors. */
function numbersOf(values: UniformValues | Knobs): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) if (typeof value === "number") numbers[name] = value;
  return numbers;
}

const cache = new Map<KernelName, Kernel>();

/** The kernel of that name, with its description read from its shader file. */
export function kernel(name: KernelName): Kernel {
  let known = cache.get(name);
  if (known === undefined) {
    const source = parseShader(name, shaders[name]);
    const defaults = numbersOf(Object.fromEntries(source.knobs.map((knob) => [knob.name, knob.value])));
    known = {
      name,
      ...source,
      specialise: (knobs = {}) => specialise(name, source, knobs),
      workgroups: (sizes, knobs = {}) => {
        const count = workgroups[name](numbersOf(sizes), { ...defaults, ...numbersOf(knobs) });
        if (!Number.isInteger(count) || count < 1) {
          throw new KernelError(`kernel ${name}: ${count} workgroups for ${JSON.stringify(sizes)}`);
        }
        return count;
      },
    };
    cache.set(name, known);
  }
  return known;
}

export const kernelNames = Object.keys(shaders) as KernelName[];

/**
 * Folds a one-dimensional launch into two dimensions under the device's limit (65,535 on most). Every shader takes
 * its group as `workgroup.x + workgroup.y * grid.x` and drops groups past the end.
 * @throws KernelError when even two dimensions are too few
 */
export function foldWorkgroups(count: number, limit: number): readonly [number, number] {
  if (count <= limit) return [count, 1];
  const rows = Math.ceil(count / limit);
  if (rows > limit)
    throw new KernelError(`a launch of ${count} workgroups exceeds the device's ${limit} x ${limit}`);
  return [Math.ceil(count / rows), rows];
}
