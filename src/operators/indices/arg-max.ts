// Where the largest and the smallest numbers along an axis are.

import type { AdapterTraits } from "../../device/traits.ts";
import type { Choice } from "../../kernels/built-in-kernels.ts";
import { normaliseAxis, type Shape } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { input, output, type Candidate, type Operator } from "../operator.ts";
import { linesOf, type Lines } from "../lines.ts";

export interface ArgMaxAttributes {
  /** Counted from 0. */
  readonly axis: number;
  /** Whether the axis stays with extent 1. */
  readonly keepDimensions: boolean;
}

/** Numbers of a row from which a workgroup for each row pays on a GPU. Reasoned, not measured on one. */
const longRow = 64;

function candidatesOf(
  operation: Choice<"argMax", "OPERATION">,
  { outer, length, inner }: Lines,
  { isSoftware }: AdapterTraits,
): Candidate[] {
  const bind = { x: input(0), y: output(0) };
  const OPERATION = operation;
  const lines = (name: string, Element: "f32" | "vec4f", lanes: number): Candidate => ({
    name,
    launches: [
      {
        kernel: "argMax",
        knobs: { OPERATION, Element },
        bind,
        sizes: { outer, length, inner: inner / lanes },
      },
    ],
  });
  const elements = lines("elements", "f32", 1);
  if (inner % 4 === 0) return [elements, lines("vectors", "vec4f", 4)];
  if (inner > 1) return [elements];
  const whole = { outer, length };
  const rows: Candidate = {
    name: "rows",
    launches: [{ kernel: "argMaxRows", knobs: { OPERATION }, bind, sizes: whole }],
  };
  const fours: Candidate[] =
    length % 4 === 0
      ? [{ name: "fours", launches: [{ kernel: "argMaxVectors", knobs: { OPERATION }, bind, sizes: whole }] }]
      : [];
  if (isSoftware) return fours.length > 0 ? [elements, rows, ...fours] : [rows, elements];
  return length < longRow ? [rows, ...fours, elements] : [elements, ...fours, rows];
}

function extreme(
  name: string,
  operation: Choice<"argMax", "OPERATION">,
  isBetter: (value: number, best: number) => boolean,
): Operator<ArgMaxAttributes> {
  const checkedAxis = (shape: Shape, axis: number): number => normaliseAxis(name, shape, axis);
  return {
    name,
    infer(inputs, { axis, keepDimensions }) {
      expectFloats(name, inputs, ["x"]);
      const [{ shape }] = inputs;
      const along = checkedAxis(shape, axis);
      const rest = shape.slice(along + 1);
      return [{ shape: [...shape.slice(0, along), ...(keepDimensions ? [1] : []), ...rest], dtype: "u32" }];
    },
    reference([x], [y], { axis }) {
      const { outer, length, inner } = linesOf(x.shape, checkedAxis(x.shape, axis));
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const first = o * length * inner + i;
          let place = 0;
          for (let l = 1; l < length; l++) {
            const [value, best] = [x.data[first + l * inner], x.data[first + place * inner]];
            if (Number.isNaN(best)) break;
            if (Number.isNaN(value) || isBetter(value, best)) place = l;
          }
          y.data[o * inner + i] = place;
        }
      }
    },
    candidates([{ shape }], { axis }, adapter) {
      return candidatesOf(operation, linesOf(shape, checkedAxis(shape, axis)), adapter);
    },
  };
}

/**
 * Input x f32; output u32: the place of the largest number along the axis, of equal ones the first. A NaN is larger than all
 * numbers, so that it is found.
 */
export const argMax = extreme("argMax", "maximum", (value, best) => value > best);

/** As argMax, with the smallest number; a NaN comes before it, too. */
export const argMin = extreme("argMin", "minimum", (value, best) => value < best);
