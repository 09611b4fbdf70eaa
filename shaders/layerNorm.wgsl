// Normalises each row of x[rows, columns], f32:
//   y[r, c] = (x[r, c] - mean[r]) / sqrt(variance[r] + epsilon) * gamma[c] + beta[c]     where CENTRED is set (layer norm)
//   y[r, c] = x[r, c] / sqrt(mean of x[r]^2 + epsilon) * gamma[c]                        else (RMS norm)
//
// LANES neighbouring invocations share a row and read neighbouring columns; their sums are joined in workgroup memory. One
// lane is alone with its row: no barrier. The row is read again for each sum, from a cache.
// What the mean loses when it is rounded to f32 is found again as the mean of what it leaves, and taken away as well:
// nothing cancels where the mean is far larger than the deviation, and an outlier costs nothing.
//
// launch: ceil(rows * LANES / WIDTH) workgroups
// work: 8 * rows * columns * lanes(Element) operations

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
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [rows, columns]
@group(0) @binding(2) var<storage, read> gamma: array<Element>;      // [columns]
@group(0) @binding(3) var<storage, read> beta: array<Element>;       // [columns]
@group(0) @binding(4) var<storage, read_write> y: array<Element>;    // [rows, columns]

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
  for (var c = lane; c < sizes.columns; c += LANES) {
    let deviation = x[start + c] - near;
    rest += deviation;
    squares = fma(deviation, deviation, squares);
  }
  var offset = 0.0;
  if (CENTRED) { offset = row_mean(rest, local.x); }
  let inverse = inverse_deviation(row_mean(squares, local.x), offset);
  if (row >= sizes.rows) { return; }
  for (var c = lane; c < sizes.columns; c += LANES) {
    let normalised = (x[start + c] - near - offset) * inverse;
    if (CENTRED) {
      y[start + c] = fma(normalised, gamma[c], beta[c]);
    } else {
      y[start + c] = normalised * gamma[c];
    }
  }
}
