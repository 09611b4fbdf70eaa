// With l = scale * x + mask, of each row, f32:
//   y[r, k] = exp(l[r, k]) / sum over j of exp(l[r, j]), or where LOG is set the logarithm of that.
// A row that is -infinity throughout gives zeros, or where LOG is set -infinity. As softmax.wgsl, for rows that fit into
// registers.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes ROWS rows, one after the other. A lane reads
// BLOCKS times KEPT Elements of a row, 8 apart, and keeps them until it writes; largest and sum go round by shuffles.
//
// launch: ceil(rows / ROWS) workgroups
// work: 6 * rows * columns * lanes(Element) operations

enable subgroups;

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; columns and strides are then in fours
const VALUES = 1u;       // knob: numbers in an Element, 1 or 4
const MASK = false;      // knob: whether a mask is added; without it the binding is never read
const LOG = false;       // knob: whether the logarithm is wanted
const KEPT = 4u;         // knob: Elements of a block of a row per lane
const BLOCKS = 1u;       // knob: blocks of 8 KEPT Elements in a row, at least columns / (8 KEPT), up to 4
const ROWS = 16u;        // knob: rows per workgroup

const LANES = 8u;
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

// region: sum across eight lanes
fn sum_over_lanes(own: f32) -> f32 {
  let pairs = own + subgroupShuffleXor(own, 1u);
  let fours = pairs + subgroupShuffleXor(pairs, 2u);
  return fours + subgroupShuffleXor(fours, 4u);
}
// end region

// region: largest across eight lanes
fn largest_over_lanes(own: f32) -> f32 {
  let pairs = max(own, subgroupShuffleXor(own, 1u));
  let fours = max(pairs, subgroupShuffleXor(pairs, 2u));
  return max(fours, subgroupShuffleXor(fours, 4u));
}
// end region

alias Kept = array<Element, KEPT>;

// A lane's first column of a block; the next ones are 8 apart.
fn first_column(block: u32, lane: u32) -> u32 { return block * KEPT * LANES + lane; }

// l of a lane's columns of a block.
fn values_of(block: u32, row: u32, lane: u32) -> Kept {
  let column = first_column(block, lane);
  let first = row * sizes.columns + column;
  var first_of_mask = column;
  if (MASK) { first_of_mask += mask_of(row); }
  var values: Kept;
  for (var i = 0u; i < KEPT; i++) {
    values[i] = Element(LOWEST);
    if (column + LANES * i < sizes.columns) {
      values[i] = x[first + LANES * i] * sizes.scale;
      if (MASK) { values[i] += mask[first_of_mask + LANES * i]; }
    }
  }
  return values;
}

fn highest_of(values: Kept) -> Element {
  var highest = values[0];
  for (var i = 1u; i < KEPT; i++) { highest = max(highest, values[i]); }
  return highest;
}

// What is kept of the values: their exponentials, relative to the largest, or with LOG the exponents.
fn relative_to(largest: Element, values: Kept, block: u32, lane: u32) -> Kept {
  let column = first_column(block, lane);
  var kept: Kept;
  for (var i = 0u; i < KEPT; i++) {
    kept[i] = values[i] - largest;
    if (!LOG) { kept[i] = select(Element(), exp(kept[i]), column + LANES * i < sizes.columns); }
  }
  return kept;
}

// Their sum; with LOG the sum of their exponentials, but of those that equal the largest, and the number of these.
fn sums_of(kept: Kept, block: u32, lane: u32) -> array<Element, 2> {
  let column = first_column(block, lane);
  var sums = array<Element, 2>();
  for (var i = 0u; i < KEPT; i++) {
    if (LOG) {
      let is_largest = kept[i] == Element();
      if (column + LANES * i < sizes.columns) {
        sums[0] += select(exp(kept[i]), Element(), is_largest);
        sums[1] += select(Element(), Element(1.0), is_largest);
      }
    } else {
      sums[0] += kept[i];
    }
  }
  return sums;
}

fn store_block(kept: Kept, block: u32, row: u32, lane: u32, factor: f32, log_sum: f32) {
  let column = first_column(block, lane);
  let first = row * sizes.columns + column;
  for (var i = 0u; i < KEPT; i++) {
    if (column + LANES * i < sizes.columns) {
      if (LOG) {
        y[first + LANES * i] = kept[i] - log_sum;
      } else {
        y[first + LANES * i] = kept[i] * factor;
      }
    }
  }
}

fn add(a: array<Element, 2>, b: array<Element, 2>) -> array<Element, 2> {
  return array<Element, 2>(a[0] + b[0], a[1] + b[1]);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let first_row = (workgroup.x + workgroup.y * grid.x) * ROWS;
  for (var row = first_row; row < min(first_row + ROWS, sizes.rows); row++) {
    // Blocks by hand: of one array with all of them the loops would be too long to be unrolled.
    var a = values_of(0u, row, lane);
    var b: Kept;
    var c: Kept;
    var d: Kept;
    var highest = highest_of(a);
    if (BLOCKS > 1u) {
      b = values_of(1u, row, lane);
      highest = max(highest, highest_of(b));
    }
    if (BLOCKS > 2u) {
      c = values_of(2u, row, lane);
      highest = max(highest, highest_of(c));
    }
    if (BLOCKS > 3u) {
      d = values_of(3u, row, lane);
      highest = max(highest, highest_of(d));
    }
    let largest = Element(max(largest_over_lanes(largest_of(highest)), LOWEST));

    a = relative_to(largest, a, 0u, lane);
    var sums = sums_of(a, 0u, lane);
    if (BLOCKS > 1u) {
      b = relative_to(largest, b, 1u, lane);
      sums = add(sums, sums_of(b, 1u, lane));
    }
    if (BLOCKS > 2u) {
      c = relative_to(largest, c, 2u, lane);
      sums = add(sums, sums_of(c, 2u, lane));
    }
    if (BLOCKS > 3u) {
      d = relative_to(largest, d, 3u, lane);
      sums = add(sums, sums_of(d, 3u, lane));
    }

    let sum = sum_over_lanes(sum_of(sums[0]));
    var factor = 0.0;
    var log_sum = 0.0;
    if (LOG) {
      let others = sum + max(sum_over_lanes(sum_of(sums[1])) - 1.0, 0.0);
      log_sum = select(log(1.0 + others), log_one_plus(others), others <= 1.0);
    } else {
      factor = select(1.0 / sum, 0.0, bitcast<u32>(sum) == 0u);
    }
    store_block(a, 0u, row, lane, factor, log_sum);
    if (BLOCKS > 1u) { store_block(b, 1u, row, lane, factor, log_sum); }
    if (BLOCKS > 2u) { store_block(c, 2u, row, lane, factor, log_sum); }
    if (BLOCKS > 3u) { store_block(d, 3u, row, lane, factor, log_sum); }
  }
}
