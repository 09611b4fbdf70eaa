// Weights of another maker's network in one of these: which tensor is which, in whose layout, and what is left out.

import { ModelError } from "../errors/training-errors.ts";
import type { State } from "../nn/module.ts";
import type { HeldTensor, Weights } from "../tensor/held.ts";
import { showShape } from "../tensor/shape.ts";
import { backboneOf, finalNorm, isIdle, isOfHead, networkOf, plainName } from "./tensor-names.ts";

/** What of a file is in a module, in names: those of the module, but for what is left over. */
export interface FittedWeights {
  /** Only those that were taken. */
  readonly weights: Weights;
  readonly taken: readonly string[];
  /** Of the module, and not in the file. Those of the head stay as they begin. */
  readonly missing: readonly string[];
  /** In the file, and not of the module, in the file's names. */
  readonly leftOver: readonly string[];
  /** In the file in another shape. */
  readonly misshapen: readonly string[];
  /** How the first convolution was brought to another number of channels; undefined where it was not. */
  readonly channels: { readonly from: number; readonly to: number } | undefined;
}

export interface FitOptions {
  /** Whether everything but the head must fit. Default true. */
  readonly strict?: boolean | undefined;
  /** Whether convolutions lie as PyTorch's, or as those of the networks here. Default: PyTorch's. */
  readonly layout?: "torch" | "own" | undefined;
}

/** The first convolution of a DenseNet and of a ResNet. */
const stems = new Set(["conv0.weight", "conv1.weight"]);

/**
 * Finds tensors of a file, as PyTorch names and lays them out, in a module's. A convolution [O, I, H, W] becomes [H, W, I, O]. A first
 * convolution of three channels is summed up for images of one, which is what it makes of grey images as colours; one of a single
 * channel is spread over three, a third each. A head in the file is left out: its classes are others.
 *
 * @param states of the module, as `Module.state()` gives them
 * @param file named in messages
 * @throws ModelError for weights that are no finite numbers; when it is strict, also where a tensor outside of the head is missing, left
 *   over or of another shape
 */
export function fitWeights(
  states: ReadonlyMap<string, State>,
  file: string,
  given: Weights,
  { strict = true, layout = "torch" }: FitOptions = {},
): FittedWeights {
  const wanted = [...states].filter(([, { kind }]) => kind === "parameter" || kind === "buffer");
  const byPlain = new Map(wanted.map(([name]) => [plainName(name), name]));
  const ownFinal = finalNorm([...byPlain.keys()]);
  const ownName = (plain: string): string | undefined =>
    byPlain.get(plain) ?? byPlain.get(plain.replace(/^norm5\./u, ownFinal));
  const weights = new Map<string, HeldTensor>();
  const leftOver: string[] = [];
  const misshapen: string[] = [];
  let channels: FittedWeights["channels"];
  for (const [theirs, tensor] of given) {
    const plain = plainName(theirs);
    const name = isOfHead(plain) ? undefined : ownName(plain);
    const state = name === undefined ? undefined : states.get(name);
    if (name === undefined || state === undefined) {
      leftOver.push(theirs);
      continue;
    }
    if (weights.has(name))
      throw new ModelError(file, `has ${plain} twice, once as ${theirs}; take the weights of one network`);
    let own = layout === "torch" && tensor.shape.length === 4 ? inOwnLayout(tensor) : tensor;
    const { shape } = state.tensor;
    if (stems.has(plain) && shape.length === 4 && own.shape[2] !== shape[2]) {
      const other = ofChannels(own, shape[2]);
      if (other !== undefined) {
        channels = { from: own.shape[2], to: shape[2] };
        own = other;
      }
    }
    if (String(own.shape) === String(shape)) weights.set(name, own);
    else misshapen.push(`${name} ${showShape(own.shape)} for ${showShape(shape)}`);
  }
  const bad = [...weights].find(([, { data }]) => !data.every(Number.isFinite));
  if (bad !== undefined) {
    throw new ModelError(
      file,
      `${bad[0]} holds values that are no finite numbers; take weights of a training that went well`,
    );
  }
  const shapes = new Set(misshapen.map((text) => text.split(" ")[0]));
  const missing = wanted.map(([name]) => name).filter((name) => !weights.has(name) && !shapes.has(name));
  const found = { weights, taken: [...weights.keys()], missing, leftOver, misshapen, channels };
  if (strict)
    expectAllFit(
      file,
      found,
      given,
      wanted.map(([name]) => name),
    );
  return found;
}

/** [O, I, H, W] as [H, W, I, O]. */
function inOwnLayout({ shape: [outputs, inputs, height, width], data }: HeldTensor): HeldTensor {
  const own = new Float32Array(data.length);
  const pixels = height * width;
  for (let o = 0, at = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let p = 0; p < pixels; p++, at++) own[(p * inputs + i) * outputs + o] = data[at];
    }
  }
  return { shape: [height, width, inputs, outputs], data: own };
}

/** A first convolution [H, W, I, O] for another number of channels; undefined where it is not from three to one, or back. */
function ofChannels(
  { shape: [height, width, inputs, outputs], data }: HeldTensor,
  channels: number,
): HeldTensor | undefined {
  if (!((inputs === 3 && channels === 1) || (inputs === 1 && channels === 3))) return undefined;
  const own = new Float32Array(height * width * channels * outputs);
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let o = 0; o < outputs; o++) {
      const at = (c: number): number => (pixel * inputs + c) * outputs + o;
      if (channels === 1) own[pixel * outputs + o] = data[at(0)] + data[at(1)] + data[at(2)];
      else for (let c = 0; c < 3; c++) own[(pixel * 3 + c) * outputs + o] = data[at(0)] / 3;
    }
  }
  return { shape: [height, width, channels, outputs], data: own };
}

function expectAllFit(file: string, found: FittedWeights, given: Weights, wanted: readonly string[]): void {
  const missing = found.missing.filter((name) => !isOfHead(plainName(name)));
  const leftOver = found.leftOver.filter((name) => !isOfHead(plainName(name)) && !isIdle(plainName(name)));
  const problems = [
    ...(missing.length === 0 ? [] : [`without ${listed(missing)}`]),
    ...(found.misshapen.length === 0 ? [] : [`in another shape ${listed(found.misshapen)}`]),
    ...(leftOver.length === 0 ? [] : [`beside them ${listed(leftOver)}`]),
  ];
  if (problems.length === 0) return;
  const body = wanted.filter((name) => !isOfHead(plainName(name)));
  const share = Math.round((100 * found.taken.length) / body.length);
  const [theirs, own] = [networkOf(given.keys()), networkOf(body)];
  const isOther = theirs !== undefined && theirs !== own;
  // Of another network nearly all is missing and left over: its name says more.
  const more = leftOver.length === 0 ? "" : ` has ${leftOver.length} more and`;
  const why = isOther ? `, which${more} by its names is ${theirs}` : `: ${problems.join("; ")}`;
  const backbone = isOther ? backboneOf(given.keys()) : undefined;
  const mend =
    backbone === undefined
      ? "Name the network of the weights under model"
      : `Its names are those of ${backbone}: write model: { backbone: ${backbone} }`;
  throw new ModelError(
    file,
    `${found.taken.length} of the ${body.length} tensors of ${own ?? "the network"} (${share} %) are in this file${why}. ` +
      `${mend}, or take other weights`,
  );
}

/** Names in a message. */
const shown = 3;

const listed = (names: readonly string[]): string => {
  const more = names.length > shown ? ` and ${names.length - shown} more` : "";
  return `${names.slice(0, shown).join(", ")}${more}`;
};
