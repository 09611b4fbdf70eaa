// One step of gradient descent with momentum.

import { input, type Operator } from "../operator.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import type { NoAttributes } from "../elementwise/unary.ts";
import { expectRoles } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";

/**
 * Inputs parameter, velocity (both overwritten in place), gradient, all of one shape, and hyper [2] = (learning
 * rate, momentum). No outputs. velocity = momentum velocity + gradient; parameter -= rate velocity, as torch has it.
 */
export const sgd: Operator<NoAttributes> = {
  name: "sgd",
  updates: [0, 1],
  infer(inputs) {
    const [parameter] = inputs as readonly (TensorSpec | undefined)[];
    const shape = parameter?.shape ?? [];
    expectRoles("sgd", inputs, [
      { role: "parameter" },
      { role: "velocity", shape },
      { role: "gradient", shape },
      { role: "hyper", shape: [2] },
    ]);
    return [];
  },
  reference([parameter, velocity, gradient, hyper]) {
    const [rate, momentum] = hyper.data;
    for (let i = 0; i < parameter.data.length; i++) {
      const speed = momentum * velocity.data[i] + gradient.data[i];
      velocity.data[i] = speed;
      parameter.data[i] -= rate * speed;
    }
  },
  candidates([parameter]) {
    const bind = { parameter: input(0), velocity: input(1), gradient: input(2), hyper: input(3) };
    return byElement(sizeOf(parameter.shape), (name, Element, count) => ({
      name,
      launches: [{ kernel: "sgd", knobs: { Element }, bind, sizes: { count } }],
    }));
  },
};
