// The launches of the gradient of a dense block: layer by layer, last one first.

import type { AdapterTraits } from "../../device/traits.ts";
import type { Choice } from "../../kernels/built-in-kernels.ts";
import { input, output, temporary, type Candidate, type Launch, type Slot } from "../operator.ts";
import { elementBytes, type FloatType, type TensorSpec } from "../../tensor/shape.ts";
import { compose, preferred, type Step } from "../compose.ts";
import { convolutionInputGradient, convolutionWeightGradient } from "../convolution/launches.ts";
import { castLaunch } from "../movement/cast.ts";
import { slice } from "../movement/slice.ts";
import { storedAs, type Storage } from "../stored.ts";
import { numbersOf, type PlacedLayout, type PlacedStage } from "./gradient-layout.ts";
import { asSpecs, extentsOfStage, slidingOf, strideOf, type DenseLayersAttributes } from "./dense-layers.ts";
import {
  chunksOf,
  isWhole,
  rowKnobs,
  termsKnobs,
  wholeKnobs,
  type GroupRows,
  type Reductions,
} from "./row-chunks.ts";
import { largest, partialSpec, step } from "./steps.ts";

const [block, blockStatistics, dy] = [0, 1, 2].map(input);
// The gradient of the block as far as its readers have added to it; what is taken away from it; the gradient of what a
// convolution reads; of what a layer, and its 1x1 convolution, gives; sums of chunks; what is taken away from the latter.
const [collected, terms, da, grown, narrow, sums, narrowTerms] = [0, 1, 2, 3, 4, 5, 6].map(temporary);

function temporariesOf(
  reductions: Reductions,
  { groups, rows, width, image, layers, stored }: PlacedLayout,
  { growth, bottleneck }: DenseLayersAttributes,
): TensorSpec[] {
  const counts = layers.flat().map(({ channels }) => channels);
  const whole = isWhole(reductions);
  return [
    ...asSpecs([
      // One workgroup keeps the terms of its channels behind their rows.
      { shape: [groups * (whole ? rows + 2 : rows), width] },
      { shape: whole ? [4] : [groups, 2, width] },
      { shape: [groups * rows, Math.max(...counts)], dtype: stored },
      { shape: [groups * rows, growth], dtype: stored },
      { shape: bottleneck === null ? [4] : [...image, bottleneck], dtype: stored },
    ]),
    whole
      ? { shape: [4], dtype: "f32" }
      : largest(counts.map((count) => partialSpec({ groups, rows }, count, reductions))),
    { shape: [groups, 2, bottleneck ?? 4], dtype: "f32" },
  ];
}

/** What the steps of one stage share. */
interface Stage extends PlacedStage, GroupRows, Required<Storage> {
  readonly epsilon: number;
  /** Channels from one pixel of x to the next. */
  readonly rowStride: number;
  /** Whether several read x, and what it is. */
  readonly isShared: boolean;
  readonly x: Slot;
  readonly statistics: Slot;
  readonly factors: Slot;
  /** The gradient of what its convolution gives. */
  readonly gradient: Slot;
  /** Whether it is the first to add to the terms. */
  readonly isFirst: boolean;
  /** The channels of x whose gradient is complete after this stage, and where it goes. */
  readonly complete: { readonly first: number; readonly count: number };
  readonly dx: Slot;
  /** How it lies in memory. */
  readonly dxStored: FloatType;
}

