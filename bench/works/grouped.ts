// Depthwise and grouped convolutions with their gradients.

import { conv2d } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { normal, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

const same = { stride: [1, 1], padding: [1, 1], dilation: [1, 1] } as const;

/** Depthwise 3x3, stride 1, same size; and 3x3 in groups of four channels. */
export function groupedConvolutions(): OperatorWork[] {
  return [
    ...depthwise("depthwise3x3", 8, 56, 64),
    ...depthwise("depthwise3x3-28", 32, 28, 96),
    ...inGroups(),
  ];
}

function depthwise(name: string, images: number, size: number, c: number): OperatorWork[] {
  const shape = [images, size, size, c];
  const count = images * size * size * c;
  const title = `[${shape.join(", ")}] * [3, 3, 1, ${c}] in ${c} groups`;
  const attributes = { ...same, groups: c };
  const x = (): Promise<HostInput> => normal(shape, 1);
  const filter = (): Promise<HostInput> => normal([3, 3, 1, c], 2, 1 / 3);
  const dy = (): Promise<HostInput> => normal(shape, 3);
  const inputGradient = { ...attributes, inputShape: shape };
  const weightGradient = { ...attributes, filterShape: [3, 3, 1, c] };
  return [
    {
      name: `${name}-forward`,
      title,
      bytes: 4 * 2 * count,
      bound: roundingBound(9),
      inputs: () => Promise.all([x(), filter()]),
      body: ([images, weights]) => [conv2d(images, weights, { padding: 1, groups: c })],
      peer: { work: "depthwiseConv2d", options: {} },
    },
    {
      name: `${name}-forward-backward`,
      title: `${title}, and both gradients`,
      bytes: 4 * 6 * count,
      bound: roundingBound(images * size * size),
      inputs: () => Promise.all([x(), filter(), dy()]),
      body: ([images, weights, gradient], engine) => [
        conv2d(images, weights, { padding: 1, groups: c }),
        ...engine.run(operators.groupedConv2dInputGradient, [gradient, weights], inputGradient),
        ...engine.run(operators.groupedConv2dWeightGradient, [images, gradient], weightGradient),
      ],
      peer: { work: "depthwiseConv2dAndGradients", options: {} },
    },
    {
      name: `${name}-input-gradient`,
      title,
      bytes: 4 * 2 * count,
      bound: roundingBound(9),
      inputs: () => Promise.all([dy(), filter()]),
      body: (tensors, engine) => engine.run(operators.groupedConv2dInputGradient, tensors, inputGradient),
      peer: { work: "depthwiseConv2dInputGradient", options: {} },
    },
    {
      name: `${name}-weight-gradient`,
      title,
      bytes: 4 * 2 * count,
      bound: roundingBound(images * size * size),
      inputs: () => Promise.all([x(), dy()]),
      body: (tensors, engine) => engine.run(operators.groupedConv2dWeightGradient, tensors, weightGradient),
      peer: { work: "depthwiseConv2dWeightGradient", options: {} },
    },
  ];
}

function inGroups(): OperatorWork[] {
  const [images, size, c, groups] = [8, 28, 128, 32];
  const shape = [images, size, size, c];
  const filterShape = [3, 3, c / groups, c];
  const flops = (2 * 9 * images * size * size * c * c) / groups;
  const title = `[${shape.join(", ")}] * [${filterShape.join(", ")}] in ${groups} groups`;
  const attributes = { ...same, groups };
  const x = (): Promise<HostInput> => normal(shape, 1);
  const filter = (): Promise<HostInput> => normal(filterShape, 2, 1 / 6);
  const dy = (): Promise<HostInput> => normal(shape, 3);
  return [
    {
      name: "grouped3x3-forward",
      title,
      flops,
      bound: roundingBound(36),
      inputs: () => Promise.all([x(), filter()]),
      body: ([images, weights]) => [conv2d(images, weights, { padding: 1, groups })],
    },
    {
      name: "grouped3x3-forward-backward",
      title: `${title}, and both gradients`,
      flops: 3 * flops,
      bound: roundingBound(images * size * size),
      inputs: () => Promise.all([x(), filter(), dy()]),
      body: ([images, weights, gradient], engine) => [
        conv2d(images, weights, { padding: 1, groups }),
        ...engine.run(operators.groupedConv2dInputGradient, [gradient, weights], {
          ...attributes,
          inputShape: shape,
        }),
        ...engine.run(operators.groupedConv2dWeightGradient, [images, gradient], {
          ...attributes,
          filterShape,
        }),
      ],
    },
  ];
}
