// What the package holds: the kernels as they are for f32, and the samples whose launches and results it has. Numbers that lie in
// memory as f16 are for training with the engine, which knows which of its tensors they are.

import { kernels } from "../../src/kernels/built-in-kernels.ts";
import { isInHalves } from "../../test/operators/sample.ts";
import { samples as all } from "../../test/operators/samples.ts";

const inFull = (kernel) => ({ ...kernel, knobs: kernel.knobs.filter(({ type }) => type !== "stored") });

/** By name; without `cast`, which is of f16 alone. */
export const packedKernels = Object.values(kernels)
  .filter(({ name }) => name !== "cast")
  .map(inFull)
  .sort((a, b) => (a.name < b.name ? -1 : 1));

/** By operator. */
export const samples = Object.fromEntries(
  Object.entries(all).map(([name, list]) => [
    name,
    name === "cast" ? [] : list.filter((sample) => !isInHalves(sample)),
  ]),
);
