// Label-Assemble's own works: its head, its losses, its pseudo-labels.

import { assembleLoss, queryInnerProduct, sharpen } from "tessera";
import { bytes, normal, uniform, values, type HostInput } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

export function assemble(): OperatorWork[] {
  const [batch, k, d] = [256, 14, 1024];
  const features = (stream: number): Promise<HostInput> => normal([batch, d], stream, 1 / Math.sqrt(d));
  const theta = (): Promise<HostInput> => normal([k, d], 25, 1.5);
  const bias = (): Promise<HostInput> => normal([k], 26, 0.3);
  const states = async (): Promise<HostInput> => {
    const drawn = await bytes([batch, k], 27, 3);
    return { ...drawn, data: drawn.data.map((state: number) => (state === 2 ? 255 : state)) };
  };
  const allBelowFirst: HostInput = {
    shape: [k],
    dtype: "u32",
    data: Uint32Array.from({ length: k }, (_, i) => (i === 0 ? k : 0)),
  };
  return [
    {
      name: "query-inner-product",
      title: "[256, 1024] features, 14 classes",
      flops: 2 * batch * k * d,
      bound: roundingBound(d),
      inputs: () => Promise.all([features(23), theta(), bias()]),
      body: ([f, t, b]) => [queryInnerProduct(f, t, b)],
      peer: { work: "queryInnerProduct", options: { batch, k, d } },
    },
    {
      name: "assemble-loss",
      title: "two views of [256, 1024], 14 classes; Tessera's with gradients",
      flops: 4 * batch * k * d,
      bound: roundingBound(batch * k, 4),
      inputs: () =>
        Promise.all([
          features(23),
          features(24),
          theta(),
          bias(),
          states(),
          Promise.resolve(values([0.7, 1.3])),
        ]),
      body([weak, strong, t, b, labels, weights]) {
        const { total, losses } = assembleLoss(weak, strong, t, b, labels, weights);
        return [total, losses];
      },
      peer: { work: "assembleLoss", options: { batch, k, d } },
    },
    {
      name: "assemble-loss-tree",
      title: "the same, thirteen classes below the first",
      flops: 4 * batch * k * d,
      bound: roundingBound(batch * k, 4),
      inputs: () =>
        Promise.all([
          ...[features(23), features(24), theta(), bias(), states()],
          ...[values([0.7, 1.3]), allBelowFirst].map((each) => Promise.resolve(each)),
        ]),
      body([weak, strong, t, b, labels, weights, parents]) {
        const { total, losses } = assembleLoss(weak, strong, t, b, labels, weights, { parents });
        return [total, losses];
      },
      absent: "nothing there but the loss without a tree",
    },
    {
      name: "sharpen",
      title: "2^20 probabilities",
      bytes: 8 * (1 << 20),
      bound: roundingBound(1),
      inputs: () => Promise.all([uniform([1 << 20], 28)]),
      body: ([a]) => [sharpen(a)],
      peer: { work: "sharpen", options: {} },
    },
  ];
}
