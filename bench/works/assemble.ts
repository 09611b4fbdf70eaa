// Label-Assemble's own works: its head, its losses, its pseudo-labels.

import { assembleLoss, assemblePixels, maskedDice, queryInnerProduct, sharpen } from "@tessera-gpu/tessera";
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
    ...pixels(),
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

/** Losses over pixels: the images of a batch know one half of the classes, or all. */
function pixels(): OperatorWork[] {
  const [images, height, width, k, d] = [8, 96, 72, 11, 16];
  const entries = images * height * width * k;
  const features = (stream: number): Promise<HostInput> =>
    normal([images, height, width, d], stream, 1 / Math.sqrt(d));
  const theta = (): Promise<HostInput> => normal([k, d], 31, 1.5);
  const bias = (): Promise<HostInput> => normal([k], 32, 0.3);
  const labels = async (): Promise<HostInput> => {
    const drawn = await bytes([images, height, width], 33, k + 2);
    return { ...drawn, data: drawn.data.map((label: number) => (label < k ? label : 243 + label)) };
  };
  const bits = (rows: number, of: (row: number) => number): HostInput => ({
    shape: [rows, 1],
    dtype: "u32",
    data: Uint32Array.from({ length: rows }, (_, row) => of(row)),
  });
  const known = bits(images, (image) => (image % 2 === 0 ? 2 ** k - 1 : 0b11111));
  const exclusions = bits(k, () => 0);
  const absent = "nothing there that makes the states of pixels from label maps";
  return [
    {
      name: "assemble-pixels",
      title: "two views of [8, 96, 72, 16], 11 classes; Tessera's with gradients",
      flops: 4 * entries * d,
      bound: roundingBound(entries, 4),
      inputs: () =>
        Promise.all([
          ...[features(29), features(30), theta(), bias(), labels()],
          ...[known, exclusions, values([0.7, 1.3])].map((each) => Promise.resolve(each)),
        ]),
      body([weak, strong, t, b, map, knows, excludes, weights]) {
        const { total, losses } = assemblePixels(weak, strong, t, b, map, knows, excludes, weights);
        return [total, losses];
      },
      absent,
    },
    {
      name: "masked-dice",
      title: "[8, 96, 72, 16], 11 classes; with gradients",
      flops: 2 * entries * d,
      bound: roundingBound(entries, 4),
      inputs: () =>
        Promise.all([
          ...[features(29), theta(), bias(), labels()],
          ...[known, exclusions].map((each) => Promise.resolve(each)),
        ]),
      body: ([f, t, b, map, knows, excludes]) => [maskedDice(f, t, b, map, knows, excludes)],
      absent,
    },
  ];
}
