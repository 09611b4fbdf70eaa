// Label-Assemble's head: the inner products of class parameters, made from class queries, with image features.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import type { NoAttributes } from "../elementwise/unary.ts";
import { expectRoles } from "../roles.ts";
import { headLaunch, headSizes, multiplyHead } from "./query-products.ts";

/** Inputs features [B, D], theta [K, D], bias [K]; output logits [B, K] = features theta' + bias. */
export const queryInnerProduct: Operator<NoAttributes> = {
  name: "queryInnerProduct",
  infer(inputs) {
    const [features, theta] = inputs as readonly (TensorSpec | undefined)[];
    expectRoles("queryInnerProduct", inputs, [
      { role: "features" },
      { role: "theta" },
      { role: "bias", shape: theta?.shape.slice(0, 1) ?? [] },
    ]);
    const { batch, classes } = headSizes("queryInnerProduct", features, theta);
    return [{ shape: [batch, classes], dtype: "f32" }];
  },
  reference([features, theta, bias], [logits]) {
    const sizes = headSizes("queryInnerProduct", features, theta);
    multiplyHead(sizes, features.data, theta.data, bias.data, logits.data);
  },
  candidates([features, theta], _, { isSoftware }) {
    const sizes = headSizes("queryInnerProduct", features, theta);
    const bind = { features: input(0), theta: input(1), bias: input(2), logits: output(0) };
    const single: Candidate = { name: "single", launches: [headLaunch(sizes, bind, 1)] };
    const blocked: Candidate = { name: "blocked", launches: [headLaunch(sizes, bind, 4)] };
    return isSoftware ? [single, blocked] : [blocked, single];
  },
};
