// One step of Adam.

import { input, type Operator } from "../operator.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import type { NoAttributes } from "../elementwise/unary.ts";
import { expectRoles } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";

/**
 * Inputs parameter, firstMoment, secondMoment (all three overwritten in place), gradient, all of one shape, and
 * hyper [8] = (learning rate, beta1, beta2, epsilon, 1 / (1 - beta1^t), 1 / (1 - beta2^t), 1 - beta1, 1 - beta2) for
 * step t = 1, 2, ...; the last two are given because the subtraction loses digits in f32. No outputs. As Kingma and Ba
 * (2015) and torch have it, without weight decay.
 */
export const adam: Operator<NoAttributes> = {
  name: "adam",
  updates: [0, 1, 2],
  infer(inputs) {
    const [parameter] = inputs as readonly (TensorSpec | undefined)[];
    const shape = parameter?.shape ?? [];
    expectRoles("adam", inputs, [
      { role: "parameter" },
      { role: "firstMoment", shape },
      { role: "secondMoment", shape },
      { role: "gradient", shape },
      { role: "hyper", shape: [8] },
    ]);
    return [];
  },
  reference([parameter, firstMoment, secondMoment, gradient, hyper]) {
    const [rate, beta1, beta2, epsilon, correction1, correction2, rest1, rest2] = hyper.data;
    for (let i = 0; i < parameter.data.length; i++) {
      const slope = gradient.data[i];
      const first = beta1 * firstMoment.data[i] + rest1 * slope;
      const second = beta2 * secondMoment.data[i] + rest2 * slope * slope;
      firstMoment.data[i] = first;
      secondMoment.data[i] = second;
      parameter.data[i] -= (rate * first * correction1) / (Math.sqrt(second * correction2) + epsilon);
    }
  },
  candidates([parameter]) {
    const moments = { firstMoment: input(1), secondMoment: input(2) };
    const bind = { parameter: input(0), ...moments, gradient: input(3), hyper: input(4) };
    return byElement(sizeOf(parameter.shape), (name, Element, count) => ({
      name,
      launches: [{ kernel: "adam", knobs: { Element }, bind, sizes: { count } }],
    }));
  },
};
