// An operator of the user's for tests: rows brought to a root mean square of 1 and scaled, two kernels, scratch space, barriers and a gradient.

import { ShapeError } from "../../src/errors/errors.ts";
import { affine, divide, multiply, sqrt, subtract } from "../../src/functions/elementwise.ts";
import { mean, sum } from "../../src/functions/reduction.ts";
import { kernelOf } from "../../src/kernels/own-kernel.ts";
import { input, output, temporary, type Candidate, type Operator } from "../../src/operators/operator.ts";
import { sizeOf } from "../../src/tensor/shape.ts";

/** factors[r] = 1 / sqrt(mean of row r's squares + epsilon): in workgroup memory, with barriers. */
export const factorsKernel =
  kernelOf(`// factors[r] = 1 / sqrt(mean of x[r, :]^2 + epsilon), one workgroup for each row
// kernel: rms
// launch: rows workgroups
// work: 2 * rows * width operations
const WIDTH = 64u; // knob: invocations per workgroup, a power of two
struct Sizes { rows: u32, width: u32, epsilon: f32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> factors: array<f32>;
var<workgroup> sums: array<f32, WIDTH>;
@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * grid.x;
  if (row >= sizes.rows) { return; }
  for (var i = lane; i < sizes.width; i += WIDTH) {
    sums[lane] += x[row * sizes.width + i] * x[row * sizes.width + i];
  }
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { factors[row] = inverseSqrt(sums[0] / f32(sizes.width) + sizes.epsilon); }
}`);

/** The same name on purpose: y[r, i] = scale[i] factors[r] x[r, i]. */
const scaleKernel = kernelOf(`// y[r, i] = scale[i] factors[r] x[r, i]
// kernel: rms
// launch: ceil(rows * width / WIDTH) workgroups
// work: 2 * rows * width operations
const WIDTH = 64u; // knob: invocations per workgroup
struct Sizes { rows: u32, width: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> factors: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) grid: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let i = (group.x + group.y * grid.x) * WIDTH + lane;
  if (i < sizes.rows * sizes.width) { y[i] = scale[i % sizes.width] * factors[i / sizes.width] * x[i]; }
}`);

export interface UnitRows {
  readonly epsilon: number;
}
export const unitRows: Operator<UnitRows> = {
  name: "unitRows",
  infer([x, scale]) {
    if (scale.shape.length !== 1 || scale.shape[0] !== x.shape.at(-1))
      throw new ShapeError("unitRows: lengths differ");
    return [{ shape: x.shape, dtype: "f32" }];
  },
  reference([x, scale], [y], { epsilon }) {
    const width = scale.data.length;
    for (let begin = 0; begin < x.data.length; begin += width) {
      let squares = 0;
      for (let i = 0; i < width; i++) squares += x.data[begin + i] ** 2;
      const factor = 1 / Math.sqrt(squares / width + epsilon);
      for (let i = 0; i < width; i++) y.data[begin + i] = scale.data[i] * factor * x.data[begin + i];
    }
  },
  candidates([x, scale], { epsilon }) {
    const [width] = scale.shape;
    const rows = sizeOf(x.shape) / width;
    return [64, 32].map((WIDTH): Candidate => ({
      name: `by${WIDTH}`,
      temporaries: [{ shape: [rows], dtype: "f32" }],
      launches: [
        {
          kernel: factorsKernel,
          knobs: { WIDTH },
          bind: { x: input(0), factors: temporary(0) },
          sizes: { rows, width, epsilon },
        },
        {
          kernel: scaleKernel,
          bind: { x: input(0), scale: input(1), factors: temporary(0), y: output(0) },
          sizes: { rows, width },
        },
      ],
    }));
  },
  gradient({ inputs: [x, scale], gradient, attributes: { epsilon } }) {
    const last = { axes: [-1], keepDimensions: true };
    const deviation = sqrt(affine(mean(multiply(x, x), last), 1, epsilon));
    const [unit, scaled] = [divide(x, deviation), multiply(gradient, scale)];
    return [
      () => divide(subtract(scaled, multiply(unit, mean(multiply(scaled, unit), last))), deviation),
      () => sum(multiply(gradient, unit), { axes: x.shape.slice(0, -1).map((_, axis) => axis) }),
    ];
  },
};
