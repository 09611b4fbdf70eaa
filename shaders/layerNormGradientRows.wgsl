// What the gradient of layerNorm needs of each row (see layerNormGradientColumns), f32:
//   statistics[r] = near, offset, d[r], mean over c of g[r, c], mean over c of g[r, c] h[r, c], 0, 0, 0
//   d[r] = 1 / sqrt(variance[r] + epsilon),  g[r, c] = dy[r, c] gamma[c],  h[r, c] = (x[r, c] - near - offset) d[r]
// near + offset is the mean of the row: taking it away in two steps loses nothing where it is far larger than the deviation.
// Where CENTRED is not set (RMS norm) the mean, and that of g, are left out.
//
// LANES neighbouring invocations share a row and read neighbouring columns; their sums are joined in workgroup memory. One
// lane is alone with its row: no barrier.
//
// launch: ceil(rows * LANES / WIDTH) workgroups
// work: 9 * rows * columns * lanes(Element) operations

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
@group(0) @binding(4) var<storage, read_write> statistics: array<vec4f>;    // [rows, 8]

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

// region: inverse deviation
// From the mean square of what `near` leaves of a row, and its mean. Where both are rounding the difference may be below 0.
fn inverse_deviation(square: f32, offset: f32) -> f32 {
  let variance = fma(-offset, offset, square);
  return 1.0 / sqrt(select(variance, 0.0, variance < 0.0) + sizes.epsilon);
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
  if (CENTRED) {
    var sum = Element();
    for (var c = lane; c < sizes.columns; c += LANES) { sum += x[start + c]; }
    near = row_mean(sum, local.x);
  }
  // end region
  var rest = Element();
  var squares = Element();
  var slopes = Element();
  var products = Element();
  for (var c = lane; c < sizes.columns; c += LANES) {
    let deviation = x[start + c] - near;
    let slope = dy[start + c] * gamma[c];
    rest += deviation;
    squares = fma(deviation, deviation, squares);
    slopes += slope;
    products = fma(slope, deviation, products);
  }
  var offset = 0.0;
  var mean_slope = 0.0;
  if (CENTRED) {
    offset = row_mean(rest, local.x);
    mean_slope = row_mean(slopes, local.x);
  }
  let inverse = inverse_deviation(row_mean(squares, local.x), offset);
  let mean_product = (row_mean(products, local.x) - mean_slope * offset) * inverse;
  if (row < sizes.rows && lane == 0u) {
    statistics[2u * row] = vec4f(near, offset, inverse, mean_slope);
    statistics[2u * row + 1u] = vec4f(mean_product, 0.0, 0.0, 0.0);
  }
}
