// The switches of Label-Assemble's losses: shared by their definition and their kernels, over images and over pixels.

import { ShapeError } from "../../errors/errors.ts";
import type { Choice } from "../../kernels/built-in-kernels.ts";
import type { UniformValues } from "../../kernels/source.ts";
import { expectAttribute } from "../roles.ts";
import { expectSharpening, type SharpenAttributes } from "./sharpen.ts";

/** Entries, (image, class) pairs, that the pseudo-label and consistency losses are taken over. */
export const unsupervisedChoices = ["absent", "all", "labelled"] as const satisfies readonly Choice<
  "assembleLoss",
  "unsupervised"
>[];
/** What each loss is divided by. */
export const normaliseChoices = ["entries", "batch"] as const;

export interface AssembleLossAttributes extends SharpenAttributes {
  /** True: the pseudo-label is a constant. False: its slope 1 - 1/t joins the gradient of the weak view. */
  readonly stopGradient: boolean;
  /** U: the entries of the unsupervised losses. `absent` is the paper, `labelled` the authors' released code. */
  readonly unsupervisedOn: (typeof unsupervisedChoices)[number];
  /**
   * `entries`: bce is divided by max(1, |M|), pseudo and consistency by max(1, |U|). With `unsupervisedOn: labelled`
   * U is M, so there is one divisor, the number of labelled entries, as in the authors' released code.
   * `batch`: all three are divided by the number of images B, as in that code's earlier versions.
   */
  readonly normalise: (typeof normaliseChoices)[number];
  /** Share of the strong view in bce, in [0, 1]: 0 takes the weak view alone, as the paper does, .5 the mean over both. */
  readonly strongShare: number;
}

/** `assembleLoss` over images: what given labels teach may have another shape than their cross entropy. */
export interface AssembleImagesAttributes extends AssembleLossAttributes {
  /** Left out, given labels teach by their cross entropy, as in the paper. */
  readonly labels?: LabelAttributes | undefined;
}

/** What given labels teach; see `labelLoss` for the formula. */
export interface LabelAttributes {
  /** Whether they teach at all: without, bce is 0, and there are no groups. */
  readonly taught: boolean;
  /** Whether there are weights of positive entries, one for each class. */
  readonly weighted: boolean;
  /** e, in [0, 1]: a target y becomes (1 - e) y + e / 2. */
  readonly smoothing: number;
  /** The power, 0 or above, of 1 - a before the loss of a positive entry. */
  readonly positiveFocus: number;
  /** The power, 0 or above, of the shifted probability before the loss of a negative entry. */
  readonly negativeFocus: number;
  /** m, in [0, 1): how much is taken from the probability of a negative entry, down to 0. */
  readonly shift: number;
}

/** @throws ShapeError naming the operator and the switch that is out of range */
export function expectLabelAttributes(operator: string, attributes: LabelAttributes): void {
  const { smoothing, shift } = attributes;
  expectAttribute(operator, "labelSmoothing", smoothing, smoothing >= 0 && smoothing <= 1, "in [0, 1]");
  expectAttribute(operator, "focus.shift", shift, shift >= 0 && shift < 1, "in [0, 1)");
  for (const kind of ["positive", "negative"] as const) {
    const power = attributes[`${kind}Focus`];
    const fits = power >= 0 && power < Infinity;
    expectAttribute(operator, `focus.${kind}`, power, fits, "0 or above, and finite");
  }
}

/** @throws ShapeError naming the operator and the switch that is out of range */
export function expectAssembleAttributes(operator: string, attributes: AssembleLossAttributes): void {
  expectSharpening(operator, attributes);
  const { unsupervisedOn, normalise, strongShare } = attributes;
  expectChoice(operator, "unsupervisedOn", unsupervisedOn, unsupervisedChoices);
  expectChoice(operator, "normalise", normalise, normaliseChoices);
  const isShare = strongShare >= 0 && strongShare <= 1;
  expectAttribute(operator, "strongShare", strongShare, isShare, "in [0, 1]");
}

function expectChoice(operator: string, attribute: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new ShapeError(`${operator}: ${attribute} must be one of ${choices.join(", ")}, got ${value}`);
}

/** What the shaders' entries are compared and weighed with. */
export function switches({ threshold, temperature, unsupervisedOn, strongShare }: AssembleLossAttributes) {
  return {
    unsupervised: unsupervisedOn,
    threshold,
    inverseTemperature: 1 / temperature,
    strongShare,
  } satisfies UniformValues;
}

/** How the shaders shape what given labels teach: nothing, where the attributes say nothing of it. */
export function labelShape(labels: LabelAttributes | undefined) {
  const { smoothing = 0, positiveFocus = 0, negativeFocus = 0, shift = 0 } = labels ?? {};
  return { smoothing, positiveFocus, negativeFocus, shift } satisfies UniformValues;
}

/** How the losses are divided and differentiated. */
export function modes({ normalise, stopGradient }: AssembleLossAttributes) {
  return { perBatch: normalise === "batch" ? 1 : 0, through: stopGradient ? 0 : 1 } satisfies UniformValues;
}
