// Elementwise functions of two tensors that broadcast to one shape. All share two shaders; a knob picks the function.

import type { Choice } from "../../kernels/built-in-kernels.ts";
import { input, output, type Candidate, type Operator } from "../operator.ts";
import { broadcastShapes, sizeOf } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import {
  broadcastIteration,
  byIteration,
  eachRun,
  eightLanes,
  type Element,
  type StridedIteration,
} from "../strided-iteration.ts";
import { powerOf } from "./power.ts";
import type { NoAttributes } from "./unary.ts";

/** The functions, by the names they have in shaders/binary.wgsl. */
type Operation = Choice<"binary", "OPERATION">;

// One function with a switch, as in the shader: calling one of fourteen closures for each element allocates every
// result, which takes twice as long (Node 20, 2026).
function apply(operation: Operation, a: number, b: number): number {
  switch (operation) {
    case "add":
      return a + b;
    case "subtract":
      return a - b;
    case "multiply":
      return a * b;
    case "divide":
      return a / b;
    case "maximum":
      return Math.max(a, b);
    case "minimum":
      return Math.min(a, b);
    case "equal":
      return a === b ? 1 : 0;
    case "notEqual":
      return a !== b ? 1 : 0;
    case "less":
      return a < b ? 1 : 0;
    case "lessEqual":
      return a <= b ? 1 : 0;
    case "greater":
      return a > b ? 1 : 0;
    case "greaterEqual":
      return a >= b ? 1 : 0;
    case "power":
      return powerOf(a, b);
    case "gate":
      return a > 0 ? b : 0;
  }
}

/** One launch over a walk of y, a and b in steps of an Element. */
function candidate(
  OPERATION: Operation,
  name: string,
  Element: Element,
  { extents, strides }: StridedIteration,
): Candidate {
  const [, aStrides, bStrides] = strides;
  return {
    name,
    launches: [
      {
        kernel: "binary",
        knobs: { Element, OPERATION, RANK: extents.length },
        bind: { a: input(0), b: input(1), y: output(0) },
        sizes: {
          count: sizeOf(extents),
          extents: eightLanes(extents, 1),
          aStrides: eightLanes(aStrides),
          bStrides: eightLanes(bStrides),
        },
      },
    ],
  };
}

function binary(name: Operation): Operator<NoAttributes> {
  return {
    name,
    infer(inputs) {
      expectFloats(name, inputs, ["a", "b"]);
      const [a, b] = inputs;
      return [{ shape: broadcastShapes(name, a.shape, b.shape), dtype: "f32" }];
    },
    reference([a, b], [y]) {
      const iteration = broadcastIteration(y.shape, [a.shape, b.shape]);
      const length = iteration.extents.at(-1) ?? 1;
      const [, aStep, bStep] = iteration.strides.map((list) => list.at(-1) ?? 0);
      eachRun(iteration, ([to, aStart, bStart]) => {
        for (let i = 0; i < length; i++) {
          y.data[to + i] = apply(name, a.data[aStart + i * aStep], b.data[bStart + i * bStep]);
        }
      });
    },
    candidates([a, b]) {
      const iteration = broadcastIteration(broadcastShapes(name, a.shape, b.shape), [a.shape, b.shape]);
      return byIteration(iteration, (...steps) => candidate(name, ...steps));
    },
  };
}

export const add = binary("add");
export const subtract = binary("subtract");
export const multiply = binary("multiply");
export const divide = binary("divide");
export const power = binary("power");
export const maximum = binary("maximum");
export const minimum = binary("minimum");
// Comparisons give 1 where they hold and 0 elsewhere.
export const equal = binary("equal");
export const notEqual = binary("notEqual");
export const less = binary("less");
export const lessEqual = binary("lessEqual");
export const greater = binary("greater");
export const greaterEqual = binary("greaterEqual");
/** b where a > 0, else 0: what relu lets through, and of its gradient. */
export const gate = binary("gate");
