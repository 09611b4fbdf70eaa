// Label-Assemble's pseudo-labels.

import { input, output, type Operator } from "../operator.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";

export interface SharpenAttributes {
  /** tau: a probability strictly above it is pulled to 1, any other to 0. */
  readonly threshold: number;
  /** t >= 1: 1 gives hard labels, Infinity leaves probabilities as they are. */
  readonly temperature: number;
}

/** @throws ShapeError unless the threshold is a probability and the temperature at least 1 */
export function expectSharpening(operator: string, { threshold, temperature }: SharpenAttributes): void {
  expectAttribute(operator, "threshold", threshold, threshold >= 0 && threshold <= 1, "in [0, 1]");
  expectAttribute(operator, "temperature", temperature, temperature >= 1, "at least 1 (Infinity is allowed)");
}

/** Input probabilities, any shape; output a + (1 - a)/t where a > threshold (strictly), else a - a/t. */
export const sharpen: Operator<SharpenAttributes> = {
  name: "sharpen",
  infer(inputs, attributes) {
    expectRoles("sharpen", inputs, [{ role: "probabilities" }]);
    expectSharpening("sharpen", attributes);
    return [{ shape: inputs[0].shape, dtype: "f32" }];
  },
  reference([probabilities], [sharpened], { threshold, temperature }) {
    for (let i = 0; i < probabilities.data.length; i++) {
      const a = probabilities.data[i];
      sharpened.data[i] = a + (a > threshold ? 1 - a : -a) / temperature;
    }
  },
  candidates([probabilities], { threshold, temperature }) {
    return [
      {
        name: "elementwise",
        launches: [
          {
            kernel: "sharpen",
            bind: { p: input(0), y: output(0) },
            sizes: { count: sizeOf(probabilities.shape), threshold, inverseTemperature: 1 / temperature },
          },
        ],
      },
    ];
  },
};
