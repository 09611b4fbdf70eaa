// Products of matrices, and of batches of matrices with any leading axes.

import { input, output, type Operator } from "../operator.ts";
import { expectFloats } from "../operands.ts";
import { addProduct, productCandidates, productOf, type MatmulAttributes } from "./product.ts";

/**
 * Inputs a [..., M, K], b [..., K, N], each perhaps given transposed; output [..., M, N]. Leading axes are aligned at the last
 * and broadcast: each extent is equal or 1, or left out.
 */
export const matmul: Operator<MatmulAttributes> = {
  name: "matmul",
  infer(inputs, attributes) {
    expectFloats("matmul", inputs, ["a", "b"]);
    const [a, b] = inputs;
    return [{ shape: productOf("matmul", a.shape, b.shape, attributes).shape, dtype: "f32" }];
  },
  reference([a, b], [c], attributes) {
    addProduct(productOf("matmul", a.shape, b.shape, attributes).product, a.data, b.data, c.data);
  },
  candidates([a, b], attributes, adapter) {
    const { product } = productOf("matmul", a.shape, b.shape, attributes);
    return productCandidates(product, { a: input(0), b: input(1), c: output(0) }, adapter);
  },
};
