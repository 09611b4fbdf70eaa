// How a gradient rule is written: for the built-in operators in the table of the tape, for anyone's own in its record.

import type { Tensor } from "../tensor/tensor.ts";

/** One recorded call and the gradient of its first output. */
export interface RuleCall<A> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: A;
  readonly gradient: Tensor;
}

/** The gradient of one input, computed only when something needs it. */
export type Gradient = (() => Tensor) | undefined;

/** Gradients in the order of the inputs; inputs left out or undefined have none. */
export type GradientRule<A> = (call: RuleCall<A>) => readonly Gradient[];

/** One recorded call of an operator whose outputs all carry a gradient, and those that arrived: at least one. */
export interface OutputsCall<A> extends Omit<RuleCall<A>, "gradient"> {
  readonly gradients: readonly (Tensor | undefined)[];
}

/** The rule of such an operator. Built-in ones alone have it. */
export interface OutputsRule<A> {
  readonly ofOutputs: (call: OutputsCall<A>) => readonly Gradient[];
}

/**
 * What is known of an operator's gradient:
 * - a rule;
 * - "piecewise constant": it is zero wherever it exists, as that of a comparison, and the tape takes it for zero;
 * - "nondifferentiable": there is none, or nobody has written it: a gradient that would have to go through is an error.
 */
export type GradientOf<A> = GradientRule<A> | "piecewise constant" | "nondifferentiable";