export function gradientCandidate(
  reductions: Reductions,
  layout: PlacedLayout,
  attributes: DenseLayersAttributes,
  adapter: AdapterTraits,
): Candidate {
  const { groups, rows, width, layers, inputChannels, stored } = layout;
  const all = { rows: groups * rows, width, stored };
  const { growth, epsilon } = attributes;
  /** The channels that a layer added, or those of x before the first. */
  const channelsOf = (layer: number): Stage["complete"] =>
    layer < 0 ? { first: 0, count: inputChannels } : { first: inputChannels + layer * growth, count: growth };
  const lastLayer = layers.length - 1;
  // Nobody in the block reads the last layer's channels: their gradient is dy as it is.
  const steps = [copyStep(all, channelsOf(lastLayer), grown, adapter)];
  if (isWhole(reductions)) steps.push(startStep(all, adapter));
  for (let layer = lastLayer; layer >= 0; layer--) {
    let gradient = grown;
    for (const placed of layers[layer].toReversed()) {
      const numbers = numbersOf(placed);
      const isShared = placed.reads === "block";
      const stage: Stage = {
        ...placed,
        groups,
        rows,
        epsilon,
        rowStride: strideOf(layout, placed),
        isShared,
        x: isShared ? block : input(numbers.z),
        statistics: isShared ? blockStatistics : input(numbers.statistics),
        factors: input(numbers.factors),
        gradient,
        isFirst: !isShared || layer === lastLayer,
        complete: isShared ? channelsOf(layer - 1) : { first: 0, count: placed.channels },
        dx: !isShared ? narrow : layer === 0 ? output(0) : grown,
        stored,
        dxStored: isShared && layer === 0 ? "f32" : stored,
      };
      const [extents, sliding] = [extentsOfStage(layout, placed), slidingOf(placed)];
      const load = { rowStride: stage.rowStride, activated: true, groups, stored };
      const weights = convolutionWeightGradient(extents, sliding, load, adapter);
      steps.push(
        {
          candidate: convolutionInputGradient(extents, sliding, adapter, { stored }),
          inputs: [gradient, input(numbers.weight)],
          outputs: [da],
        },
        ...(isWhole(reductions) ? wholeSteps : chunkSteps)(stage, weights, reductions),
      );
      gradient = stage.dx;
    }
  }
  return compose(reductions, temporariesOf(reductions, layout, attributes), steps);
}

/** dgamma, dbeta, dweight */
const outputsOf = ({ output: first }: Stage): Slot[] => [0, 1, 2].map((i) => output(first + i));

/** What the kernels do with `collected`: leave it alone, add to it, or start it or its terms. */
const collectOf = ({
  isShared,
  isFirst,
}: Stage): Choice<"denseGradientSums" | "denseWholeGradient", "collect"> =>
  !isShared ? "leave" : isFirst ? "start" : "add";

function wholeSteps(stage: Stage, weights: Candidate, reductions: Reductions): Step[] {
  const { x, statistics, factors, gradient, dx, isShared, groups, rows, epsilon } = stage;
  const [dgamma, dbeta, dweight] = outputsOf(stage);
  const sizes = { channels: stage.channels / 4, rowStride: stage.rowStride / 4 };
  const range = { firstChannel: stage.complete.first / 4, dxChannels: stage.complete.count / 4 };
  return [
    { candidate: weights, inputs: [x, gradient, factors], outputs: [dweight] },
    step(
      "denseWholeGradient",
      // Where nothing is collected, nothing is written there.
      { da, x, statistics, factors, collected: isShared ? collected : narrowTerms, dgamma, dbeta, dx },
      { groups, rows, epsilon, ...sizes, ...range, collect: collectOf(stage) },
      {
        ...wholeKnobs(reductions),
        ...storedAs(stage.stored, "X", "Da"),
        ...storedAs(stage.dxStored, "Dx"),
      },
    ),
  ];
}

