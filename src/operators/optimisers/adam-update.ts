// One step of Adam, or of AdamW.

import type { Choice } from "../../kernels/built-in-kernels.ts";
import { input, type Operator } from "../operator.ts";
import { sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";
import { decayAt, decayBinding, decayRole } from "./weight-decay.ts";

export interface AdamAttributes {
  /** Whether parameters decay: by a part of the gradient, as Adam has it, or apart from it, as AdamW does. */
  readonly decay: Choice<"adam", "DECAY">;
}

/**
 * Inputs parameter, firstMoment, secondMoment (all three overwritten in place), gradient, all of one shape, and
 * hyper [8] = (learning rate, beta1, beta2, epsilon, 1 / (1 - beta1^t), 1 / (1 - beta2^t), 1 - beta1, 1 - beta2) for
 * step t = 1, 2, ...; the last two are given because the subtraction loses digits in f32. With decay also
 * decay [elements / 64, rounded up], one for each run of 64 elements. No outputs. As Kingma and Ba (2015), Loshchilov and
 * Hutter (2019) and torch have it: before the step, coupled decay adds decay * parameter to the gradient, and decoupled
 * decay takes rate * decay * parameter off the parameter.
 */
export const adam: Operator<AdamAttributes> = {
  name: "adam",
  updates: [0, 1, 2],
  infer(inputs, { decay }) {
    const [parameter] = inputs as readonly (TensorSpec | undefined)[];
    const shape = parameter?.shape ?? [];
    expectRoles("adam", inputs, [
      { role: "parameter" },
      { role: "firstMoment", shape },
      { role: "secondMoment", shape },
      { role: "gradient", shape },
      { role: "hyper", shape: [8] },
      ...(decay === "none" ? [] : [decayRole(shape)]),
    ]);
    return [];
  },
  reference([parameter, firstMoment, secondMoment, gradient, hyper, decays], _, { decay }) {
    const [rate, beta1, beta2, epsilon, correction1, correction2, rest1, rest2] = hyper.data;
    for (let i = 0; i < parameter.data.length; i++) {
      let value = parameter.data[i];
      let slope = gradient.data[i];
      if (decay === "coupled") slope += decayAt(decays, i) * value;
      if (decay === "decoupled") value -= rate * decayAt(decays, i) * value;
      const first = beta1 * firstMoment.data[i] + rest1 * slope;
      const second = beta2 * secondMoment.data[i] + rest2 * slope * slope;
      firstMoment.data[i] = first;
      secondMoment.data[i] = second;
      parameter.data[i] = value - (rate * first * correction1) / (Math.sqrt(second * correction2) + epsilon);
    }
  },
  candidates([parameter], { decay }) {
    const moments = { firstMoment: input(1), secondMoment: input(2) };
    return byElement(sizeOf(parameter.shape), (name, Element, count) => {
      const { knobs, slot } = decayBinding(decay, 5, Element);
      const bind = { parameter: input(0), ...moments, gradient: input(3), hyper: input(4), decay: slot };
      return { name, launches: [{ kernel: "adam", knobs: { Element, ...knobs }, bind, sizes: { count } }] };
    });
  },
};
