// The operators floor: every operator as a function of tensors, and the records behind them.

export * from "../functions/convolution.ts";
export * from "../functions/dense.ts";
export * from "../functions/elementwise.ts";
export * from "../functions/images.ts";
export * from "../functions/losses.ts";
export * from "../functions/products.ts";
export * from "../functions/movement.ts";
export * from "../functions/normalisation.ts";
export * from "../functions/optimisers.ts";
export * from "../functions/pooling.ts";
export * from "../functions/random-tensors.ts";
export * from "../functions/reduction.ts";
export { operators, type AttributesOf, type OperatorName } from "./registry.ts";
