// The tensor floor: shapes, host arrays, and the Tensor handle.

export * from "./host.ts";
export * from "./shape.ts";
export * from "./tensor.ts";
