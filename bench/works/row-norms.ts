// Works of the norms of rows and of groups of channels, which memory bounds: layer norm, RMS norm, group norm.

import { groupNorm, layerNorm, rmsNorm } from "@tessera-gpu/tessera";
import { operators } from "@tessera-gpu/tessera/operators";
import { normal, uniform } from "../harness/data.ts";
import { roundingBound } from "../harness/equality.ts";
import type { OperatorWork } from "./operator-work.ts";

const [rows, c] = [4096, 256];
const maps = [8, 32, 32, 64];
const [groups, mapCount, mapChannels] = [8, 8 * 32 * 32 * 64, 64];

export function rowNorms(): OperatorWork[] {
  const shape = [rows, c];
  const title = `[${rows}, ${c}]`;
  return [
    {
      name: "layer-norm",
      title,
      bytes: 4 * 2 * rows * c, // x once, as a row stays in registers; y once
      bound: roundingBound(c),
      inputs: () => Promise.all([normal(shape, 10), uniform([c], 11, 0.5, 1.5), uniform([c], 12, -1, 1)]),
      body: ([x, gamma, beta]) => [layerNorm(x, gamma, beta)],
      peer: { work: "layerNorm", options: { c } },
    },
    {
      name: "layer-norm-gradient",
      title,
      bytes: 4 * 3 * rows * c, // x and dy once, too; dx once
      bound: roundingBound(rows),
      inputs: () => Promise.all([normal(shape, 10), uniform([c], 11, 0.5, 1.5), normal(shape, 14)]),
      body: (tensors, engine) => engine.run(operators.layerNormGradient, tensors, { epsilon: 1e-5 }),
      peer: { work: "layerNormGradient", options: { c } },
    },
    {
      name: "rms-norm",
      title,
      bytes: 4 * 2 * rows * c, // x once, y once
      bound: roundingBound(c),
      inputs: () => Promise.all([normal(shape, 10), uniform([c], 11, 0.5, 1.5)]),
      body: ([x, gamma]) => [rmsNorm(x, gamma)],
      peer: { work: "rmsNorm", options: { c } },
    },
  ];
}

export function groupNorms(): OperatorWork[] {
  const title = `[${maps.join(", ")}], ${groups} groups`;
  const options = { images: 8, pixels: 32 * 32, groups, width: mapChannels / groups };
  const [perImage, perChannel] = [[maps[0] ?? 1, mapChannels], [mapChannels]];
  return [
    {
      name: "group-norm",
      title,
      bytes: 4 * 3 * mapCount, // x twice, y once
      bound: roundingBound(mapCount / 64),
      inputs: () =>
        Promise.all([normal(maps, 10), uniform(perChannel, 11, 0.5, 1.5), uniform(perChannel, 12, -1, 1)]),
      body: ([x, gamma, beta]) => [groupNorm(x, groups, gamma, beta)],
      peer: { work: "groupNorm", options },
    },
    {
      name: "group-norm-gradient",
      title,
      bytes: 4 * 5 * mapCount, // x and dy twice, dx once
      bound: roundingBound(mapCount / 64),
      async inputs() {
        const [x, gamma] = await Promise.all([normal(maps, 10), uniform(perChannel, 11, 0.5, 1.5)]);
        // Of a group, for each of its channels.
        const [mean, variance] = statistics(x.data as Float32Array);
        const given = (data: Float32Array) => ({ shape: perImage, dtype: "f32" as const, data });
        return [x, gamma, given(mean), given(variance), await normal(maps, 14)];
      },
      body: (tensors, engine) => engine.run(operators.groupNormGradient, tensors, { groups, epsilon: 1e-5 }),
      peer: { work: "groupNormGradient", options },
    },
  ];
}

function statistics(x: Float32Array): [Float32Array, Float32Array] {
  const [images, width] = [maps[0] ?? 1, mapChannels / groups];
  const count = (mapCount / images / mapChannels) * width;
  const sums = new Float64Array(images * groups);
  const squares = new Float64Array(images * groups);
  const groupOf = (i: number): number =>
    Math.floor(i / (mapCount / images)) * groups + Math.floor((i % mapChannels) / width);
  x.forEach((value, i) => (sums[groupOf(i)] = (sums[groupOf(i)] ?? 0) + value / count));
  x.forEach((value, i) => {
    squares[groupOf(i)] = (squares[groupOf(i)] ?? 0) + (value - (sums[groupOf(i)] ?? 0)) ** 2 / count;
  });
  const spread = (of: Float64Array): Float32Array =>
    Float32Array.from({ length: images * mapChannels }, (_, i) => of[Math.floor(i / width)] ?? NaN);
  return [spread(sums), spread(squares)];
}
