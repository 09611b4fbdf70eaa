// Layer norm and RMS norm: each row with its own mean and deviation, or with its own root mean square.

import { input, output, type Candidate, type Operator, type Slot } from "../operator.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import type { HostTensor } from "../../tensor/host.ts";
import { expectRoles } from "../roles.ts";
import { expectEpsilon } from "./channels.ts";
import {
  elementOf,
  expectLastAxes,
  heldRows,
  lanesOf,
  normRows,
  type RowNormAttributes,
} from "./norm-rows.ts";

function inferRowNorm(
  operator: string,
  inputs: readonly TensorSpec[],
  roles: readonly string[],
  { epsilon }: RowNormAttributes,
): TensorSpec[] {
  const [x, gamma] = inputs as readonly (TensorSpec | undefined)[];
  const shape = gamma?.shape ?? [];
  expectRoles(operator, inputs, [{ role: "x" }, ...roles.map((role) => ({ role, shape }))]);
  if (x !== undefined && gamma !== undefined) expectLastAxes(operator, x, gamma);
  expectEpsilon(operator, epsilon);
  return [{ shape: inputs[0].shape, dtype: "f32" }];
}

/** (x - mean) / sqrt(mean of (x - mean)^2 + epsilon) * gamma + beta, row by row; without beta, of x itself. */
function normaliseEachRow(
  x: HostTensor,
  gamma: HostTensor,
  beta: HostTensor | undefined,
  y: HostTensor,
  epsilon: number,
): void {
  const { channels } = normRows(x, gamma);
  for (let start = 0; start < x.data.length; start += channels) {
    const { mean, inverse } = rowMoments(x, start, channels, beta !== undefined, epsilon);
    for (let i = 0; i < channels; i++) {
      const normalised = (x.data[start + i] - mean) * inverse;
      y.data[start + i] = normalised * gamma.data[i] + (beta?.data[i] ?? 0);
    }
  }
}

/** The mean of one row, or 0 where it is not taken away, and 1 over the root of what is left. */
export function rowMoments(
  { data }: HostTensor,
  start: number,
  channels: number,
  centred: boolean,
  epsilon: number,
): { readonly mean: number; readonly inverse: number } {
  let total = 0;
  if (centred) for (let i = start; i < start + channels; i++) total += data[i];
  const mean = total / channels;
  let squares = 0;
  for (let i = start; i < start + channels; i++) squares += (data[i] - mean) ** 2;
  return { mean, inverse: 1 / Math.sqrt(squares / channels + epsilon) };
}

function rowNormCandidates(
  [x, gamma]: readonly TensorSpec[],
  { epsilon }: RowNormAttributes,
  adapter: AdapterTraits,
  CENTRED: boolean,
): Candidate[] {
  const { rows, channels } = normRows(x, gamma);
  const { Element, columns } = elementOf(channels);
  // Without a beta the binding is never read.
  const beta: Slot = input(CENTRED ? 2 : 1);
  const bind = { x: input(0), gamma: input(1), beta, y: output(0) };
  const shared = (name: string, lanes: { LANES: number; WIDTH: number }): Candidate => ({
    name,
    launches: [
      {
        kernel: "layerNorm",
        knobs: { Element, CENTRED, ...lanes },
        bind,
        sizes: { rows, columns, epsilon },
      },
    ],
  });
  const alone = shared("rows", { LANES: 1, WIDTH: 64 });
  const workgroups = shared("workgroups", lanesOf(columns));
  const held = heldRows({ rows, channels }, adapter, { f32: 32, vec4f: 32 });
  if (held === undefined) return adapter.isSoftware ? [workgroups, alone] : [alone, workgroups];
  const subgroups: Candidate = {
    name: "subgroups",
    launches: [
      {
        kernel: "layerNormSubgroups",
        knobs: { Element, CENTRED, ...held.knobs },
        bind,
        sizes: { rows, columns, chunk: held.chunk, epsilon },
      },
    ],
  };
  return adapter.isSoftware ? [alone, workgroups, subgroups] : [alone, subgroups, workgroups];
}

/**
 * Inputs x [..., C], gamma and beta [C], or of the shape of several last axes; output y like x. With the mean and the
 * biased variance of each row, y = (x - mean) / sqrt(variance + epsilon) * gamma + beta (Ba, Kiros and Hinton, 2016).
 */
export const layerNorm: Operator<RowNormAttributes> = {
  name: "layerNorm",
  infer: (inputs, attributes) => inferRowNorm("layerNorm", inputs, ["gamma", "beta"], attributes),
  reference([x, gamma, beta], [y], { epsilon }) {
    normaliseEachRow(x, gamma, beta, y, epsilon);
  },
  candidates: (inputs, attributes, adapter) => rowNormCandidates(inputs, attributes, adapter, true),
};

/**
 * Inputs x [..., C] and gamma [C], or of the shape of several last axes; output y like x.
 * y = x / sqrt(mean of the row's x^2 + epsilon) * gamma (Zhang and Sennrich, 2019).
 */
export const rmsNorm: Operator<RowNormAttributes> = {
  name: "rmsNorm",
  infer: (inputs, attributes) => inferRowNorm("rmsNorm", inputs, ["gamma"], attributes),
  reference([x, gamma], [y], { epsilon }) {
    normaliseEachRow(x, gamma, undefined, y, epsilon);
  },
  candidates: (inputs, attributes, adapter) => rowNormCandidates(inputs, attributes, adapter, false),
};
