// The gradients of layer norm and RMS norm. Mean and deviation are computed again from x, which is read anyway.

import {
  input,
  output,
  temporary,
  type Candidate,
  type Launch,
  type Operator,
  type Slot,
} from "../operator.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import type { HostTensor } from "../../tensor/host.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import { chunksOf, expectEpsilon } from "./channels.ts";
import { rowMoments } from "./layer-norm.ts";
import {
  elementOf,
  expectLastAxes,
  heldRows,
  lanesOf,
  normRows,
  type RowNormAttributes,
} from "./norm-rows.ts";
import { sumOfChunks } from "./sum-of-chunks.ts";

function inferRowNormGradient(
  operator: string,
  inputs: readonly TensorSpec[],
  { epsilon }: RowNormAttributes,
  parameters: number,
): TensorSpec[] {
  const [x, gamma] = inputs as readonly (TensorSpec | undefined)[];
  expectRoles(operator, inputs, [{ role: "x" }, { role: "gamma" }, { role: "dy", shape: x?.shape ?? [] }]);
  if (x !== undefined && gamma !== undefined) expectLastAxes(operator, x, gamma);
  expectEpsilon(operator, epsilon);
  const [of, each] = inputs.map(({ shape }): TensorSpec => ({ shape, dtype: "f32" }));
  return [of, ...new Array<TensorSpec>(parameters).fill(each)];
}

function gradientOfEachRow(
  [x, gamma, dy]: readonly HostTensor[],
  [dx, dgamma, dbeta]: readonly (HostTensor | undefined)[],
  epsilon: number,
): void {
  const { channels } = normRows(x, gamma);
  const slopes = new Float64Array(channels);
  const normalised = new Float64Array(channels);
  for (let start = 0; start < x.data.length; start += channels) {
    const { mean, inverse } = rowMoments(x, start, channels, dbeta !== undefined, epsilon);
    let plain = 0;
    let weighted = 0;
    for (let i = 0; i < channels; i++) {
      const given = dy.data[start + i];
      normalised[i] = (x.data[start + i] - mean) * inverse;
      slopes[i] = given * gamma.data[i];
      if (dbeta !== undefined) {
        plain += slopes[i] / channels;
        dbeta.data[i] += given;
      }
      weighted += (slopes[i] * normalised[i]) / channels;
      if (dgamma !== undefined) dgamma.data[i] += given * normalised[i];
    }
    if (dx === undefined) continue;
    for (let i = 0; i < channels; i++) {
      dx.data[start + i] = (slopes[i] - plain - normalised[i] * weighted) * inverse;
    }
  }
}

function gradientCandidates(
  [x, gamma]: readonly TensorSpec[],
  { epsilon }: RowNormAttributes,
  adapter: AdapterTraits,
  CENTRED: boolean,
): Candidate[] {
  const { rows, channels } = normRows(x, gamma);
  const { Element, columns } = elementOf(channels);
  const [weighted, plain, statistics] = [0, 1, 2].map(temporary);
  const given = { x: input(0), gamma: input(1), dy: input(2) };
  const f32 = (...shape: number[]): TensorSpec => ({ shape, dtype: "f32" });
  /** Space for the partial sums; without a beta only one of the two is used. */
  const partials = (chunks: number): TensorSpec[] => [
    f32(chunks, channels),
    CENTRED ? f32(chunks, channels) : f32(4),
  ];
  const joined = (chunks: number): Launch[] => {
    const of = (parts: Slot, sum: Slot): Launch => sumOfChunks(parts, sum, chunks, channels);
    return [of(weighted, output(1)), ...(CENTRED ? [of(plain, output(2))] : [])];
  };

  const shared = (name: string, lanes: { LANES: number; WIDTH: number }): Candidate => {
    const { chunk, chunks } = chunksOf({ rows, channels }, adapter);
    return {
      name,
      temporaries: [...partials(chunks), f32(rows, 8)],
      launches: [
        {
          kernel: "layerNormGradientRows",
          knobs: { Element, CENTRED, ...lanes },
          bind: { ...given, statistics },
          sizes: { rows, columns, epsilon },
        },
        {
          kernel: "layerNormGradientColumns",
          // Several columns share the loads of what belongs to a row, which are dear on CPU Vulkan.
          knobs: { Element, CENTRED, COLUMNS: adapter.isSoftware && columns >= 32 ? 4 : 1 },
          bind: { ...given, statistics, dx: output(0), weighted, plain },
          sizes: { rows, columns, chunk, chunks },
        },
        ...joined(chunks),
      ],
    };
  };
  const alone = shared("rows", { LANES: 1, WIDTH: 64 });
  const workgroups = shared("workgroups", lanesOf(columns));
  const held = heldRows({ rows, channels }, adapter, { f32: 32, vec4f: 8 });
  if (held === undefined) return adapter.isSoftware ? [workgroups, alone] : [alone, workgroups];
  const subgroups: Candidate = {
    name: "subgroups",
    temporaries: partials(held.chunks),
    launches: [
      {
        kernel: "layerNormGradientSubgroups",
        knobs: { Element, CENTRED, ...held.knobs },
        bind: { ...given, dx: output(0), weighted, plain },
        sizes: { rows, columns, chunk: held.chunk, epsilon },
      },
      ...joined(held.chunks),
    ],
  };
  return adapter.isSoftware ? [alone, workgroups, subgroups] : [alone, subgroups, workgroups];
}

/**
 * Inputs x [..., C], gamma [C] (or of the shape of several last axes), dy like x; outputs dx like x, dgamma and dbeta like
 * gamma. With d = 1 / sqrt(variance + epsilon), h = (x - mean) d and g = dy gamma, row by row,
 * dx = d (g - mean(g) - h mean(g h)).
 */
export const layerNormGradient: Operator<RowNormAttributes> = {
  name: "layerNormGradient",
  infer: (inputs, attributes) => inferRowNormGradient("layerNormGradient", inputs, attributes, 2),
  reference(inputs, outputs, { epsilon }) {
    gradientOfEachRow(inputs, outputs, epsilon);
  },
  candidates: (inputs, attributes, adapter) => gradientCandidates(inputs, attributes, adapter, true),
};

/**
 * Inputs x [..., C], gamma [C] (or of the shape of several last axes), dy like x; outputs dx like x, dgamma like gamma.
 * With d = 1 / sqrt(mean(x^2) + epsilon), h = x d and g = dy gamma, row by row, dx = d (g - h mean(g h)).
 */
export const rmsNormGradient: Operator<RowNormAttributes> = {
  name: "rmsNormGradient",
  infer: (inputs, attributes) => inferRowNormGradient("rmsNormGradient", inputs, attributes, 1),
  reference(inputs, outputs, { epsilon }) {
    gradientOfEachRow(inputs, outputs, epsilon);
  },
  candidates: (inputs, attributes, adapter) => gradientCandidates(inputs, attributes, adapter, false),
};
