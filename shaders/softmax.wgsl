// With l = scale * x + mask, of each row, f32:
//   y[r, k] = exp(l[r, k]) / sum over j of exp(l[r, j]), or where LOG is set the logarithm of that.
// A row that is -infinity throughout gives zeros, or where LOG is set -infinity.
//
// LANES neighbouring invocations share a row and read neighbouring columns, twice before they write; what each has found is joined
// in workgroup memory, in a fixed order. One lane is alone with its row: no barrier. Numbers are taken relative to the row's
// largest, so no exponential overflows. LOG keeps the sum over all but the largest apart: where that one is all but certain, its logarithm is
// as small as this sum. A sum of NaN is told from one of 0 by its bits, since WGSL lets a compiler assume that none is NaN.
//
// launch: ceil(rows * LANES / WIDTH) workgroups
// work: 6 * rows * columns * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; columns and strides are then in fours
const VALUES = 1u;        // knob: numbers in an Element, 1 or 4
const MASK = false;      // knob: whether a mask is added; without it the binding is never read
const LOG = false;       // knob: whether the logarithm is wanted
const LANES = 1u;        // knob: invocations per row, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

const LOWEST = -3.4028234e38;   // the lowest finite number: where all are -infinity, it stands for the largest

struct Sizes {
  // region: rows with a mask
  rows: u32,
  columns: u32,          // in Elements
  scale: f32,            // factor of x
  maskExtents: vec4u,    // axes of the rows, innermost first, filled up with 1
  maskStrides: vec4u,    // of the mask along them, in Elements; 0 where one row of the mask serves all
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<Element>;          // [rows, columns]
@group(0) @binding(2) var<storage, read> mask: array<Element>;       // rows of as many columns
@group(0) @binding(3) var<storage, read_write> y: array<Element>;    // [rows, columns]

// Where the mask's row for that row begins.
fn mask_of(row: u32) -> u32 {
  let middle = row / sizes.maskExtents.x;
  let outer = middle / sizes.maskExtents.y;
  let outermost = outer / sizes.maskExtents.z;
  let at = vec4u(row % sizes.maskExtents.x, middle % sizes.maskExtents.y, outer % sizes.maskExtents.z, outermost);
  return dot(at, sizes.maskStrides);
}

fn largest_of(v: Element) -> f32 {
  let lanes = vec4f(v);
  return max(max(lanes.x, lanes.y), max(lanes.z, lanes.w));
}
// end region

// region: log of one plus
// log(1 + e) for e in [0, 1]: WGSL has no log1p, 1 + e loses the digits of a small e, and WGSL's log those of a result near
// 0. With s = e / (2 + e) it is 2 atanh(s), a series in s^2; here it is taken as e - s (e - ...), where neither s nor the
// series needs all of its digits.
fn log_one_plus(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  let high = 2.0 / 9.0 + q * (2.0 / 11.0 + q * (2.0 / 13.0));
  return e - s * (e - q * (2.0 / 3.0 + q * (2.0 / 5.0 + q * (2.0 / 7.0 + q * high))));
}
// end region

// region: sum across an Element
fn sum_of(v: Element) -> f32 {
  let lanes = vec4f(v);
  if (VALUES == 1u) { return lanes.x; }
  return (lanes.x + lanes.y) + (lanes.z + lanes.w);
}
// end region

// region: lanes of a row in workgroup memory
var<workgroup> found: array<vec2f, WIDTH>;

// The sums over a row of what its lanes have added up.
fn sums_over_row(own: vec2f, local: u32) -> vec2f {
  if (LANES == 1u) { return own; }
  found[local] = own;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local % LANES < half) { found[local] += found[local + half]; }
  }
  workgroupBarrier();
  let total = found[local - local % LANES];
  workgroupBarrier();
  return total;
}
// end region

// region: largest over lanes in workgroup memory
// The largest number that the lanes of a row have found.
fn largest_over_row(own: f32, local: u32) -> f32 {
  if (LANES == 1u) { return own; }
  found[local].x = own;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local % LANES < half) { found[local].x = max(found[local].x, found[local + half].x); }
  }
  workgroupBarrier();
  let largest = found[local - local % LANES].x;
  workgroupBarrier();
  return largest;
}
// end region

@compute @workgroup_size(WIDTH)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  // region: rows shared by lanes
  let first_row = (workgroup.x + workgroup.y * grid.x) * (WIDTH / LANES);
  if (first_row >= sizes.rows) { return; }
  // Past the end the last row is read again and nothing is stored, so that all of a workgroup come to its barriers.
  let is_row = first_row + local.x / LANES < sizes.rows;
  let row = min(first_row + local.x / LANES, sizes.rows - 1u);
  let first = row * sizes.columns + local.x % LANES;
  let end = (row + 1u) * sizes.columns;
  // end region
  var to_mask = 0u;    // from a place in x, modulo 2^32
  if (MASK) { to_mask = mask_of(row) - row * sizes.columns; }

  var highest = Element(LOWEST);
  for (var at = first; at < end; at += LANES) {
    var value = x[at] * sizes.scale;
    if (MASK) { value += mask[at + to_mask]; }
    highest = max(highest, value);
  }
  let largest = Element(largest_over_row(largest_of(highest), local.x));

  var sums = Element();    // with LOG: of all but those that equal the largest
  var ties = Element();
  for (var at = first; at < end; at += LANES) {
    var value = x[at] * sizes.scale;
    if (MASK) { value += mask[at + to_mask]; }
    let relative = value - largest;
    let power = exp(relative);
    if (LOG) {
      let is_largest = relative == Element();
      sums += select(power, Element(), is_largest);
      ties += select(Element(), Element(1.0), is_largest);
    } else {
      sums += power;
    }
  }
  let joined = sums_over_row(vec2f(sum_of(sums), sum_of(ties)), local.x);
  let sum = joined.x;
  var inverse = 0.0;
  var log_sum = 0.0;
  if (LOG) {
    let others = sum + max(joined.y - 1.0, 0.0);
    log_sum = select(log(1.0 + others), log_one_plus(others), others <= 1.0);
  } else {
    inverse = select(1.0 / sum, 0.0, bitcast<u32>(sum) == 0u);
  }

  if (!is_row) { return; }
  for (var at = first; at < end; at += LANES) {
    var value = x[at] * sizes.scale;
    if (MASK) { value += mask[at + to_mask]; }
    if (LOG) {
      y[at] = value - largest - log_sum;
    } else {
      y[at] = exp(value - largest) * inverse;
    }
  }
}
