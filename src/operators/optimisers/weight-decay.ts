// How much each parameter decays: one number for a run of neighbours, because whole tensors decay or do not.

import type { Choice } from "../../kernels/built-in-kernels.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { sizeOf, type Shape } from "../../tensor/shape.ts";
import { input, type Slot } from "../operator.ts";
import type { Role } from "../roles.ts";
import type { Element } from "../strided-iteration.ts";

/** Neighbours that share a decay. Tensors that `engine.gather` lays side by side begin at multiples of it. */
export const decayRun = 64;

/** The role of the input that holds the decays of a parameter of this shape. */
export function decayRole(shape: Shape): Role {
  return { role: "decay", shape: [Math.ceil(sizeOf(shape) / decayRun)] };
}

/** The decay of element i; 0 where there are none. */
export function decayAt(decay: HostTensor | undefined, i: number): number {
  return decay === undefined ? 0 : decay.data[Math.floor(i / decayRun)];
}

/** The part of a launch that weight decay takes: `rule` is the shader's name for it. */
export function decayBinding(
  rule: Choice<"adam", "DECAY">,
  decay: number,
  element: Element,
): {
  readonly knobs: { readonly DECAY: Choice<"adam", "DECAY">; readonly RUN: number };
  readonly slot: Slot;
} {
  const RUN = element === "vec4f" ? decayRun / 4 : decayRun;
  // Without decay the shader reads nothing there, but something must be bound: the input before, its hyper.
  return { knobs: { DECAY: rule, RUN }, slot: input(rule === "none" ? decay - 1 : decay) };
}
