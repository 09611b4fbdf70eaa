// A choice between two tensors, element by element.

import { input, output, type Operator } from "../operator.ts";
import { broadcastShapes, sizeOf, type Shape, type TensorSpec } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { broadcastIteration, byIteration, eachRun, eightLanes } from "../strided-iteration.ts";
import type { NoAttributes } from "./unary.ts";

function outputShape([condition, a, b]: readonly TensorSpec[]): Shape {
  return broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape));
}

/** a where the condition is not 0, b elsewhere. Inputs: condition, a, b, which broadcast to one shape. */
export const where: Operator<NoAttributes> = {
  name: "where",
  infer(inputs) {
    expectFloats("where", inputs, ["condition", "a", "b"]);
    return [{ shape: outputShape(inputs), dtype: "f32" }];
  },
  reference([condition, a, b], [y]) {
    const iteration = broadcastIteration(y.shape, [condition.shape, a.shape, b.shape]);
    const length = iteration.extents.at(-1) ?? 1;
    const [, conditionStep, aStep, bStep] = iteration.strides.map((list) => list.at(-1) ?? 0);
    eachRun(iteration, ([to, conditionStart, aStart, bStart]) => {
      for (let i = 0; i < length; i++) {
        const holds = condition.data[conditionStart + i * conditionStep] !== 0;
        y.data[to + i] = holds ? a.data[aStart + i * aStep] : b.data[bStart + i * bStep];
      }
    });
  },
  candidates(inputs) {
    const iteration = broadcastIteration(
      outputShape(inputs),
      inputs.map(({ shape }) => shape),
    );
    return byIteration(iteration, (name, Element, { extents, strides }) => {
      const [, conditionStrides, aStrides, bStrides] = strides;
      return {
        name,
        launches: [
          {
            kernel: "where",
            knobs: { Element, RANK: extents.length },
            bind: { condition: input(0), a: input(1), b: input(2), y: output(0) },
            sizes: {
              count: sizeOf(extents),
              extents: eightLanes(extents, 1),
              conditionStrides: eightLanes(conditionStrides),
              aStrides: eightLanes(aStrides),
              bStrides: eightLanes(bStrides),
            },
          },
        ],
      };
    });
  },
};
