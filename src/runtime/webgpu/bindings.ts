// What a launch binds: its slots, filled with places of data, in the order of the shader's bindings.

import type { AdapterTraits } from "../../device/traits.ts";
import { KernelError } from "../../errors/errors.ts";
import { kernelFor } from "../../kernels/built-in-kernels.ts";
import { type Kernel } from "../../kernels/kernel.ts";
import type { Launch, Slot } from "../../operators/operator.ts";

/** A storage binding and the place it is bound to. */
export interface Bound<Place> {
  readonly index: number;
  readonly writes: boolean;
  readonly target: Place;
}

/** What a device allows a launch. */
export type LaunchLimits = Pick<AdapterTraits, "name" | "maxWorkgroupsPerDimension" | "maxStorageBuffers">;

/** @throws KernelError naming the operator when the launch does not fit its shader, or takes more than the device allows */
export function workgroupsOf(
  operator: string,
  kernel: Kernel,
  { sizes, knobs }: Launch,
  { name, maxWorkgroupsPerDimension, maxStorageBuffers }: LaunchLimits,
): readonly [number, number] {
  const buffers = kernel.bindings.filter(({ access }) => access !== "uniform").length;
  if (buffers > maxStorageBuffers) {
    throw new KernelError(
      `operator ${operator}, ${kernel.name}.wgsl: it binds ${buffers} storage buffers, and a kernel on "${name}" may bind ` +
        `${maxStorageBuffers}; put several tensors into one buffer, or split it into kernels that bind fewer`,
    );
  }
  try {
    return kernel.workgroups(sizes, knobs, maxWorkgroupsPerDimension);
  } catch (cause) {
    if (!(cause instanceof KernelError)) throw cause;
    throw new KernelError(`operator ${operator}, ${kernel.name}.wgsl: ${cause.message}`, { cause });
  }
}

/** @throws KernelError naming operator, binding and shader when a binding has no place */
export function bindSlots<Place>(
  operator: string,
  { kernel, bind }: Launch,
  places: Readonly<Record<Slot["kind"], readonly Place[]>>,
): Bound<Place>[] {
  const { name: kernelName, bindings } = kernelFor(kernel);
  return bindings.flatMap(({ index, name, access }) => {
    if (access === "uniform") return [];
    const slot = bind[name];
    const target = slot === undefined ? undefined : places[slot.kind][slot.index];
    if (target === undefined) {
      throw new KernelError(`operator ${operator}: nothing is bound to "${name}" of ${kernelName}.wgsl`);
    }
    return [{ index, target, writes: access === "readWrite" }];
  });
}