function chunkSteps(stage: Stage, weights: Candidate, reductions: Reductions): Step[] {
  const { x, statistics, factors, gradient, dx, isShared, isFirst, groups, rows, epsilon, channels } = stage;
  const { stored, dxStored } = stage;
  const { chunk, chunks } = chunksOf(stage, channels, reductions);
  const [dgamma, dbeta, dweight] = outputsOf(stage);
  const itsTerms = isShared ? terms : narrowTerms;
  const rowStride = stage.rowStride / 4;
  return [
    step(
      "denseGradientSums",
      // Where nothing is collected, nothing is written there.
      {
        da,
        x,
        statistics,
        factors,
        dy: isShared ? dy : da,
        collected: isShared ? collected : narrowTerms,
        sums,
      },
      { groups, rows, channels: channels / 4, rowStride, chunk, chunks, collect: collectOf(stage), epsilon },
      { ...rowKnobs(channels, reductions), ...storedAs(stored, "X", "Dy") },
    ),
    {
      candidate: withTerms(
        weights,
        { groups, rows, channels, chunks, rowStride: stage.rowStride, startsTerms: Number(isFirst) },
        reductions,
      ),
      inputs: [x, gradient, factors, sums, itsTerms, isShared ? narrowTerms : terms],
      outputs: [dweight, dgamma, dbeta],
    },
    step(
      "denseGradientCorrect",
      {
        source: isShared ? collected : da,
        x,
        statistics,
        factors: isShared ? statistics : factors,
        terms: itsTerms,
        dx,
      },
      {
        groups,
        rows,
        channels: stage.complete.count / 4,
        rowStride,
        firstChannel: stage.complete.first / 4,
        masked: Number(!isShared),
        epsilon,
      },
      // What is collected is a sum, f32.
      {
        ...storedAs(stored, "X", ...(isShared ? [] : ["Source"])),
        ...storedAs(dxStored, "Dx"),
      },
    ),
  ];
}

/**
 * A weight gradient that also adds up the chunks of denseGradientSums, in the launch that adds up its own where it has
 * one. Inputs x, dy, factors, sums, terms, and a buffer that it binds without writing to it; outputs dweight, dgamma,
 * dbeta.
 */
function withTerms(weights: Candidate, sizes: Launch["sizes"], reductions: Reductions): Candidate {
  const last = weights.launches[weights.launches.length - 1];
  const isJoined = last.kernel === "sumChunks";
  const [factors, sums, itsTerms, unwritten] = [2, 3, 4, 5].map(input);
  const own = isJoined
    ? { weightParts: last.bind.parts, dweight: last.bind.y }
    : { weightParts: sums, dweight: unwritten };
  const counts = isJoined ? { quads: last.sizes.quads, parts: last.sizes.chunks } : { quads: 0, parts: 0 };
  const launch: Launch = {
    kernel: "denseGradientTerms",
    knobs: termsKnobs(reductions),
    bind: { ...own, sums, factors, terms: itsTerms, dgamma: output(1), dbeta: output(2) },
    sizes: { ...sizes, ...counts },
  };
  return { ...weights, launches: [...(isJoined ? weights.launches.slice(0, -1) : weights.launches), launch] };
}

/** dy, and how it lies in memory. */
interface Whole extends Required<Storage> {
  readonly rows: number;
  readonly width: number;
}

/** Some channels of dy, contiguous. Two of f16 are moved as one number. */
function copyStep(
  { rows, width, stored }: Whole,
  { first, count }: Stage["complete"],
  to: Slot,
  adapter: AdapterTraits,
): Step {
  const inWord = 4 / elementBytes[stored];
  const attributes = { begin: [0, first / inWord], size: [rows, count / inWord] };
  const moved: TensorSpec = { shape: [rows, width / inWord], dtype: "f32" };
  return {
    candidate: preferred(slice.candidates([moved], attributes, adapter)),
    inputs: [dy],
    outputs: [to],
  };
}

/** All of dy, as what the readers' gradients are added to. */
function startStep(whole: Whole, adapter: AdapterTraits): Step {
  const { rows, width, stored } = whole;
  if (stored === "f32") return copyStep(whole, { first: 0, count: width }, collected, adapter);
  const candidate = { name: "cast", launches: [castLaunch(rows * width, stored, "f32")] };
  return { candidate, inputs: [dy], outputs: [collected] };
}
