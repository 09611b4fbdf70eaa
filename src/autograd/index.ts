// The autograd floor: gradients of any scalar with respect to any tensors.

export { customGradient, noGradient, stopGradient, valueAndGradients } from "./functions.ts";
export { Tape } from "./tape.ts";
