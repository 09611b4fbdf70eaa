// One step of gradient descent with momentum.

import { input, type Operator } from "../operator.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";
import { decayAt, decayBinding, decayRole } from "./weight-decay.ts";

export interface SgdAttributes {
  /** Whether parameters decay, by a part of the gradient. */
  readonly decay: boolean;
  /** Whether the step looks ahead, as Nesterov's does. */
  readonly nesterov: boolean;
}

/**
 * Inputs parameter, velocity (both overwritten in place), gradient, all of one shape, and hyper [2] = (learning
 * rate, momentum). With decay also decay [elements / 64, rounded up], one for each run of 64 elements. No outputs.
 *
 *     slope = gradient + decay parameter;  velocity = momentum velocity + slope
 *     parameter -= rate velocity, or with nesterov rate (slope + momentum velocity), as torch has it
 */
export const sgd: Operator<SgdAttributes> = {
  name: "sgd",
  updates: [0, 1],
  infer(inputs, { decay }) {
    const [parameter] = inputs as readonly (TensorSpec | undefined)[];
    const shape = parameter?.shape ?? [];
    expectRoles("sgd", inputs, [
      { role: "parameter" },
      { role: "velocity", shape },
      { role: "gradient", shape },
      { role: "hyper", shape: [2] },
      ...(decay ? [decayRole(shape)] : []),
    ]);
    return [];
  },
  reference([parameter, velocity, gradient, hyper, decays], _, { decay, nesterov }) {
    const [rate, momentum] = hyper.data;
    for (let i = 0; i < parameter.data.length; i++) {
      let slope = gradient.data[i];
      if (decay) slope += decayAt(decays, i) * parameter.data[i];
      const speed = momentum * velocity.data[i] + slope;
      velocity.data[i] = speed;
      parameter.data[i] -= rate * (nesterov ? slope + momentum * speed : speed);
    }
  },
  candidates([parameter], { decay, nesterov }) {
    return byElement(sizeOf(parameter.shape), (name, Element, count) => {
      const { knobs: decayKnobs, slot } = decayBinding(decay ? "coupled" : "none", 4, Element);
      const knobs = { Element, ...decayKnobs, NESTEROV: nesterov ? 1 : 0 };
      const bind = {
        parameter: input(0),
        velocity: input(1),
        gradient: input(2),
        hyper: input(3),
        decay: slot,
      };
      return { name, launches: [{ kernel: "sgd", knobs, bind, sizes: { count } }] };
    });
  },
};
