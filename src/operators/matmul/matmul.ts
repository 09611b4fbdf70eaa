// Products of matrices, and of batches of matrices.

import { input, output, type Operator } from "../operator.ts";
import { expectFloats } from "../operands.ts";
import { addProduct, productCandidates, productOf, type MatmulAttributes } from "./product.ts";

/**
 * Inputs a [M, K] or [batch, M, K], b [K, N] or [batch, K, N], each perhaps given transposed; output [M, N], or
 * [batch, M, N] when either is a batch. A batch of 1 serves every matrix of the other operand.
 */
export const matmul: Operator<MatmulAttributes> = {
  name: "matmul",
  infer(inputs, attributes) {
    expectFloats("matmul", inputs, ["a", "b"]);
    const [a, b] = inputs;
    const { batch, m, n } = productOf("matmul", a.shape, b.shape, attributes);
    const batched = a.shape.length === 3 || b.shape.length === 3;
    return [{ shape: batched ? [batch, m, n] : [m, n], dtype: "f32" }];
  },
  reference([a, b], [c], attributes) {
    addProduct(productOf("matmul", a.shape, b.shape, attributes), a.data, b.data, c.data);
  },
  candidates([a, b], attributes, adapter) {
    const product = productOf("matmul", a.shape, b.shape, attributes);
    return productCandidates(product, { a: input(0), b: input(1), c: output(0) }, adapter);
  },
};
