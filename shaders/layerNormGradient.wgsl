// The gradient of layerNorm with respect to x, row by row, and what its column sums need of each row, f32:
//   dx[r, c] = d[r] (g[c] - mean of g - h[r, c] mean of g h),  g[c] = dy[r, c] gamma[c]
//   d[r] = 1 / sqrt(variance[r] + epsilon),  h[r, c] = (x[r, c] - mean[r]) d[r]
//   statistics[r] = near, offset, d[r], 0: near + offset is the mean
// Where CENTRED is not set (RMS norm) mean[r] and the mean of g are left out.
//
// LANES neighbouring invocations share a row and read neighbouring columns; their sums are joined in workgroup memory. One
// lane is alone with its row: no barrier. The mean is taken away in two steps, as in layerNorm.
//
// launch: ceil(rows * LANES / WIDTH) workgroups
// work: 14 * rows * columns * lanes(Element) operations

// region: row norm knobs
alias Element = f32;     // knob: f32, or vec4f for four neighbouring columns at a time
const CENTRED = true;    // knob: whether the mean is taken away; without it beta is never read
const LANES = 1u;        // knob: invocations per row, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup
// end region

// region: row norm sizes
struct Sizes {
  rows: u32,
  columns: u32,          // in Elements
  epsilon: f32,
}
// end region

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;                 // [rows, columns]
@group(0) @binding(2) var<storage, read> gamma: array<Element>;             // [columns]
@group(0) @binding(3) var<storage, read> dy: array<Element>;                // [rows, columns]
@group(0) @binding(4) var<storage, read_write> dx: array<Element>;          // [rows, columns]
@group(0) @binding(5) var<storage, read_write> statistics: array<vec4f>;    // [rows, 4]

// region: sums of lanes in workgroup memory
var<workgroup> sums: array<f32, WIDTH>;

// The mean over a row of what its lanes have added up. A number counts as four equal ones, so that one formula serves both
// kinds of Element.
fn row_mean(sum: Element, local: u32) -> f32 {
  let four = vec4f(sum);
  let own = (four.x + four.y) + (four.z + four.w);
  let count = f32(4u * sizes.columns);
  if (LANES == 1u) { return own / count; }
  sums[local] = own;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local % LANES < half) { sums[local] += sums[local + half]; }
  }
  workgroupBarrier();
  let total = sums[local - local % LANES];
  workgroupBarrier();
  return total / count;
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: lanes of a row
  let first_row = (workgroup.x + workgroup.y * grid.x) * (WIDTH / LANES);
  if (first_row >= sizes.rows) { return; }
  // Past the end the last row is read again and nothing is stored, so that all of a workgroup come to its barriers.
  let row = first_row + local.x / LANES;
  let start = min(row, sizes.rows - 1u) * sizes.columns;
  let lane = local.x % LANES;

  var near = 0.0;
  var offset = 0.0;
  if (CENTRED) {
    var sum = Element();
    for (var c = lane; c < sizes.columns; c += LANES) { sum += x[start + c]; }
    near = row_mean(sum, local.x);
    var left = Element();
    for (var c = lane; c < sizes.columns; c += LANES) { left += x[start + c] - near; }
    offset = row_mean(left, local.x);
  }
  var squares = Element();
  for (var c = lane; c < sizes.columns; c += LANES) {
    let deviation = x[start + c] - near - offset;
    squares = fma(deviation, deviation, squares);
  }
  let inverse = 1.0 / sqrt(row_mean(squares, local.x) + sizes.epsilon);
  // end region

  var plain = Element();
  var weighted = Element();
  for (var c = lane; c < sizes.columns; c += LANES) {
    let slope = dy[start + c] * gamma[c];
    plain += slope;
    weighted = fma(slope, (x[start + c] - near - offset) * inverse, weighted);
  }
  var mean_slope = 0.0;
  if (CENTRED) { mean_slope = row_mean(plain, local.x); }
  let mean_weighted = row_mean(weighted, local.x);
  if (row >= sizes.rows) { return; }
  for (var c = lane; c < sizes.columns; c += LANES) {
    let normalised = (x[start + c] - near - offset) * inverse;
    dx[start + c] = (dy[start + c] * gamma[c] - mean_slope - normalised * mean_weighted) * inverse;
  }
  if (lane == 0u) { statistics[row] = vec4f(near, offset, inverse, 0.0); }
}
