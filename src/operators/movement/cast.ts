// Numbers in another element type: f32 and f16.

import { input, output, type Launch, type Operator } from "../operator.ts";
import { ShapeError } from "../../errors/errors.ts";
import { described } from "../../errors/arguments.ts";
import { sizeOf, type FloatType, type TensorSpec } from "../../tensor/shape.ts";
import { showSpecs } from "../operands.ts";
import { expectHalves, settle, storedAs } from "../stored.ts";

export interface CastAttributes {
  readonly to: FloatType;
}

/** The launch that casts input 0 to output 0. */
export function castLaunch(count: number, from: FloatType, to: FloatType): Launch {
  const knobs = { ...storedAs(from, "X"), ...storedAs(to, "Y") };
  return { kernel: "cast", knobs, bind: { x: input(0), y: output(0) }, sizes: { count } };
}

const isFloat = (spec: TensorSpec | undefined): spec is TensorSpec & { readonly dtype: FloatType } =>
  spec?.dtype === "f32" || spec?.dtype === "f16";

/**
 * Input x of any shape, f32 or f16; output the same numbers in the other type or the same: to f16 the nearest there is, and an
 * infinity from 65,520 on.
 */
export const cast: Operator<CastAttributes> = {
  name: "cast",
  infer(inputs, { to }) {
    const [x] = inputs;
    if (inputs.length !== 1 || !isFloat(x)) {
      throw new ShapeError(`cast: takes one f32 or f16 tensor, got ${showSpecs(inputs)}`);
    }
    if (!["f32", "f16"].includes(to)) throw new ShapeError(`cast: casts to f32 or f16, got ${described(to)}`);
    return [{ shape: x.shape, dtype: to }];
  },
  reference([x], [y]) {
    y.data.set(x.data);
    settle(y);
  },
  candidates([x], { to }, adapter) {
    const from = x.dtype as FloatType;
    if (from !== to) expectHalves("cast", adapter);
    return [{ name: "elements", launches: [castLaunch(sizeOf(x.shape), from, to)] }];
  },
};
