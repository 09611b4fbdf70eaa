// The way back through a pool with batch norm and ReLU folded into it.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, temporary, type Candidate, type Operator } from "../operator.ts";
import { sizeOf, type FloatType, type TensorSpec } from "../../tensor/shape.ts";
import { compose, preferred, type Step } from "../compose.ts";
import { expectBatchGroups, ofEachGroup, sumOverGroups } from "../normalisation/batch-groups.ts";
import { expectEpsilon } from "../normalisation/channels.ts";
import { averagePool2dGradient } from "../pooling/average-pool2d.ts";
import { eachMember } from "../pooling/windows.ts";
import { expectRoles, type Role } from "../roles.ts";
import { settle, storedAs } from "../stored.ts";
import {
  activatedShape,
  expectKind,
  imagesRole,
  placeIn,
  sizesInFours,
  type ActivatedPoolAttributes,
} from "./activated-pool.ts";
import { expectFours } from "./channel-counts.ts";
import { alongAxes, paddingToFours, widened, withChannelPadding } from "../channel-padding.ts";
import {
  chunksOf,
  isWhole,
  reductionsFor,
  rowKnobs,
  termsKnobs,
  wholeKnobs,
  zeros,
  type Reductions,
} from "./row-chunks.ts";
import { activateGradient } from "./stage.ts";
import { partialSpec, step } from "./steps.ts";

export type ActivatedPoolGradientAttributes = Omit<ActivatedPoolAttributes, "momentum">;

/**
 * Inputs x [N, H, W, C], statistics [2, C] and factors [2, C] as activatedPool had and gave them, dy [N, P, Q, C], and
 * for maxima the choice, u32 [N, P, Q, C]; outputs dx [N, H, W, C], dgamma [C], dbeta [C]. With groups of images, statistics
 * and factors are [groups, 2, C], and dgamma and dbeta the sums over all groups.
 */
export const activatedPoolGradient: Operator<ActivatedPoolGradientAttributes> = {
  name: "activatedPoolGradient",
  infer(inputs, attributes) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    const channels = x?.shape.at(-1) ?? 1;
    expectKind("activatedPoolGradient", attributes.kind);
    const pooled = x === undefined ? [] : activatedShape("activatedPoolGradient", x.shape, attributes);
    const choice: Role = { role: "choice", dtype: "u32", shape: pooled };
    expectRoles("activatedPoolGradient", inputs, [
      imagesRole(x),
      { role: "statistics", shape: ofEachGroup([2, channels], attributes) },
      { role: "factors", shape: ofEachGroup([2, channels], attributes) },
      { role: "dy", shape: pooled },
      ...(attributes.kind === "max" ? [choice] : []),
    ]);
    const { shape, dtype } = inputs[0];
    if (attributes.kind === "max") expectFours("activatedPoolGradient", { channels });
    expectEpsilon("activatedPoolGradient", attributes.epsilon);
    expectBatchGroups("activatedPoolGradient", attributes, shape[0]);
    return [
      { shape, dtype },
      { shape: [channels], dtype: "f32" },
      { shape: [channels], dtype: "f32" },
    ];
  },
  reference([x, statistics, factors, dy, choice], [dx, dgamma, dbeta], attributes) {
    const da = zeros(x.shape);
    if (attributes.kind === "max") {
      const channels = x.shape[3];
      eachMember(x.shape, attributes, (yAt, xAt) => {
        const place = placeIn(x.shape, attributes, yAt, xAt);
        for (let c = 0; c < channels; c++) {
          if (choice.data[yAt + c] === place) da.data[xAt + c] += dy.data[yAt + c];
        }
      });
    } else {
      averagePool2dGradient.reference([dy], [da], { ...attributes, inputShape: x.shape });
    }
    sumOverGroups([dgamma, dbeta], attributes, ({ images, own }, [scale, shift]) => {
      const given = [images(x), own(statistics), own(factors), images(da)] as const;
      const back = activateGradient(...given, attributes.epsilon);
      images(dx).data.set(back.dx.data);
      scale.data.set(back.dgamma.data);
      shift.data.set(back.dbeta.data);
    });
    settle(dx);
  },
  candidates(inputs, attributes, adapter) {
    const [x, , , dy] = inputs;
    const padding = paddingToFours(x.shape[3]);
    const [wideX, wideDy] = [x, dy].map((each) => widened({ ...each, axis: 3 }, padding));
    const all = vec4CandidatesOf({ ...wideX, dtype: x.dtype }, wideDy, attributes, adapter);
    if (padding.zeros === 0) return all;
    const ofChannels = (attributes.groups ?? 1) === 1 ? 1 : 2;
    const given = alongAxes(inputs, [3, ofChannels, ofChannels, 3]);
    const made = alongAxes(activatedPoolGradient.infer(inputs, attributes), [3, 0, 0]);
    return all.map((each) => withChannelPadding(each, padding, given, made));
  },
};

