// The linear layer: a product and a bias in one launch.

import { input, output, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { showShape, sizeOf } from "../../tensor/shape.ts";
import { ShapeError } from "../../errors/errors.ts";
import { expectRoles } from "../roles.ts";
import { addProduct, productCandidates, productOf, type Product } from "./product.ts";

export interface LinearAttributes {
  /** Whether the weight is given as its transpose, [O, I], as torch's Linear has it. */
  readonly transposeWeight: boolean;
}

function productOfLayer(
  x: TensorSpec,
  weight: TensorSpec,
  { transposeWeight: transposeB }: LinearAttributes,
): Product {
  const rows = [sizeOf(x.shape.slice(0, -1)), ...x.shape.slice(-1)];
  return productOf("linear", rows, weight.shape, { transposeA: false, transposeB }).product;
}

/** @throws ShapeError where both are what they must be, but for the extent in which they meet */
function expectMeeting(
  x: TensorSpec | undefined,
  weight: TensorSpec | undefined,
  features: number,
  transposeWeight: boolean,
): void {
  if (x?.dtype !== "f32" || weight?.dtype !== "f32" || weight.shape.length !== 2) return;
  if (x.shape.at(-1) === features) return;
  const [layout, other] = ["[inputs, outputs]", "[outputs, inputs]"];
  throw new ShapeError(
    `linear: x ${showShape(x.shape)} must be [..., ${features}] for the weight ${showShape(weight.shape)}, which is ` +
      (transposeWeight
        ? `${other} with transposeWeight`
        : `${layout}, or ${other} with { transposeWeight: true }`),
  );
}

/** Inputs x [..., I], weight [I, O] or its transpose, and perhaps bias [O]; output [..., O] = x weight + bias. */
export const linear: Operator<LinearAttributes> = {
  name: "linear",
  infer(inputs, { transposeWeight }) {
    const [x, weight] = inputs as readonly (TensorSpec | undefined)[];
    const lead = x?.shape.slice(0, -1) ?? [];
    const [rows = 0, columns = 0] = weight?.shape ?? [];
    const [features, outputs] = transposeWeight ? [columns, rows] : [rows, columns];
    expectMeeting(x, weight, features, transposeWeight);
    expectRoles("linear", inputs, [
      { role: "x", shape: [...lead, features] },
      { role: "weight", shape: [rows, columns] },
      ...(inputs.length === 2 ? [] : [{ role: "bias", shape: [outputs] }]),
    ]);
    return [{ shape: [...lead, outputs], dtype: "f32" }];
  },
  reference(inputs, [y], attributes) {
    const [x, weight] = inputs;
    const bias = inputs.at(2)?.data;
    if (bias !== undefined) for (let i = 0; i < y.data.length; i++) y.data[i] = bias[i % bias.length];
    addProduct(productOfLayer(x, weight, attributes), x.data, weight.data, y.data);
  },
  candidates(inputs, attributes, adapter) {
    const [x, weight] = inputs;
    const bias = inputs.length === 2 ? {} : { bias: input(2) };
    const slots = { a: input(0), b: input(1), ...bias, c: output(0) };
    return productCandidates(productOfLayer(x, weight, attributes), slots, adapter);
  },
};
