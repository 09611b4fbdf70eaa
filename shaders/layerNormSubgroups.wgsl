// Normalises each row of x[rows, columns], f32, as layerNorm does:
//   y[r, c] = (x[r, c] - mean[r]) / sqrt(variance[r] + epsilon) * gamma[c] + beta[c]     where CENTRED is set (layer norm)
//   y[r, c] = x[r, c] / sqrt(mean of x[r]^2 + epsilon) * gamma[c]                        else (RMS norm)
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes a chunk of rows, one after the other. Each lane
// owns every eighth Element of a row. Its part of the row, and of gamma and beta for all rows, stays in registers: x is
// read once. Sums are joined by shuffles, in a fixed order.
// A lane's number is the subgroup's own, by which shuffles go; WGSL promises no relation to the workgroup's numbers.
//
// launch: ceil(rows / chunk) workgroups
// work: 8 * rows * columns * lanes(Element) operations

enable subgroups;

// region: held row knobs
alias Element = f32;     // knob: f32, or vec4f for four neighbouring columns at a time
const CENTRED = true;    // knob: whether the mean is taken away; without it beta is left out
const HELD = 8u;         // knob: Elements of a row that a lane holds, at least columns / 8
// end region

const LANES = 8u;

// region: held row sizes
struct Sizes {
  rows: u32,
  columns: u32,          // in Elements
  chunk: u32,            // rows per workgroup; the last one may have fewer
  epsilon: f32,
}
// end region

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [rows, columns]
@group(0) @binding(2) var<storage, read> gamma: array<Element>;      // [columns]
@group(0) @binding(3) var<storage, read> beta: array<Element>;       // [columns]
@group(0) @binding(4) var<storage, read_write> y: array<Element>;    // [rows, columns]

// region: sums of lanes by shuffles
// The mean over a row of what its lanes have added up. A number counts as four equal ones, so that one formula serves both
// kinds of Element.
fn row_mean(sum: Element, lane: u32) -> f32 {
  let four = vec4f(sum);
  var total = (four.x + four.y) + (four.z + four.w);
  total += subgroupShuffle(total, lane ^ 1u);
  total += subgroupShuffle(total, lane ^ 2u);
  total += subgroupShuffle(total, lane ^ 4u);
  return total / f32(4u * sizes.columns);
}
// end region

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let first = (workgroup.x + workgroup.y * grid.x) * sizes.chunk;
  let end = min(first + sizes.chunk, sizes.rows);
  var slope: array<Element, HELD>;
  var bias: array<Element, HELD>;
  for (var i = 0u; i < HELD; i++) {
    let column = min(lane + LANES * i, sizes.columns - 1u);
    slope[i] = gamma[column];
    if (CENTRED) { bias[i] = beta[column]; }
  }
  for (var row = first; row < end; row++) {
    let start = row * sizes.columns;
    // region: moments of a held row
    var held: array<Element, HELD>;
    for (var i = 0u; i < HELD; i++) {
      if (lane + LANES * i < sizes.columns) { held[i] = x[start + lane + LANES * i]; }
    }
    // Twice: what the mean loses when it is rounded to f32 is found again as the mean of what it leaves.
    for (var step = 0u; step < 2u && CENTRED; step++) {
      var sum = Element();
      for (var i = 0u; i < HELD; i++) { sum += held[i]; }
      let mean = row_mean(sum, lane);
      for (var i = 0u; i < HELD; i++) {
        held[i] = select(Element(), held[i] - mean, lane + LANES * i < sizes.columns);
      }
    }
    var squares = Element();
    for (var i = 0u; i < HELD; i++) { squares = fma(held[i], held[i], squares); }
    let inverse = 1.0 / sqrt(row_mean(squares, lane) + sizes.epsilon);
    // end region
    for (var i = 0u; i < HELD; i++) {
      let column = lane + LANES * i;
      if (column < sizes.columns) { y[start + column] = fma(held[i] * inverse, slope[i], bias[i]); }
    }
  }
}