function vec4CandidatesOf(
  { shape, dtype }: TensorSpec,
  pooled: TensorSpec,
  attributes: ActivatedPoolGradientAttributes,
  adapter: AdapterTraits,
): Candidate[] {
  const { kind, epsilon, groups = 1 } = attributes;
  const stored = dtype as FloatType;
  const channels = shape[3];
  const rows = sizeOf(shape) / channels / groups;
  const [x, statistics, factors, dy] = [0, 1, 2, 3].map(input);
  const [dx, dgamma, dbeta] = [0, 1, 2].map(output);
  const [da, sums, terms] = [0, 1, 2].map(temporary);
  const average = averagePool2dGradient.candidates([pooled], { ...attributes, inputShape: shape }, adapter);
  const spread: Step =
    kind === "max"
      ? step("denseMaxPoolGradient", { dy, choice: input(4), da }, sizesInFours(shape, attributes))
      : { candidate: preferred(average), inputs: [dy], outputs: [da] };
  const sizes = { groups, rows, channels: channels / 4, rowStride: channels / 4, epsilon };
  const given = { x, statistics, factors };
  // One reader, so nothing to collect: what is bound there is written to by nobody.
  const inChunks = (reductions: Reductions): Step[] => {
    const { chunk, chunks } = chunksOf({ groups, rows }, channels, reductions);
    return [
      step(
        "denseGradientSums",
        { ...given, da, dy: da, collected: terms, sums },
        { ...sizes, chunk, chunks, collect: "leave" },
        { ...rowKnobs(channels, reductions), ...storedAs(stored, "X") },
      ),
      step(
        "denseGradientTerms",
        { sums, factors, weightParts: sums, dgamma, dbeta, terms, dweight: da },
        { groups, rows, channels, chunks, rowStride: channels, quads: 0, parts: 0, startsTerms: 1 },
        termsKnobs(reductions),
      ),
      step(
        "denseGradientCorrect",
        { ...given, source: da, terms, dx },
        { ...sizes, firstChannel: 0, masked: 1 },
        storedAs(stored, "X", "Dx"),
      ),
    ];
  };
  const whole = (reductions: Reductions): Step =>
    step(
      "denseWholeGradient",
      { ...given, da, collected: terms, dgamma, dbeta, dx },
      { ...sizes, firstChannel: 0, dxChannels: channels / 4, collect: "leave" },
      { ...wholeKnobs(reductions), ...storedAs(stored, "X", "Dx") },
    );
  const temporariesOf = (reductions: Reductions): TensorSpec[] => [
    { shape, dtype: "f32" },
    partialSpec({ groups, rows }, channels, reductions),
    { shape: [groups, 2, channels], dtype: "f32" },
  ];
  return reductionsFor(groups * rows, adapter, "back").map((reductions) => {
    const back = isWhole(reductions) ? [whole(reductions)] : inChunks(reductions);
    return compose(reductions, temporariesOf(reductions), [spread, ...back]);
  });
}
