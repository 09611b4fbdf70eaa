// The gradient of a softmax y along its rows, f32:
//   dx[r, k] = scale * y[r, k] * (dy[r, k] - sum over j of y[r, j] dy[r, j]), or where LOG is set, y being the logarithm,
//   dx[r, k] = scale * (dy[r, k] - exp(y[r, k]) * sum over j of dy[r, j]), and 0 where y is -infinity throughout the row.
// As softmaxGradient.wgsl, slopes being taken relative to that of the largest probability, for rows that fit into registers.
//
// A workgroup is one subgroup of 8 (or a part of a larger one) and computes ROWS rows, one after the other. A lane reads
// BLOCKS times KEPT Elements of a row, 8 apart, and keeps them until it writes; sums go round by shuffles.
//
// launch: ceil(rows / ROWS) workgroups
// work: 8 * rows * columns * lanes(Element) operations

enable subgroups;

alias Element = f32;     // knob: f32, or vec4f for four neighbours at a time; columns are then in fours
const VALUES = 1u;       // knob: numbers in an Element, 1 or 4
const LOG = false;       // knob: whether y is the logarithm of a softmax
const KEPT = 4u;         // knob: Elements of a block of a row per lane
const BLOCKS = 1u;       // knob: blocks of 8 KEPT Elements in a row, at least columns / (8 KEPT), up to 4
const ROWS = 16u;        // knob: rows per workgroup

const LANES = 8u;

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

// region: sum across eight lanes
fn sum_over_lanes(own: f32) -> f32 {
  let pairs = own + subgroupShuffleXor(own, 1u);
  let fours = pairs + subgroupShuffleXor(pairs, 2u);
  return fours + subgroupShuffleXor(fours, 4u);
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

fn top_over_lanes(own: Top) -> Top {
  let pairs = higher(own, Top(subgroupShuffleXor(own.probability, 1u), subgroupShuffleXor(own.slope, 1u)));
  let fours = higher(pairs, Top(subgroupShuffleXor(pairs.probability, 2u), subgroupShuffleXor(pairs.slope, 2u)));
  return higher(fours, Top(subgroupShuffleXor(fours.probability, 4u), subgroupShuffleXor(fours.slope, 4u)));
}

alias Kept = array<Element, KEPT>;

// A lane's Elements of a block: of y, or with LOG of its exponential, and of dy. 0 behind the end of the row.
struct Block {
  probabilities: Kept,
  slopes: Kept,
}

// A lane's first column of a block; the next ones are 8 apart.
fn first_column(block: u32, lane: u32) -> u32 { return block * KEPT * LANES + lane; }

fn load_block(block: u32, row: u32, lane: u32) -> Block {
  let column = first_column(block, lane);
  let first = row * sizes.columns + column;
  var found: Block;
  for (var i = 0u; i < KEPT; i++) {
    if (column + LANES * i < sizes.columns) {
      found.probabilities[i] = y[first + LANES * i];
      found.slopes[i] = dy[first + LANES * i];
      if (LOG) { found.probabilities[i] = exp(found.probabilities[i]); }
    }
  }
  return found;
}

// Higher ones of what was found and of a block, Element by Element: probabilities and their slopes. What lies behind the end of the
// row has the probability 0 and is the highest of a row of zeros alone, where the shift does not matter.
fn tops_of(block: Block, before: array<Element, 2>) -> array<Element, 2> {
  var tops = before;
  for (var i = 0u; i < KEPT; i++) {
    let probability = block.probabilities[i];
    let slope = block.slopes[i];
    let is_higher = (probability > tops[0]) | ((probability == tops[0]) & (slope > tops[1]));
    tops[0] = select(tops[0], probability, is_higher);
    tops[1] = select(tops[1], slope, is_higher);
  }
  return tops;
}

// The sum that is taken away, and with LOG that of the probabilities: 1 in all, or 0 where y is -infinity throughout.
fn sums_of(block: Block, shift: f32) -> array<Element, 2> {
  var sums = array<Element, 2>();
  for (var i = 0u; i < KEPT; i++) {
    if (LOG) {
      sums[0] += block.slopes[i];
      sums[1] += block.probabilities[i];
    } else {
      sums[0] += block.probabilities[i] * (block.slopes[i] - shift);
    }
  }
  return sums;
}

fn add(a: array<Element, 2>, b: array<Element, 2>) -> array<Element, 2> {
  return array<Element, 2>(a[0] + b[0], a[1] + b[1]);
}

fn store_block(values: Block, block: u32, row: u32, lane: u32, shift: f32, sum: f32, is_masked: bool) {
  let column = first_column(block, lane);
  let first = row * sizes.columns + column;
  for (var i = 0u; i < KEPT; i++) {
    if (column + LANES * i < sizes.columns) {
      let slope = values.slopes[i];
      let probability = values.probabilities[i];
      if (LOG) {
        dx[first + LANES * i] = select(sizes.scale * (slope - probability * sum), Element(), is_masked);
      } else {
        dx[first + LANES * i] = sizes.scale * probability * (slope - shift - sum);
      }
    }
  }
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
    let a = load_block(0u, row, lane);
    var b: Block;
    var c: Block;
    var d: Block;
    if (BLOCKS > 1u) { b = load_block(1u, row, lane); }
    if (BLOCKS > 2u) { c = load_block(2u, row, lane); }
    if (BLOCKS > 3u) { d = load_block(3u, row, lane); }
    var shift = 0.0;
    if (!LOG) {
      var tops = tops_of(a, array<Element, 2>(Element(-1.0), Element()));
      if (BLOCKS > 1u) { tops = tops_of(b, tops); }
      if (BLOCKS > 2u) { tops = tops_of(c, tops); }
      if (BLOCKS > 3u) { tops = tops_of(d, tops); }
      shift = top_over_lanes(top_of(tops[0], tops[1])).slope;
    }
    var sums = sums_of(a, shift);
    if (BLOCKS > 1u) { sums = add(sums, sums_of(b, shift)); }
    if (BLOCKS > 2u) { sums = add(sums, sums_of(c, shift)); }
    if (BLOCKS > 3u) { sums = add(sums, sums_of(d, shift)); }
    let sum = sum_over_lanes(sum_of(sums[0]));
    var is_masked = false;
    if (LOG) { is_masked = bitcast<u32>(sum_over_lanes(sum_of(sums[1]))) == 0u; }    // by its bits: a NaN is not 0
    store_block(a, 0u, row, lane, shift, sum, is_masked);
    if (BLOCKS > 1u) { store_block(b, 1u, row, lane, shift, sum, is_masked); }
    if (BLOCKS > 2u) { store_block(c, 2u, row, lane, shift, sum, is_masked); }
    if (BLOCKS > 3u) { store_block(d, 3u, row, lane, shift, sum, is_masked); }
  }
}
