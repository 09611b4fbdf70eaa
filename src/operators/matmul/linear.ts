// The linear layer: a product and a bias in one launch.

import { input, output, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import type { NoAttributes } from "../elementwise/unary.ts";
import { expectRoles } from "../roles.ts";
import { addProduct, productCandidates, productOf, type Product } from "./product.ts";

function productOfLayer(x: TensorSpec, weight: TensorSpec): Product {
  return productOf("linear", x.shape, weight.shape, { transposeA: false, transposeB: false });
}

/** Inputs x [B, I], weight [I, O], bias [O]; output [B, O] = x weight + bias. */
export const linear: Operator<NoAttributes> = {
  name: "linear",
  infer(inputs) {
    const [x, weight] = inputs as readonly (TensorSpec | undefined)[];
    const [rows = 0] = x?.shape ?? [];
    const [features = 0, outputs = 0] = weight?.shape ?? [];
    expectRoles("linear", inputs, [
      { role: "x", shape: [rows, features] },
      { role: "weight", shape: [features, outputs] },
      { role: "bias", shape: [outputs] },
    ]);
    return [{ shape: [rows, outputs], dtype: "f32" }];
  },
  reference([x, weight, bias], [y]) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = bias.data[i % bias.data.length];
    addProduct(productOfLayer(x, weight), x.data, weight.data, y.data);
  },
  candidates([x, weight], _, adapter) {
    const slots = { a: input(0), b: input(1), bias: input(2), c: output(0) };
    return productCandidates(productOfLayer(x, weight), slots, adapter);
  },
};
