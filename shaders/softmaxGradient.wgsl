// The gradient of a softmax y along its rows, f32:
//   dx[r, k] = scale * y[r, k] * (dy[r, k] - sum over j of y[r, j] dy[r, j]), or where LOG is set, y being the logarithm,
//   dx[r, k] = scale * (dy[r, k] - exp(y[r, k]) * sum over j of dy[r, j]), and 0 where y is -infinity throughout the row.
//
// The first is taken as y (d - sum of y d) with d = dy less dy where y is largest: where that one is all but certain, nothing
// cancels, and the gradient is as small as the other probabilities.
//
// LANES neighbouring invocations share a row and read neighbouring columns; what each has found is joined in workgroup memory, in a
// fixed order. One lane is alone with its row: no barrier.
//
// launch: ceil(rows * LANES / WIDTH) workgroups
// work: 8 * rows * columns * lanes(Element) operations

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; columns are then in fours
const VALUES = 1u;        // knob: numbers in an Element, 1 or 4
const LOG = false;       // knob: whether y is the logarithm of a softmax
const LANES = 1u;        // knob: invocations per row, a power of two that divides WIDTH
const WIDTH = 64u;       // knob: invocations per workgroup

// region: gradient of rows
struct Sizes {
  rows: u32,
  columns: u32,          // in Elements
  scale: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> y: array<Element>;          // [rows, columns]
@group(0) @binding(2) var<storage, read> dy: array<Element>;         // [rows, columns]
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;   // [rows, columns]
// end region

// region: sum across an Element
fn sum_of(v: Element) -> f32 {
  let lanes = vec4f(v);
  if (VALUES == 1u) { return lanes.x; }
  return (lanes.x + lanes.y) + (lanes.z + lanes.w);
}
// end region

// region: slope of the largest
// A probability and its slope.
struct Top {
  probability: f32,
  slope: f32,
}

// The one with the larger probability, or where they tie with the larger slope: no matter in which order they come.
fn higher(a: Top, b: Top) -> Top {
  let is_b = b.probability > a.probability || (b.probability == a.probability && b.slope > a.slope);
  return Top(select(a.probability, b.probability, is_b), select(a.slope, b.slope, is_b));
}

// The highest of an Element of tops.
fn top_of(probabilities: Element, slopes: Element) -> Top {
  let y = vec4f(probabilities);
  let g = vec4f(slopes);
  if (VALUES == 1u) { return Top(y.x, g.x); }
  return higher(higher(Top(y.x, g.x), Top(y.y, g.y)), higher(Top(y.z, g.z), Top(y.w, g.w)));
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

// The highest that the lanes of a row have found.
fn top_over_row(own: Top, local: u32) -> Top {
  if (LANES == 1u) { return own; }
  found[local] = vec2f(own.probability, own.slope);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local % LANES < half) {
      let a = found[local];
      let b = found[local + half];
      let top = higher(Top(a.x, a.y), Top(b.x, b.y));
      found[local] = vec2f(top.probability, top.slope);
    }
  }
  workgroupBarrier();
  let top = found[local - local % LANES];
  workgroupBarrier();
  return Top(top.x, top.y);
}

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

  if (LOG) {
    var sums = Element();
    var powers = Element();    // 1 in all, or 0 where y is -infinity throughout
    for (var at = first; at < end; at += LANES) {
      sums += dy[at];
      powers += exp(y[at]);
    }
    let joined = sums_over_row(vec2f(sum_of(sums), sum_of(powers)), local.x);
    let is_masked = bitcast<u32>(joined.y) == 0u;    // by its bits: a sum of NaN is not 0
    if (!is_row) { return; }
    for (var at = first; at < end; at += LANES) {
      dx[at] = select(sizes.scale * (dy[at] - exp(y[at]) * joined.x), Element(), is_masked);
    }
  } else {
    var highest = Element(-1.0);    // below every probability
    var slopes = Element();
    for (var at = first; at < end; at += LANES) {
      let probability = y[at];
      let slope = dy[at];
      let is_higher = (probability > highest) | ((probability == highest) & (slope > slopes));
      highest = select(highest, probability, is_higher);
      slopes = select(slopes, slope, is_higher);
    }
    let shift = top_over_row(top_of(highest, slopes), local.x).slope;
    var sums = Element();
    for (var at = first; at < end; at += LANES) { sums += y[at] * (dy[at] - shift); }
    let sum = sums_over_row(vec2f(sum_of(sums), 0.0), local.x).x;
    if (!is_row) { return; }
    for (var at = first; at < end; at += LANES) { dx[at] = sizes.scale * y[at] * (dy[at] - shift - sum); }
  }
}
